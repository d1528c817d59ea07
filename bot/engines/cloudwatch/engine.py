"""CloudWatch Logs Insights: the text runs where the logs are, and costs by the byte it reads."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.engines.cloudwatch.console_link import console_link
from bot.engines.cloudwatch.lookups import Lookups
from bot.engines.cloudwatch.malformed import DefinedTwice
from bot.engines.cloudwatch.metrics import Metrics
from bot.engines.cloudwatch.queries import COMPLETE, Page, Queries, ending
from bot.engines.cloudwatch.records import Records
from bot.engines.cloudwatch.reject_metric import MetricData, RejectMetric
from bot.engines.cloudwatch.retry import Backoff, Deadline, Waiter
from bot.engines.cloudwatch.seconds import Seconds, seconds
from bot.engines.cloudwatch.sent import Layout, Sent
from bot.engines.cloudwatch.slots import Slots
from bot.engines.engine import Watch
from bot.engines.underway import Underway
from bot.model.errors import NoSuchLogGroup, NotSupported
from bot.model.query import LARGEST_LIMIT, Progress, Query, Result, Row, Statistics
from bot.model.window import Window

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_logs import CloudWatchLogsClient

AT_ONCE = 10  # queries of one engine; an account has 30 to 100, which others use too
TIMEOUT = 300.0  # seconds
POINTER = "@ptr"  # comes with every raw record, asked for or not


@dataclass(frozen=True, slots=True)
class _Asked:
    """A query with who waits for it."""

    query: Query
    span: Seconds
    watch: Watch
    deadline: Deadline


class CloudWatchEngine:
    """Runs Insights text over log groups of one Region, given as names or ARNs. Safe for threads.

    `logs`, `ec2` and `data` (CloudWatch's metrics) yield boto3 clients that do not retry by
    themselves. `clock` counts seconds.
    """

    name = "CloudWatch Logs Insights"

    def __init__(
        self,
        region: str,
        log_groups: tuple[str, ...],
        *,
        logs: Callable[[], CloudWatchLogsClient],
        ec2: Callable[[], EC2Client],
        data: Callable[[], MetricData] | None = None,
        source: str | None = None,
        timeout: float = TIMEOUT,
        at_once: int = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
        backoff: Backoff | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.source = source or f"cloudwatch://{region}/{','.join(log_groups)}"
        self._region = region
        self._log_groups = log_groups
        self._timeout = timeout
        self._clock = clock
        self._on_close = on_close
        backoff = backoff or Backoff(random.random)
        self.metrics = Metrics(region, logs, backoff)
        self._queries = Queries(region, log_groups, logs=logs, backoff=backoff)
        self.reject_metric = (
            RejectMetric(
                region,
                logs=logs,
                data=data,
                layouts=self.layouts,
                backoff=backoff,
                clock=clock,
            )
            if data
            else None
        )
        self._lookups = Lookups(
            region, log_groups, logs=logs, ec2=ec2, clock=clock, backoff=backoff
        )
        self._slots = Slots(at_once)
        self._underway = Underway(
            lambda query_id: self._queries.stop(query_id, Watch()),
            otherwise="It may run on in AWS for up to an hour",
        )

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        """Fields by the flow logs' own formats, else those that AWS finds in recent records."""
        return self._lookups.records(watch).fields()

    def layouts(self, watch: Waiter) -> dict[str, tuple[Layout, ...]]:
        """The fields of each log group's records in their order, by the flow logs' formats."""
        records = self._lookups.records(watch)
        return {group: records.layouts(group) for group in records.groups}

    def run(self, query: Query, watch: Watch) -> Result:
        """Run a query. Besides the protocol's errors raises `BadWindow`, when nothing is kept of
        the window, and `TimedOut`."""
        span = seconds(query.window)
        if span is None:
            note = "No record can be in this window: flow records start on whole seconds."
            return Result((), (), Statistics(), (note,))
        with self._underway.waiting(watch):
            deadline = Deadline(watch, self._clock, self._timeout)
            watch.progress(Progress(status="Waiting"))
            with self._slots.place(deadline.wait):
                try:
                    return self._answer(_Asked(query, span, watch, deadline))
                except NoSuchLogGroup as error:
                    raise self._lookups.with_names(error, deadline) from None

    def link(self, query: Query) -> str | None:
        """The query in the console, as it is sent; None for a window without a whole second."""
        span = seconds(query.window)
        if span is None:
            return None
        try:
            text = self._lookups.latest().sent(query.text).text
        except NotSupported:
            text = query.text
        return console_link(self._region, self._log_groups, span, text)

    def close(self) -> None:
        """Stop every query, here and in AWS."""
        self._underway.close()
        self._on_close()

    def _answer(self, asked: _Asked) -> Result:
        """Run a query; again with less parsed when AWS has a field that the parse defines."""
        records = self._lookups.records(asked.deadline)
        while True:
            sent = records.sent(asked.query.text)
            try:
                return self._run(asked, sent, records)
            except DefinedTwice as error:
                if error.name not in sent.defined:
                    raise
                records = self._lookups.found_after_all(error.name)

    def _run(self, asked: _Asked, sent: Sent, records: Records) -> Result:
        query, began = asked.query, self._clock()

        def tell(page: Page) -> None:
            seen = _statistics(page, self._clock() - began)
            asked.watch.progress(Progress(seen, page["status"]))

        query_id = self._queries.start(sent, asked.span, query.limit, asked.deadline)
        with self._underway.running(query_id):
            first = self._queries.until_end(query_id, asked.deadline, tell)
        if first["status"] != COMPLETE:
            raise ending(first["status"], self._region)
        pages = self._queries.pages(query_id, first, asked.deadline)
        rows = _rows(pages, _hidden(query, sent))
        return Result(
            columns=tuple(dict.fromkeys(name for row in rows for name in row)),
            rows=rows,
            statistics=_statistics(first, self._clock() - began),
            notes=tuple(records.notes(query.window, sent)),
            text=sent.text if sent.added else None,
            truncated=len(rows) >= min(query.limit, LARGEST_LIMIT),
        )


def _hidden(query: Query, sent: Sent) -> frozenset[str]:
    return sent.hidden if POINTER in query.text else sent.hidden | {POINTER}


def _rows(pages: Iterable[Page], hidden: frozenset[str]) -> tuple[Row, ...]:
    return tuple(
        Row({c["field"]: c["value"] for c in row if "value" in c and c["field"] not in hidden})
        for page in pages
        for row in page.get("results", ())
    )


def _statistics(page: Page, passed: float) -> Statistics:
    read = page.get("statistics", {})
    return Statistics(
        int(read.get("recordsMatched", 0)),
        int(read.get("recordsScanned", 0)),
        int(read.get("bytesScanned", 0)),
        passed,
    )
