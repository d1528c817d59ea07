"""From `athena://REGION/DATABASE/TABLE?workgroup=…` to an engine."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from bot.engines.athena.engine import TIMEOUT, AthenaEngine
from bot.engines.athena.errors import Place
from bot.model.errors import BadSource

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

SCHEME = "athena://"
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_NAME = re.compile(r"[A-Za-z0-9_]{1,128}")  # what Athena takes for databases and tables
_OPTIONS = {
    "workgroup": re.compile(r"[a-zA-Z0-9._-]{1,128}"),
    "catalog": re.compile(r"[A-Za-z0-9@_-]{1,256}"),
    "output": re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[!-~]*)?"),
}
_EXAMPLE = (
    "Write athena://eu-central-1/logs/vpc_flow_logs?workgroup=primary; &output=s3://BUCKET/PREFIX/"
    " says where results go when the workgroup does not."
)


def open_athena(source: str, *, timeout: float = TIMEOUT) -> AthenaEngine:
    """The engine for a source. Raises `BadSource`. AWS is not spoken to before the first query.

    `timeout` is in seconds.
    """
    place = parsed(source)
    client = Client(place.region)
    return AthenaEngine(
        place,
        athena=client.get,
        source=source,
        timeout=timeout,
        on_close=client.close,
    )


def parsed(source: str) -> Place:
    """Where a source's queries run. Raises `BadSource`."""
    path, _, options = source.removeprefix(SCHEME).partition("?")
    region, *names = path.rstrip("/").split("/")
    if not source.startswith(SCHEME):
        raise _bad(source, "is not a source of Athena")
    if not _REGION.fullmatch(region):
        raise _bad(source, f"has no Region: {region[:60]!r} is none")
    if len(names) != 2:
        raise _bad(source, "does not name a database and a table")
    for name, what in zip(names, ("database", "table"), strict=True):
        if not _NAME.fullmatch(name):
            raise _bad(source, f"has a {what} {name[:60]!r}, which is no name of one")
    database, table = (name.lower() for name in names)
    return Place(region, database, table, **_options(source, options))


def _options(source: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in _OPTIONS:
            raise _bad(source, f"has {name[:60]!r}, where {', '.join(_OPTIONS)} are known")
        if name in found or not _OPTIONS[name].fullmatch(value):
            raise _bad(source, f"has a {name} {value[:60]!r}, which is none")
        found[name] = value
    return found


def _bad(source: str, what: str) -> BadSource:
    return BadSource(f"the source {source[:200]} {what}", hint=_EXAMPLE)


class Client:
    """A boto3 client of one Region, made when it is first used. Safe for threads."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._lock = threading.Lock()
        self._made: AthenaClient | None = None

    def get(self) -> AthenaClient:
        with self._lock:
            if self._made is None:
                self._made = self._new()
            return self._made

    def close(self) -> None:
        """Close its connections; it may be used again."""
        with self._lock:
            if self._made is not None:
                self._made.close()

    def _new(self) -> AthenaClient:
        import boto3  # noqa: PLC0415 - takes 0.3 s
        from botocore.config import Config  # noqa: PLC0415

        config = Config(
            connect_timeout=5,
            read_timeout=30,
            # One attempt: botocore's retries could not be stopped. `retry.make` retries.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=10,
            tcp_keepalive=True,
            user_agent_extra="flows-bot",
        )
        return boto3.Session().client("athena", region_name=self._region, config=config)
