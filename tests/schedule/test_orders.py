"""Orders, as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.errors import BadLine
from bot.schedule.digest import Digests
from bot.schedule.incidents import Facts, State
from bot.schedule.orders import Orders
from bot.schedule.quiet_orders import QuietOrders
from bot.schedule.words import clock_time, length_of, weekdays
from bot.store.audit import Audit
from bot.store.incidents import Incident, Incidents, Snoozes
from bot.store.opening import Store, open_store
from bot.store.rollups import Rollups
from bot.store.schedules import Schedules

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


class Desk:
    """Orders over a store of their own; `give` says one in channel C1."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.schedules = Schedules(store)
        self.incidents = Incidents(store, "made")
        self.retold: list[str] = []
        self.orders = Orders(
            schedules=self.schedules,
            quiet=QuietOrders(self.incidents, Snoozes(store), self.retell),
            audit=Audit(store),
            digests=Digests(Rollups(store, "made"), self.incidents, 0, lambda: NOW),
            clock=lambda: NOW,
            resolve={"network": "C0NETWORK"}.get,
        )

    def retell(self, incident: Incident, _: datetime) -> None:
        self.retold.append(incident.key)

    def give(self, line: str) -> Answer:
        return self.orders.obey(line, who="U1", channel="C1", zone=BERLIN, watch=Watch())


@pytest.fixture
def desk(tmp_path: object) -> Desk:
    return Desk(open_store(f"{tmp_path}/state.db", lasting=False))


def test_a_digest_is_set_and_told_when_it_first_comes(desk: Desk) -> None:
    answer = desk.give("digest set at 8:30 weekdays")
    assert answer.headline == (
        "Digest 1: on weekdays at 08:30 (Europe/Berlin) in C1; the first comes Wed 25 Nov 08:30."
    )
    (schedule,) = desk.schedules.live("digest")
    assert (schedule.at, schedule.days, schedule.zone, schedule.created_by) == (
        "08:30",
        "12345",
        "Europe/Berlin",
        "U1",
    )


@pytest.mark.parametrize(
    ("words", "channel"),
    [
        ("<#C0123456|ops>", "C0123456"),
        ("in #network", "C0NETWORK"),
        ("C0ABCDEF", "C0ABCDEF"),
        ("here", "C1"),
    ],
)
def test_channels_are_found(desk: Desk, words: str, channel: str) -> None:
    desk.give(f"digest set {words} at 07:00 mon-wed traffic rejects")
    (schedule,) = desk.schedules.live("digest")
    assert (schedule.channel, schedule.days, schedule.line) == (channel, "123", "traffic rejects")


@pytest.mark.parametrize(
    "line",
    [
        "digest set #nowhere",
        "digest set at 25:00",
        "digest off 7",
        "digest please",
        "warnings off x",
        "expect",
        "snooze warning:none",
    ],
)
def test_what_cannot_be_done_is_refused_and_noted(desk: Desk, line: str) -> None:
    with pytest.raises(BadLine):
        desk.give(line)
    assert desk.schedules.live() == ()
    (deed,) = Audit(desk.store).latest()
    assert (deed.who, deed.line, deed.outcome) == ("U1", line, "refused")


def test_digests_are_listed_and_switched_off(desk: Desk) -> None:
    assert desk.give("digest list").headline == "No digest is set."
    desk.give("digest set")
    listed = desk.give("digest list")
    assert listed.headline == "1 digest set."
    assert listed.tables[0].rows[0][:3] == ("1", "C1", "every day at 08:30 (Europe/Berlin)")
    assert desk.give("digest off 1").headline == "Digest 1 is off."
    assert desk.schedules.live("digest") == ()


def test_a_digest_now_is_an_answer(desk: Desk) -> None:
    assert desk.give("digest now").headline.startswith("Nothing is known")


def test_a_warning_that_is_expected_is_quiet_until_then(desk: Desk) -> None:
    facts = Facts({"inside port 5432": [3.0, 48, 0], "from inside": [2.0, 48, 0]}, told_at="")
    desk.incidents.keep(Incident("warning:a", State.OPEN, NOW, NOW, facts=facts.stored()))
    answer = desk.give("expect warning:a for 2d because of the move")
    assert answer.headline == (
        "Expected until Thu 26 Nov 13:00 CET: from inside, inside port 5432."
    )
    live = Snoozes(desk.store).live(NOW + timedelta(days=1))
    assert {(one.scope, one.owner, one.reason) for one in live} == {
        ("from inside", "U1", "of the move"),
        ("inside port 5432", "U1", "of the move"),
    }
    assert Snoozes(desk.store).live(NOW + timedelta(days=2)) == ()


def test_lines_that_are_no_orders_are_left_to_others(desk: Desk) -> None:
    assert not desk.orders.takes("rejects 1h")
    assert not desk.orders.takes("")
    assert desk.orders.takes("Digest list")


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("weekdays", "12345"),
        ("daily", "1234567"),
        ("mon,thu", "14"),
        ("fri-mon", "1567"),
        ("sat", "6"),
        ("traffic", None),
        ("mon-", None),
    ],
)
def test_weekdays(word: str, days: str | None) -> None:
    assert weekdays(word) == days


def test_times_and_lengths() -> None:
    assert clock_time("8:05") == "08:05"
    assert length_of("2w") == timedelta(weeks=2)
    for bad in ("0h", "9999w", "soon", ""):
        with pytest.raises(BadLine):
            length_of(bad)
