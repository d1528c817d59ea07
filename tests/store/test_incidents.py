from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.store.audit import Audit, Deed
from bot.store.detectors import Memories, Memory
from bot.store.incidents import Incident, Incidents, Snooze, Snoozes
from bot.store.opening import Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_an_incident_is_kept_as_it_last_was(store: Store) -> None:
    incidents = Incidents(store, "made")
    opened = Incident("warning:a", "open", NOON, NOON, None, 2.5, {"pairs": {"x": 1}})
    incidents.keep(opened)
    assert incidents.recent(NOON + HOUR) == (opened,), "it is not over"
    over = replace(opened, state="resolved", resolved_at=NOON + HOUR, last_seen=NOON + HOUR)
    incidents.keep(over)
    assert incidents.recent(NOON) == (over,)
    assert incidents.recent(NOON + 2 * HOUR) == ()
    assert incidents.by_key("warning:a") == over
    assert Incidents(store, "other").by_key("warning:a") is None


def test_a_snooze_ends(store: Store) -> None:
    snoozes = Snoozes(store)
    snooze = Snooze("inside port 5432", "expected", "U1", "the move", NOON, NOON + HOUR)
    snoozes.add(snooze)
    assert snoozes.live(NOON) == (snooze,)
    assert snoozes.live(NOON + HOUR) == ()


def test_memories_are_kept_whole(store: Store) -> None:
    memories = Memories(store, "made")
    assert memories.read() == Memory()
    memories.write(Memory(NOON, {"port/1": b"\x00\x01", "port/2": b"x"}))
    memories.write(Memory(NOON + HOUR, {"port/2": b"y"}))
    assert memories.read() == Memory(NOON + HOUR, {"port/2": b"y"})


def test_deeds_are_noted(store: Store) -> None:
    audit = Audit(store)
    deeds = [Deed(NOON, "U1", "digest", "C1", "digest set", "done"), Deed(NOON, "U2", "watch")]
    for deed in deeds:
        audit.note(deed)
    assert audit.latest() == tuple(reversed(deeds))
