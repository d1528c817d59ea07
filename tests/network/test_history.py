from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import Inventory
from bot.model.window import Window
from bot.network.history import History, WindowNames
from bot.network.names import Names
from bot.network.snapshots import MOST_LOADED, Network, Snapshots
from commands import shelf
from tests.commands.records import flow, write
from tests.network.test_snapshots import AtOnce, described

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DB = "10.20.20.30"
BERLIN = ZoneInfo("Europe/Berlin")


def history(snapshots: Snapshots, latest: Inventory | None = None) -> History:
    return History(snapshots, Names, Names(latest or Inventory()))


def test_a_change_makes_a_new_snapshot_and_both_are_found_by_time(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.keep(described("old"), NOON)
    snapshots.keep(described("old"), NOON + HOUR)
    snapshots.keep(described("new"), NOON + 2 * HOUR)
    names = history(Snapshots(tmp_path))
    for minutes, name, certain in (
        (-10, "10.20.20.30", False),  # before the history, as of now: nothing is known here
        (0, "old", True),
        (30, "old", True),
        (60, "old", True),
        (90, "old", False),  # it changed somewhere in this hour
        (120, "new", True),
        (500, "new", False),
    ):
        label = names.label("10.20.20.30", NOON + timedelta(minutes=minutes))
        assert (label.name, label.certain) == (name, certain), minutes


def test_between_two_snapshots_what_both_say_is_certain(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.keep(described("old"), NOON)
    snapshots.keep(described("new"), NOON + HOUR)
    label = history(snapshots).label("10.20.10.21", NOON + HOUR / 2)
    assert (label.name, label.certain) == ("app-a1", True)


def test_before_the_history_names_are_as_of_now(tmp_path: Path) -> None:
    latest = Snapshots(tmp_path).keep(described(), NOON)
    label = history(Snapshots(tmp_path / "empty"), latest).label("10.20.20.30", NOON - HOUR)
    assert (label.name, label.certain, label.as_of) == ("db-a1", False, NOON)


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """An address that is old's from 12:00 to 13:00, and new's from 14:00 to 16:00."""
    found = Snapshots(tmp_path / "snapshots")
    for name, hours in (("old", 0), ("old", 1), ("new", 2), ("new", 4)):
        found.keep(described(name), NOON + hours * HOUR)
    return found


def in_window(snapshots: Snapshots, start: float, end: float) -> WindowNames:
    latest = Names(snapshots.latest() or Inventory())
    window = Window(NOON + start * HOUR, NOON + end * HOUR)
    return WindowNames(History(snapshots, Names, latest), latest, window, BERLIN)


BOTH = "old until 2026-11-20 14:00, new from 2026-11-20 15:00"  # of Berlin


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (0, 1, "old"),
        (0.2, 0.4, "old"),
        (3, 4, "new"),
        (3, 9, "new"),
        (0.5, 3, BOTH),
        (1.2, 1.8, BOTH),  # it changed at some moment between two looks, and these are within
        (-3, -2, "new"),  # before the history: as of now
        (-3, 0.5, "old"),
    ],
)
def test_an_address_has_the_names_of_the_window(
    snapshots: Snapshots, start: float, end: float, name: str
) -> None:
    names = in_window(snapshots, start, end)
    assert names.of(DB).name == name
    assert names.of("10.20.10.21").name == "app-a1", "what did not move has one name"
    assert names.of("198.51.100.7").name == "198.51.100.7"


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (3, 4, None),
        (0, 1, "Names are those of the window, by 1 snapshot of the network."),
        (0, 3, "Names are those of the window, by 2 snapshots of the network."),
        (-3, -2, "Names are as of now: no snapshot of the network is of that time."),
        (-3, 1, "No snapshot of the network is older than 2026-11-20 13:00: names before are as of"
                " then."),
    ],
)  # fmt: skip
def test_of_when_names_are_is_said(
    snapshots: Snapshots, start: float, end: float, text: str | None
) -> None:
    assert [note.text for note in in_window(snapshots, start, end).notes()] == (
        [text] if text else []
    )


def test_of_many_snapshots_a_few_are_loaded(tmp_path: Path) -> None:
    found = Snapshots(tmp_path)
    for number in range(MOST_LOADED + 4):
        found.keep(described(f"n{number}"), NOON + number * HOUR)
    name = in_window(found, 0, 20).of(DB).name
    assert name.startswith("n0 until")
    assert name.endswith(f"n{MOST_LOADED + 3} from 2026-11-21 00:00")
    assert name.count(", ") == MOST_LOADED - 1


def test_answers_have_the_names_of_their_window(tmp_path: Path, snapshots: Snapshots) -> None:
    def sent(hours: float) -> dict[str, object]:
        start = int((NOON + hours * HOUR).timestamp())
        ends = f"{DB}:40000", "198.51.100.7:443"
        return flow(*ends, bytes=1000) | {"start": start, "end": start + 30}

    write(tmp_path / "logs", [sent(0.5), sent(3.5)], DEFAULT_FORMAT)
    now = NOON + 4 * HOUR
    network = Network(
        lambda: described("new"), clock=lambda: now, executor=AtOnce(), snapshots=snapshots
    )
    with closing(LocalEngine(tmp_path / "logs")) as engine:
        asker = Asker(engine, shelf(), clock=lambda: now, network=network)
        before, after = (
            asker.ask(f"top-talkers internal {window}", zone=ZoneInfo("UTC"), watch=Watch())
            for window in ("12:00..13:00", "15:00..16:00")
        )
    assert before.headline.startswith(f"old ({DB}) moved most inside")
    assert after.headline.startswith(f"new ({DB}) moved most inside")
    said = "Names are those of the window, by 1 snapshot of the network."
    assert said in [note.text for note in before.notes]
    assert said not in [note.text for note in after.notes]
