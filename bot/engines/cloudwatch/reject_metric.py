"""The metric that counts rejected records, where the account has one, read instead of the logs.

It is one when every log group of the source has a metric filter that counts REJECT and nothing
else, by the meaning of its pattern, and when nothing but those filters feeds their metrics. Sums of
a minute are read, and added up to five.

Sources: the reference of DescribeMetricFilters and GetMetricData. That a datapoint stands at its
record's time is nowhere said: whoever relies on it compares an hour with the logs first.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.metrics import NAMESPACE, rejects
from bot.engines.cloudwatch.retry import Backoff, Waiter, make, whole
from bot.engines.cloudwatch.sent import Layout
from bot.model.errors import AccessDenied, FlowsError
from bot.model.window import Window

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MINUTE, BUCKET = 60, 300  # seconds
KEPT = timedelta(days=15)  # datapoints of a minute; older ones are of five
FOUND_FOR = 600.0  # seconds until it is looked again whether there is such a filter
AT_ONCE = timedelta(days=2)  # of one call, far below 100 800 datapoints
_SLOT = re.compile(r"\s*(?:(\.\.\.)|([\w$-]+)\s*(?:=\s*(\"?)([A-Za-z]+)\3)?)\s*")

logger = logging.getLogger(__name__)

Name = tuple[str, str]  # a metric's namespace and name
Filter = Mapping[str, Any]


class MetricData(Protocol):
    """What is used of boto3's client for CloudWatch."""

    def get_metric_data(self, **arguments: Any) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """The metrics that together count a source's rejects. `zero`: a minute in which records came
    and none was rejected has a datapoint of 0.
    """

    names: tuple[Name, ...]
    zero: bool
    since: datetime  # when the youngest of the filters was made; it counts new records only


class RejectMetric:
    """Rejects of one source by its metrics. `layouts` are the formats of each log group."""

    def __init__(
        self,
        region: str,
        *,
        logs: Callable[[], CloudWatchLogsClient],
        data: Callable[[], MetricData],
        layouts: Callable[[Any], Mapping[str, tuple[Layout, ...]]],
        backoff: Backoff,
        clock: Callable[[], float],
    ) -> None:
        self._region = region
        self._logs = logs
        self._data = data
        self._layouts = layouts
        self._backoff = backoff
        self._clock = clock
        self._known: tuple[float, Found | None] | None = None

    def counts(self, window: Window, waiter: Waiter) -> dict[datetime, int] | None:
        """Rejects by five-minute bucket, of the buckets that are known; None without a metric.

        A minute without a datapoint is unknown, and so is its bucket. But where the filter says 0
        for minutes without rejects, it is a minute without records, as long as its bucket has
        another, and the metric has come further since.
        Raises `EngineError`.
        """
        found = self.found(waiter)
        if found is None:
            return None
        minutes = [self._minutes(name, window, waiter) for name in found.names]
        first = -int(-max(window.start, found.since).timestamp() // BUCKET) * BUCKET
        known: dict[datetime, int] = {}
        for at in range(first, int(window.end.timestamp()) - BUCKET + 1, BUCKET):
            parts = [_bucket(of, at, zero=found.zero) for of in minutes]
            if None not in parts:
                known[datetime.fromtimestamp(at, UTC)] = sum(part or 0 for part in parts)
        return known

    def found(self, waiter: Waiter) -> Found | None:
        """The metrics, looked for every ten minutes. Without permission there are none."""
        now = self._clock()
        if self._known is None or now - self._known[0] >= FOUND_FOR:
            try:
                found = self._look(waiter)
            except AccessDenied as error:
                if self._known is None:
                    logger.info("metric filters are not looked for: %s", error)
                found = None
            self._known = now, found
        return self._known[1]

    def _look(self, waiter: Waiter) -> Found | None:
        layouts = self._layouts(waiter)
        chosen = {}
        for group, formats in layouts.items():
            candidates = [
                one
                for one in self._filters(waiter, logGroupName=group)
                if len(formats) == 1 and counts_rejects(one, group, formats[0])
            ]
            if not candidates:
                return None
            chosen[group] = min(candidates, key=_ours_first)
        names = tuple(dict.fromkeys(map(_metric, chosen.values())))
        for namespace, name in names:
            feeding = self._filters(waiter, metricNamespace=namespace, metricName=name)
            expected = {g: f["filterName"] for g, f in chosen.items() if _metric(f)[1] == name}
            if sorted((f["logGroupName"], f["filterName"]) for f in feeding) != sorted(
                expected.items()
            ):
                return None  # something else is counted there as well
        made = max(int(one.get("creationTime", 0)) for one in chosen.values())
        zero = all(_transformation(one).get("defaultValue") == 0 for one in chosen.values())
        return Found(names, zero, datetime.fromtimestamp(made / 1000, UTC))

    def _filters(self, waiter: Waiter, **asked: Any) -> list[Filter]:
        call = Call("logs:DescribeMetricFilters", self._region, tuple(asked.values())[:1])
        found: list[Filter] = []
        while True:
            page = make(
                lambda: whole(self._logs().describe_metric_filters(**asked), "metricFilters"),
                call,
                waiter,
                self._backoff,
            )
            found += page["metricFilters"]
            if not page.get("nextToken"):
                return found
            asked["nextToken"] = page["nextToken"]

    def _minutes(self, name: Name, window: Window, waiter: Waiter) -> dict[int, int]:
        """Sums by the second at which their minute begins."""
        found: dict[int, int] = {}
        start = max(window.start, window.end - KEPT)
        while start < window.end:
            end = min(start + AT_ONCE, window.end)
            for page in self._pages(name, start, end, waiter):
                for result in page["MetricDataResults"]:
                    for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                        found[int(at.timestamp())] = round(value)
            start = end
        return found

    def _pages(
        self, name: Name, start: datetime, end: datetime, waiter: Waiter
    ) -> Iterator[Mapping[str, Any]]:
        namespace, metric = name
        stat = {
            "Metric": {"Namespace": namespace, "MetricName": metric},
            "Period": MINUTE,
            "Stat": "Sum",
        }
        asked: dict[str, Any] = {
            "MetricDataQueries": [{"Id": "rejects", "MetricStat": stat}],
            "StartTime": start,
            "EndTime": end,
            "ScanBy": "TimestampAscending",
        }
        call = Call("cloudwatch:GetMetricData", self._region, ())
        while True:
            page = make(
                lambda: whole(self._data().get_metric_data(**asked), "MetricDataResults"),
                call,
                waiter,
                self._backoff,
            )
            yield page
            if not page.get("NextToken"):
                return
            asked["NextToken"] = page["NextToken"]


def counts_rejects(one: Filter, group: str, layout: Sequence[str]) -> bool:
    """Whether a filter adds 1 for each rejected record of a format, and nothing for any other."""
    to = _transformation(one)
    narrower = ("fieldSelectionCriteria", "emitSystemFieldDimensions", "applyOnTransformedLogs")
    if to.get("metricValue") != "1" or to.get("dimensions") or any(map(one.get, narrower)):
        return False
    return one["filterPattern"] == _own(group, layout) or means_reject(one["filterPattern"], layout)


def means_reject(pattern: str, layout: Sequence[str]) -> bool:
    """Whether a pattern matches every record of a format whose action is REJECT, and no other.

    Field by field: names are whatever its author liked, `...` stands for as many as are left.
    """
    text = pattern.strip()
    if not (text.startswith("[") and text.endswith("]")) or "action" not in layout:
        return False
    slots = [_SLOT.fullmatch(part) for part in text[1:-1].split(",")]
    gaps = [n for n, slot in enumerate(slots) if slot and slot[1]]
    if not all(slots) or len(gaps) > 1:
        return False
    wanted = [slot[4] if slot else None for slot in slots]
    if gaps:
        left = len(layout) - len(slots) + 1
        wanted[gaps[0] : gaps[0] + 1] = [None] * left
    return wanted == ["REJECT" if field == "action" else None for field in layout]


def _own(group: str, layout: Sequence[str]) -> str | None:
    try:
        return rejects(group, layout).pattern
    except FlowsError:
        return None


def _bucket(minutes: Mapping[int, int], at: int, *, zero: bool) -> int | None:
    """The sum of a bucket; None where it is unknown."""
    found = [minutes[second] for second in range(at, at + BUCKET, MINUTE) if second in minutes]
    whole_ = len(found) == BUCKET // MINUTE
    further = max(minutes, default=0) >= at + BUCKET - MINUTE
    return sum(found) if whole_ or (zero and found and further) else None


def _metric(one: Filter) -> Name:
    to = _transformation(one)
    return to["metricNamespace"], to["metricName"]


def _transformation(one: Filter) -> Mapping[str, Any]:
    return next(iter(one.get("metricTransformations", ())), {})


def _ours_first(one: Filter) -> tuple[bool, str]:
    return _metric(one) != (NAMESPACE, "rejects"), one["filterName"]
