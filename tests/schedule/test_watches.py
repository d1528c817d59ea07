"""Watches: what they say, that they say it once, and that they skip nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.ask.reading import read
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer, Question
from bot.model.chart import Panel, Series, Timeline
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine, EngineError
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.schedule.conditions import condition
from bot.schedule.courier import Owing
from bot.schedule.opening import Watching
from bot.schedule.orders import Order
from bot.schedule.replay import Clock
from bot.schedule.watch_orders import WatchOrders
from bot.schedule.watches import SETTLE, Watches
from bot.schedule.wire import unpacked
from bot.store.deliveries import Deliveries
from bot.store.opening import Store, open_store
from bot.store.schedules import Schedules
from commands import shelf
from tests.schedule.network import START
from tests.slack import strict
from tests.slack.conftest import House as Bolt

UTC = ZoneInfo("UTC")
NOON = START + timedelta(hours=12)
MINUTES = timedelta(minutes=1)


@dataclass
class House:
    """`clients` says who talks in a window, with how many records each."""

    store: Store
    clients: Callable[[Window], dict[str, int]] = lambda _: {"10.0.1.5": 10}
    clock: Clock = field(default_factory=lambda: Clock(NOON))
    asked: list[Window] = field(default_factory=list)
    broken: bool = False
    binned: bool = False  # whether answers have a timeline

    def __post_init__(self) -> None:
        command = Command(
            "clients",
            "who talks",
            self._answer,
            ("clients 5432",),
            (Argument("port", Takes.PORTS, "a port"),),
        )
        self.shelf = [command]
        self.schedules = Schedules(self.store)
        self.deliveries = Deliveries(self.store)
        self.watches = Watches(self.schedules, self._ask, Owing(self.deliveries))
        self.orders = WatchOrders(self.watches, self.schedules, lambda _: None)

    def _ask(
        self, line: str, *, zone: ZoneInfo, watch: Watch, now: datetime | None = None
    ) -> Answer:
        return self._answer(read(line, self.shelf, now=now or self.clock(), zone=zone))

    def _answer(self, question: Question, _logs: Logs | None = None) -> Answer:
        if self.broken:
            raise EngineError("the engine is away")
        self.asked.append(question.window)
        rows = tuple(self.clients(question.window).items())
        columns = (Column("client", "Client", Kind.ADDRESS), Column("records", "N", Kind.COUNT))
        charts = (self._chart(question.window),) if self.binned else ()
        return Answer(question, f"{len(rows)} clients.", (Table("t", columns, rows),), charts)

    def _chart(self, window: Window) -> Timeline:
        period = window.period()
        bins, length = window.bins(period), timedelta(seconds=period.seconds)
        values = [float(sum(self.clients(Window(at, at + length)).values())) for at in bins]
        panels = (Panel("Records", (Series("all", tuple(values)),)),)
        return Timeline("Records", bins, period.seconds, panels)

    def order(self, line: str) -> Answer:
        words = tuple(line.split())[1:]
        return self.orders.obey(Order(line, words, "U1", "C1", UTC, self.clock.now), Watch())

    def run(self, minutes: int) -> list[str]:
        """Tick every minute; the headlines that became owed."""
        said = []
        for _ in range(minutes):
            self.clock.now += MINUTES
            self.watches.look(self.clock.now)
            while one := self.deliveries.claim("t", self.clock.now):
                if one.about is None:
                    said.append(unpacked(one.payload).headline)
                self.deliveries.sent(one.key, self.clock.now, "ts")
        return said


@pytest.fixture
def house(tmp_path: object) -> House:
    return House(open_store(f"{tmp_path}/state.db", lasting=False))


def since(moment: datetime, *names: str) -> Callable[[Window], dict[str, int]]:
    """One client always, others from a moment on."""
    return lambda window: {"10.0.1.5": 10} | {n: 5 for n in names if window.end > moment}


def test_a_new_client_is_told_once(house: House) -> None:
    house.clients = since(NOON + 30 * MINUTES, "10.0.1.77")
    answer = house.order("watch clients 5432 when new client")
    assert answer.headline.startswith(
        "Watch 1: clients 5432 when new client, looked at every 15 min"
    )
    assert "Learned 1 client from the last 7 d" in answer.notes[0].text
    assert house.run(180) == ["New client: 10.0.1.77 – clients 5432"]


def test_every_moment_is_looked_at_once(house: House) -> None:
    house.order("watch clients when new client")
    house.asked.clear()
    house.run(120)
    assert all(a.end == b.start for a, b in zip(house.asked, house.asked[1:], strict=False))
    assert house.asked[-1].end <= house.clock.now - SETTLE


def test_a_limit_is_told_when_it_is_passed_and_again_after_it_was_kept(house: House) -> None:
    def clients(window: Window) -> dict[str, int]:
        high = (window.start.minute // 20) % 2 == 1
        return {"10.0.1.5": 600 if high else 10}

    house.clients = clients
    answer = house.order("watch clients 22 when > 500 in 5m")
    assert "speaks when it rises beyond" in answer.notes[0].text
    said = house.run(120)
    assert said == ["600 (> 500 in 5m) – clients 22"] * 2


def test_a_watch_that_cannot_look_says_so_and_skips_nothing(house: House) -> None:
    house.order("watch clients when new client")
    house.clients = since(NOON + 20 * MINUTES, "10.0.1.77")
    house.broken = True
    said = house.run(120)
    assert len(said) == 1
    assert said[0].startswith("Watch 1 could not check since 11:50: the engine is away")
    house.asked.clear()
    house.broken = False
    assert house.run(30) == ["New client: 10.0.1.77 – clients"]
    assert house.asked[0].start == NOON - 10 * MINUTES


def test_a_muted_watch_learns_and_is_quiet(house: House) -> None:
    house.clients = since(NOON + 20 * MINUTES, "10.0.1.77")
    house.order("watch clients when new client")
    assert (
        house.order("watch mute 1 for 2h").headline
        == "Watch 1 is quiet until Tue 24 Nov 14:00 UTC."
    )
    assert house.run(200) == []


def test_a_watch_is_listed_and_deleted(house: House) -> None:
    assert house.order("watch list").headline == "No watch is set."
    house.order("watch clients when any in 10m")
    assert house.order("watch").tables[0].rows[0][:4] == ("1", "clients", "any in 10m", "C1")
    house.order("watch delete 1")
    assert house.schedules.live("watch") == ()


def test_what_it_would_have_said(house: House) -> None:
    house.clients = since(NOON - timedelta(days=2), "10.0.1.77")
    answer = house.order("watch test clients when new client")
    assert answer.headline == "Over the last 7 d it would have spoken 1 time."
    assert answer.tables[0].rows[0][1] == "New client: 10.0.1.77"
    assert house.schedules.live("watch") == ()


def test_a_week_is_rehearsed_by_few_looks_where_the_answer_has_a_timeline(house: House) -> None:
    storm = NOON - timedelta(days=5)
    house.clients = lambda w: {"10.0.1.5": 900} if w.start <= storm < w.end else {}
    answer = house.order("watch test clients when > 500 in 5m")
    assert answer.headline == "Over the last 7 d it would have spoken 1 time."
    assert [row[1] for row in answer.tables[0].rows] == ["900 (> 500 in 5m)"]
    without = len(house.asked)
    house.asked.clear()
    house.binned = True
    assert house.order("watch test clients when > 500 in 5m").tables == answer.tables
    assert len(house.asked) == 21 < without


def test_a_rehearsal_says_how_far_it_came(house: House) -> None:
    house.clients = lambda _: {"10.0.1.5": 900}
    answer = house.order("watch test clients when > 500 in 5m")
    assert answer.headline == "Over the last 1 h 55 min it would have spoken 1 time."
    assert answer.notes[0].text == "48 looks, 0 B read."


@pytest.mark.parametrize(
    "line",
    [
        "watch clients when new moon",
        "watch when new client",
        "watch clients 5432 1h when new client",
        "watch nonsense when any",
        "watch clients when > 5 in 2m",
        "watch clients when any in #nowhere",
        "watch delete 9",
        "watch what",
    ],
)
def test_what_makes_no_sense_is_refused_at_once(house: House, line: str) -> None:
    with pytest.raises(BadLine):
        house.order(line)
    assert house.schedules.live("watch") == ()


def test_who_was_turned_away_or_got_no_answer_is_no_client(house: House) -> None:
    columns = (
        Column("client", "Client", Kind.ADDRESS),
        Column("bytes_back", "Back", Kind.BYTES),
    )
    accepted = Table("Accepted", columns, (("10.0.1.5", 9), ("198.51.100.7", 0)))
    rejected = Table("Rejected", columns, (("198.51.100.8", 0),))
    answer = replace(house.order("watch list"), tables=(accepted, rejected))
    assert condition("new client").found(answer) == ("10.0.1.5",)
    assert len(condition("new source").found(answer)) == 3


def test_limits_as_people_write_them() -> None:
    assert condition("> 500 in 5m").limit == 500
    assert condition(">= 10GB in 1h").limit == 10e9
    assert condition(">2k").every == timedelta(minutes=15)
    assert condition("new clients").noun == "client"


NEW, STORM = NOON + 12 * MINUTES, NOON + 20 * MINUTES


def record(at: datetime, source: str, target: str, ports: str, action: str = "ACCEPT") -> str:
    start = int(at.timestamp())
    ends = f"{source} {target} {ports}"
    return f"2 123456789012 eni-0a1b {ends} 6 10 1000 {start} {start + 50} {action} OK\n"


def logged(folder: Path) -> LocalEngine:
    """Days at rest; from `NEW` a new destination and a new client, at `STORM` many rejects."""
    lines = []
    quiet = [NOON - n * timedelta(hours=3) for n in range(1, 70)]
    for at in [*quiet, *(NOON + n * 5 * MINUTES for n in range(8))]:
        lines.append(record(at, "10.0.1.5", "203.0.113.9", "40001 443"))
        lines.append(record(at, "203.0.113.9", "10.0.1.5", "443 40001"))
        for app in ["10.0.1.6", *(["10.0.1.99"] if at >= NEW else [])]:
            lines.append(record(at, app, "10.0.2.9", "40002 5432"))
            lines.append(record(at, "10.0.2.9", app, "5432 40002"))
        lines.append(record(at, "198.51.100.7", "10.0.0.10", "40003 22", "REJECT"))
        if at >= NEW:
            lines.append(record(at, "10.0.1.5", "192.0.2.77", "40004 443"))
            lines.append(record(at, "192.0.2.77", "10.0.1.5", "443 40004"))
    lines += [
        record(STORM, f"198.51.100.{n % 250}", "10.0.0.10", "40005 22", "REJECT")
        for n in range(600)
    ]
    folder.mkdir()
    (folder / "flows.log").write_text("".join(lines))
    return LocalEngine(folder, cache=folder.parent / "cache")


def test_three_watches_speak_once_each_in_slack(tmp_path: Path, bolt: Bolt) -> None:
    engine, clock = logged(tmp_path / "logs"), Clock(NOON)
    asker = Asker(engine, shelf(), clock=clock)
    store = open_store(f"{tmp_path}/state.db", lasting=False)
    watching = Watching(
        store=store,
        engine=engine,
        ask=asker.ask,
        clock=clock,
        who="test",
        zone=UTC,
        history=timedelta(hours=1),
    )
    slack = bolt.start(asker.ask, shelf=shelf(), orders=lambda _: watching.orders())
    assert bolt.bot is not None
    ticker = watching.ticker(bolt.bot.channel)

    def order(line: str) -> str:
        before = len(slack.in_channel("C1"))
        slack.command(line)
        slack.until(lambda: len(slack.in_channel("C1")) > before and bolt.idle())
        return strict.words(slack.in_channel("C1")[-1]["blocks"])

    assert "Learned 1 destination from the last 1 d" in order(
        "watch egress when new destination learning 1d"
    )
    assert "Learned 1 client" in order("watch db-clients 5432 when new client learning 1d")
    assert "speaks when it rises beyond" in order("watch rejects port 22 when > 500 in 5m")
    said = len(slack.in_channel("C1"))
    for _ in range(2):
        clock.now += 20 * MINUTES
        ticker.tick(Watch())
    posted = [one for one in slack.in_channel("C1")[said:] if not one.get("thread_ts")]
    assert [one["text"].split(" – ")[0] for one in posted] == [
        "New destination: 192.0.2.77",
        "New client: 10.0.1.99",
        "601 (&gt; 500 in 5m)",
    ]
    assert "New client: 10.0.1.99" in (told := order("watch test 2"))
    assert "Over the last 7 d it would have spoken 1 time" in told
    assert "Watch 1 is quiet until Tue 24 Nov 15:40 CET" in order("watch mute 1 for 2h")
    assert "3 watches set" in (told := order("watch list"))
    assert "Quiet until" in told
    assert "Watch 2 is gone" in order("watch delete 2")
    assert "2 watches set" in order("watch list")
    engine.close()
    store.close()
