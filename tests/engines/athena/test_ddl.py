"""Definitions of tables: each layout and file type as a golden file, and nothing hostile in any.

`golden/NAME.sql` is what `flows athena ddl` prints with the arguments under NAME.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from click.testing import CliRunner
from sqlglot import exp

from bot.cli import flows
from bot.engines.athena.asked import statement
from bot.engines.athena.ddl import Definition, Layout, ddl, fields, from_flow_log
from bot.engines.athena.partitions import pruned
from bot.engines.athena.tables import Table
from bot.engines.athena.view import view
from bot.model.errors import BadLine
from bot.model.window import Window

GOLDEN = Path(__file__).parent / "golden"
PLAIN = "s3://example-logs/AWSLogs/123456789012/vpcflowlogs/eu-central-1/"
HIVE = (
    "s3://example-logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/"
    "aws-region=eu-central-1/"
)
CUSTOM = (
    "${version} ${vpc-id} ${pkt-srcaddr} ${bytes} ${start} ${end} ${tcp-flags} ${some-new-field}"
)
CASES = {
    "days": ["logs.vpc_flow_logs", "--location", PLAIN],
    "hours": ["vpc_flow_logs", "--location", PLAIN.rstrip("/"), "--layout", "hours"],
    "hive-parquet": ["vpc", "--location", HIVE, "--layout", "hive", "--parquet"],
    "hive-hours-custom": [
        *("vpc", "--location", HIVE, "--layout", "hive-hours"),
        *("--format", CUSTOM, "--since", "2026-03-01"),
    ],
}


def printed(arguments: list[str], text: str | None = None) -> str:
    result = CliRunner().invoke(flows, ["athena", "ddl", *arguments], input=text)
    assert result.exception is None
    return result.output


@pytest.mark.parametrize("name", CASES)
def test_definitions_are_as_they_were_read(name: str) -> None:
    assert printed(CASES[name]) == (GOLDEN / f"{name}.sql").read_text()


@pytest.mark.parametrize("name", CASES)
def test_sqlglot_reads_them_as_athena_would(name: str) -> None:
    tree = sqlglot.parse_one((GOLDEN / f"{name}.sql").read_text(), dialect="athena")
    assert isinstance(tree, exp.Create)
    assert not list(tree.find_all(exp.Command))
    columns = [column.name for column in tree.find(exp.Schema).expressions]  # type: ignore[union-attr]
    assert "start" in columns


def catalogued(text: str) -> Table:
    """The table as the catalog would know it, by what sqlglot reads in its definition."""
    tree = sqlglot.parse_one(text, dialect="athena")
    schemas = list(tree.find_all(exp.Schema))
    columns, keys = (
        [{"Name": c.name, "Type": c.args["kind"].sql("hive").lower()} for c in schema.expressions]
        for schema in schemas
    )
    properties = {
        p.name: p.args["value"].name for p in tree.find_all(exp.Property) if type(p) is exp.Property
    }
    said = {"Name": "vpc", "Columns": columns, "PartitionKeys": keys, "Parameters": properties}
    return Table.of("logs", said)


@pytest.mark.parametrize("name", CASES)
def test_the_engine_can_use_its_own_definitions(name: str) -> None:
    window = Window(datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC))
    table = catalogued((GOLDEN / f"{name}.sql").read_text())
    assert pruned(table, window).condition is not None
    made = view(table, window, "x")
    assert (made.notes, made.refused) == ((), {})


FLOW_LOG: dict[str, Any] = {
    "FlowLogId": "fl-1",
    "LogDestinationType": "s3",
    "LogDestination": "arn:aws:s3:::example-logs",
    "LogFormat": CUSTOM,
    "DestinationOptions": {
        "FileFormat": "plain-text",
        "HiveCompatiblePartitions": True,
        "PerHourPartition": True,
    },
}
OWNER = ["--account", "123456789012", "--region", "eu-central-1"]


def test_a_described_flow_log_says_it_all() -> None:
    described = json.dumps({"FlowLogs": [FLOW_LOG]})
    arguments = ["vpc", "--from-flow-log", "-", *OWNER, "--since", "2026-03-01"]
    assert printed(arguments, described) == (GOLDEN / "hive-hours-custom.sql").read_text()


def test_a_prefix_of_the_bucket_and_parquet_are_taken_over() -> None:
    item = FLOW_LOG | {
        "LogDestination": "arn:aws:s3:::example-logs/team/",
        "DestinationOptions": {"FileFormat": "parquet"},
    }
    found = from_flow_log(item, account="123456789012", region="eu-central-1")
    assert found == {
        "location": "s3://example-logs/team/AWSLogs/123456789012/vpcflowlogs/eu-central-1/",
        "layout": Layout.DAYS,
        "format": CUSTOM,
        "parquet": True,
    }


@pytest.mark.parametrize(
    "document",
    [
        {"FlowLogs": []},
        {"FlowLogs": [FLOW_LOG, FLOW_LOG]},
        {"FlowLogs": "x"},
        [],
        "text",
        FLOW_LOG | {"LogDestinationType": "cloud-watch-logs"},
        FLOW_LOG | {"LogDestination": "arn:aws:s3:::b'; DROP"},
        {},
    ],
)
def test_documents_that_describe_no_flow_log_in_s3(document: Any) -> None:
    with pytest.raises(BadLine):
        from_flow_log(document, account="123456789012", region="eu-central-1")


def test_what_is_no_json_is_said() -> None:
    with pytest.raises(BadLine, match="not JSON"):
        statement(
            "vpc",
            "[" * 100_000,
            account="123456789012",
            region="eu-central-1",
            since="2026-01-01",
            location=None,
            layout=None,
            form=None,
            parquet=False,
        )


@pytest.mark.parametrize(
    "table", ["a`b", "a b", "1a", "A", "a;b", "ü", "", "a'b", "a\nb", "x" * 200]
)
def test_names_that_could_end_a_quotation_are_refused(table: str) -> None:
    with pytest.raises(BadLine, match="no name for a table"):
        ddl(Definition(table, PLAIN, date(2026, 1, 1)))
    with pytest.raises(BadLine, match="no name for a table"):
        ddl(Definition("vpc", PLAIN, date(2026, 1, 1), database=table))


@pytest.mark.parametrize(
    "location",
    [
        "s3://b'; DROP TABLE x --/",
        "s3://bucket/${day}/",
        "http://bucket/",
        "s3://b",
        "",
        "s3://bucket/a\n",
    ],
)
def test_places_that_could_end_a_quotation_are_refused(location: str) -> None:
    with pytest.raises(BadLine, match="no place in S3"):
        ddl(Definition("vpc", location, date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("", "'nothing' in the format is no field"),
        ("version start", "'version' in the format is no field"),
        ("${start} ${a`b}", "is no field"),
        ("${start}, ${end}", "'${start},' in the format"),
        ("${start} ${start}", "start twice"),
        ("${start} ${pkt-srcaddr} ${pkt-srcaddr}", "pkt_srcaddr twice"),
        ("${start} ${day}", "a name of a partition twice"),
        ("${srcaddr} ${end}", "no ${start}"),
    ],
)
def test_formats_that_make_no_table_are_refused(form: str, said: str) -> None:
    with pytest.raises(BadLine) as caught:
        fields(form)
    assert said in caught.value.what
