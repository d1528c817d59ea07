"""Why a flow got through or did not: what the logs saw, held against what the rules say.

The logs prove *where* a packet was stopped; the rules, as they are in the inventory, say *by what*.
Neither is stretched: where both together leave two answers, the verdict is `unknown` and says what
would decide. Source for reading the records: the VPC guide's examples of flow-log records.

Rules are as of now. Where it is known how they changed, a gate that changed after the last reject
may have said anything then, and one that did not has said what it says now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.model.changes import Change, Changes
from bot.model.writing import many
from bot.network.changes import ASSOCIATED
from bot.network.rules import By, Check, Leg, Side

# Late packets of a connection: a few after its close, not a stream of attempts.
FEW_PACKETS = 3
REASONS = {"BPA": By.BLOCK_PUBLIC_ACCESS, "EC": By.ENCRYPTION_CONTROLS}
SYN, RST = 2, 4  # of tcp-flags; a SYN-ACK is 18, so it has SYN too
BEFORE = timedelta(hours=12)  # before the first reject, in which a change may have led to it
MOST_CHANGES = 3  # in one sentence
RULES = (By.SECURITY_GROUP, By.NACL)
RULED = ("sg-", "acl-")  # ids of what has rules
UTC = ZoneInfo("UTC")
UNREAD = Changes(unread="it was not asked")


class Outcome(StrEnum):
    ALLOWED = "allowed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Records of one connection, one way, at one end's interface, with one action.

    `connection` tells connections apart (the client's port will do). `reason` is the log's
    reject-reason (`-` for none of those it names) and `flags` its tcp-flags; None where the format
    has no such field, or the protocol no flags.
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
    flags: int | None = None


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


@dataclass(frozen=True, slots=True)
class _Gates:
    """The gates on the way with what is known of their changes."""

    checks: Sequence[Check]
    changes: Changes
    as_of: datetime | None
    zone: ZoneInfo

    def at(self, leg: Leg, side: Side) -> list[Check]:
        return [c for c in self.checks if (c.leg, c.side) == (leg, side)]

    def changed(self, gate: Check, since: datetime) -> tuple[Change, ...]:
        """Changes since a moment, and those that the rules as they are known do not have yet."""
        return self.changes.of(gate.rests_on, min(since, self.as_of or since))

    def suspects(self, gates: Iterable[Check], moment: datetime) -> list[Check]:
        """Gates that may have stopped at a moment what one of them did."""
        found = []
        for gate in gates:
            changed = self.changed(gate, moment)
            if gate.allows is not True or changed:
                found.append(gate)
            if gate.allows is False and not changed:
                break  # nothing gets past it to the next
        return found

    def told(self, changes: Sequence[Change]) -> str:
        """Changes with their times, the last ones: what a sentence has room for."""
        last = sorted(changes, key=lambda one: one.at)[-MOST_CHANGES:]
        more = [f"{len(changes) - len(last)} more before"] if len(changes) > len(last) else []
        return "; ".join([*more, *(f"{one}, at {self.when(one.at)}" for one in last)])

    def when(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}"


def judge(
    sightings: Sequence[Sighting],
    checks: Sequence[Check],
    changes: Changes = UNREAD,
    as_of: datetime | None = None,
    zone: ZoneInfo = UTC,
) -> Verdict:
    """The verdict on a pair of hosts, from what was logged and the gates between them.

    `changes` are those of all that the gates rest on; `as_of` is when the rules were read, None for
    now. Times in evidence are in `zone`.
    """
    gates = _Gates(checks, changes, as_of, zone)
    late = _late(sightings, gates)
    real = [s for s in sightings if s not in late]
    rejected = [s for s in real if not s.accepted]
    if rejected and _still_rejected(real):
        return _blocked(rejected, gates)
    if any(s.accepted for s in real):
        return _allowed(real, rejected, late, gates)
    if late:
        return Verdict(Outcome.ALLOWED, By.CLOSED_CONNECTION, evidence=(_late_words(late),))
    return _unseen(checks)


def _late(sightings: Sequence[Sighting], gates: _Gates) -> list[Sighting]:
    """Rejects that are packets arriving after their own connection had closed.

    It had been accepted; or its packets say that they do not begin one, and every rule lets them
    through. Where a rule denies that way now, the rule is the likelier reason.
    """
    denied = {(c.leg, c.side) for c in gates.checks if c.allows is False}
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
        and not (s.flags or 0) & SYN
        and (s.leg, s.side) not in denied
        and (
            opened.get((s.connection, s.leg, s.side), s.first) < s.first
            or (s.flags is not None and _let_through(s, gates))
        )
    ]


def _let_through(one: Sighting, gates: _Gates) -> bool:
    """Whether every gate there lets it through, then as now."""
    there = gates.at(one.leg, one.side)
    return bool(there) and not gates.suspects(there, one.last)


def _still_rejected(sightings: Iterable[Sighting]) -> bool:
    """Whether, on some leg at some side, the last thing seen was a reject."""
    last: dict[tuple[Leg, Side], tuple[datetime, bool]] = {}
    for s in sightings:
        seen = last.get((s.leg, s.side))
        if seen is None or (s.last, not s.accepted) > (seen[0], seen[1]):
            last[s.leg, s.side] = (s.last, not s.accepted)
    return any(rejected for _, rejected in last.values())


def _blocked(rejected: Sequence[Sighting], gates: _Gates) -> Verdict:
    latest = max(rejected, key=lambda s: s.last)
    theirs = [s for s in rejected if (s.leg, s.side) == (latest.leg, latest.side)]
    seen = _rejected_words(theirs, gates)
    reason = REASONS.get(latest.reason or "")
    if reason is not None:
        said = f"the log's reject-reason is {latest.reason}"
        return Verdict(Outcome.BLOCKED, reason, latest.leg, latest.side, evidence=(said, seen))
    there = gates.at(latest.leg, latest.side)
    if latest.reason is not None:  # the log would say so, had it been one of those it names
        there = [gate for gate in there if gate.by not in REASONS.values()]
    suspects = gates.suspects(there, latest.last)
    only = suspects[0] if len(suspects) == 1 else None
    if only is not None and only.allows is False and not gates.changed(only, latest.last):
        return _ruled(only, there, theirs, seen, gates)
    if latest.leg is Leg.REPLY:
        return _reply_stopped(latest, seen, there[0] if there else None, gates)
    if only is not None and only.by in RULES and _nothing_else(latest, gates):
        return _left_over(only, latest, seen, gates)
    return _which_unknown(latest, seen, there, suspects, gates)


def _ruled(
    stopped: Check, there: Sequence[Check], theirs: Sequence[Sighting], seen: str, gates: _Gates
) -> Verdict:
    """A group's missing rule has no id; a NACL's deciding entry has a number."""
    first, last = min(s.first for s in theirs), max(s.last for s in theirs)
    led = [c for c in gates.changed(stopped, first - BEFORE) if c.at <= last and c.closes]
    return Verdict(
        Outcome.BLOCKED,
        stopped.by,
        stopped.leg,
        stopped.side,
        stopped.resource,
        stopped.rule,
        evidence=(
            f"{stopped.why} (rules as of now)",
            seen,
            *([f"changed before: {gates.told(led)}"] if led else []),
            *(
                f"so does the next gate: {c.why}"
                for c in there[there.index(stopped) + 1 :]
                if c.allows is False
            ),
        ),
    )


def _reply_stopped(latest: Sighting, seen: str, nacl: Check | None, gates: _Gates) -> Verdict:
    """A group would have let the reply through, so a NACL stopped it, whatever its rules are."""
    proof = "the request was accepted, its reply was not: groups are stateful, so it was a NACL"
    changed = gates.changed(nacl, latest.last) if nacl is not None else ()
    rules = "its rules could not be read"
    if changed:
        rules = f"changed since: {gates.told(changed)}"
    elif nacl is not None:
        rules = f"{nacl.why} now; that may have changed since" if nacl.allows else nacl.why
    resource = nacl.resource if nacl is not None and not _moved(changed) else None
    return Verdict(
        Outcome.BLOCKED, By.NACL, Leg.REPLY, latest.side, resource, None, (proof, rules, seen)
    )


def _nothing_else(latest: Sighting, gates: _Gates) -> bool:
    """Whether a gate of ours is all that can have rejected it, and all that changed is known.

    Block public access stands between us and the internet, and leaves its mark where the log has
    reject-reason.
    """
    ours = len({c.side for c in gates.checks}) == 2
    return gates.changes.known and (ours or latest.reason is not None)


def _left_over(gate: Check, latest: Sighting, seen: str, gates: _Gates) -> Verdict:
    """The one gate that can have stopped it, when all others let it through then as now."""
    changed = gates.changed(gate, latest.last)
    proof = f"every other rule let it through, and nothing else on the way was changed: {gate.why}"
    if changed:
        proof = "every rule lets it through now, but these alone were changed after the last reject"
        proof += f": {gates.told(changed)}"
    named = {one.resource for one in changed if one.resource.startswith(RULED)}
    known = named.pop() if len(named) == 1 else gate.resource
    return Verdict(
        Outcome.BLOCKED,
        gate.by,
        latest.leg,
        latest.side,
        None if _moved(changed) else known,
        None,
        (proof, seen, *([f"as of now {gate.why}"] if changed else [])),
    )


def _moved(changed: Iterable[Change]) -> bool:
    """Whether another NACL or other groups may have ruled before."""
    return any(
        one.event == ASSOCIATED or not one.resource.startswith((*RULED, "pl-")) for one in changed
    )


def _which_unknown(
    latest: Sighting, seen: str, there: Sequence[Check], suspects: Sequence[Check], gates: _Gates
) -> Verdict:
    unsure = next((gate.why for gate in suspects if gate.allows is None), None)
    changed = [one for gate in suspects for one in gates.changed(gate, latest.last)]
    if changed:
        doubt = f"rules changed since: {gates.told(changed)}"
    elif unsure is not None:
        doubt = unsure
    elif there and gates.changes.known:
        doubt = (
            "every rule lets it through, and CloudTrail knows of no change since: block public"
            " access, a connection that was forgotten, or a change of the last minutes, which are"
            " not listed yet, may have stopped it"
        )
    elif there:
        doubt = "every rule lets it through now: one may have changed since"
    else:
        doubt = (
            "the log alone cannot tell a security group from a NACL here; the rules of both would"
        )
    return Verdict(Outcome.UNKNOWN, leg=latest.leg, side=latest.side, evidence=(seen, doubt))


def _allowed(
    real: Sequence[Sighting],
    rejected: Sequence[Sighting],
    late: Sequence[Sighting],
    gates: _Gates,
) -> Verdict:
    accepted = [s for s in real if s.accepted]
    evidence = [_accepted_words(accepted, gates)]
    if rejected:
        evidence.insert(0, f"{_rejected_words(rejected, gates)}, and accepted since")
        evidence += _turned(rejected, gates)
    evidence += _answer_words(accepted)
    by = By.CLOSED_CONNECTION if late and not rejected else None
    if late:
        evidence.append(_late_words(late))
    return Verdict(Outcome.ALLOWED, by, evidence=tuple(evidence))


def _turned(rejected: Sequence[Sighting], gates: _Gates) -> list[str]:
    """How the rules were changed around rejects that are over."""
    where = {(s.leg, s.side) for s in rejected}
    ids = {name for c in gates.checks if (c.leg, c.side) in where for name in c.rests_on}
    changed = gates.changes.of(ids, min(s.first for s in rejected) - BEFORE)
    return [f"rules were changed: {gates.told(changed)}"] if changed else []


def _answer_words(accepted: Sequence[Sighting]) -> list[str]:
    """What is odd about the replies, by whether there are any and by their flags."""
    replies = [s for s in accepted if s.leg is Leg.REPLY]
    if not replies:
        return ["no reply was logged: nothing may be listening, or a host's own firewall"]
    flags = [s.flags for s in replies if s.flags is not None]
    if flags and not any(one & SYN for one in flags) and any(one & RST for one in flags):
        return ["the server refused with a reset (tcp-flags): nothing listens, or its own firewall"]
    return []


def _unseen(checks: Sequence[Check]) -> Verdict:
    nothing = "no record of this flow in the window"
    stopped = next((c for c in checks if c.allows is False), None)
    if stopped is None:
        free = bool(checks) and all(c.allows for c in checks)
        may = ("by the rules as of now it would get through",) if free else ()
        return Verdict(Outcome.UNKNOWN, evidence=(nothing, *may))
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


def _rejected_words(sightings: Sequence[Sighting], gates: _Gates) -> str:
    one = sightings[0]
    records = many(sum(s.records for s in sightings), "record")
    last = gates.when(max(s.last for s in sightings))
    return f"the {one.leg} was rejected at the {one.side}'s interface: {records}, last at {last}"


def _accepted_words(sightings: Sequence[Sighting], gates: _Gates) -> str:
    legs = " and ".join(sorted({s.leg.value for s in sightings}, reverse=True))
    return f"{legs} accepted, last at {gates.when(max(s.last for s in sightings))}"


def _late_words(late: Sequence[Sighting]) -> str:
    packets = many(sum(s.packets for s in late), "late packet")
    closed = f"{packets} after a connection had closed"
    return f"{closed} were rejected; no rule is to blame"
