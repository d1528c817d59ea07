"""Athena: Insights text over logs in S3 that outgrow one machine; it costs by the byte it reads."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.engines.athena.decimals import written
from bot.engines.athena.errors import Place, ending
from bot.engines.athena.executions import SUCCEEDED, Cells, Execution, Executions
from bot.engines.athena.tables import Table
from bot.engines.athena.view import view
from bot.engines.cloudwatch.retry import Backoff, Deadline, Waiter
from bot.engines.cloudwatch.slots import Slots
from bot.engines.engine import Watch
from bot.engines.price import ATHENA, Price
from bot.engines.underway import Underway
from bot.model.query import LARGEST_LIMIT, Progress, Query, Result, Row, Statistics

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

    from bot.engines.athena.translating import Ready
    from bot.model.window import Window

AT_ONCE = 5  # queries of one engine; an account has 20 and more, which others use too
TIMEOUT = 300.0  # seconds
TABLE_KEPT = 300.0  # seconds that what the catalog says of the table is believed


@dataclass(frozen=True, slots=True)
class _Known:
    table: Table
    until: float


class AthenaEngine:
    """Runs Insights text over a table of one Region. Safe for threads.

    `athena` yields a boto3 client that does not retry by itself. `clock` counts seconds, `now` says
    the time, `token` makes the tokens by which AWS knows a query it was sent twice.

    Scanned are the bytes that Athena read, compressed as they lie in S3. It does not say how many
    records those were, and how many matched: both are 0.
    """

    name = "Athena"

    def __init__(
        self,
        place: Place,
        *,
        athena: Callable[[], AthenaClient],
        source: str,
        timeout: float = TIMEOUT,
        at_once: int = AT_ONCE,
        price: Price = ATHENA,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        token: Callable[[], str] = lambda: str(uuid.uuid4()),
        backoff: Backoff | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.source = source
        self._place = place
        self._timeout = timeout
        self._price = price
        self._clock = clock
        self._now = now
        self._token = token
        self._on_close = on_close
        self._executions = Executions(
            place, athena=athena, backoff=backoff or Backoff(random.random)
        )
        self._slots = Slots(at_once)
        self._underway = Underway(
            lambda query_id: self._executions.stop(query_id, Watch()),
            otherwise="It may run on in AWS, and costs",
        )
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        """Fields by the table's columns."""
        return frozenset(self._table(watch).fields)

    def run(self, query: Query, watch: Watch) -> Result:
        """Run a query. Besides the protocol's errors raises `TimedOut`."""
        from bot.engines.athena.translating import ready  # noqa: PLC0415 - the grammar is slow
        from bot.insights.parser import parse  # noqa: PLC0415

        pipeline = parse(query.text)
        with self._underway.waiting(watch):
            deadline = Deadline(watch, self._clock, self._timeout)
            watch.progress(Progress(status="Waiting"))
            over = view(self._table(deadline), query.window, self.source)
            made = ready(pipeline, over, query, self._now())
            with self._slots.place(deadline.wait):
                result = self._run(query, made, watch, deadline)
        return result

    def link(self, query: Query) -> str | None:
        """None: the console opens a statement by the id of its run only."""
        return None

    def close(self) -> None:
        """Stop every query, here and in AWS."""
        self._underway.close()
        self._on_close()

    def _table(self, waiter: Waiter) -> Table:
        with self._lock:
            known = self._known
        if known is None or known.until <= self._clock():
            known = _Known(self._executions.table(waiter), self._clock() + TABLE_KEPT)
            with self._lock:
                self._known = known
        return known.table

    def _run(self, query: Query, made: Ready, watch: Watch, deadline: Deadline) -> Result:
        began = self._clock()

        def tell(execution: Execution) -> None:
            state = str(execution["Status"].get("State", "")).capitalize()
            watch.progress(Progress(_statistics(execution, self._clock() - began), state))

        query_id = self._executions.start(made.sql, self._token(), deadline)
        with self._underway.running(query_id):
            last = self._executions.until_end(query_id, deadline, tell)
        if last["Status"].get("State") != SUCCEEDED:
            raise ending(last, self._place)
        rows = tuple(_row(made, cells) for cells in self._executions.rows(query_id, deadline))
        statistics = _statistics(last, self._clock() - began)
        return Result(
            columns=made.columns,
            rows=rows,
            statistics=statistics,
            notes=(*made.notes, self._price.told(statistics.bytes_scanned)),
            truncated=len(rows) >= min(query.limit, LARGEST_LIMIT),
        )


def _row(made: Ready, cells: Cells) -> Row:
    values: dict[str, str] = {}
    for number, (column, cell) in enumerate(zip(made.columns, cells, strict=False)):
        value = written(cell) if cell is not None and number in made.decimals else cell
        if value is not None:
            values[column] = value
    return Row(values)


def _statistics(execution: Execution, passed: float) -> Statistics:
    read = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    return Statistics(bytes_scanned=int(read), seconds=passed)
