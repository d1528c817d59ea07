"""The calls of a query: the table first, then start it, look at it, read it, or stop it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from bot.engines.athena.errors import Place, told
from bot.engines.athena.tables import Table
from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.retry import Backoff, Waiter, make, whole

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

T = TypeVar("T")
Execution = Mapping[str, Any]  # QueryExecution of GetQueryExecution
Cells = tuple[str | None, ...]

FIRST_LOOK = 0.3  # seconds after the start; every wait is half as long again
LONGEST_LOOK = 5.0
SUCCEEDED = "SUCCEEDED"
_GOING_ON = frozenset({"QUEUED", "RUNNING"})
_PAGE = 1000  # rows; Athena gives no more at once


class Executions:
    """Queries in one place. Errors are `FlowsError`; `waiter` may raise to end a wait."""

    def __init__(
        self, place: Place, *, athena: Callable[[], AthenaClient], backoff: Backoff
    ) -> None:
        self._place = place
        self._athena = athena
        self._backoff = backoff

    def table(self, waiter: Waiter) -> Table:
        """The table as the catalog knows it."""
        place = self._place

        def ask() -> Mapping[str, Any]:
            said = self._athena().get_table_metadata(
                CatalogName=place.catalog,
                DatabaseName=place.database,
                TableName=place.table,
                WorkGroup=place.workgroup,
            )
            return whole(said, "TableMetadata")

        said = self._make(ask, "GetTableMetadata", waiter)
        return Table.of(place.database, said["TableMetadata"])

    def start(self, sql: str, token: str, waiter: Waiter) -> str:
        """Start a query; returns its id. The token makes a second try the same query."""
        place = self._place
        arguments: dict[str, Any] = {
            "QueryString": sql,
            "ClientRequestToken": token,
            "QueryExecutionContext": {"Catalog": place.catalog, "Database": place.database},
            "WorkGroup": place.workgroup,
        }
        if place.output:
            arguments["ResultConfiguration"] = {"OutputLocation": place.output}

        def ask() -> Mapping[str, Any]:
            return whole(self._athena().start_query_execution(**arguments), "QueryExecutionId")

        return str(self._make(ask, "StartQueryExecution", waiter)["QueryExecutionId"])

    def look(self, query_id: str, waiter: Waiter) -> Execution:
        def ask() -> Mapping[str, Any]:
            said = self._athena().get_query_execution(QueryExecutionId=query_id)
            return whole(whole(said, "QueryExecution")["QueryExecution"], "Status")

        return self._make(ask, "GetQueryExecution", waiter)

    def until_end(
        self, query_id: str, waiter: Waiter, tell: Callable[[Execution], None]
    ) -> Execution:
        """Look at growing intervals until the query has ended; `tell` hears every look."""
        wait = FIRST_LOOK
        while True:
            waiter.wait(wait)
            execution = self.look(query_id, waiter)
            tell(execution)
            if execution["Status"].get("State") not in _GOING_ON:
                return execution
            wait = min(wait * 1.5, LONGEST_LOOK)

    def rows(self, query_id: str, waiter: Waiter) -> Iterator[Cells]:
        """The rows of a query that succeeded; a value that is missing is None."""
        token: str | None = None
        header = 1  # the first row of the first page names the columns
        while True:
            page = self._page(query_id, token, waiter)
            for row in page["ResultSet"].get("Rows", ())[header:]:
                yield tuple(cell.get("VarCharValue") for cell in row.get("Data", ()))
            header, token = 0, page.get("NextToken")
            if not token:
                return

    def _page(self, query_id: str, token: str | None, waiter: Waiter) -> Mapping[str, Any]:
        arguments: dict[str, Any] = {"QueryExecutionId": query_id, "MaxResults": _PAGE}
        arguments |= {"NextToken": token} if token else {}

        def ask() -> Mapping[str, Any]:
            return whole(self._athena().get_query_results(**arguments), "ResultSet")

        return self._make(ask, "GetQueryResults", waiter)

    def stop(self, query_id: str, waiter: Waiter) -> None:
        """Stop a query. That it has ended is no error."""

        def ask() -> None:
            self._athena().stop_query_execution(QueryExecutionId=query_id)

        self._make(ask, "StopQueryExecution", waiter, replace(self._backoff, attempts=2))

    def _make(
        self, ask: Callable[[], T], operation: str, waiter: Waiter, backoff: Backoff | None = None
    ) -> T:
        call = Call(f"athena:{operation}", self._place.region, ())
        return make(
            ask, call, waiter, backoff or self._backoff, lambda e, c: told(e, c, self._place)
        )
