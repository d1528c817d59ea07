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
from bot.demo.days import Demo
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer, Question
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine, EngineError
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.schedule.conditions import condition
from bot.schedule.courier import Owing
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
        return Answer(question, f"{len(rows)} clients.", tables=(Table("t", columns, rows),))

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


def test_the_mistake_of_the_demo_is_seen_by_a_watch_on_a_real_question(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    engine = LocalEngine(place, source="demo", prepare=Demo(place).ensure)
    asker = Asker(engine, shelf(), clock=lambda: NOON)
    rule = condition("> 50 in 5m")
    amounts = [
        rule.amount(
            asker.ask(
                f"rejects port 5432 from 10.0.0.0/8 2026-11-24T{at}",
                zone=UTC,
                watch=Watch(),
                now=START + timedelta(days=1),
            )
        )
        for at in ("13:30Z..2026-11-24T13:35Z", "14:30Z..2026-11-24T14:35Z")
    ]
    engine.close()
    assert [rule.exceeded(amount) for amount in amounts] == [False, True]
