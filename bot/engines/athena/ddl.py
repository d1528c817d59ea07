"""The definition of a table over flow logs in S3: CREATE EXTERNAL TABLE with partition projection.

Layouts and files are those of the VPC guide; properties are those of Athena's guide to partition
projection. A name or a place that could end a quotation is refused, not escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from bot.engines.athena.tables import FORMAT
from bot.model.errors import BadLine
from bot.model.fields import BY_LOG, DEFAULT_FORMAT

DEFAULT = " ".join(f"${{{log}}}" for log in DEFAULT_FORMAT)
_FIELD = re.compile(r"\$\{([a-z][a-z0-9-]{0,127})\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
_LOCATION = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*()=/-]*)?")
_BUCKET = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9.-]+(?:/[A-Za-z0-9!_.*()=/-]*)?)")
_LARGE = frozenset({"packets", "bytes", "start", "end"})  # 64 bits in Parquet; other numbers 32
_PARQUET = (
    "ROW FORMAT SERDE 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe'",
    "STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'",
    "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat'",
)


class Layout(StrEnum):
    """How folders below the Region's are named."""

    DAYS = "days"  # 2026/11/20/
    HOURS = "hours"  # 2026/11/20/14/
    HIVE = "hive"  # year=2026/month=11/day=20/
    HIVE_HOURS = "hive-hours"  # year=2026/month=11/day=20/hour=14/


@dataclass(frozen=True, slots=True)
class Definition:
    """What a table is of. `location` is the folder that holds the years, `since` the first day that
    there are logs of."""

    table: str
    location: str
    since: date
    layout: Layout = Layout.DAYS
    format: str = DEFAULT
    parquet: bool = False
    database: str | None = None


def ddl(of: Definition) -> str:
    """The statement that makes the table. Raises `BadLine` for what cannot be quoted."""
    logs = fields(of.format)
    location = _location(of.location)
    names = ".".join(f"`{_named(name)}`" for name in (of.database, of.table) if name is not None)
    columns = [f"  `{log.replace('-', '_')}` {_type(log)}" for log in logs]
    keys = list(_keys(of.layout, of.since, location))
    stored = _PARQUET if of.parquet else ("ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '",)
    properties = {} if of.parquet else {"skip.header.line.count": "1"}
    properties |= {"projection.enabled": "true"}
    for key, projected in keys:
        properties |= {f"projection.{key}.{name}": value for name, value in projected.items()}
    properties["storage.location.template"] = location + _TEMPLATES[of.layout]
    properties[FORMAT] = " ".join(logs)
    lines = [f"  '{name}' = '{value}'" for name, value in properties.items()]
    return "\n".join(
        [
            f"CREATE EXTERNAL TABLE IF NOT EXISTS {names} (",
            ",\n".join(columns),
            ")",
            f"PARTITIONED BY ({', '.join(f'`{key}` string' for key, _ in keys)})",
            *stored,
            f"LOCATION '{location}'",
            "TBLPROPERTIES (",
            ",\n".join(lines),
            ")",
        ]
    )


_TEMPLATES = {
    Layout.DAYS: "${day}/",
    Layout.HOURS: "${hour}/",
    Layout.HIVE: "year=${year}/month=${month}/day=${day}/",
    Layout.HIVE_HOURS: "year=${year}/month=${month}/day=${day}/hour=${hour}/",
}


def _keys(layout: Layout, since: date, location: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The partition keys, each with how its values are made."""
    if layout in (Layout.DAYS, Layout.HOURS):
        by_hour = layout is Layout.HOURS
        yield (
            "hour" if by_hour else "day",
            {
                "type": "date",
                "format": "yyyy/MM/dd/HH" if by_hour else "yyyy/MM/dd",
                "range": f"{since:%Y/%m/%d}{'/00' if by_hour else ''},NOW",
                "interval": "1",
                "interval.unit": "HOURS" if by_hour else "DAYS",
            },
        )
        return
    ranges = {"year": f"{since.year},{since.year + 50}", "month": "1,12", "day": "1,31"}
    if layout is Layout.HIVE_HOURS:
        ranges["hour"] = "0,23"
    for key, values in ranges.items():
        digits = {} if key == "year" else {"digits": "2"}
        yield key, {"type": "integer", "range": values, **digits}


def fields(text: str) -> list[str]:
    """The fields of a log's format, `${version} ${account-id} …`, as the log spells them."""
    words = text.split()
    matches = [_FIELD.fullmatch(word) for word in words]
    logs = [match[1] for match in matches if match]
    if not words or len(logs) < len(words):
        bad = next((w for w, match in zip(words, matches, strict=True) if match is None), "nothing")
        raise BadLine(
            f"{bad[:60]!r} in the format is no field",
            hint="Write fields as the flow log does: '${version} ${account-id} …'.",
        )
    columns = [log.replace("-", "_") for log in logs]
    twice = {name for name in columns if columns.count(name) > 1}
    if twice or {"year", "month", "day", "hour"} & set(columns):
        name = next(iter(sorted(twice)), "a name of a partition")
        raise BadLine(
            f"the format has {name} twice", hint="A table's columns need names of their own."
        )
    if "start" not in logs:
        raise BadLine(
            "the format has no ${start}, without which no window can be read",
            hint="Make a flow log whose format has it.",
        )
    return logs


def _type(log: str) -> str:
    known = BY_LOG.get(log)
    if known is None or not known.number:
        return "string"
    return "bigint" if log in _LARGE or log.startswith("packets-lost") else "int"


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise BadLine(
            f"{name[:60]!r} is no name for a table or a database",
            hint="Athena takes small letters, digits and underscores.",
        )
    return name


def _location(text: str) -> str:
    if not _LOCATION.fullmatch(text):
        raise BadLine(
            f"{text[:120]!r} is no place in S3 that can be written into a definition",
            hint="Write s3://BUCKET/AWSLogs/ACCOUNT/vpcflowlogs/REGION/.",
        )
    return text if text.endswith("/") else f"{text}/"


def from_flow_log(document: Any, *, account: str, region: str) -> dict[str, Any]:
    """Format, place, layout and files of a flow log that DescribeFlowLogs describes.

    `document` is its answer, or one item of it; account and Region are not in there. What comes
    back are arguments of `Definition`. Raises `BadLine`.
    """
    item = _item(document)
    bucket = _BUCKET.fullmatch(str(item.get("LogDestination", "")))
    if item.get("LogDestinationType") != "s3" or bucket is None:
        raise BadLine("the flow log does not deliver to S3", hint="Describe one that does.")
    if not re.fullmatch(r"\d{12}", account) or not re.fullmatch(r"[a-z]{2,4}(-[a-z]+)+-\d", region):
        raise BadLine(f"{account[:20]!r} in {region[:30]!r} is no account in a Region")
    options = item.get("DestinationOptions") or {}
    hive, by_hour = (
        options.get(k) is True for k in ("HiveCompatiblePartitions", "PerHourPartition")
    )
    parts = (
        f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={region}/"
        if hive
        else f"{account}/vpcflowlogs/{region}/"
    )
    layouts = {
        (False, False): Layout.DAYS,
        (False, True): Layout.HOURS,
        (True, False): Layout.HIVE,
        (True, True): Layout.HIVE_HOURS,
    }
    return {
        "location": f"s3://{bucket[1].rstrip('/')}/AWSLogs/{parts}",
        "layout": layouts[hive, by_hour],
        "format": str(item.get("LogFormat") or DEFAULT),
        "parquet": options.get("FileFormat") == "parquet",
    }


def _item(document: Any) -> Mapping[str, Any]:
    items = document.get("FlowLogs", [document]) if isinstance(document, dict) else []
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise BadLine(
            "this does not describe one flow log",
            hint="Write aws ec2 describe-flow-logs --flow-log-ids FL-ID > flow-log.json.",
        )
    return items[0]
