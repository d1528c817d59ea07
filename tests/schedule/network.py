"""A small made network as an engine: it answers the one query of the rollups, bucket by bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.engines.engine import Watch
from bot.model.query import Query, Result, Row, Statistics
from bot.model.window import Window
from bot.schedule.counting import BUCKET, TEXT, buckets

START = datetime(2026, 11, 24, tzinfo=UTC)
APP, DB, VISITOR, BALANCER = "10.0.1.5", "10.0.2.9", "203.0.113.7", "10.0.0.10"
Flow = tuple[str, str, str, int, str, int]  # action, source, target, port, leg, records


def usual(at: datetime) -> list[Flow]:
    """What flows in every bucket: visitors, a database's client, and a scanner who is refused."""
    noise = 20 + at.minute % 7
    return [
        ("ACCEPT", VISITOR, BALANCER, 443, "request", 30),
        ("ACCEPT", BALANCER, VISITOR, 443, "reply", 30),
        ("ACCEPT", APP, DB, 5432, "request", 10),
        ("ACCEPT", DB, APP, 5432, "reply", 10),
        ("REJECT", "198.51.100.9", BALANCER, 22, "request", noise),
    ]


@dataclass
class Network:
    """`more` adds flows to a bucket; `fails` says for what windows the engine breaks down."""

    more: Callable[[datetime], list[Flow]] = lambda _: []
    fails: Callable[[Window], Exception | None] = lambda _: None
    silent: Callable[[datetime], bool] = lambda _: False
    asked: list[Window] = field(default_factory=list)
    limit: int = 100_000
    tail: timedelta = timedelta(seconds=20)  # from the newest record's start to a bucket's end
    name: str = "made"
    source: str = "made"

    def run(self, query: Query, watch: Watch) -> Result:
        assert query.text == TEXT
        self.asked.append(query.window)
        if error := self.fails(query.window):
            raise error
        rows: list[Row] = []
        for at in buckets(query.window.start, query.window.end):
            if not self.silent(at):
                rows += [self._row(at, flow) for flow in usual(at) + self.more(at)]
        rows.sort(key=lambda row: (row["action"], row.number("records")), reverse=True)
        matched = sum(row.number("records") for row in rows)
        kept = rows[: self.limit]
        return Result(
            tuple(kept[0]) if kept else (),
            tuple(kept),
            Statistics(matched, matched, 100 * matched, 0.1),
            truncated=len(kept) < len(rows),
        )

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        return frozenset()

    def link(self, query: Query) -> str | None:
        return None

    def close(self) -> None: ...

    def _row(self, at: datetime, flow: Flow) -> Row:
        action, source, target, port, leg, records = flow
        newest = at + BUCKET - self.tail
        return Row(
            {
                "at": f"{at:%Y-%m-%d %H:%M:%S.000}",
                "action": action,
                "srcAddr": source,
                "dstAddr": target,
                "port": str(port),
                "leg": leg,
                "logStatus": "OK",
                "records": str(records),
                "totalPackets": str(records * 5),
                "totalBytes": str(records * 1000),
                "latest": str(int(newest.timestamp() * 1000)),
                "span": "59",
            }
        )


def between(start: datetime, end: datetime, *flows: Flow) -> Callable[[datetime], list[Flow]]:
    """Flows that are added in a stretch."""
    return lambda at: list(flows) if start <= at < end else []
