"""A table's definition out of what the command line was given."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from bot.engines.athena.ddl import Definition, Layout, ddl, from_flow_log
from bot.model.errors import BadLine


def statement(
    table: str,
    document: str | None,
    *,
    account: str,
    region: str,
    since: str,
    location: str | None,
    layout: str | None,
    form: str | None,
    parquet: bool,
) -> str:
    """The statement; what is given goes before what a described flow log says. Raises `BadLine`."""
    said: dict[str, Any] = {}
    if document is not None:
        said = from_flow_log(_json(document), account=account, region=region)
    given = {"location": location, "layout": layout and Layout(layout), "format": form}
    said |= {name: value for name, value in given.items() if value is not None}
    if parquet:
        said["parquet"] = True
    if "location" not in said:
        raise BadLine(
            "where the logs lie is missing",
            hint="Add --location s3://BUCKET/AWSLogs/ACCOUNT/vpcflowlogs/REGION/.",
        )
    database, dot, name = table.rpartition(".")
    return ddl(Definition(name, database=database if dot else None, since=_day(since), **said))


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadLine("what describes the flow log is not JSON") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadLine(f"{text[:40]!r} is no day", hint="Write 2026-11-20.") from None
