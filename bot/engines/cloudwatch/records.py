"""What is known of the records in the log groups: which fields they hold, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

from bot.engines.cloudwatch.sent import Layout, Sent, with_parse
from bot.insights.nodes import Pipeline
from bot.insights.parser import parse
from bot.insights.source_fields import source_fields
from bot.model.errors import BadQuery
from bot.model.fields import DEFAULT_FORMAT, SYNONYMS, insights_name
from bot.model.window import Window
from bot.model.writing import duration

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FlowLogTypeDef

DEFAULT: Layout = tuple(insights_name(log) for log in DEFAULT_FORMAT)
_OLD_NAMES = frozenset(DEFAULT) | frozenset(SYNONYMS)  # what AWS finds in the default format
_COARSE = 600  # seconds of aggregation, AWS's default


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log that writes into a log group.

    `traffic` is ALL, ACCEPT or REJECT, `resource` the VPC, subnet or interface that is watched, and
    `trouble` why AWS fails to deliver, if it does.
    """

    id: str
    group: str
    layout: Layout
    traffic: str = "ALL"
    seconds: int = _COARSE
    created: datetime | None = None
    trouble: str = ""
    resource: str = ""

    @classmethod
    def of(cls, item: FlowLogTypeDef | Mapping[str, Any]) -> FlowLog:
        """A flow log out of an item of DescribeFlowLogs."""
        logs = re.findall(r"\$\{([^}]+)\}", item.get("LogFormat", ""))
        failed = item.get("DeliverLogsStatus") == "FAILED"
        return cls(
            id=item.get("FlowLogId", ""),
            group=item.get("LogGroupName", ""),
            layout=tuple(insights_name(log) for log in logs) or DEFAULT,
            traffic=item.get("TrafficType", "ALL"),
            seconds=item.get("MaxAggregationInterval", _COARSE),
            created=item.get("CreationTime"),
            trouble=item.get("DeliverLogsErrorMessage", "unknown error") if failed else "",
            resource=item.get("ResourceId", ""),
        )

    def doubles(self, other: FlowLog) -> bool:
        """Whether both record the same traffic of the same resource."""
        same = self.resource == other.resource != ""
        return same and ("ALL" in (self.traffic, other.traffic) or self.traffic == other.traffic)


@dataclass(frozen=True, slots=True)
class Records:
    """What look-ups found about the log groups, by their plain names.

    `found` are the names AWS finds in a group's records; a group that was not looked into is
    absent. `doubts` say which look-ups failed; without the flow logs (`formats_known`) the default
    format is assumed.
    """

    groups: tuple[str, ...]
    flow_logs: tuple[FlowLog, ...] = ()
    formats_known: bool = True
    found: Mapping[str, frozenset[str]] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    def layouts(self, group: str) -> tuple[Layout, ...]:
        """Layouts of a group's records; none when no flow log is known to write into it."""
        return tuple(dict.fromkeys(log.layout for log in self.flow_logs if log.group == group))

    def fields(self) -> frozenset[str]:
        """Insights names of the fields that records carry; none when nothing tells."""
        names: set[str] = set()
        for group in self.groups:
            layouts = self.layouts(group)
            if layouts:
                names |= set().union(*layouts)
            else:
                names |= self.found.get(group) or (set() if self.formats_known else set(DEFAULT))
        return frozenset(SYNONYMS.get(name, name) for name in names)

    def sent(self, text: str) -> Sent:
        """The text as AWS must be sent it. Raises `NotSupported` when no text can do."""
        pipeline = _parsed(text)
        if pipeline is None:
            return Sent(text)
        wanted = self._not_found(source_fields(pipeline))
        if not wanted:
            return Sent(text)
        every = {layout for group in self.groups for layout in self.layouts(group) or (DEFAULT,)}
        return with_parse(pipeline, every, wanted)

    def _not_found(self, names: frozenset[str]) -> dict[str, str]:
        """Names that some group's records hold though AWS does not find them, with their field."""
        wanted = {}
        for group in self.groups:
            layouts = self.layouts(group)
            found = self.found.get(group) or (frozenset() if _custom(layouts) else _OLD_NAMES)
            for name in names - found:
                if any(SYNONYMS.get(name, name) in layout for layout in layouts):
                    wanted[name] = SYNONYMS.get(name, name)
        return dict(sorted(wanted.items()))

    def notes(self, window: Window, sent: Sent) -> Iterator[str]:
        """What a reader of figures out of these records must know."""
        yield from self.doubts
        for group in self.groups:
            logs = [log for log in self.flow_logs if log.group == group]
            yield from _about(group, logs)
        if sent.added:
            yield from self._younger_than(window)

    def _younger_than(self, window: Window) -> Iterator[str]:
        for log in self.flow_logs:
            if log.created and log.created > window.start:
                yield (
                    f"{log.id} exists since {log.created:%Y-%m-%d %H:%M} UTC: records before that"
                    f" were written by another flow log, and are misread if its format differs."
                )


def plain(group: str) -> str:
    """The name of a log group that was written as a name or as an ARN."""
    return group.split(":log-group:", 1)[1] if ":log-group:" in group else group


def _about(group: str, logs: list[FlowLog]) -> Iterator[str]:
    if len({log.layout for log in logs}) > 1:
        yield f"{group} holds records of {len(logs)} flow logs in different formats."
    for resource in sorted(
        {one.resource for one, other in combinations(logs, 2) if one.doubles(other)}
    ):
        yield f"{group}: {resource} has several flow logs, so its traffic is counted several times."
    kinds = {log.traffic for log in logs}
    for kind, other in (("ACCEPT", "rejected"), ("REJECT", "accepted")):
        if kinds == {kind}:
            yield f"{group} logs {kind} only: {other} traffic is not in it."
    coarse = max((log.seconds for log in logs), default=0)
    if coarse >= _COARSE:
        yield (
            f"{group}: one record covers up to {duration(coarse)}, so a flow's time is that coarse"
            " (Nitro instances: 1 min)."
        )
    for log in logs:
        if log.trouble:
            yield f"{group}: AWS fails to deliver the records of {log.id} ({log.trouble})."


def _custom(layouts: tuple[Layout, ...]) -> bool:
    return any(layout != DEFAULT for layout in layouts)


def _parsed(text: str) -> Pipeline | None:
    """The query's tree; None for what only AWS understands, and for what nobody does."""
    try:
        return parse(text)
    except BadQuery:
        return None
