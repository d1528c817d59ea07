"""What may have led to an incident, out of CloudTrail's events, and what is said without them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.demo import documents
from bot.demo.story import DEMO_DAY, mistake
from bot.demo.trail import events
from bot.model.changes import Changes
from bot.network.changes import Recorded
from bot.network.documents import inventory
from bot.network.snapshots import Still
from bot.schedule.counting import BUCKET
from bot.schedule.incidents import Facts, Pair, State, Told
from bot.schedule.reasons import Reasons
from bot.schedule.warning import warning
from bot.store.incidents import Incident
from bot.store.opening import open_store
from bot.store.rollups import Rollups

MISTAKE = mistake(DEMO_DAY)
OPENED = MISTAKE.start - timedelta(minutes=2)  # the bucket in which it was made
ZONE = ZoneInfo("Europe/Berlin")
PAIR = Pair("10.20.11.21", "10.20.20.30", "5432", True)


@pytest.fixture
def rollups(tmp_path: Path) -> Rollups:
    return Rollups(open_store(f"{tmp_path}/state.db", lasting=False), "demo")


@dataclass
class Counted:
    """Remembers what was asked of it."""

    recorded: Recorded | None
    asked: list[frozenset[str]] = field(default_factory=list)

    def changes(self, resources: Any, since: datetime, now: datetime) -> Changes:
        self.asked.append(frozenset(resources))
        return self.recorded.changes(self.asked[-1], since, now) if self.recorded else Changes()


def demo(trail: Any) -> Still:
    found = {name.removesuffix(".json"): one for name, one in documents.documents().items()}
    return Still(inventory(found), lambda: OPENED, recorded=trail)


def told(over: datetime | None = None, *, pair: Pair = PAIR) -> Told:
    state = State.RESOLVED if over else State.OPEN
    incident = Incident("warning:1", state, OPENED, OPENED, over, 2.0)
    return Told(incident, Facts(pairs=Counter({pair: 40}), rejected=40), new=not over)


def lines(one: Told, rollups: Rollups, at: datetime) -> str:
    one.facts.series = {"inside port 5432": [2.0, 40, 0]}
    message = warning(one, rollups, ZONE, at)
    return "\n".join((*message.lines, *message.notes))


def test_the_change_just_before_is_the_likely_reason(rollups: Rollups) -> None:
    one = told()
    Reasons(demo(Recorded(events))).explain(one, OPENED)
    said = lines(one, rollups, OPENED)
    assert "Likely reason: sg-0efa2b1ff629f5c90 (sgr-0b3a91c47de5f2086)" in said
    assert "tcp 5432 for 10.20.1.0/24, by terraform-apply, at 15:02" in said
    assert "Meanwhile" not in said


def test_what_mended_it_is_told_when_it_is_over(rollups: Rollups) -> None:
    one = told(MISTAKE.end)
    Reasons(demo(Recorded(events))).explain(one, MISTAKE.end)
    said = lines(one, rollups, MISTAKE.end)
    assert "at 15:02" in said
    assert "Meanwhile rules were changed" in said
    assert "tcp 5432 for 10.20.11.0/24, by terraform-apply, at 16:10" in said


def test_what_was_found_survives_a_restart_and_is_not_looked_for_again() -> None:
    trail = Counted(Recorded(events))
    reasons, one = Reasons(demo(trail)), told()
    reasons.explain(one, OPENED)
    again = Facts.read(one.facts.stored())
    assert again == one.facts
    reasons.explain(Told(one.incident, again, new=False), OPENED + BUCKET)
    assert len(trail.asked) == 1
    assert trail.asked[0] > {"sg-0efa2b1ff629f5c90", "acl-067d7bdf5aea75dff"}


def test_what_was_not_listed_yet_is_looked_for_again() -> None:
    trail = Counted(None)
    reasons, one = Reasons(demo(trail)), told()
    reasons.explain(one, OPENED)
    assert (one.facts.changes, one.facts.unread) == ([], None)
    trail.recorded = Recorded(events)
    reasons.explain(one, OPENED + BUCKET)
    assert len(one.facts.changes) == 1


def test_what_only_let_more_through_is_no_reason() -> None:
    one = told()
    Reasons(demo(Recorded(events))).explain(one, OPENED)
    assert [change.closes for change in one.facts.changes] == [True]
    later = told()
    later.facts.pairs = Counter({PAIR._replace(source="10.20.0.20", target="10.20.10.21"): 9})
    Reasons(demo(Recorded(events))).explain(later, OPENED)
    assert later.facts.changes == [], "other rules than those on the way"


@pytest.mark.parametrize(
    ("reasons", "pair", "says"),
    [
        (Reasons(demo(None)), PAIR, "the inventory has no lookup-events.json"),
        (Reasons(Still(None, lambda: OPENED)), PAIR, "the rules of the network are not known"),
        (
            Reasons(demo(Recorded(events))),
            Pair("192.0.2.1", "192.0.2.2", "22", True),
            "neither end is in the inventory",
        ),
        (None, PAIR, "it was not asked"),
        (Reasons(demo(Counted(None))), PAIR, None),
    ],
)
def test_not_knowing_is_not_taken_for_no_change(
    reasons: Reasons | None, pair: Pair, says: str | None, rollups: Rollups
) -> None:
    one = told(pair=pair)
    if reasons is not None:
        reasons.explain(one, OPENED)
    said = lines(one, rollups, OPENED)
    assert f"Whether a rule changed just before is not known: {says}." in said or not says
    assert ("CloudTrail knows of no change" in said) is (says is None)


def test_an_incident_that_was_kept_before_there_were_changes_is_read() -> None:
    stored = Facts().stored()
    for name in ("changes", "mended", "unread"):
        del stored[name]
    old = Facts.read(stored)
    assert (old.changes, old.unread) == ([], "it was not asked")
