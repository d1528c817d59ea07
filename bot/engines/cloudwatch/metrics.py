"""Metric filters: a pattern from the log's real format, a dry run over its records, and the filter.

A pattern is by position: one name for each field of a record, so it fits one format and no other.
Nothing is created that was not shown first.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.retry import Backoff, Waiter, make
from bot.model.errors import BadLine, MissingFields

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

NAMESPACE = "Flows"
LONGEST_PATTERN = 1024
MOST_TESTED = 50  # messages one dry run takes
_VALUE = re.compile(r"[A-Za-z0-9.:_-]+")


@dataclass(frozen=True, slots=True)
class Plan:
    """A filter that could be made. `value` is what one record adds: 1, or a field (`$bytes`)."""

    group: str
    name: str
    pattern: str
    value: str

    @property
    def token(self) -> str:
        """Says that this very plan is meant."""
        text = json.dumps([self.group, self.name, self.pattern, self.value])
        return hashlib.sha256(text.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class DryRun:
    """How many of the records tried a plan would have counted, and what they add up to."""

    tried: int
    matched: int
    total: int


def plan(
    group: str, layout: Sequence[str], name: str, wanted: Mapping[str, str], value: str = "1"
) -> Plan:
    """A plan for a group whose records have the fields of `layout`, Insights names in order.

    `wanted` are the values fields must have. Raises `MissingFields` for fields the records lack,
    `BadLine` for a value that cannot stand in a pattern.
    """
    needed = [*wanted, *([value[1:]] if value.startswith("$") else [])]
    if missing := tuple(field for field in needed if field not in layout):
        raise MissingFields(missing, f"the records of {group} lack {', '.join(missing)}")
    slots = [f"{one}={_quoted(wanted[one])}" if one in wanted else one for one in layout]
    pattern = f"[{', '.join(slots)}]"
    if len(pattern) > LONGEST_PATTERN:
        raise BadLine("the pattern would be too long for a metric filter")
    return Plan(group, name, pattern, value)


def rejects(group: str, layout: Sequence[str]) -> Plan:
    """Counts rejected records."""
    return plan(group, layout, "rejects", {"action": "REJECT"})


def bytes_into(
    group: str, layout: Sequence[str], *, interface: str, address: str, port: int
) -> Plan:
    """Adds up the bytes that were accepted over TCP into one port of an interface.

    The interface records both directions; its own address as the target makes it one.
    """
    wanted = {
        "interfaceId": interface,
        "dstAddr": address,
        "dstPort": str(port),
        "protocol": "6",
        "action": "ACCEPT",
    }
    return plan(group, layout, f"bytes-into-{interface}-{port}", wanted, "$bytes")


class Metrics:
    """Metric filters of one Region. `logs` yields a client that does not retry by itself."""

    def __init__(
        self, region: str, logs: Callable[[], CloudWatchLogsClient], backoff: Backoff
    ) -> None:
        self._region = region
        self._logs = logs
        self._backoff = backoff

    def try_out(self, plan: Plan, messages: Sequence[str], waiter: Waiter) -> DryRun:
        """What a plan makes of records, `MOST_TESTED` at most. Raises `EngineError`."""
        tried = list(messages[:MOST_TESTED])
        if not tried:
            return DryRun(0, 0, 0)
        found = make(
            lambda: self._logs().test_metric_filter(
                filterPattern=plan.pattern, logEventMessages=tried
            ),
            Call("logs:TestMetricFilter", self._region, (plan.group,)),
            waiter,
            self._backoff,
        )
        matches = found.get("matches", [])
        values = [one.get("extractedValues", {}).get(plan.value, "1") for one in matches]
        return DryRun(len(tried), len(matches), sum(int(v) for v in values if v.isdigit()))

    def create(self, plan: Plan, waiter: Waiter) -> None:
        """Create the filter; it counts new records only. Raises `EngineError`."""
        make(
            lambda: self._logs().put_metric_filter(
                logGroupName=plan.group,
                filterName=f"flows-{plan.name}",
                filterPattern=plan.pattern,
                metricTransformations=[
                    {
                        "metricName": plan.name,
                        "metricNamespace": NAMESPACE,
                        "metricValue": plan.value,
                        "defaultValue": 0,
                    }
                ],
            ),
            Call("logs:PutMetricFilter", self._region, (plan.group,)),
            waiter,
            self._backoff,
        )


def _quoted(value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise BadLine(f"{value[:40]!r} cannot stand in a pattern")
    return f'"{value}"'
