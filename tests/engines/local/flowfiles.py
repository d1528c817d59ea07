"""Flow-log files in every layout, all of the same records."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bot.engines.engine import Engine, Watch
from bot.engines.local.discovery import discover
from bot.engines.local.reading import read_files
from bot.engines.local.reports import Report
from bot.model.fields import DEFAULT_FORMAT
from bot.model.query import Query, Result
from bot.model.window import Window

START = 1_763_647_200  # 2025-11-20T14:00:00Z
HEADER = " ".join(DEFAULT_FORMAT)
ENIS = ("eni-0a000000000000001", "eni-0a000000000000002")
DAY = Window(datetime(2025, 11, 20, tzinfo=UTC), datetime(2025, 11, 21, tzinfo=UTC))
COUNT = "stats count(*) as n"


def record(number: int) -> str:
    """The n-th record: every tenth is NODATA, every fifteenth SKIPDATA, every fourth REJECT."""
    eni, start = ENIS[number % 2], START + number
    if number % 15 == 14:
        return f"2 123456789012 {eni} - - - - - - - {start} {start + 59} - SKIPDATA"
    if number % 10 == 9:
        return f"2 123456789012 {eni} - - - - - - - {start} {start + 59} - NODATA"
    source = "2001:db8::1" if number % 7 == 6 else f"192.0.2.{number % 250}"
    action = "REJECT" if number % 4 == 3 else "ACCEPT"
    return (
        f"2 123456789012 {eni} {source} 198.51.100.7 {1024 + number} 443 6 {number + 1}"
        f" {40 * (number + 1)} {start} {start + 59} {action} OK"
    )


RECORDS = [record(number) for number in range(60)]


def _named(folder: Path, extension: str) -> Path:
    name = f"123456789012_vpcflowlogs_eu-west-1_fl-00000001_20251120T1400Z_0000.{extension}"
    path = folder / "AWSLogs/123456789012/vpcflowlogs/eu-west-1/2025/11/20" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def delivered(folder: Path) -> None:
    _named(folder, "log.gz").write_bytes(gzip.compress("\n".join([HEADER, *RECORDS, ""]).encode()))


def delivered_plain(folder: Path) -> None:
    _named(folder, "log").write_text("\n".join([HEADER, *RECORDS]))


def delivered_crlf(folder: Path) -> None:
    _named(folder, "log").write_bytes("\r\n".join([HEADER, *RECORDS, ""]).encode())


def bare(folder: Path) -> None:
    (folder / "flows.txt").write_text("\n".join([*RECORDS, ""]))


def exported(folder: Path) -> None:
    """Unsorted on purpose, one folder a stream, as an export task writes."""
    for eni in ENIS:
        lines = [
            f"{datetime.fromtimestamp(int(line.split()[10]), UTC):%Y-%m-%dT%H:%M:%S.000Z} {line}\n"
            for line in reversed(RECORDS)
            if eni in line
        ]
        path = folder / "export-1" / f"{eni}-all" / "000000.gz"
        path.parent.mkdir(parents=True)
        path.write_bytes(gzip.compress("".join(lines).encode()))


def console(folder: Path) -> None:
    rows = [f"{int(line.split()[10]) * 1000},{line}\n" for line in RECORDS]
    (folder / "log-events-viewer-result.csv").write_text("timestamp,message\n" + "".join(rows))


def _events(key: str) -> list[dict[str, Any]]:
    return [{"timestamp": int(line.split()[10]) * 1000, key: line} for line in RECORDS]


def ndjson(folder: Path) -> None:
    (folder / "events.ndjson").write_text("".join(json.dumps(e) + "\n" for e in _events("message")))


def json_array(folder: Path) -> None:
    """With the header as an event of its own, as a collector that splits S3 files makes it."""
    (folder / "events.json").write_text(json.dumps([{"_raw": HEADER}, *_events("_raw")]))


def json_batch(folder: Path) -> None:
    """What filter-log-events prints, indented."""
    (folder / "events.json").write_text(json.dumps({"events": _events("message")}, indent=4))


def json_subscription(folder: Path) -> None:
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"message": "checking health"}]}
    data = {"messageType": "DATA_MESSAGE", "logStream": "s", "logEvents": _events("message")}
    (folder / "batch.json.gz").write_bytes(
        gzip.compress((json.dumps(control) + json.dumps(data)).encode())
    )


def parquet(spelled: Callable[[str], str]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        columns: dict[str, list[Any]] = {spelled(name): [] for name in DEFAULT_FORMAT}
        for line in RECORDS:
            for name, word in zip(DEFAULT_FORMAT, line.split(), strict=True):
                number = word.isdigit() and name not in ("account-id",)
                columns[spelled(name)].append(
                    int(word) if number else None if word == "-" else word
                )
        pq.write_table(pa.table(columns), _named(folder, "log.parquet"), compression="gzip")

    return write


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "delivered": delivered,
    "delivered_plain": delivered_plain,
    "delivered_crlf": delivered_crlf,
    "bare": bare,
    "exported": exported,
    "console": console,
    "ndjson": ndjson,
    "json_array": json_array,
    "json_batch": json_batch,
    "json_subscription": json_subscription,
    "parquet_hyphens": parquet(lambda name: name),
    "parquet_underscores": parquet(lambda name: name.replace("-", "_")),
    "parquet_bare": parquet(lambda name: name.replace("-", "")),
}


def read(folder: Path) -> tuple[list[dict[str, Any]], list[Report]]:
    """Every record below a folder, as it is kept, and the reports."""
    rows: list[dict[str, Any]] = []
    reports = read_files(discover(folder).files, lambda _, table: rows.extend(table.to_pylist()))
    for row in rows:
        for name in [name for name in row if name.endswith("@ipv4")]:
            assert row.pop(name) == _number(row[name.removesuffix("@ipv4")])
    return rows, reports


def _number(word: str) -> int | None:
    try:
        return int(IPv4Address(word))
    except ValueError:
        return None


def as_line(row: dict[str, Any]) -> str:
    """The record's line as the kept columns tell it."""
    if row["@message"] is not None:
        return str(row["@message"])
    fields = [value for name, value in row.items() if not name.startswith("@")]
    return " ".join("-" if value is None else str(value) for value in fields)


def seconds(first: float, last: float) -> Window:
    """A window given in seconds after the first record."""
    at = datetime.fromtimestamp(START, UTC)
    return Window(at + timedelta(seconds=first), at + timedelta(seconds=last))


def ask(engine: Engine, text: str, window: Window = DAY) -> Result:
    return engine.run(Query(text, window), Watch())


def count(engine: Engine, window: Window = DAY) -> int:
    return ask(engine, COUNT, window).rows[0].number("n")


def a_file_of(folder: Path, name: str, records: list[str]) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress("\n".join([HEADER, *records, ""]).encode()))
    return path
