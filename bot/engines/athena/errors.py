"""What AWS says when something is wrong with a query of Athena, told in words.

Codes and shapes are those of botocore's models; the texts of states and exceptions were seen in
public reports. What AWS says is not passed on unread: it names accounts, users and keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.engines.cloudwatch import errors as shared
from bot.engines.cloudwatch.call import Call, scrubbed
from bot.model.errors import (
    AccessDenied,
    BadSource,
    EngineError,
    FlowsError,
    Throttled,
    TimedOut,
)
from bot.model.writing import size

POLICY = "docs/athena.md has the policy."
_SHORTER = "Ask about a shorter window."
_PERMISSION = re.compile(
    r"not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z]+)"
    r"|Insufficient permissions? to execute the query|Insufficient Lake Formation permission"
    r"|(Access ?Denied|Permission denied on S3 path|Unable to verify/create output bucket)"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where queries run: what a source says."""

    region: str
    database: str
    table: str
    workgroup: str = "primary"
    catalog: str = "AwsDataCatalog"
    output: str | None = None  # s3://… for results, where the workgroup has none

    def __str__(self) -> str:
        return f"{self.database}.{self.table} in {self.region}"


def told(error: Exception, call: Call, place: Place) -> FlowsError:
    """The error of a call as a person can read it."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    if not isinstance(error, ClientError):
        return shared.told(error, call)
    name, said = shared.code(error), shared.message(error)
    if name == "TooManyRequestsException":
        return Throttled(
            f"AWS takes no more {call.action} for now",
            where=place.region,
            hint="Try again in a minute: queries are counted over the whole account.",
        )
    if name in ("InvalidRequestException", "MetadataException"):
        found = _known(said, place) or _permission(said, place)
        return found or EngineError(
            f"AWS refuses {call.action}: {scrubbed(said)}", where=place.region
        )
    if name in ("AccessDeniedException", "AccessDenied"):
        return _permission(said, place, call.action) or _denied(call.action, place)
    return shared.told(error, call)


def ending(execution: Mapping[str, Any], place: Place) -> FlowsError:
    """The error for a query that ended otherwise than it should."""
    status = execution.get("Status", {})
    said = status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage", "")
    read = int(execution.get("Statistics", {}).get("DataScannedInBytes", 0))
    if "ytes scanned limit" in said:
        return EngineError(
            f"the query read {size(read)} and met the limit of the workgroup {place.workgroup}",
            where=place.region,
            hint=f"{_SHORTER} Or raise the workgroup's limit of bytes a query may scan.",
        )
    if status.get("State") == "CANCELLED":
        return EngineError(
            "somebody stopped the query in AWS", where=place.region, hint="Ask again."
        )
    found = _known(said, place) or _permission(said, place) or _failed(said, place)
    if found:
        return found
    retry = status.get("AthenaError", {}).get("Retryable")
    return EngineError(
        f"Athena gave the query up: {scrubbed(said) or 'it does not say why'}",
        where=place.region,
        hint="Try again." if retry else None,
    )


def _known(said: str, place: Place) -> FlowsError | None:
    """What a source names and AWS does not have."""
    if re.search(
        r"[Nn]o output location|output location is (required|not)|Invalid S3 location", said
    ):
        return BadSource(
            f"the workgroup {place.workgroup} does not say where results go",
            where=place.region,
            hint="Set its query result location, or add &output=s3://BUCKET/PREFIX/ to the source.",
        )
    if re.search(r"WorkGroup .*is not found|WorkGroup .*(not exist|is disabled)", said, re.I):
        state = "is disabled" if "disabled" in said.lower() else "does not exist"
        return BadSource(
            f"the workgroup {place.workgroup} {state}",
            where=place.region,
            hint="Name another: athena://REGION/DATABASE/TABLE?workgroup=NAME.",
        )
    if re.search(
        r"SCHEMA_NOT_FOUND|Database .*(not found|not exist)|Schema .*not exist", said, re.I
    ):
        return BadSource(f"there is no database {place.database}", where=place.region, hint=_NAMES)
    if re.search(r"TABLE_NOT_FOUND|EntityNotFound|Table .*(not found|not exist)", said, re.I):
        return BadSource(
            f"there is no table {place.table} in {place.database}", where=place.region, hint=_NAMES
        )
    if re.search(r"Catalog .*(not found|not exist)", said, re.I):
        return BadSource(f"there is no catalog {place.catalog}", where=place.region)
    return None


_NAMES = "Check the name and the Region; flows athena ddl prints the definition of a table."


def _permission(said: str, place: Place, action: str | None = None) -> AccessDenied | None:
    match = _PERMISSION.search(said)
    if match is None:
        return None
    if match[1]:
        return _denied(match[1], place)
    if "Lake Formation" in said:
        return _denied("lakeformation:GetDataAccess", place)
    if "output" in said:
        return _denied("s3:PutObject, on the results of queries", place)
    if match[2]:
        return _denied("s3:GetObject or s3:ListBucket, on the logs or on results", place)
    return _denied(action or "something the query needs", place)


def _denied(action: str, place: Place) -> AccessDenied:
    return AccessDenied(
        f"{action} is not allowed",
        where=str(place),
        hint=f"Allow it to the role the bot runs as; {POLICY}",
    )


def _failed(said: str, place: Place) -> FlowsError | None:
    """Failures of a query that Athena names."""
    if re.search(r"[Qq]uery timeout|EXCEEDED_TIME_LIMIT|exceeded the maximum run time", said):
        return TimedOut(
            "Athena stopped the query at its time limit", where=place.region, hint=_SHORTER
        )
    if "exhausted resources" in said or "EXCEEDED_MEMORY_LIMIT" in said:
        return EngineError(
            "the query needs more memory than Athena gives it", where=place.region, hint=_SHORTER
        )
    if re.search(r"SlowDown|Please reduce your request rate", said):
        return Throttled(
            "S3 slowed Athena down: too many files at once", where=place.region, hint=_SHORTER
        )
    if "HIVE_" in said or "INVALID_TABLE_PROPERTY" in said or "COLUMN_NOT_FOUND" in said:
        return EngineError(
            f"the table's definition does not fit its files: {scrubbed(said)}",
            where=str(place),
            hint="flows athena ddl prints a definition for a log's format.",
        )
    return None
