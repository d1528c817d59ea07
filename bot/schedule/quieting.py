"""What nobody wants to be told of: a warning itself, its series, a target, a port, or a kind.

A scope is about rejected flows. Those of a quieted scope do not count, whatever series they are in:
an alarm that would not be one without them is not told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from ipaddress import ip_address

from bot.model.message import Quiet
from bot.network.ports import described
from bot.network.ranges import is_inside
from bot.schedule.counting import Dimension
from bot.schedule.incidents import Facts, Pair, is_behind
from bot.schedule.spikes import FEWEST, Alarm, Name, spelled
from bot.store.incidents import Incident, Snooze

EXPECTED, SNOOZE = "expected", "snooze"
WORDS = {EXPECTED: "Expected", SNOOZE: "Snoozed"}
WARNING = "incident"  # the scope that is the warning itself
OFFERED = 5  # scopes of one sort


class Kind(StrEnum):
    """Where rejected flows were going; everything that is rejected there is one kind of noise."""

    INSIDE = "inside"
    OUTGOING = "outgoing"
    DOORS = "doors"


_KIND_WORDS = {
    Kind.INSIDE: "everything rejected from inside to inside",
    Kind.OUTGOING: "everything rejected on its way out",
    Kind.DOORS: "everything from the internet rejected where it was let in before",
}
_NARROW = (Dimension.OUR_TARGET, Dimension.OUR_PORT, Dimension.DOOR)


class Quieted:
    """The scopes that hold now."""

    def __init__(self, live: Iterable[Snooze]) -> None:
        self._scopes = frozenset(one.scope for one in live)
        self._series = [name for scope in self._scopes if (name := _series(scope)) is not None]

    def incident(self, key: str) -> bool:
        """Whether no more is to be said of a warning but its end."""
        return key in self._scopes

    def heard(self, alarms: Sequence[Alarm], pairs: Mapping[Pair, int]) -> list[Alarm]:
        """The alarms that would be ones without what is quieted."""
        if not self._scopes:
            return list(alarms)
        quiet = {pair: n for pair, n in pairs.items() if self._is_quiet(pair)}
        return [one for one in alarms if self._is_heard(one, quiet)]

    def _is_heard(self, alarm: Alarm, quiet: Mapping[Pair, int]) -> bool:
        if spelled(alarm.series) in self._scopes:
            return False
        unheard = sum(n for pair, n in quiet.items() if is_behind(alarm.series, pair))
        return alarm.value - unheard >= FEWEST

    def _is_quiet(self, pair: Pair) -> bool:
        scopes = {f"target {pair.target}", f"port {pair.port}", f"kind {kind_of(pair)}"}
        return bool(scopes & self._scopes) or any(is_behind(one, pair) for one in self._series)


def kind_of(pair: Pair) -> Kind:
    if not pair.ours:
        return Kind.DOORS
    return Kind.INSIDE if is_inside(pair.target) else Kind.OUTGOING


def is_scope(text: str) -> bool:
    """Whether a text is a scope, of some warning or other."""
    sort, _, name = text.partition(" ")
    match sort:
        case "target":
            return _is_address(name)
        case "port":
            return name.isascii() and name.isdigit() and int(name) < 2**16
        case "kind":
            return name in tuple(Kind)
    return text == WARNING or _series(text) is not None or text.startswith(_WIDE)


def offered(incident: Incident) -> tuple[tuple[str, str], ...]:
    """The scopes of a warning, (as orders spell them, as people read them), the usual one first."""
    facts = Facts.read(incident.facts)
    series = sorted(facts.series, key=lambda name: (-facts.series[name][0], name))
    found = [("", "all of its series, and no others"), (WARNING, "this incident alone")]
    found += [(name, f"the series {name}") for name in series[:OFFERED]]
    found += [(f"target {one}", f"target {one}") for one in _top(facts, 1)]
    found += [(f"port {one}", f"port {_port(one)}") for one in _top(facts, 2)]
    kinds = dict.fromkeys(kind_of(pair) for pair, _ in facts.pairs.most_common())
    return (*found, *((f"kind {kind}", _KIND_WORDS[kind]) for kind in kinds))


def scope_words(scope: str) -> str:
    """A scope as people read it."""
    sort, _, name = scope.partition(" ")
    if sort == "kind" and name in tuple(Kind):
        return _KIND_WORDS[Kind(name)]
    if sort == "port":
        return f"port {_port(name)}"
    return "this incident" if scope.startswith("warning:") else scope


def quiet_of(live: Iterable[Snooze], key: str) -> tuple[Quiet, ...]:
    """What was said of one warning and still holds, each saying once."""
    said: dict[tuple[object, ...], list[Snooze]] = defaultdict(list)
    for one in live:
        if one.incident == key:
            said[one.kind, one.until, one.reason, one.owner, one.created_at].append(one)
    return tuple(
        Quiet(
            WORDS[first.kind],
            first.until,
            first.reason,
            first.owner,
            tuple(scope_words(one.scope) for one in (first, *rest)),
            first.said_by if first.said_by != first.owner else "",
        )
        for first, *rest in said.values()
    )


_WIDE = "from "  # what series of a whole direction begin with


def _series(scope: str) -> Name | None:
    """The series that a scope is, when it is one that only some flows are in."""
    for dimension in _NARROW:
        if scope.startswith(f"{dimension} "):
            return dimension, scope.removeprefix(f"{dimension} ")
    return None


def _top(facts: Facts, part: int) -> list[str]:
    """The targets (or ports) with most rejects."""
    sums: dict[str, int] = defaultdict(int)
    for pair, n in facts.pairs.items():
        sums[str(pair[part])] += n
    return sorted(sums, key=lambda name: (-sums[name], name))[:OFFERED]


def _port(port: str) -> str:
    return described(int(port)) if port.isdigit() else port


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
