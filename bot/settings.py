"""The one reader of the environment. What is missing or wrong is named all at once."""

# ruff: noqa: RUF009  (_setting makes a field)
from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from bot.model.errors import BadSettings
from bot.model.times import BadZone, zone_named

STATE = "~/.local/state/flows/state.db"


@dataclass(frozen=True, slots=True)
class Secret:
    """Text that no representation shows."""

    value: str = field(repr=False)


def _zone(text: str) -> str:
    try:
        zone_named(text)
    except BadZone as error:
        raise ValueError(str(error)) from None
    return text


def _ranges(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _slash(text: str) -> str:
    if not re.fullmatch(r"/\S+", text):
        raise ValueError("not a slash and a name, such as /flows")
    return text


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text) or not low <= int(text) <= high:
            raise ValueError(f"not a whole number from {low} to {high}")
        return int(text)

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"not a number from {low:g} to {high:g}")
        return number

    return read


def _switch(text: str) -> bool:
    word = text.strip().lower()
    if word not in ("on", "off"):
        raise ValueError("neither on nor off")
    return word == "on"


def _home(text: str) -> Path:
    return Path(text).expanduser()


def _setting(
    variable: str, meaning: str, read: Callable[[str], Any] = str, default: str | None = None
) -> Any:
    """A field that `variable` sets; its default is written as it would be there."""
    return field(
        default_factory=lambda: None if default is None else read(default),
        metadata={"variable": variable, "meaning": meaning, "read": read, "default": default or ""},
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its variable, default and meaning (shown by `flows settings`)."""

    source: str | None = _setting(
        "FLOWS_SOURCE",
        "where logs are: a path, cloudwatch://REGION/LOG-GROUP[,…], athena://…, or demo",
    )
    inventory: Path | None = _setting(
        "FLOWS_INVENTORY",
        "a snapshot of the network: a saved file, or a folder of describe-….json",
        Path,
    )
    teams: Path | None = _setting(
        "FLOWS_TEAMS",
        "a YAML file that says which team hosts, ranges and ports belong to, and who may scan",
        Path,
    )
    aws_ranges: Path | None = _setting(
        "FLOWS_AWS_RANGES", "a newer ip-ranges.json than the one in the package", Path
    )
    aws_refresh: bool = _setting(
        "FLOWS_AWS_REFRESH",
        "on: fetch AWS's ip-ranges.json once a day and keep it in FLOWS_CACHE; off: never",
        _switch,
        "off",
    )
    prices: Path | None = _setting(
        "FLOWS_PRICES", "a YAML file of prices by Region, over the list prices included", Path
    )
    tables: Path | None = _setting(
        "FLOWS_TABLES",
        "a folder of lookup tables, NAME.csv each, for lookup and cidrlookup",
        Path,
    )
    zone: str = _setting("FLOWS_TZ", "time zone where the asker's is unknown", _zone, "UTC")
    cache: Path = _setting(
        "FLOWS_CACHE",
        "folder for what can be made again: the demo's days, logs that were read",
        _home,
        "~/.cache/flows",
    )
    state: Secret | None = _setting(
        "FLOWS_STATE",
        f"what must survive: a file, or postgresql://… for several replicas; {STATE} when not set",
        Secret,
    )
    channel: str | None = _setting(
        "FLOWS_CHANNEL", "id of the channel for warnings; when not set, where digests go"
    )
    history: float = _setting(
        "FLOWS_HISTORY",
        "days that are read at the first start, to know what is normal",
        _number(1, 30),
        "7",
    )
    query_timeout: float = _setting(
        "FLOWS_QUERY_TIMEOUT",
        "seconds after which a query is stopped",
        _number(0.001, 3600),
        "300",
    )
    price_per_gb: float = _setting(
        "FLOWS_PRICE_PER_GB",
        "US dollars per GB that CloudWatch Logs Insights scans",
        _number(0, 1000),
        "0.005",
    )
    inside: tuple[IPv4Network | IPv6Network, ...] = _setting(
        "FLOWS_INSIDE",
        "ranges that are ours besides the private ones, separated by commas",
        _ranges,
        "",
    )
    slash: str = _setting("FLOWS_SLASH", "the slash command", _slash, "/flows")
    bot_token: Secret | None = _setting("SLACK_BOT_TOKEN", "bot token, xoxb-…", Secret)
    app_token: Secret | None = _setting(
        "SLACK_APP_TOKEN", "app-level token, xapp-…; when set, the bot uses Socket Mode", Secret
    )
    signing_secret: Secret | None = _setting(
        "SLACK_SIGNING_SECRET",
        "checks signed HTTP requests; needed without an app-level token",
        Secret,
    )
    slack_api: str = _setting(
        "FLOWS_SLACK_API", "address of the Slack Web API", str, "https://slack.com/api/"
    )
    http_host: str = _setting("FLOWS_HTTP_HOST", "address HTTP listens on", str, "127.0.0.1")
    http_port: int = _setting("FLOWS_HTTP_PORT", "port HTTP listens on", _whole(0, 65535), "3000")
    workers: int = _setting(
        "FLOWS_WORKERS",
        "questions answered at the same time; more wait in line",
        _whole(1, 64),
        "8",
    )

    @property
    def store(self) -> str:
        """Where state is: a path or an address, which may hold a password."""
        return self.state.value if self.state else STATE

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment. Raises `BadSettings` that names every value that is wrong."""
        found, wrong = {}, []
        for setting in fields(cls):
            variable = setting.metadata["variable"]
            if variable not in environment:
                continue
            try:
                found[setting.name] = setting.metadata["read"](environment[variable])
            except (ValueError, RuntimeError) as error:  # the latter: ~ of an unknown person
                wrong.append(f"{variable}: {error}")
        if wrong:
            raise BadSettings(f"settings are wrong: {'; '.join(wrong)}")
        return cls(**found)

    def need_source(self) -> str:
        """The source. Raises `BadSettings` when there is none."""
        if self.source is None:
            raise BadSettings(
                "no source of logs",
                hint="Set FLOWS_SOURCE or --source: a path, cloudwatch://REGION/LOG-GROUP or demo.",
            )
        return self.source

    def check_serving(self) -> None:
        """Raise `BadSettings` that names everything `flows serve` lacks."""
        missing = []
        if self.source is None:
            missing.append("FLOWS_SOURCE (demo will do for a first try)")
        if self.bot_token is None:
            missing.append("SLACK_BOT_TOKEN (xoxb-…)")
        if self.app_token is None and self.signing_secret is None:
            missing.append("SLACK_APP_TOKEN (xapp-…, Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
        if missing:
            raise BadSettings(
                f"not set: {'; '.join(missing)}", hint="The README says where to find each."
            )


def described() -> list[tuple[str, str, str]]:
    """Every setting as (variable, default, meaning), in order."""
    return [
        (setting.metadata["variable"], setting.metadata["default"], setting.metadata["meaning"])
        for setting in fields(Settings)
    ]
