"""What nobody wants to be told of: how it is said, and what it keeps quiet."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.model.errors import BadLine, BadPart
from bot.schedule.incidents import Pair
from bot.schedule.quiet_orders import wish
from bot.schedule.quieting import Quieted, is_scope, quiet_of
from bot.schedule.spikes import Alarm
from bot.store.incidents import Snooze, Snoozes
from bot.store.opening import open_store
from tests.schedule.network import APP, BALANCER, DB, START, Network, between
from tests.schedule.test_guard import BEGAN, DAY, HOUR, REFUSED, House

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PAIRS = Counter(
    {
        Pair(APP, DB, "5432", True): 40,
        Pair(APP, "198.51.100.4", "443", True): 9,
        Pair("203.0.113.9", BALANCER, "443", False): 30,
    }
)
ALARMS = [
    Alarm(("inside port", "5432"), 3.0, 40),
    Alarm(("inside target", DB), 3.0, 40),
    Alarm(("inside port", "443"), 1.2, 9),
    Alarm(("door", f"{BALANCER} 443"), 2.0, 30),
    Alarm(("origin", "inside"), 2.0, 40),
]


def read(line: str) -> object:
    return wish(line.split(), timedelta(hours=4), who="U1", zone=BERLIN, now=NOW)


def snooze(scope: str, **more: str) -> Snooze:
    return Snooze(scope, "expected", "U1", "a move", START, START + DAY, **more)


def heard(*scopes: str) -> list[str]:
    kept = Quieted(map(snooze, scopes)).heard(ALARMS, PAIRS)
    return [" ".join(one.series) for one in kept]


def test_every_part_is_read_in_any_order() -> None:
    found = read(
        "warning:a owner <@U2|on-call> scope inside port 5432 for 2d because we move for good"
    )
    assert (found.key, found.scope, found.owner) == ("warning:a", "inside port 5432", "U2")
    assert (found.until, found.reason) == (NOW + timedelta(days=2), "we move for good")
    assert read("warning:a").until == NOW + timedelta(hours=4)
    assert read("warning:a a word without because").reason == "a word without because"
    assert read("warning:a owner me").owner == "U1"
    assert read("warning:a until 2026-11-25T08:30").until == NOW + timedelta(hours=19.5)
    assert read("warning:a until 2026-11-25T08:30Z").until == NOW + timedelta(hours=20.5)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("scope everything", "scope"),
        ("scope target nowhere", "scope"),
        ("scope port 99999", "scope"),
        ("scope kind bad", "scope"),
        ("scope", "scope"),
        ("for ever", "until"),
        ("until 2026-11-24", "until"),
        ("until 2028-01-01", "until"),
        ("until never", "until"),
        ("owner <!channel>", "owner"),
        ("owner a b", "owner"),
    ],
)
def test_what_is_wrong_names_its_part(words: str, part: str) -> None:
    with pytest.raises(BadPart) as caught:
        read(f"warning:a {words}")
    assert caught.value.part == part
    with pytest.raises(BadLine):
        read("")


@pytest.mark.parametrize(
    ("scopes", "left"),
    [
        ((), 5),
        (("inside port 5432",), 2),  # nor the target and the direction, which are the same flows
        ((f"target {DB}",), 2),
        (("port 5432",), 2),
        (("port 443",), 3),
        (("kind doors",), 4),
        (("kind outgoing",), 4),
        (("kind inside", "kind doors"), 1),
        (("from inside",), 4),
        (("warning:a",), 5),
    ],
)
def test_flows_that_are_quieted_do_not_count(scopes: tuple[str, ...], left: int) -> None:
    assert all(is_scope(scope) for scope in scopes if not scope.startswith("warning:"))
    assert len(heard(*scopes)) == left


def test_what_was_said_of_a_warning_is_said_once() -> None:
    live = [snooze("inside port 5432", incident="warning:a", said_by="U2") for _ in range(1)]
    live += [snooze("from inside", incident="warning:a", said_by="U2"), snooze("x", incident="b")]
    (quiet,) = quiet_of(live, "warning:a")
    assert quiet.scopes == ("inside port 5432", "from inside")
    assert (quiet.words, quiet.owner, quiet.said_by) == ("Expected", "U1", "U2")


def test_a_warning_that_is_quieted_says_its_end_and_nothing_else(tmp_path: object) -> None:
    house = House(open_store(f"{tmp_path}/state.db", lasting=False), history=DAY + 2 * HOUR)
    network = Network(more=between(BEGAN, BEGAN + HOUR, REFUSED))
    wall = house.run(network, BEGAN + HOUR / 2)
    (key,) = {one.key for _, _, one in wall.shown}
    Snoozes(house.store).add(snooze(key, incident=key, said_by="U1"))
    house.run(network, START + 4 * HOUR)
    assert wall.said() == [("post", "open"), ("edit", "resolved")]
    (said,) = wall.shown[-1][2].quiet
    assert (said.words, said.scopes) == ("Expected", ("this incident",))
