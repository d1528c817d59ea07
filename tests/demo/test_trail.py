"""CloudTrail's events of the demo agree with its rules and with its story."""

from __future__ import annotations

from datetime import timedelta

from bot.demo import rules
from bot.demo.story import DEMO_DAY, is_broken, mistake
from bot.demo.trail import ROLE, events
from bot.network.changes import changes_in

DAY = timedelta(days=1)


def test_the_mistake_and_its_mending_are_recorded_every_day() -> None:
    broken = mistake(DEMO_DAY)
    found = changes_in(events(broken.start - DAY, broken.end))
    assert [one.at for one in found] == [
        broken.start - DAY,
        broken.end - DAY,
        broken.start,
        broken.end,
    ]
    assert {one.who for one in found} == {ROLE}
    assert {one.resource for one in found} == {rules.group_id("db")}
    assert {one.rule for one in found} == {rules.ZONE_B_RULE.id}
    wrong, right = found[2:]
    assert wrong.what.endswith(f"tcp 5432 for {rules.BROKEN_RULE.peer}")
    assert right.what.endswith(f"tcp 5432 for {rules.ZONE_B_RULE.peer}")


def test_nothing_is_recorded_outside_the_stretch() -> None:
    broken = mistake(DEMO_DAY)
    second = timedelta(seconds=1)
    assert list(events(broken.start + second, broken.end - second)) == []
    assert len(list(events(broken.start, broken.start))) == 1


def test_the_rules_are_wrong_from_one_event_to_the_other() -> None:
    broken = mistake(DEMO_DAY)
    second = timedelta(seconds=1)
    moments = (broken.start - second, broken.start, broken.end - second, broken.end)
    assert [is_broken(at) for at in moments] == [False, True, True, False]
