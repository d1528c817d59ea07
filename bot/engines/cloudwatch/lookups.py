"""Look-ups about the log groups, kept for a while. Each may be forbidden: then less is known."""

from __future__ import annotations

import difflib
import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.records import DEFAULT, FlowLog, Records, plain
from bot.engines.cloudwatch.retry import Backoff, Waiter, make
from bot.model.errors import EngineError, NoSuchLogGroup, TimedOut

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import FilterTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient

AGE = 600.0  # seconds
PAGES = 20  # of DescribeLogGroups, 50 names each
T = TypeVar("T")


class Lookups:
    """What EC2 and CloudWatch say about log groups. Safe for threads; `clock` counts seconds."""

    def __init__(
        self,
        region: str,
        log_groups: tuple[str, ...],
        *,
        logs: Callable[[], CloudWatchLogsClient],
        ec2: Callable[[], EC2Client],
        clock: Callable[[], float],
        backoff: Backoff,
        age: float = AGE,
    ) -> None:
        self._region = region
        self._log_groups = log_groups
        self._logs = logs
        self._ec2 = ec2
        self._clock = clock
        # A look-up is worth a second try, not a long wait: without it there is still an answer.
        self._backoff = replace(backoff, attempts=2)
        self._age = age
        self._lock = threading.Lock()
        self._kept: Records | None = None
        self._until = 0.0

    def records(self, waiter: Waiter) -> Records:
        """What is known of the groups' records, at most as old as `age`.

        A look-up that fails makes it poorer, with a doubt; only `waiter` and time out raise.
        """
        with self._lock:
            now = self._clock()
            if self._kept is None or now >= self._until:
                self._kept = self._look(waiter)
                self._until = now + (self._age if self._kept.formats_known else self._age / 10)
            return self._kept

    def latest(self) -> Records:
        """What is known already, without asking anybody."""
        return self._kept or self._nothing()

    def found_after_all(self, name: str) -> Records:
        """Note that AWS finds a field of this name in the records; returns what is known then."""
        with self._lock:
            records = self.latest()
            found = {
                group: records.found.get(group, frozenset()) | {name} for group in records.groups
            }
            self._kept = replace(records, found=found)
            return self._kept

    def with_names(self, error: NoSuchLogGroup, waiter: Waiter) -> NoSuchLogGroup:
        """The error with the names that come close, when they may be looked up."""
        try:
            names = self._make("logs:DescribeLogGroups", self._group_names, waiter)
        except EngineError:
            return error
        missing = [name for name in self._nothing().groups if name not in names]
        near = dict.fromkeys(name for group in missing for name in _near(group, names))
        if near:
            error.hint = f"Did you mean {' or '.join(near)}?"
        elif not names:
            error.hint = "There is no log group at all: check the Region and the account."
        return error

    def _nothing(self) -> Records:
        return Records(tuple(map(plain, self._log_groups)))

    def _look(self, waiter: Waiter) -> Records:
        records = self._look_for_flow_logs(self._nothing(), waiter)
        for given in self._log_groups:
            if records.layouts(plain(given)) != (DEFAULT,):
                records = self._look_into(given, records, waiter)
        return records

    def _look_for_flow_logs(self, records: Records, waiter: Waiter) -> Records:
        try:
            found = self._make("ec2:DescribeFlowLogs", lambda: self._flow_logs(records), waiter)
        except TimedOut:
            raise
        except EngineError as error:
            doubt = f"The records' format is not known, the default is assumed: {error.what}."
            return replace(records, formats_known=False, doubts=(doubt,))
        return replace(records, flow_logs=tuple(found))

    def _flow_logs(self, records: Records) -> list[FlowLog]:
        wanted: FilterTypeDef = {"Name": "log-group-name", "Values": list(records.groups)}
        pages = self._ec2().get_paginator("describe_flow_logs").paginate(Filters=[wanted])
        found = [FlowLog.of(item) for page in pages for item in page.get("FlowLogs", ())]
        return [log for log in found if log.group in records.groups]

    def _look_into(self, given: str, records: Records, waiter: Waiter) -> Records:
        """The same, with the names AWS finds in the group's records of the last quarter hour."""
        try:
            response = self._make(
                "logs:GetLogGroupFields",
                lambda: self._logs().get_log_group_fields(logGroupIdentifier=given),
                waiter,
            )
        except TimedOut:
            raise
        except EngineError as error:
            doubt = f"Which fields AWS finds in {plain(given)} is not known: {error.what}."
            return replace(records, doubts=(*records.doubts, doubt))
        names = (item.get("name", "") for item in response.get("logGroupFields", ()))
        found = frozenset(name for name in names if name and not name.startswith("@"))
        return replace(records, found={**records.found, plain(given): found})

    def _group_names(self) -> list[str]:
        pages = self._logs().get_paginator("describe_log_groups").paginate()
        some = itertools.islice(pages, PAGES)
        return [group["logGroupName"] for page in some for group in page.get("logGroups", ())]

    def _make(self, action: str, ask: Callable[[], T], waiter: Waiter) -> T:
        return make(ask, Call(action, self._region, self._log_groups), waiter, self._backoff)


def _near(group: str, names: list[str]) -> list[str]:
    ends_alike = [name for name in names if name.strip("/") == group.strip("/")]
    return ends_alike or difflib.get_close_matches(group, names, n=3, cutoff=0.6)
