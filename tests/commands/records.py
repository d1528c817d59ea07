"""Flow records for tests, and how they are written as files."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.model.fields import DEFAULT_FORMAT

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAY = "2026/11/20"
FOLDER = f"AWSLogs/123456789012/vpcflowlogs/us-east-1/{DAY}"
FILE = "flows.log.gz"  # no time in its name: every window reads it

Record = dict[str, object]


def flow(
    source: str, target: str, action: str = "ACCEPT", *, at: int = 0, **other: object
) -> Record:
    """A record by its log's field names; `source` and `target` are `address:port`, the last colon
    parts them. `at` is minutes after 14:05."""
    (srcaddr, _, srcport), (dstaddr, _, dstport) = source.rpartition(":"), target.rpartition(":")
    start = int((NOW - timedelta(minutes=55 - at)).timestamp())
    return {
        "version": 2,
        "account-id": "123456789012",
        "interface-id": "eni-0a",
        "srcaddr": srcaddr,
        "dstaddr": dstaddr,
        "srcport": srcport,
        "dstport": dstport,
        "protocol": 6,
        "packets": 10,
        "bytes": 1000,
        "start": start,
        "end": start + 30,
        "action": action,
        "log-status": "OK",
    } | {name.replace("_", "-"): value for name, value in other.items()}


def status(log_status: str, interface: str = "eni-0a") -> Record:
    """A record that says there was no traffic, or that records were skipped."""
    empty = dict.fromkeys(DEFAULT_FORMAT, "-")
    start = int((NOW - timedelta(minutes=30)).timestamp())
    known = {"version": 2, "account-id": "123456789012", "interface-id": interface}
    return empty | known | {"start": start, "end": start + 60, "log-status": log_status}


def write(folder: Path, records: list[Record], fields: list[str]) -> None:
    """One file a day of the records' starts."""
    by_day: dict[str, list[str]] = {}
    for record in records:
        line = " ".join(str(record[name]) for name in fields)
        by_day.setdefault(_day(record), []).append(line)
    for day, lines in by_day.items():
        path = folder / FOLDER.replace(DAY, day) / FILE
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress(("\n".join([" ".join(fields), *lines]) + "\n").encode()))


def _day(record: Record) -> str:
    start = record["start"]
    return f"{datetime.fromtimestamp(start, UTC):%Y/%m/%d}" if isinstance(start, int) else DAY
