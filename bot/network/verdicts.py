"""Why a flow got through or did not: what the logs saw, held against what the rules say.

The logs prove *where* a packet was stopped; the rules, as they are in the inventory, say *by what*.
Neither is stretched: where both together leave two answers, the verdict is `unknown` and says what
would decide. Source for reading the records: the VPC guide's examples of flow-log records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.network.rules import By, Check, Leg, Side

# Late packets of a connection: a few after its close, not a stream of attempts.
FEW_PACKETS = 3
REASONS = {"BPA": By.BLOCK_PUBLIC_ACCESS, "EC": By.ENCRYPTION_CONTROLS}


class Outcome(StrEnum):
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Records of one connection, one way, at one end's interface, with one action.

    `connection` tells connections apart (the client's port will do). `reason` is the log's
    reject-reason, when the format has it.
    """

    leg: Leg
    side: Side
    accepted: bool
    connection: str
    first: datetime
    last: datetime
    packets: int
    records: int = 1
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`resource` and `rule` as in `Check`; `evidence` are sentences, strongest first."""

    outcome: Outcome
    by: By | None = None
    leg: Leg | None = None
    side: Side | None = None
    resource: str | None = None
    rule: int | str | None = None
    evidence: tuple[str, ...] = ()


def judge(sightings: Sequence[Sighting], checks: Sequence[Check]) -> Verdict:
    """The verdict on a pair of hosts, from what was logged and the gates between them."""
    late = _late(sightings, checks)
    real = [s for s in sightings if s not in late]
    rejected = [s for s in real if not s.accepted]
    if rejected and _still_rejected(real):
        return _blocked(real, rejected, checks)
    if any(s.accepted for s in real):
        return _allowed(real, rejected, late)
    if late:
        return Verdict(Outcome.ALLOWED, By.CLOSED_CONNECTION, evidence=(_late_words(late),))
    return _unseen(checks)


def _late(sightings: Sequence[Sighting], checks: Sequence[Check]) -> list[Sighting]:
    """Rejects that are packets arriving after their own connection, once accepted, had closed.

    Where a rule denies that way now, the rule is the likelier reason.
    """
    denied = {(c.leg, c.side) for c in checks if c.allows is False}
    opened: dict[tuple[str, Leg, Side], datetime] = {}
    for s in sightings:
        key = (s.connection, s.leg, s.side)
        if s.accepted:
            opened[key] = min(s.first, opened.get(key, s.first))
    return [
        s
        for s in sightings
        if not s.accepted
        and s.reason not in REASONS
        and s.packets <= FEW_PACKETS
        and (s.leg, s.side) not in denied
        and opened.get((s.connection, s.leg, s.side), s.first) < s.first
    ]


def _still_rejected(sightings: Iterable[Sighting]) -> bool:
    """Whether, on some leg at some side, the last thing seen was a reject."""
    last: dict[tuple[Leg, Side], tuple[datetime, bool]] = {}
    for s in sightings:
        seen = last.get((s.leg, s.side))
        if seen is None or (s.last, not s.accepted) > (seen[0], seen[1]):
            last[s.leg, s.side] = (s.last, not s.accepted)
    return any(rejected for _, rejected in last.values())


def _blocked(
    real: Sequence[Sighting], rejected: Sequence[Sighting], checks: Sequence[Check]
) -> Verdict:
    latest = max(rejected, key=lambda s: s.last)
    seen = _rejected_words([s for s in rejected if (s.leg, s.side) == (latest.leg, latest.side)])
    reason = REASONS.get(latest.reason or "")
    if reason is not None:
        said = f"the log's reject-reason is {latest.reason}"
        return Verdict(Outcome.BLOCKED, reason, latest.leg, latest.side, evidence=(said, seen))
    gates = [c for c in checks if (c.leg, c.side) == (latest.leg, latest.side)]
    stopped = next((c for c in gates if c.allows is not True), None)
    if stopped is not None and stopped.allows is False:
        # A group's missing rule has no id; a NACL's deciding entry has a number.
        also = [f"so does the next gate: {c.why}" for c in gates if c.allows is False][1:]
        return Verdict(
            Outcome.BLOCKED,
            stopped.by,
            latest.leg,
            latest.side,
            stopped.resource,
            stopped.rule,
            evidence=(f"{stopped.why} (rules as of now)", seen, *also),
        )
    if latest.leg is Leg.REPLY:
        return _reply_stopped(latest, seen, stopped or (gates[0] if gates else None))
    return _which_unknown(latest, seen, gates, stopped)


def _reply_stopped(latest: Sighting, seen: str, nacl: Check | None) -> Verdict:
    """A group would have let the reply through, so a NACL stopped it, whatever its rules are."""
    proof = "the request was accepted, its reply was not: groups are stateful, so it was a NACL"
    rules = "its rules could not be read"
    if nacl is not None:
        rules = f"{nacl.why} now; that may have changed since" if nacl.allows else nacl.why
    resource = nacl.resource if nacl is not None else None
    return Verdict(
        Outcome.BLOCKED, By.NACL, Leg.REPLY, latest.side, resource, None, (proof, rules, seen)
    )


def _which_unknown(
    latest: Sighting, seen: str, gates: Sequence[Check], stopped: Check | None
) -> Verdict:
    if stopped is not None:
        doubt = stopped.why
    elif gates:
        doubt = "every rule lets it through now: one may have changed since"
    else:
        doubt = (
            "the log alone cannot tell a security group from a NACL here; the rules of both would"
        )
    return Verdict(Outcome.UNKNOWN, leg=latest.leg, side=latest.side, evidence=(seen, doubt))


def _allowed(
    real: Sequence[Sighting], rejected: Sequence[Sighting], late: Sequence[Sighting]
) -> Verdict:
    legs = {s.leg for s in real if s.accepted}
    evidence = [_accepted_words([s for s in real if s.accepted])]
    if rejected:
        evidence.insert(0, f"{_rejected_words(rejected)}, and accepted since")
    if Leg.REPLY not in legs:
        evidence.append("no reply was logged: nothing may be listening, or a host's own firewall")
    by = By.CLOSED_CONNECTION if late and not rejected else None
    if late:
        evidence.append(_late_words(late))
    return Verdict(Outcome.ALLOWED, by, evidence=tuple(evidence))


def _unseen(checks: Sequence[Check]) -> Verdict:
    nothing = "no record of this flow in the window"
    stopped = next((c for c in checks if c.allows is False), None)
    if stopped is None:
        return Verdict(Outcome.UNKNOWN, evidence=(nothing,))
    would = f"by the rules as of now it would not get through: {stopped.why}"
    return Verdict(
        Outcome.UNKNOWN,
        stopped.by,
        stopped.leg,
        stopped.side,
        stopped.resource,
        stopped.rule,
        (nothing, would),
    )


def _rejected_words(sightings: Sequence[Sighting]) -> str:
    one = sightings[0]
    records = sum(s.records for s in sightings)
    last = max(s.last for s in sightings)
    return (
        f"the {one.leg} was rejected at the {one.side}'s interface: {records} records, last at"
        f" {last:%Y-%m-%d %H:%M:%S} UTC"
    )


def _accepted_words(sightings: Sequence[Sighting]) -> str:
    legs = " and ".join(sorted({s.leg.value for s in sightings}, reverse=True))
    last = max(s.last for s in sightings)
    return f"{legs} accepted, last at {last:%Y-%m-%d %H:%M:%S} UTC"


def _late_words(late: Sequence[Sighting]) -> str:
    packets = sum(s.packets for s in late)
    return (
        f"{packets} late packets after a connection had closed were rejected; no rule is to blame"
    )
