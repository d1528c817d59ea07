"""Rules of security groups that no flow used, and whether the logs are good enough to say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Command, Logs
from bot.model.inventory import Interface, Inventory
from bot.model.query import Result
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Window
from bot.model.writing import count, duration, many, window_words
from bot.network.covering import (
    ALL,
    Covering,
    Seen,
    covering,
    hours_of,
    recorded,
    seen_by_interface,
)
from bot.network.rules import spelled
from bot.network.usage import Ruled, Use, peers, rules_of, text, usage

LISTED = 100
DRAWN = 12
LONG = 30 * 86400  # seconds from which monthly jobs have shown up
UNUSED, UNPROVEN, PERHAPS, USED = "unused", "unused, not proven", "perhaps used", "used"

COLUMNS = (
    Column("group", "Group"),
    Column("direction", "Direction"),
    Column("allows", "Allows"),
    Column("peer", "From or to"),
    Column("rule", "Rule"),
    Column("claim", "Claim"),
    Column("why", "Because"),
    Column("group_id", "Group id", detail=True),
)
USED_COLUMNS = (
    Column("group", "Group"),
    Column("direction", "Direction"),
    Column("allows", "Allows"),
    Column("peer", "From or to"),
    Column("rule", "Rule"),
    Column("records", "Flow records", Kind.COUNT),
    Column("last", "Last used", Kind.TIME),
)
TONES = {
    UNUSED: Tone.ALARMING,
    UNPROVEN: Tone.PLAIN,
    USED: Tone.ACCEPTED,
    PERHAPS: Tone.NOISE,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule with what is claimed of it, and why the claim holds or does not."""

    ruled: Ruled
    use: Use
    claim: str
    why: str


def answer(question: Question, logs: Logs) -> Answer:
    window = window_words(question.window, question.now, question.zone)
    if not logs.inventory.groups:
        return Answer(
            question,
            "No security group is known, so no rule can be held against the traffic.",
            notes=(Note(Topic.CAUTION, WITHOUT),),
            next=(f"coverage {window}",),
        )
    flows, by_interface = logs.query(text(logs.inventory), recorded(logs.fields))
    rules = rules_of(logs.inventory)
    used = usage(flows.rows, rules, logs.inventory)
    doubts = _doubts(question, logs.inventory, by_interface, flows)
    if used.strange:
        of_others = f"{many(used.strange, 'record')} of interfaces that the inventory lacks"
        doubts = {group: doubt or of_others for group, doubt in doubts.items()}
    found = [_finding(ruled, used.uses[n], doubts) for n, ruled in enumerate(rules)]
    return Answer(
        question,
        _headline(question, found),
        tables=tuple(_tables(found, logs.inventory)),
        charts=(_chart(found),) if found else (),
        notes=tuple(_notes(question, used.strange)),
        next=(f"coverage {window}", f"traffic {window}"),
    )


NO_DOUBT = "every interface of the group was logged in every hour"
NO_MEMBER = "no interface has the group"
WITHOUT = (
    "Rules come from a snapshot of the network: flows inventory --save FILE (it needs"
    " ec2:DescribeSecurityGroups), then --inventory FILE."
)
METHOD = (
    "A rule counts as used when an accepted request fits it, at an interface of its group; a flow"
    " that several rules let through counts for each of them. Replies use no rule; what may be a"
    " request or a reply makes a rule “perhaps used”. Rules as they are now, traffic of the window."
)


def _doubts(
    question: Question, inventory: Inventory, by_interface: Result, flows: Result
) -> dict[str, str]:
    """Why it cannot be proven that a group's rules are unused; empty where it can."""
    known, seen = covering(inventory), seen_by_interface(by_interface.rows)
    members: dict[str, list[Interface]] = {}
    for interface in inventory.interfaces.values():
        for group in interface.groups:
            members.setdefault(group, []).append(interface)
    doubts = {}
    for group in inventory.groups:
        theirs = members.get(group, [])
        if flows.truncated or by_interface.truncated:
            doubts[group] = "the query stopped at its limit"
        else:
            doubts[group] = (
                NO_MEMBER if not theirs else _doubt(theirs, known, seen, question.window)
            )
    return doubts


def _doubt(
    members: Sequence[Interface], known: Covering, seen: Mapping[str, Seen], window: Window
) -> str:
    silent = [i for i in members if i.id not in seen]
    if silent:
        return f"{_of(silent, members)} wrote no record in the window"
    partly = [i for i in members if known.traffic(i.id) not in (ALL, "")]
    if partly:
        return f"of {_of(partly, members)} not all traffic is logged"
    gaps = [i for i in members if not seen[i.id].throughout(window)]
    if gaps:
        least = min(seen[i.id].hours for i in gaps)
        hours = f"{count(least)} of {many(hours_of(window), 'hour')}"
        return f"{_of(gaps, members)} wrote records in as little as {hours}"
    skipped = sum(seen[i.id].skipdata for i in members)
    if skipped:
        return f"{many(skipped, 'SKIPDATA record')}: flows are missing"
    return ""


def _of(some: Sequence[Interface], members: Sequence[Interface]) -> str:
    names = ", ".join(i.id for i in some[:3]) + (" …" if len(some) > 3 else "")
    return f"{count(len(some))} of {many(len(members), 'interface')} ({names})"


def _finding(ruled: Ruled, use: Use, doubts: Mapping[str, str]) -> Finding:
    if use.records:
        return Finding(ruled, use, USED, "")
    if use.perhaps:
        why = f"{many(use.perhaps, 'record')} may be replies, or the rule cannot be matched"
        return Finding(ruled, use, PERHAPS, why)
    doubt = doubts[ruled.group.id]
    if doubt == NO_MEMBER:
        return Finding(ruled, use, UNUSED, NO_MEMBER)
    if doubt:
        return Finding(ruled, use, UNPROVEN, doubt)
    return Finding(ruled, use, UNUSED, NO_DOUBT)


def _headline(question: Question, found: Sequence[Finding]) -> str:
    claims = Counter(one.claim for one in found)
    unused = claims[UNUSED] + claims[UNPROVEN]
    length = duration(question.window.seconds)
    if not unused:
        return f"Every one of {many(len(found), 'rule')} may have been used in {length}."
    were = "was" if unused == 1 else "were"
    text_ = f"{count(unused)} of {many(len(found), 'rule')} {were} used by no flow in {length}"
    if claims[UNPROVEN] == unused:
        return f"{text_}, but the logs are not complete enough to be sure of any."
    if claims[UNPROVEN]:
        return f"{text_}; the logs prove it for {count(claims[UNUSED])} of them."
    return f"{text_}, and the logs are complete enough to say so."


def _tables(found: Sequence[Finding], inventory: Inventory) -> Iterator[Table]:
    order = (UNUSED, UNPROVEN, PERHAPS)
    idle = sorted(
        (one for one in found if one.claim != USED), key=lambda one: order.index(one.claim)
    )
    if idle:
        rows = tuple(
            (*_rule_cells(one.ruled, inventory), one.claim, one.why, one.ruled.group.id)
            for one in idle[:LISTED]
        )
        yield Table("Used by no flow", COLUMNS, rows, left_off=len(idle[LISTED:]))
    busy = sorted((one for one in found if one.claim == USED), key=lambda one: one.use.records)
    if busy:
        listed = tuple(
            (*_rule_cells(one.ruled, inventory), one.use.records, one.use.last)
            for one in busy[:LISTED]
        )
        yield Table("Used, the least first", USED_COLUMNS, listed, left_off=len(busy[LISTED:]))


def _rule_cells(ruled: Ruled, inventory: Inventory) -> tuple[Value, ...]:
    protocol = ruled.rule.protocol
    return (
        ruled.group.name or ruled.group.id,
        ruled.direction.value,
        "everything" if protocol is None else spelled(protocol, ruled.rule.ports),
        peers(ruled, inventory.groups),
        ruled.rule.id,
    )


def _chart(found: Sequence[Finding]) -> Bars:
    """Rules by group and claim."""
    by_group: dict[str, Counter[str]] = {}
    groups = {one.ruled.group.id: one.ruled.group for one in found}
    names = Counter(group.name for group in groups.values())
    for one in found:
        group = one.ruled.group
        name = group.name if group.name and names[group.name] == 1 else f"{group.name} {group.id}"
        by_group.setdefault(name.strip(), Counter())[one.claim] += 1
    idle = (UNUSED, UNPROVEN)
    ranked = sorted(by_group, key=lambda name: (-sum(by_group[name][c] for c in idle), name))
    drawn = ranked[:DRAWN]
    series = tuple(
        Series(claim, tuple(by_group[name][claim] for name in drawn), tone)
        for claim, tone in TONES.items()
        if any(by_group[name][claim] for name in drawn)
    )
    unused = sum(one.claim in idle for one in found)
    rest = len(ranked) - len(drawn)
    return Bars(
        f"{count(unused)} of {many(len(found), 'rule')} used by no flow",
        tuple(drawn),
        series,
        Kind.COUNT,
        "rules",
        f"and {many(rest, 'more group')}" if rest else "",
    )


def _notes(question: Question, strange: int) -> Iterator[Note]:
    yield Note(Topic.METHOD, METHOD)
    if question.window.seconds < LONG:
        yield Note(
            Topic.CAUTION,
            f"{duration(question.window.seconds)} is short: rules for monthly jobs, failover and"
            " emergencies look unused. 90d shows more.",
        )
    if strange:
        yield Note(
            Topic.CAUTION,
            f"{many(strange, 'record')} is of interfaces that the inventory lacks: which rules"
            " they used is not known.",
        )


COMMAND = Command(
    name="unused-rules",
    summary="security group rules that no flow used, and whether the logs prove it",
    answer=answer,
    needs=(
        "interfaceId",
        "srcAddr",
        "dstAddr",
        "srcPort",
        "dstPort",
        "protocol",
        "action",
        "logStatus",
    ),
    length=timedelta(days=7),
    examples=("unused-rules 24h", "unused-rules 2d"),
)
