"""What watching a log group costs: each byte scanned once, beside checks that read again.

`python -m benchmarks.bill` runs the demo's day through the real scheduler, a minute a tick, with a
digest at 08:30, and counts what every query reads: the log text of the records in its window, as
CloudWatch Logs Insights bills it. The same day is then watched by a check of the last hour every
five minutes and a digest over 24 hours, by queries through the same meter; and by the scheduler
again, with a metric that counts rejects and no digest to write. Prints a Markdown table.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.demo.days import Demo
from bot.demo.story import DEMO_DAY
from bot.engines.engine import Engine, Watch
from bot.engines.local.engine import LocalEngine
from bot.model.query import LARGEST_LIMIT, Query, Result
from bot.model.window import Window
from bot.network.prices import DAYS_OF_A_MONTH, GB
from bot.schedule.counting import BUCKET, TEXT, buckets
from bot.schedule.opening import Watching
from bot.schedule.replay import STEP, Clock, Printed, replay
from bot.store.opening import open_store

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DIGEST_AT = "08:30"
LOGS = (1, 100)  # GB a day that the bill is told for
HISTORY = timedelta(days=2)
SETTLING = timedelta(minutes=20)  # until the day's last bucket has been counted
CHECK = 'filter action = "REJECT" | stats count(*) as rejects by bin(5m), srcAddr, dstAddr, dstPort'
REJECTS = 'filter action = "REJECT" | stats count(*) as rejects by bin(5m) as at'
SIZES = "stats sum(messageSize(@message)) as size by bin(5m) as at"

# US dollars, us-east-1, list prices read from public pages in February 2026.
DATED = "February 2026"
SCANNED_GB = 0.005
METRIC_MONTH = 0.30


@dataclass
class Meter:
    """An engine that adds up the log text in the windows of the queries it passes on."""

    engine: Engine
    sizes: dict[datetime, int] = field(default_factory=dict)  # bytes, by bucket
    read: list[tuple[Window, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.engine.name
        self.source = self.engine.source

    def run(self, query: Query, watch: Watch) -> Result:
        self.read.append((query.window, self.size(query.window)))
        return self.engine.run(query, watch)

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        return self.engine.fields(window, watch)

    def link(self, query: Query) -> str | None:
        return self.engine.link(query)

    def close(self) -> None:
        self.engine.close()

    def weigh(self, window: Window) -> None:
        """Learn how much log text each bucket of a window holds."""
        for row in self.engine.run(Query(SIZES, window), Watch()).rows:
            if at := row.moment("at"):
                self.sizes[at] = row.number("size")

    def size(self, window: Window) -> int:
        """Bytes of log text of a window that begins and ends with buckets."""
        return sum(size for at, size in self.sizes.items() if window.start <= at < window.end)


@dataclass(frozen=True)
class Way:
    """One way to watch a day of logs. `metrics` are custom metrics that it needs."""

    name: str
    queries: int
    bytes: int
    metrics: int = 0

    def dollars(self, of: int, gigabytes: float) -> float:
        """US dollars a day, at so many GB of logs a day instead of `of` bytes."""
        scanned = self.bytes / of * gigabytes
        return scanned * SCANNED_GB + self.metrics * METRIC_MONTH / DAYS_OF_A_MONTH


def by_design(meter: Meter, day: Window) -> tuple[Way, Way]:
    """The scheduler's day, and what its first start reads before that."""
    meter.read.clear()
    lines: list[str] = []
    replay(
        meter,
        Window(day.start, day.end + SETTLING),
        channel="-",
        write=lines.append,
        watch=Watch(),
        zone=ZoneInfo("UTC"),
        history=HISTORY,
        digest_at=DIGEST_AT,
    )
    if not any("digest" in line for line in lines):
        sys.exit("no digest was posted: the bill would be of something else")
    before = [size for window, size in meter.read if window.start < day.start]
    of_day = [size for window, size in meter.read if day.start <= window.start < day.end]
    counted = "this design: counted once, the checks and the digest read the counts"
    return Way(counted, len(of_day), sum(of_day)), Way("history", len(before), sum(before))


def by_reading_again(meter: Meter, day: Window) -> tuple[Way, Way]:
    """A check of the last hour every five minutes, and a digest: together, and the digest alone."""
    meter.read.clear()
    at = day.start + BUCKET
    while at <= day.end:
        meter.run(Query(CHECK, Window(at - HOUR, at), LARGEST_LIMIT), Watch())
        at += BUCKET
    meter.run(Query(TEXT, Window(day.end - DAY, day.end), LARGEST_LIMIT), Watch())
    sizes = [size for _, size in meter.read]
    again = Way("the last hour every 5 min, the digest over 24 h", len(sizes), sum(sizes))
    return again, Way("a metric filter for the checks, the digest over 24 h", 1, sizes[-1], 1)


def by_metric(meter: Meter, day: Window) -> Way:
    """The scheduler's day where a metric says whether anything rises, and no digest is set."""
    past = Window(day.start - HISTORY - HOUR, day.end)
    rows = meter.engine.run(Query(REJECTS, past), Watch()).rows
    found = {row.moment("at"): row.number("rejects") for row in rows}
    told: list[str] = []
    meter.read.clear()
    clock = Clock(day.start)
    with tempfile.TemporaryDirectory() as scratch:
        store = open_store(str(Path(scratch, "state.db")), lasting=False)
        watching = Watching(
            store=store,
            engine=meter,
            clock=clock,
            who="bill",
            zone=ZoneInfo("UTC"),
            history=HISTORY,
            warn="-",
            rejects=lambda window, _: {
                at: found.get(at, 0) for at in buckets(window.start, window.end)
            },
        )
        ticker = watching.ticker(Printed(clock, told.append))
        while clock.now <= day.end + SETTLING:
            ticker.tick(Watch())
            clock.now += STEP
        store.close()
    if not told:
        sys.exit("the day's mistake was not told: the bill would be of something else")
    sizes = [size for _, size in meter.read]
    name = "this design with a metric of rejects and no digest, on a day with an incident"
    return Way(name, len(sizes), sum(sizes), 1)


def show(ways: list[Way], before: Way, logs: int) -> None:
    print(f"The demo's day, {DEMO_DAY:%Y-%m-%d}: {logs / 1e6:.1f} MB of log text.", end=" ")
    print(f"Measured on {datetime.now(UTC):%Y-%m-%d}.\n")
    heads = ["watching by", "queries", "MB scanned", "× the day's logs"]
    heads += [f"at {gigabytes} GB of logs a day" for gigabytes in LOGS]
    print("|", " | ".join(heads), "|\n" + "|---" * len(heads) + "|")
    for way in ways:
        times = way.bytes / logs
        cells = [way.name, str(way.queries), f"{way.bytes / 1e6:.1f}", f"{times:.2f}"]
        cells += [
            f"{times * gigabytes:,.1f} GB, ${way.dollars(logs, gigabytes):,.3f} a day"
            for gigabytes in LOGS
        ]
        print("|", " | ".join(cells), "|")
    print(
        f"\nOnce, at the first start, {HISTORY / DAY:.0f} days of history: {before.queries}"
        f" queries, {before.bytes / 1e6:.1f} MB. ${SCANNED_GB} a GB scanned, ${METRIC_MONTH:.2f} a"
        f" metric and month (us-east-1, {DATED}); a GB is {GB:,} bytes. A metric tells how many"
        f" rejects there were; who was rejected where, a query has to read."
    )


def main() -> None:
    start = datetime(DEMO_DAY.year, DEMO_DAY.month, DEMO_DAY.day, tzinfo=UTC)
    day = Window(start, start + DAY)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "demo")
        engine = LocalEngine(place, source="demo", prepare=Demo(place).ensure)
        with closing(Meter(engine)) as meter:
            meter.weigh(Window(day.start - HISTORY - HOUR, day.end))
            logs = meter.size(day)
            counted, before = by_design(meter, day)
            ways = [counted, by_metric(meter, day), *by_reading_again(meter, day)]
            show(ways, before, logs)


if __name__ == "__main__":
    main()
