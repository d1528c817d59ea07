"""What a verdict makes of evidence: each rule of judging by a case of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model.changes import Change, Changes
from bot.network.rules import By, Check, Leg, Side
from bot.network.verdicts import Outcome, Sighting, judge

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def sighting(
    accepted: bool, second: int, *, packets: int = 8, connection: str = "c", **more: Any
) -> Sighting:
    at = NOON + timedelta(seconds=second)
    return Sighting(
        more.pop("leg", Leg.REQUEST),
        more.pop("side", Side.DESTINATION),
        accepted,
        connection,
        at,
        at,
        packets,
        **more,
    )


def test_late_packets_after_a_close_are_not_blamed_on_rules() -> None:
    seen = [
        sighting(True, 0),
        sighting(True, 0, leg=Leg.REPLY),
        sighting(False, 60, packets=2),
    ]
    verdict = judge(seen, ())
    assert (verdict.outcome, verdict.by) == (Outcome.ALLOWED, By.CLOSED_CONNECTION)
    assert "no rule is to blame" in " ".join(verdict.evidence)


@pytest.mark.parametrize(
    "reject",
    [
        pytest.param(sighting(False, 60, packets=40), id="a stream of packets"),
        pytest.param(sighting(False, 60, packets=1, connection="d"), id="another connection"),
    ],
)
def test_what_only_looks_like_late_packets_is_not_excused(reject: Sighting) -> None:
    verdict = judge([sighting(True, 0), reject], ())
    assert verdict.outcome is Outcome.UNKNOWN
    assert "cannot tell a security group from a NACL" in " ".join(verdict.evidence)


@pytest.mark.parametrize(
    ("reason", "by"),
    [("BPA", By.BLOCK_PUBLIC_ACCESS), ("EC", By.ENCRYPTION_CONTROLS)],
)
def test_the_logs_own_reason_is_believed(reason: str, by: By) -> None:
    verdict = judge([sighting(False, 0, reason=reason)], ())
    assert (verdict.outcome, verdict.by) == (Outcome.BLOCKED, by)


SG, ACL = "sg-1", "acl-1"


def gate(
    by: By, allows: bool | None, *rests_on: str, leg: Leg = Leg.REQUEST, rule: int | None = None
) -> Check:
    """A gate at the destination."""
    side = Side.DESTINATION
    return Check(by, leg, side, allows, rests_on[0], rule, f"{by} says", frozenset(rests_on))


def both_allow() -> list[Check]:
    """An end that lets everything through now; the other end has no gates to speak of."""
    other = replace(gate(By.SECURITY_GROUP, True, "sg-9"), side=Side.SOURCE)
    return [other, gate(By.NACL, True, ACL), gate(By.SECURITY_GROUP, True, SG, "eni-1")]


def change(resource: str, second: int, **more: Any) -> Change:
    at = NOON + timedelta(seconds=second)
    return Change(at, resource, "rule 110 (inbound) was changed", "deploy", **more)


REJECT = sighting(False, 60, packets=40)


@pytest.mark.parametrize(("resource", "by"), [(SG, By.SECURITY_GROUP), (ACL, By.NACL)])
def test_what_alone_was_changed_since_is_what_stopped_it(resource: str, by: By) -> None:
    verdict = judge([REJECT], both_allow(), Changes((change(resource, 900),)))
    assert (verdict.outcome, verdict.by, verdict.resource) == (Outcome.BLOCKED, by, resource)
    assert verdict.rule is None, "which rule it was then is not known"
    assert "by deploy, at 2026-11-24 12:15:00 UTC" in verdict.evidence[0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (Changes(), "knows of no change since"),
        (Changes((change(SG, 30),)), "knows of no change since"),
        (Changes((change(SG, 900), change(ACL, 901))), "rules changed since: sg-1"),
        (Changes((change(SG, 900),), "it was cut"), "rules changed since: sg-1"),
        (Changes(unread="it was not asked"), "one may have changed since"),
    ],
)
def test_changes_that_leave_two_answers_leave_the_verdict_unknown(
    changes: Changes, says: str
) -> None:
    verdict = judge([REJECT], both_allow(), changes)
    assert verdict.outcome is Outcome.UNKNOWN
    assert says in verdict.evidence[1]


def test_a_change_that_the_snapshot_does_not_have_yet_is_no_rule_of_now() -> None:
    gates = [both_allow()[0], gate(By.NACL, False, ACL, rule=110)]
    changes = Changes((change(ACL, 30),))
    assert judge([REJECT], gates, changes, as_of=NOON + timedelta(minutes=9)).rule == 110
    before = judge([REJECT], gates, changes, as_of=NOON)
    assert (before.by, before.rule) == (By.NACL, None)


def test_a_rule_that_denies_now_is_not_blamed_where_it_was_changed_since() -> None:
    gates = [
        both_allow()[0],
        gate(By.NACL, False, ACL, rule=110),
        gate(By.SECURITY_GROUP, None, SG),
    ]
    verdict = judge([REJECT], gates, Changes((change(ACL, 900),)))
    assert verdict.outcome is Outcome.UNKNOWN


def test_the_internet_may_be_stopped_by_what_is_no_rule_at_all() -> None:
    """Block public access leaves its mark only where the log has reject-reason."""
    changes = Changes((change(SG, 900),))
    assert judge([REJECT], both_allow()[1:], changes).outcome is Outcome.UNKNOWN
    known = judge([replace(REJECT, reason="-")], both_allow()[1:], changes)
    assert (known.outcome, known.by) == (Outcome.BLOCKED, By.SECURITY_GROUP)


def test_what_changed_before_a_block_is_evidence() -> None:
    gates = [gate(By.NACL, False, ACL, rule=110)]
    changes = Changes((change(ACL, 30), change(ACL, 40, closes=False)))
    evidence = judge([REJECT], gates, changes).evidence
    assert evidence[0].endswith("(rules as of now)")
    assert evidence[2].count("by deploy") == 1, "what only lets more through stopped nothing"


def test_times_in_evidence_are_the_askers() -> None:
    verdict = judge([REJECT], (), zone=ZoneInfo("Asia/Tokyo"))
    assert verdict.evidence[0].endswith("1 record, last at 2026-11-24 21:01:00 JST")


@pytest.mark.parametrize(
    ("flags", "late"),
    [
        pytest.param(1, True, id="FIN"),
        pytest.param(0, True, id="ACK alone, which is not logged"),
        pytest.param(2, False, id="SYN: a new attempt, whatever its port was before"),
        pytest.param(3, False, id="SYN and FIN"),
    ],
)
def test_tcp_flags_tell_late_packets_from_attempts(flags: int, late: bool) -> None:
    reject = sighting(False, 60, packets=2, flags=flags)
    verdict = judge([sighting(True, 0, flags=3), reject], both_allow())
    assert (verdict.by is By.CLOSED_CONNECTION) is late
    assert (verdict.outcome is Outcome.ALLOWED) is late
    alone = judge([reject], both_allow())
    assert (alone.by is By.CLOSED_CONNECTION) is late, "its connection began before the window"


def test_flags_excuse_nothing_that_a_rule_may_have_stopped() -> None:
    reject = sighting(False, 60, packets=2, flags=0)
    denied = [gate(By.NACL, False, ACL, rule=110)]
    assert judge([reject], denied).by is By.NACL
    assert judge([reject], ()).outcome is Outcome.UNKNOWN
    changed = judge([reject], both_allow(), Changes((change(SG, 900),)))
    assert changed.by is By.SECURITY_GROUP


@pytest.mark.parametrize(("flags", "refused"), [(4, True), (19, False), (22, False), (None, False)])
def test_a_server_that_resets_is_told(flags: int | None, refused: bool) -> None:
    seen = [sighting(True, 0, flags=2), sighting(True, 0, leg=Leg.REPLY, flags=flags)]
    verdict = judge(seen, ())
    assert verdict.outcome is Outcome.ALLOWED
    assert ("reset" in " ".join(verdict.evidence)) is refused


def test_a_rejected_reply_is_a_nacl_even_when_no_rule_can_be_read() -> None:
    seen = [sighting(True, 0), sighting(False, 1, leg=Leg.REPLY)]
    verdict = judge(seen, ())
    assert (verdict.outcome, verdict.by, verdict.leg) == (Outcome.BLOCKED, By.NACL, Leg.REPLY)
    assert verdict.resource is None


def test_rejected_once_and_accepted_since_is_allowed_and_says_so() -> None:
    verdict = judge([sighting(False, 0), sighting(True, 600, connection="d")], ())
    assert verdict.outcome is Outcome.ALLOWED
    assert "accepted since" in " ".join(verdict.evidence)


def test_of_what_nobody_saw_the_rules_are_told() -> None:
    free = judge([], both_allow())
    assert free.evidence[1] == "by the rules as of now it would get through"
    unsure = judge([], [*both_allow(), gate(By.NACL, None, ACL)])
    assert len(unsure.evidence) == 1
