"""The three calls of a query: start it, look at it, stop it. And waiting for its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.retry import Backoff, Waiter, make, whole
from bot.engines.cloudwatch.seconds import Seconds
from bot.engines.cloudwatch.sent import Sent
from bot.model.errors import EngineError, FlowsError, TimedOut
from bot.model.query import LARGEST_LIMIT

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

Page = Mapping[str, Any]  # what GetQueryResults returns

FIRST_LOOK = 0.3  # seconds after StartQuery; every wait is half as long again
LONGEST_LOOK = 5.0
MOST_UNKNOWN = 10  # looks in a row that may say Unknown
COMPLETE = "Complete"
_GOING_ON = frozenset({"Scheduled", "Running"})


class Queries:
    """Queries over log groups. Errors are `FlowsError`; `waiter` may raise to end a wait."""

    def __init__(
        self,
        region: str,
        log_groups: tuple[str, ...],
        *,
        logs: Callable[[], CloudWatchLogsClient],
        backoff: Backoff,
    ) -> None:
        self._region = region
        self._log_groups = log_groups
        self._logs = logs
        self._backoff = backoff

    def start(self, sent: Sent, span: Seconds, limit: int, waiter: Waiter) -> str:
        """Start a query; returns its id."""
        by_arn = any(group.startswith("arn:") for group in self._log_groups)
        arguments: dict[str, Any] = {
            "logGroupIdentifiers" if by_arn else "logGroupNames": list(self._log_groups),
            "startTime": span.first,
            "endTime": span.last,
            "queryString": sent.text,
            "limit": min(limit, LARGEST_LIMIT),
        }

        def ask() -> Mapping[str, Any]:
            return whole(self._logs().start_query(**arguments), "queryId")

        return str(make(ask, self._call("StartQuery", sent), waiter, self._backoff)["queryId"])

    def page(self, query_id: str, waiter: Waiter, token: str | None = None) -> Page:
        """What GetQueryResults says now; a `token` asks for a later page."""
        arguments: dict[str, Any] = {"queryId": query_id} | ({"nextToken": token} if token else {})

        def ask() -> Page:
            return whole(self._logs().get_query_results(**arguments), "status")

        return make(ask, self._call("GetQueryResults"), waiter, self._backoff)

    def stop(self, query_id: str, waiter: Waiter) -> None:
        """Stop a query. That it has ended, or is forgotten, is no error."""

        def ask() -> None:
            logs = self._logs()
            ended = (
                logs.exceptions.InvalidParameterException,
                logs.exceptions.ResourceNotFoundException,
            )
            try:
                logs.stop_query(queryId=query_id)
            except ended:
                return

        make(ask, self._call("StopQuery"), waiter, replace(self._backoff, attempts=2))

    def until_end(self, query_id: str, waiter: Waiter, tell: Callable[[Page], None]) -> Page:
        """Look at growing intervals until the query has ended; `tell` hears every look."""
        wait, unknown = FIRST_LOOK, 0
        while True:
            waiter.wait(wait)
            page = self.page(query_id, waiter)
            tell(page)
            unknown = unknown + 1 if page["status"] == "Unknown" else 0
            if unknown > MOST_UNKNOWN:
                raise EngineError(
                    "CloudWatch does not know how the query is doing", where=self._region
                )
            if not unknown and page["status"] not in _GOING_ON:
                return page
            wait = min(wait * 1.5, LONGEST_LOOK)

    def pages(self, query_id: str, first: Page, waiter: Waiter) -> Iterator[Page]:
        """The pages of a query that is complete, the first of which is known."""
        page = first
        yield page
        while page.get("nextToken") and page.get("results"):
            page = self.page(query_id, waiter, page["nextToken"])
            yield page

    def _call(self, operation: str, sent: Sent | None = None) -> Call:
        return Call(f"logs:{operation}", self._region, self._log_groups, sent)


def ending(status: str, region: str) -> FlowsError:
    """The error for a query that ended otherwise than complete."""
    shorter = "Ask about a shorter window."
    if status == "Timeout":
        return TimedOut("CloudWatch stopped the query after an hour", where=region, hint=shorter)
    if status == "Cancelled":
        return EngineError("somebody stopped the query in AWS", where=region, hint="Ask again.")
    return EngineError(
        f"CloudWatch gave the query up (status {status})",
        where=region,
        hint="Try again. If it fails again: " + shorter[0].lower() + shorter[1:],
    )
