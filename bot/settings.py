"""The one reader of the environment. What is missing or wrong is named all at once."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.model.errors import BadSettings
from bot.model.times import BadZone, zone_named

STATE = "~/.local/state/flows/state.db"


class Settings(BaseSettings):
    """Every setting with its variable, default and meaning (shown by `flows settings`)."""

    model_config = SettingsConfigDict(extra="ignore", case_sensitive=True, frozen=True)

    source: str | None = Field(
        None,
        validation_alias="FLOWS_SOURCE",
        description="where logs are: a path, cloudwatch://REGION/LOG-GROUP[,…], or demo",
    )
    inventory: Path | None = Field(
        None,
        validation_alias="FLOWS_INVENTORY",
        description="a snapshot of the network: a saved file, or a folder of describe-….json",
    )
    teams: Path | None = Field(
        None,
        validation_alias="FLOWS_TEAMS",
        description="a YAML file that says which team hosts, ranges and ports belong to",
    )
    aws_ranges: Path | None = Field(
        None,
        validation_alias="FLOWS_AWS_RANGES",
        description="a newer ip-ranges.json than the one in the package",
    )
    tables: Path | None = Field(
        None,
        validation_alias="FLOWS_TABLES",
        description="a folder of lookup tables, NAME.csv each, for lookup and cidrlookup",
    )
    zone: str = Field(
        "UTC", validation_alias="FLOWS_TZ", description="time zone where the asker's is unknown"
    )
    cache: Path = Field(
        Path("~/.cache/flows"),
        validation_alias="FLOWS_CACHE",
        description="folder for what can be made again: the demo's days, logs that were read",
    )
    state: SecretStr | None = Field(
        None,
        validation_alias="FLOWS_STATE",
        description="what must survive: a file, or postgresql://… for several replicas;"
        " ~/.local/state/flows/state.db when not set",
    )
    channel: str | None = Field(
        None,
        validation_alias="FLOWS_CHANNEL",
        description="id of the channel for warnings; when not set, where digests go",
    )
    history: float = Field(
        7,
        ge=1,
        le=30,
        validation_alias="FLOWS_HISTORY",
        description="days that are read at the first start, to know what is normal",
    )
    query_timeout: float = Field(
        300,
        gt=0,
        le=3600,
        validation_alias="FLOWS_QUERY_TIMEOUT",
        description="seconds after which a query is stopped",
    )
    price_per_gb: float = Field(
        0.005,
        ge=0,
        validation_alias="FLOWS_PRICE_PER_GB",
        description="US dollars per GB that CloudWatch Logs Insights scans",
    )
    inside: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        (),
        validation_alias="FLOWS_INSIDE",
        description="ranges that are ours besides the private ones, separated by commas",
    )
    slash: str = Field(
        "/flows", pattern=r"^/\S+$", validation_alias="FLOWS_SLASH", description="the slash command"
    )
    bot_token: SecretStr | None = Field(
        None, validation_alias="SLACK_BOT_TOKEN", description="bot token, xoxb-…"
    )
    app_token: SecretStr | None = Field(
        None,
        validation_alias="SLACK_APP_TOKEN",
        description="app-level token, xapp-…; when set, the bot uses Socket Mode",
    )
    signing_secret: SecretStr | None = Field(
        None,
        validation_alias="SLACK_SIGNING_SECRET",
        description="checks signed HTTP requests; needed without an app-level token",
    )
    slack_api: str = Field(
        "https://slack.com/api/",
        validation_alias="FLOWS_SLACK_API",
        description="address of the Slack Web API",
    )
    http_host: str = Field(
        "127.0.0.1", validation_alias="FLOWS_HTTP_HOST", description="address HTTP listens on"
    )
    http_port: int = Field(
        3000, ge=0, le=65535, validation_alias="FLOWS_HTTP_PORT", description="port HTTP listens on"
    )
    workers: int = Field(
        8,
        ge=1,
        le=64,
        validation_alias="FLOWS_WORKERS",
        description="questions answered at the same time; more wait in line",
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            zone_named(value)
        except BadZone as error:
            raise ValueError(str(error)) from None
        return value

    @field_validator("inside", mode="before")
    @classmethod
    def _ranges(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("cache")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return value.expanduser()

    @property
    def store(self) -> str:
        """Where state is: a path or an address, which may hold a password."""
        return self.state.get_secret_value() if self.state else STATE

    @classmethod
    def read(cls) -> Settings:
        """Read the environment. Raises `BadSettings` that names every value that is wrong."""
        try:
            return cls()
        except ValidationError as error:
            wrong = "; ".join(f"{e['loc'][0]}: {_reason(e['msg'])}" for e in error.errors())
            raise BadSettings(f"settings are wrong: {wrong}") from None

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


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")


def described() -> list[tuple[str, str, str]]:
    """Every setting as (variable, default, meaning), in order."""
    rows = []
    for field in Settings.model_fields.values():
        default = field.default
        shown = (
            ""
            if default in (None, ())
            else f"{default:g}"
            if isinstance(default, float)
            else str(default)
        )
        rows.append((str(field.validation_alias), shown, field.description or ""))
    return rows
