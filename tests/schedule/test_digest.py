"""One glance: what it says, what it compares with, and that it says when it does not know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.model.chart import Timeline
from bot.model.message import Message
from bot.schedule.courier import Owing
from bot.schedule.digest import Digests
from bot.schedule.duties import DIGEST, WARNINGS, digests_due, warned_channels
from bot.schedule.incidents import Facts, State
from bot.schedule.roads import roads
from bot.schedule.rollup import Counter
from bot.schedule.wire import unpacked
from bot.store.deliveries import Deliveries
from bot.store.incidents import Incident, Incidents
from bot.store.opening import Store, open_store
from bot.store.rollups import Rollups
from bot.store.schedules import Schedule, Schedules
from tests.schedule.network import APP, DB, START, Network

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
DUE = START + timedelta(hours=7, minutes=30)


@pytest.fixture
def store(tmp_path: object) -> Store:
    return open_store(f"{tmp_path}/state.db", lasting=False)


def counted(
    store: Store, start: datetime, end: datetime, *, traced: bool = False, **network: object
) -> None:
    made = Counter(
        Network(**network),  # type: ignore[arg-type]
        Rollups(store, "made"),
        delivery=timedelta(minutes=5),
        **({"roads": lambda result: roads(result, None, None)} if traced else {}),
    )
    made.learn(start, end, Watch())


def digests(store: Store, price: float = 0) -> Digests:
    return Digests(Rollups(store, "made"), Incidents(store, "made"), price, lambda: DUE)


def written(store: Store, price: float = 0) -> Message:
    schedule = Schedule(DIGEST, "C1", "U1", START, at="08:30", zone="Europe/Berlin", id=1)
    return digests(store, price).write(schedule, DUE, BERLIN)


def line(message: Message, start: str) -> str:
    return next(one for one in message.lines if one.startswith(start))


def test_the_first_day_is_not_called_usual_yet(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    assert written(store).headline.startswith("Nothing unusual so far: what is usual is still")


def test_nothing_unusual_is_one_line(store: Store) -> None:
    counted(store, DUE - 2 * DAY, DUE)
    message = written(store)
    assert message.headline == "Nothing unusual."
    assert message.state == "whole"
    assert message.key == "digest:1:2026-11-24"
    assert len(message.charts) == 1
    assert "288 of 288 five-minute buckets counted, newest record 08:29" in line(message, "Logs")


def test_it_is_compared_with_the_same_weekday_before(store: Store) -> None:
    week = timedelta(days=7)
    counted(store, DUE - DAY, DUE, more=lambda _: [("ACCEPT", APP, DB, 5432, "request", 80)])
    assert "no Mon 16 Nov to compare with" in line(written(store), "Traffic")
    counted(store, DUE - week - DAY, DUE - week)
    message = written(store)
    assert "+100 % against Mon 16 Nov" in line(message, "Traffic")
    assert "0 from inside (0 a week before); noise from the internet" in line(message, "Rejects")
    assert f"{APP} 25.9 MB (+800 %)" in line(message, "Moved most")


def test_roads_are_compared_with_the_same_weekday_before(store: Store) -> None:
    week, more = timedelta(days=7), [("ACCEPT", APP, "198.51.100.80", 443, "request", 30)]
    counted(store, DUE - week - DAY, DUE - week, traced=True)
    counted(store, DUE - DAY, DUE, traced=True, more=lambda _: more)
    message = written(store)
    assert line(message, "Traffic") == (
        "Traffic: 31.7 MB, +38 % against Mon 16 Nov: internet-out 17.3 MB (+100 %),"
        " internet-in 8.64 MB (±0 %), unclassified 5.76 MB (±0 %)."
    )
    road = message.tables[0]
    assert [column.title for column in road.columns] == ["Road", "Bytes", "Mon 16 Nov", "Change"]
    assert road.rows[0] == ("internet-out", 17_280_000, 8_640_000, "+100 %")
    (chart,) = message.charts
    assert isinstance(chart, Timeline)
    by_road, against = chart.panels[:2]
    assert [one.name for one in by_road.series] == ["internet-out", "internet-in", "unclassified"]
    assert sum(value or 0 for value in by_road.series[0].values) == 17_280_000
    assert [one.name for one in against.series] == ["Mon 16 Nov", "Mon 23 Nov"]
    assert sum(value or 0 for value in against.series[0].values) == 23_040_000


def test_counts_from_before_roads_were_told_are_not_compared_with(store: Store) -> None:
    week = timedelta(days=7)
    counted(store, DUE - week - DAY, DUE - week)
    counted(store, DUE - DAY, DUE, traced=True)
    message = written(store)
    assert "no Mon 16 Nov to compare with: internet-" in line(message, "Traffic")
    assert [column.title for column in message.tables[0].columns] == ["Road", "Bytes"]


def test_new_clients_are_named(store: Store) -> None:
    counted(store, DUE - 2 * DAY, DUE - DAY)
    counted(store, DUE - DAY, DUE, more=lambda _: [("ACCEPT", "10.0.1.77", DB, 5432, "request", 1)])
    assert line(written(store), "New") == "New: 10.0.1.77 at 5432 (postgres)."


def test_partial_data_is_called_partial(store: Store) -> None:
    counted(store, DUE - DAY / 2, DUE)
    message = written(store)
    assert message.state == "partial"
    assert message.headline == "Nothing unusual in what is known. Partial: 50 % was counted."
    assert "not compared" in line(message, "Traffic")


def test_nothing_known_is_not_nothing_unusual(store: Store) -> None:
    counted(store, DUE - 8 * DAY, DUE - 7 * DAY)
    message = written(store)
    assert message.headline == "Nothing is known: no logs could be counted."
    assert message.lines[:2] == ("Traffic: unknown.", "Rejects: unknown.")


def test_what_nobody_looked_at_is_not_called_usual(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    for looked in (None, DUE - 3 * HOUR):
        made = Digests(
            Rollups(store, "made"), Incidents(store, "made"), 0, lambda looked=looked: looked
        )
        message = made.over(DUE - DAY, DUE, BERLIN, "k")
        assert message.headline.startswith("Counted, but not watched")


def test_incidents_come_first(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    facts = Facts({"inside port 5432": [3.0, 48, 0]}, told_at=START.isoformat()).stored()
    over = Incident("warning:a", State.RESOLVED, START, START, START + HOUR, 3.0, facts)
    Incidents(store, "made").keep(over)
    message = written(store)
    assert message.headline == "1 incident, over."
    assert message.lines[0].startswith("Tue 01:00 Over after 1 h: inside port 5432")


def test_its_cost_is_that_of_reading_once(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    scanned = sum(
        one.bytes_scanned for one in Rollups(store, "made").buckets(DUE - DAY, DUE).values()
    )
    assert f"about ${scanned / 1e9 * 0.005:.4f}" in line(written(store, price=0.005), "Logs")


def test_only_the_sections_asked_for(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    schedule = Schedule(DIGEST, "C1", "U1", START, line="rejects", at="08:30", id=1)
    message = digests(store).write(schedule, DUE, BERLIN)
    assert [one.split(":")[0] for one in message.lines] == ["Rejects"]


def test_a_monday_covers_the_weekend(store: Store) -> None:
    monday = START - DAY + timedelta(hours=7, minutes=30)
    schedule = Schedule(
        DIGEST, "C1", "U1", START, at="08:30", days="12345", zone="Europe/Berlin", id=1
    )
    message = digests(store).write(schedule, monday, BERLIN)
    assert "0 of 864" in line(message, "Logs")


def test_each_due_digest_is_owed_once_and_a_missed_one_while_useful(store: Store) -> None:
    counted(store, DUE - DAY, DUE)
    schedules, deliveries = Schedules(store), Deliveries(store)
    schedules.add(Schedule(DIGEST, "C1", "U1", DUE - DAY, at="08:30", zone="Europe/Berlin"))
    owe = digests_due(schedules, digests(store), Owing(deliveries))
    owe(DUE - timedelta(minutes=1))
    assert deliveries.open_count() == 0
    for minutes in (0, 1, 120, 600):
        owe(DUE + timedelta(minutes=minutes))
    assert deliveries.open_count() == 2, "the digest and its details"
    claimed = deliveries.claim("a", DUE + DAY)
    assert claimed is not None
    assert unpacked(claimed.payload).key == "digest:1:2026-11-24"
    owe(DUE + DAY + timedelta(hours=7))
    assert deliveries.open_count() == 2, "seven hours late it is of no use"
    owe(DUE + 2 * DAY + timedelta(hours=5))
    assert deliveries.open_count() == 4


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("at", ["01:45", "02:15", "08:30"])
def test_a_digest_comes_once_a_day_in_nights_when_clocks_change(
    store: Store, zone: str, at: str
) -> None:
    schedules, deliveries = Schedules(store), Deliveries(store)
    owe = digests_due(schedules, digests(store), Owing(deliveries))
    for night in (datetime(2026, 3, 28, 9), datetime(2026, 10, 24, 9), datetime(2026, 4, 4, 9)):
        start = night.replace(tzinfo=UTC)
        number = schedules.add(Schedule(DIGEST, "C1", "U1", start, at=at, zone=zone))
        before = deliveries.open_count()
        for minutes in range(0, 48 * 60, 15):
            owe(start + timedelta(minutes=minutes))
        assert deliveries.open_count() - before == 4, "two days, a digest and its details each"
        schedules.change(number, deleted_at=start)


def test_warnings_go_where_they_were_asked_for(store: Store) -> None:
    schedules = Schedules(store)
    channels = warned_channels(schedules, None)
    assert channels() == ()
    schedules.add(Schedule(DIGEST, "C1", "U1", START, at="08:30"))
    assert channels() == ("C1",)
    assert warned_channels(schedules, "C9")() == ("C9",)
    schedules.add(Schedule(WARNINGS, "C2", "U1", START))
    assert channels() == ("C2",)
