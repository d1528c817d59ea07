"""Rejects that rise are told once, followed to their end; noise is not told at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.model.errors import EngineError
from bot.model.message import About, Does, Message
from bot.schedule.counting import BUCKET
from bot.schedule.opening import Watching
from bot.schedule.replay import Clock
from bot.store.incidents import Incidents, Snooze, Snoozes
from bot.store.opening import Store, open_store
from tests.schedule.network import APP, BALANCER, DB, START, VISITOR, Flow, Network, between

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
BEGAN = START + 2 * HOUR
REFUSED: Flow = ("REJECT", APP, DB, 5432, "request", 40)


@dataclass
class Wall:
    """A channel on which messages stand as they were posted and edited."""

    clock: Clock
    shown: list[tuple[datetime, str, Message]] = field(default_factory=list)

    def post(self, channel: str, message: Message, key: str) -> str:
        self.shown.append((self.clock.now, "post", message))
        return key

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        self.shown.append((self.clock.now, "edit", message))

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        self.shown.append((self.clock.now, "reply", message))
        return key

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        return None

    def said(self, about: About = About.WARNING) -> list[tuple[str, str]]:
        return [
            (how, one.state) for _, how, one in self.shown if one.about is about and how != "reply"
        ]


@dataclass
class House:
    store: Store
    clock: Clock = field(default_factory=lambda: Clock(START))
    history: timedelta = timedelta(days=1, hours=3)

    def __post_init__(self) -> None:
        self.wall = Wall(self.clock)

    def run(self, network: Network, until: datetime, who: str = "a") -> Wall:
        """Tick every five minutes until then."""
        watching = Watching(
            store=self.store,
            engine=network,
            clock=self.clock,
            who=who,
            zone=ZoneInfo("UTC"),
            history=self.history,
            warn="C1",
        )
        ticker = watching.ticker(self.wall)
        while self.clock.now < until:
            ticker.tick(Watch())
            self.clock.now += BUCKET
        return self.wall


@pytest.fixture
def house(tmp_path: object) -> House:
    return House(open_store(f"{tmp_path}/state.db", lasting=False))


def test_a_rule_that_breaks_is_one_warning_from_open_to_resolved(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    wall = house.run(network, START + 5 * HOUR)
    assert wall.said() == [("post", "open"), ("edit", "high"), ("edit", "resolved")]
    at, _, opened = wall.shown[0]
    assert at - BEGAN <= timedelta(minutes=20), "one bucket and the time of delivery"
    assert f"{APP} → {DB} port 5432 (postgres)" in opened.headline
    assert any("let in on the same port until 02:00" in line for line in opened.lines)
    assert not any(line.startswith("New") for line in opened.lines)
    assert len({one.key for _, _, one in wall.shown}) == 1
    assert [how for _, how, _ in wall.shown].count("reply") == 1
    assert "Over after 1 h" in wall.shown[-1][2].headline


def test_a_port_that_is_new_is_called_new(house: House) -> None:
    new: Flow = ("REJECT", APP, DB, 8443, "request", 40)
    wall = house.run(Network(more=between(BEGAN, BEGAN + HOUR / 2, new)), BEGAN + HOUR / 2)
    lines = wall.shown[0][2].lines
    assert lines[2].startswith("New: port 8443 (https-alt), neither rejected from inside nor among")


def test_the_same_on_both_kinds_of_store(store: Store) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    wall = House(store).run(network, START + 4 * HOUR)
    assert wall.said() == [("post", "open"), ("edit", "high"), ("edit", "resolved")]


def test_the_same_hour_a_week_before_is_in_the_thread(house: House) -> None:
    week = timedelta(days=7)
    before = between(BEGAN - week, BEGAN - week + HOUR, ("REJECT", APP, DB, 5432, "request", 2))
    now = between(BEGAN, BEGAN + HOUR, REFUSED)
    network = Network(more=lambda at: before(at) + now(at))
    house.history = timedelta(days=8)
    wall = house.run(network, BEGAN + HOUR)
    assert "Tue 17 Nov 02:00–03:00) 24 flows from inside" in wall.shown[0][2].notes[0]


def test_what_was_over_before_the_first_start_is_known_and_not_told(house: House) -> None:
    house.history = timedelta(days=2, hours=1)
    began = START - timedelta(hours=5)
    network = Network(more=between(began, began + HOUR, REFUSED))
    assert house.run(network, START + HOUR).shown == []
    (found,) = Incidents(house.store, "made").recent(START - DAY)
    assert (found.opened_at, found.state) == (began, "resolved")


def test_what_still_goes_on_at_the_first_start_is_told(house: House) -> None:
    network = Network(more=between(START - 2 * HOUR, START + HOUR, REFUSED))
    said = house.run(network, START + 3 * HOUR).said()
    assert said[0] == ("post", "high")
    assert {how for how, _ in said[1:]} == {"edit"}
    assert said[-1] == ("edit", "resolved")


def test_scans_are_noise_however_loud(house: House) -> None:
    scan = [("REJECT", "198.51.100.66", BALANCER, port, "request", 25) for port in range(20, 60)]
    network = Network(more=between(BEGAN, BEGAN + HOUR, *scan))
    assert house.run(network, START + 4 * HOUR).shown == []


def test_a_door_that_starts_to_refuse_is_told(house: House) -> None:
    refused: Flow = ("REJECT", VISITOR, BALANCER, 443, "request", 50)
    network = Network(more=between(BEGAN, BEGAN + HOUR, refused))
    wall = house.run(network, START + 3 * HOUR)
    assert wall.said()[0] == ("post", "open")
    assert any("served the internet" in line for line in wall.shown[0][2].lines)


def test_two_troubles_at_once_are_two_incidents(house: House) -> None:
    other: Flow = ("REJECT", "10.0.3.3", "10.0.4.4", 25, "request", 60)
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED, other))
    wall = house.run(network, START + 4 * HOUR)
    posts = [one for _, how, one in wall.shown if how == "post"]
    assert len(posts) == 2
    assert "10.0.4.4" in posts[0].headline, "the larger one first"
    assert DB in posts[1].headline


def test_trouble_that_comes_back_within_the_hour_is_the_same_incident(house: House) -> None:
    first = between(BEGAN, BEGAN + HOUR, REFUSED)
    second = between(BEGAN + 1.5 * HOUR, BEGAN + 2 * HOUR, REFUSED)
    network = Network(more=lambda at: first(at) + second(at))
    wall = house.run(network, START + 7 * HOUR)
    assert [how for how, _ in wall.said()].count("post") == 1
    assert wall.said()[-1] == ("edit", "resolved")
    assert [state for _, state in wall.said()].count("resolved") == 2


def test_what_is_snoozed_is_not_told(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    for scope in ("inside port 5432", f"inside target {DB}", "from inside"):
        Snoozes(house.store).add(Snooze(scope, "expected", "U1", "a move", START, START + DAY))
    assert house.run(network, START + 4 * HOUR).shown == []


def test_a_restart_in_the_middle_changes_nothing(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    house.run(network, BEGAN + 0.5 * HOUR, who="before")
    house.clock.now += timedelta(minutes=5)  # the lease of the one before has ended
    wall = house.run(network, START + 5 * HOUR, who="after")
    assert wall.said() == [("post", "open"), ("edit", "high"), ("edit", "resolved")]
    starts = [window.start for window in network.asked]
    assert len(starts) == len(set(starts)), "no bucket is read twice"


def test_two_replicas_say_it_once(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    while house.clock.now < START + 4 * HOUR:
        now = house.clock.now
        for who in ("a", "b"):
            house.clock.now = now
            house.run(network, now + BUCKET, who=who)
    assert house.wall.said() == [("post", "open"), ("edit", "high"), ("edit", "resolved")]


def test_not_being_able_to_check_is_said_once_and_is_not_quiet(house: House) -> None:
    down = (BEGAN, BEGAN + HOUR)
    clock = house.clock
    network = Network(
        more=between(BEGAN, BEGAN + 1.5 * HOUR, REFUSED),
        fails=lambda _: EngineError("Insights is away") if down[0] <= clock.now < down[1] else None,
    )
    wall = house.run(network, START + 5 * HOUR)
    assert wall.said(About.TROUBLE) == [("post", "open"), ("edit", "resolved")]
    posted = next(one for _, _, one in wall.shown if one.about is About.TROUBLE)
    assert posted.headline == "Could not check since 01:40: Insights is away."
    assert wall.said() == [("post", "high"), ("edit", "resolved")], "caught up, as it stands"


def test_an_empty_log_neither_starts_nor_ends_an_incident(house: House) -> None:
    network = Network(
        more=between(BEGAN, BEGAN + HOUR, REFUSED),
        silent=lambda at: at >= BEGAN + 0.5 * HOUR,
    )
    wall = house.run(network, START + 6 * HOUR)
    assert "resolved" not in [state for _, state in wall.said()]


def test_a_clock_that_jumps_forward_is_caught_up_with(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + 4 * HOUR, REFUSED))
    house.run(network, BEGAN)
    house.clock.now += 2 * HOUR
    wall = house.run(network, BEGAN + 5 * HOUR)
    assert wall.said() == [
        ("post", "high"),
        ("edit", "high"),
        ("edit", "high"),
        ("edit", "resolved"),
    ]
    assert wall.said(About.TROUBLE) == []
    starts = [window.start for window in network.asked]
    assert len(starts) == len(set(starts)), "no bucket is read twice"


def test_a_clock_that_jumps_back_repeats_nothing(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    house.run(network, BEGAN + HOUR)
    house.clock.now -= 0.75 * HOUR
    wall = house.run(network, START + 5 * HOUR)
    assert [how for how, _ in wall.said()].count("post") == 1
    starts = [window.start for window in network.asked]
    assert len(starts) == len(set(starts))


def test_buttons_ask_lines_that_the_bot_takes(house: House) -> None:
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    wall = house.run(network, BEGAN + HOUR)
    buttons = {one.label: one for one in wall.shown[0][2].buttons}
    assert buttons["Why?"].value.startswith(f"why {APP} {DB} 5432 2026-11-24T01:30Z..")
    assert buttons["Look closer"].value.startswith(f"db-clients 5432 on {DB} ")
    assert buttons["Expected"].does is Does.EXPECTED
    assert Incidents(house.store, "made").by_key(buttons["Expected"].value) is not None
