from __future__ import annotations

import copy
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.demo.documents import documents
from bot.model.answer import Topic
from bot.model.errors import AccessDenied, BadSource, FlowsError
from bot.model.inventory import Inventory
from bot.network.documents import Documents
from bot.network.snapshots import Network, Snapshots, Still, age_words

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def described(name: str = "db-a1", address: str = "10.20.20.30") -> dict[str, Any]:
    """The demo's documents, with another name for the host at an address."""
    found = {file.removesuffix(".json"): copy.deepcopy(d) for file, d in documents().items()}
    for reservation in found["describe-instances"]["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["PrivateIpAddress"] == address:
                instance["Tags"] = [{"Key": "Name", "Value": name}]
    return found


class AtOnce(Executor):
    """Runs work when told to, in the caller's thread."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future

    def run(self) -> None:
        waiting, self.waiting = self.waiting, []
        for work in waiting:
            work()


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Ec2:
    """What describing gives, or the error it fails with; `asked` counts."""

    def __init__(self, gives: Documents | FlowsError) -> None:
        self.gives = gives
        self.asked = 0

    def __call__(self) -> Documents:
        self.asked += 1
        if isinstance(self.gives, FlowsError):
            raise self.gives
        return self.gives


def test_a_look_that_finds_nothing_changed_moves_the_end_only(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    for hours in range(4):
        snapshots.keep(described(), NOON + hours * HOUR)
    assert [path.name for path in tmp_path.iterdir()] == [
        "20261120T120000Z-20261120T150000Z.json.gz"
    ]
    latest = Snapshots(tmp_path).latest()
    assert latest is not None
    assert latest.taken == NOON + 3 * HOUR
    assert latest.interface_at("10.20.20.30") is not None


def test_without_a_history_there_is_no_network_of_then(tmp_path: Path) -> None:
    assert Snapshots(tmp_path / "none").at(NOON) is None
    assert Snapshots(tmp_path / "none").latest() is None


def test_the_first_snapshot_stands_in_for_what_was_before_it(tmp_path: Path) -> None:
    Snapshots(tmp_path).keep(described(), NOON)
    then = Snapshots(tmp_path).at(NOON - HOUR)
    assert then is not None
    assert not then.certain


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x1f\x8b\x08\x00broken"])
def test_a_damaged_snapshot_hides_no_other(tmp_path: Path, damage: bytes) -> None:
    Snapshots(tmp_path).keep(described(), NOON)
    (tmp_path / "20261120T130000Z-20261120T140000Z.json.gz").write_bytes(damage)
    (tmp_path / "20269999T130000Z-20261120T140000Z.json.gz").write_bytes(damage)
    (tmp_path / "notes.txt").write_text("mine")
    latest = Snapshots(tmp_path).latest()
    assert latest is not None
    assert latest.taken == NOON


def test_old_snapshots_are_forgotten_and_other_files_are_not(tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.keep(described("old"), NOON)
    snapshots.keep(described("new"), NOON + 2 * HOUR)
    (tmp_path / "notes.txt").write_text("mine")
    assert snapshots.forget(NOON + HOUR) == 1
    assert sorted(path.name[:9] for path in tmp_path.iterdir()) == ["20261120T", "notes.txt"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(BadSource, match="file"):
        Snapshots(in_the_way).keep(described(), NOON)


def test_the_network_is_read_once_and_again_only_when_old(tmp_path: Path) -> None:
    clock, executor, ec2 = Clock(), AtOnce(), Ec2(described())
    network = Network(ec2, clock=clock, executor=executor, snapshots=Snapshots(tmp_path))
    assert network.current() is None
    network.current()
    executor.run()
    found = network.current()
    assert found is not None
    assert (found.taken, ec2.asked) == (NOON, 1)
    clock.now += timedelta(minutes=14)
    network.current()
    assert executor.waiting == []
    clock.now += timedelta(minutes=1)
    assert network.current() is found, "the old one is used while the new one is read"
    executor.run()
    newer = network.current()
    assert newer is not None
    assert (newer.taken, ec2.asked) == (clock.now, 2)


def test_a_restart_begins_with_the_last_snapshot(tmp_path: Path) -> None:
    Snapshots(tmp_path).keep(described(), NOON - HOUR)
    executor = AtOnce()
    network = Network(
        Ec2(described()), clock=Clock(), executor=executor, snapshots=Snapshots(tmp_path)
    )
    found = network.current()
    assert found is not None
    assert found.taken == NOON - HOUR
    assert len(executor.waiting) == 1


def test_a_failure_keeps_what_is_known_and_is_said_and_not_repeated_at_once() -> None:
    clock, executor, ec2 = Clock(), AtOnce(), Ec2(described())
    network = Network(ec2, clock=clock, executor=executor)
    network.current()
    executor.run()
    ec2.gives = AccessDenied("EC2 may not be asked")
    clock.now += HOUR
    network.current()
    executor.run()
    assert network.current() is not None
    assert executor.waiting == [], "not again before it is due"
    said = {note.topic: note.text for note in network.notes(NOON)}
    assert "1 h ago" in said[Topic.FRESHNESS]
    assert "EC2 may not be asked" in said[Topic.CAUTION]


def test_without_any_permission_there_is_no_network_and_a_note_says_why() -> None:
    executor = AtOnce()
    network = Network(Ec2(AccessDenied("nothing is allowed")), clock=Clock(), executor=executor)
    network.current()
    executor.run()
    assert network.current() is None
    assert "nothing is allowed" in network.notes(NOON)[0].text


def test_without_some_permissions_the_notes_say_what_is_poorer() -> None:
    some = {k: v for k, v in described().items() if k != "describe-subnets"}
    executor = AtOnce()
    network = Network(Ec2(some), clock=Clock(), executor=executor)
    network.current()
    executor.run()
    assert network.current() is not None
    coverage = [note.text for note in network.notes(NOON) if note.topic is Topic.COVERAGE]
    assert coverage == [
        "Not everything may be read: zones and subnets are unknown without ec2:DescribeSubnets."
    ]


def test_the_first_question_can_wait_for_the_first_look() -> None:
    with ThreadPoolExecutor(1) as executor:
        network = Network(Ec2(described()), clock=Clock(), executor=executor)
        assert network.current(wait=30) is not None


def test_a_network_from_files_has_no_age() -> None:
    assert "do not say when" in age_words(Inventory(), NOON)


def test_a_network_that_is_known_for_every_moment_is_of_the_moment_asked_about() -> None:
    found = Inventory()
    still = Still(found, lambda: NOON + 5 * HOUR, then=lambda _: found)
    assert [note.text for note in still.notes(NOON)] == [
        "Names and rules as of 2026-11-20 12:00 UTC (0 s ago)."
    ]
