from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from bot.engines.athena.engine import AthenaEngine
from bot.engines.athena.errors import Place
from bot.engines.cloudwatch.retry import Backoff
from bot.model.query import Query
from bot.model.window import Window
from tests.engines.cloudwatch.conftest import Clock, Waiting, client

PLACE = Place("eu-central-1", "logs", "flows", workgroup="ops")
SOURCE = "athena://eu-central-1/logs/flows?workgroup=ops"
START = datetime(2026, 11, 20, 14, tzinfo=UTC)
QUERY_ID = "12ab3456-12ab-123a-789e-1234567890ab"
TOKEN = "a-token-of-at-least-32-characters-1"
COLUMNS = "srcaddr:string dstaddr:string dstport:int bytes:bigint start:bigint end:bigint".split()


@dataclass
class Aws:
    """A stubbed client, which fails a test that calls it otherwise than it says."""

    clock: Clock = field(default_factory=Clock)
    athena: Any = field(default_factory=lambda: client("athena"))

    def __post_init__(self) -> None:
        self.stub = Stubber(self.athena)

    def engine(self, place: Place = PLACE, **arguments: Any) -> AthenaEngine:
        return AthenaEngine(
            place,
            athena=lambda: self.athena,
            source=SOURCE,
            clock=self.clock,
            token=lambda: TOKEN,
            backoff=Backoff(lambda: 1.0),
            **arguments,
        )

    def watch(self, meanwhile: Callable[[int], None] = lambda _: None) -> Waiting:
        return Waiting(self.clock, meanwhile)

    def table(self, *columns: str, **parameters: str) -> None:
        """Expect GetTableMetadata; answer with these columns, each `name:type`."""
        found = [dict(zip(("Name", "Type"), each.split(":"), strict=True)) for each in columns]
        said = {
            "Name": "flows",
            "Columns": found
            or [dict(zip(("Name", "Type"), c.split(":"), strict=True)) for c in COLUMNS],
            "PartitionKeys": [{"Name": "day", "Type": "date"}],
            "Parameters": parameters,
        }
        expected = {
            "CatalogName": "AwsDataCatalog",
            "DatabaseName": "logs",
            "TableName": "flows",
            "WorkGroup": "ops",
        }
        self.stub.add_response("get_table_metadata", {"TableMetadata": said}, expected)

    def start(self, **expected: Any) -> None:
        expected = {
            "QueryString": ANY,
            "ClientRequestToken": TOKEN,
            "QueryExecutionContext": {"Catalog": "AwsDataCatalog", "Database": "logs"},
            "WorkGroup": "ops",
        } | expected
        self.stub.add_response("start_query_execution", {"QueryExecutionId": QUERY_ID}, expected)

    def state(self, state: str, reason: str = "", read: int = 0, **error: Any) -> None:
        """Expect GetQueryExecution."""
        status = {"State": state} | ({"StateChangeReason": reason} if reason else {})
        execution = {
            "QueryExecutionId": QUERY_ID,
            "Status": status | ({"AthenaError": error} if error else {}),
            "Statistics": {"DataScannedInBytes": read},
        }
        expected = {"QueryExecutionId": QUERY_ID}
        self.stub.add_response("get_query_execution", {"QueryExecution": execution}, expected)

    def rows(self, *rows: tuple[str | None, ...], token: str = "", further: str = "") -> None:
        """Expect GetQueryResults: a page that `token` asks for, with `further` for the next."""
        cells = [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in rows
        ]
        response = {"ResultSet": {"Rows": cells}} | ({"NextToken": further} if further else {})
        expected = {"QueryExecutionId": QUERY_ID, "MaxResults": 1000}
        expected |= {"NextToken": token} if token else {}
        self.stub.add_response("get_query_results", response, expected)

    def stop(self) -> None:
        self.stub.add_response("stop_query_execution", {}, {"QueryExecutionId": QUERY_ID})

    def error(self, operation: str, code: str, message: str = "", status: int = 400) -> None:
        self.stub.add_client_error(operation, code, message, status)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """Every call that a test expects must have been made when it ends."""
    aws = Aws()
    with aws.stub:
        yield aws
        aws.stub.assert_no_pending_responses()


def asked(text: str, *, hours: float = 1, limit: int = 10_000) -> Query:
    return Query(text, Window(START, START + timedelta(hours=hours)), limit)
