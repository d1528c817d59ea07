"""Alarms that belong together become one incident, which is followed until it is over.

Alarms of one bucket belong together when the same rejected flows are behind them. An incident is
`open` when it is first told, `high` when it goes on, `resolved` when its series are back to normal
or a higher level has become the normal one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any, NamedTuple

from bot.model.changes import Change
from bot.schedule.counting import ACCEPT, BUCKET, REJECT, REST, Dimension
from bot.schedule.spikes import FEWEST, Alarm, Look, Name, spelled
from bot.store.incidents import Incident, Incidents
from bot.store.rollups import Rollups

STILL_HIGH = timedelta(minutes=30)
AGAIN = timedelta(hours=1)  # within which trouble of the same kind is the same incident
NORMAL = timedelta(days=1)  # over which the usual level of a series is measured
BEFORE = timedelta(hours=6)  # in which flows must have been let in to say that they were before
REMEMBERED = 50  # pairs of one incident
UPDATES = timedelta(hours=1)  # between two edits that only say that it goes on

KEY = "warning:"
UNASKED = "it was not asked"


class Pair(NamedTuple):
    """A rejected flow. `ours` unless it came from the internet to a door."""

    source: str
    target: str
    port: str
    ours: bool


Heard = Callable[[Sequence[Alarm], Mapping[Pair, int]], list[Alarm]]


class State(StrEnum):
    OPEN = "open"
    HIGH = "high"
    RESOLVED = "resolved"


@dataclass
class Facts:
    """What is known of an incident. `series` holds [score, rejects in the worst bucket, usual]."""

    series: dict[str, list[float]] = field(default_factory=dict)
    pairs: Counter[Pair] = field(default_factory=Counter)
    rejected: int = 0
    let_in_before: list[str] = field(default_factory=list)  # sources that were accepted until then
    told_at: str = ""
    changes: list[Change] = field(default_factory=list)  # of rules, just before
    mended: list[Change] = field(default_factory=list)  # meanwhile, once it is over
    unread: str | None = UNASKED  # why not all changes are known

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Facts:
        pairs = Counter({_pair(*text.split("|")): n for text, n in stored["pairs"].items()})
        return cls(
            {name: list(numbers) for name, numbers in stored["series"].items()},
            pairs,
            stored["rejected"],
            list(stored["let_in_before"]),
            stored["told_at"],
            [_change(one) for one in stored.get("changes", ())],
            [_change(one) for one in stored.get("mended", ())],
            stored.get("unread", UNASKED),
        )

    def stored(self) -> dict[str, Any]:
        pairs = {_spelled(pair): n for pair, n in self.pairs.most_common(REMEMBERED)}
        return {
            "series": self.series,
            "pairs": pairs,
            "rejected": self.rejected,
            "let_in_before": self.let_in_before,
            "told_at": self.told_at,
            "changes": [_remembered(one) for one in self.changes],
            "mended": [_remembered(one) for one in self.mended],
            "unread": self.unread,
        }

    @property
    def ends(self) -> set[tuple[str, str, bool]]:
        """Where the rejected flows were going."""
        return {pair[1:] for pair in self.pairs}


@dataclass(frozen=True, slots=True)
class Told:
    """An incident of which there is something to say."""

    incident: Incident
    facts: Facts
    new: bool


class Following:
    """Follows the incidents of one source over the looks at its series."""

    def __init__(self, rollups: Rollups, incidents: Incidents) -> None:
        self._rollups = rollups
        self._incidents = incidents

    def follow(self, look: Look, heard: Heard = lambda alarms, _: list(alarms)) -> list[Told]:
        """Take in one look. `heard` leaves out alarms that nobody wants to be told of."""
        live = [
            (incident, Facts.read(incident.facts))
            for incident in self._incidents.recent(look.at - AGAIN)
            if incident.key.startswith(KEY)
        ]
        alarms = [one for one in look.alarms if one.value >= FEWEST]
        if not alarms and all(incident.resolved_at for incident, _ in live):
            return []
        pairs = self._pairs(look.at)
        alarms = heard(alarms, pairs)
        told = []
        for group in grouped(alarms, pairs):
            behind = _behind(group, pairs)
            found = next((one for one in live if _same(one[1], group, behind)), None)
            if found is None:
                told.append(self._opened(look, group, behind))
            else:
                live.remove(found)
                told += self._went_on(*found, look, group, behind)
        for incident, facts in live:
            told += self._unseen(incident, facts, look, pairs)
        return told

    def _opened(self, look: Look, group: Sequence[Alarm], behind: Counter[Pair]) -> Told:
        facts = Facts()
        self._add(facts, look.at, group, behind)
        facts.let_in_before = self._let_in_before(look.at, behind)
        facts.told_at = look.at.isoformat()
        first = spelled(group[0].series)
        key = f"{KEY}{look.at:%Y-%m-%dT%H:%MZ}:{first}".replace(" ", "-")
        incident = Incident(key, State.OPEN, look.at, look.at, None, group[0].score)
        return self._kept(incident, facts, new=True)

    def _went_on(
        self,
        incident: Incident,
        facts: Facts,
        look: Look,
        group: Sequence[Alarm],
        behind: Counter[Pair],
    ) -> list[Told]:
        self._add(facts, look.at, group, behind)
        again = incident.resolved_at is not None
        state = State.OPEN
        if again or look.at - incident.opened_at >= STILL_HIGH:
            state = State.HIGH
        changed = replace(
            incident,
            state=state,
            last_seen=look.at,
            resolved_at=None,
            score=max(incident.score, group[0].score),
        )
        worth = state != incident.state or look.at - _told_at(facts) >= UPDATES
        return self._noted(changed, facts, look.at, worth=worth)

    def _unseen(
        self, incident: Incident, facts: Facts, look: Look, pairs: Counter[Pair]
    ) -> list[Told]:
        """No alarm belongs to it: it may be over, unless the bucket is unknown."""
        if incident.resolved_at is not None or not look.known:
            return []
        still = {spelled(name) for name in look.open} & set(facts.series)
        if not still:
            over = replace(incident, state=State.RESOLVED, resolved_at=look.at)
            return self._noted(over, facts, look.at, worth=True)
        ends = facts.ends
        seen = Counter({pair: n for pair, n in pairs.items() if pair[1:] in ends})
        facts.pairs.update(seen)
        facts.rejected += seen.total()
        return self._noted(incident, facts, look.at, worth=False)

    def _noted(self, incident: Incident, facts: Facts, at: datetime, *, worth: bool) -> list[Told]:
        if worth:
            facts.told_at = at.isoformat()
        told = self._kept(incident, facts, new=False)
        return [told] if worth else []

    def _kept(self, incident: Incident, facts: Facts, *, new: bool) -> Told:
        incident = replace(incident, facts=facts.stored())
        self._incidents.keep(incident)
        return Told(incident, facts, new)

    def _add(
        self, facts: Facts, at: datetime, group: Sequence[Alarm], behind: Counter[Pair]
    ) -> None:
        unknown = [one.series for one in group if spelled(one.series) not in facts.series]
        usual = self._usual(at, unknown)
        for alarm in group:
            before = facts.series.get(spelled(alarm.series), [0, 0, usual.get(alarm.series, 0)])
            facts.series[spelled(alarm.series)] = [
                max(before[0], round(alarm.score, 3)),
                max(before[1], alarm.value),
                before[2],
            ]
        facts.pairs.update(behind)
        facts.rejected += behind.total()

    def _usual(self, at: datetime, series: Sequence[Name]) -> dict[Name, float]:
        """The median of each series over the day before, over the buckets that are known."""
        if not series:
            return {}
        known = [one for one in self._rollups.buckets(at - NORMAL, at).values() if one.records]
        past = self._rollups.series(at - NORMAL, at, REJECT, series)
        return {
            name: median([past[name].get(one.at, 0) for one in known]) if known else 0
            for name in series
        }

    def _let_in_before(self, at: datetime, behind: Counter[Pair]) -> list[str]:
        """Sources that were accepted at the same port shortly before."""
        found = self._rollups.sums(at - BEFORE, at, Dimension.CLIENT)
        accepted = {one.name for one in found if one.action == ACCEPT}
        return sorted({pair.source for pair in behind if f"{pair.port} {pair.source}" in accepted})

    def _pairs(self, at: datetime) -> Counter[Pair]:
        found = self._rollups.sums(at, at + BUCKET, Dimension.PAIR, Dimension.PROBE)
        return Counter(
            {_pair(one.dimension, one.name): one.records for one in found if one.name != REST}
        )


def grouped(alarms: Sequence[Alarm], pairs: Counter[Pair]) -> list[list[Alarm]]:
    """Alarms by the flows behind them, the strongest group first.

    What is true of a whole direction joins the group with most flows: it would join them all.
    """
    groups: list[tuple[list[Alarm], set[Pair]]] = []
    wide = [one for one in alarms if one.series[0] == Dimension.ORIGIN]
    for alarm in (one for one in alarms if one.series[0] != Dimension.ORIGIN):
        mine, behind = [alarm], set(_behind([alarm], pairs))
        for group in [one for one in groups if one[1] & behind]:
            groups.remove(group)
            mine, behind = group[0] + mine, group[1] | behind
        groups.append((mine, behind))
    if wide and not groups:
        groups.append(([], {pair for pair in pairs if pair.ours}))
    if wide:
        largest = max(groups, key=lambda one: sum(pairs[pair] for pair in one[1]))
        largest[0].extend(wide)
    found = [sorted(alarms, key=_narrow_first) for alarms, _ in groups]
    return sorted(found, key=lambda group: -max(one.score * one.value for one in group))


def _narrow_first(alarm: Alarm) -> tuple[bool, float, int]:
    return alarm.series[0] == Dimension.ORIGIN, -round(alarm.score, 1), -alarm.value


def _behind(group: Iterable[Alarm], pairs: Counter[Pair]) -> Counter[Pair]:
    """The rejected flows that are behind some alarms; of a whole direction only if it is alone."""
    group = list(group)
    narrow = [one for one in group if one.series[0] != Dimension.ORIGIN] or group
    return Counter(
        {pair: n for pair, n in pairs.items() if any(is_behind(one.series, pair) for one in narrow)}
    )


def is_behind(series: Name, pair: Pair) -> bool:
    """Whether a rejected flow counts in a series."""
    dimension, name = series
    match dimension:
        case Dimension.OUR_TARGET:
            return pair.ours and pair.target == name
        case Dimension.OUR_PORT:
            return pair.ours and pair.port == name
        case Dimension.DOOR:
            return not pair.ours and f"{pair.target} {pair.port}" == name
    return pair.ours


def _same(facts: Facts, group: Sequence[Alarm], behind: Counter[Pair]) -> bool:
    """Whether a group of alarms is about what an incident is about."""
    if any(spelled(one.series) in facts.series for one in group):
        return True
    return bool(facts.ends & {pair[1:] for pair in behind})


def _remembered(change: Change) -> dict[str, Any]:
    return {**asdict(change), "at": change.at.isoformat()}


def _change(stored: Mapping[str, Any]) -> Change:
    return Change(**{**stored, "at": datetime.fromisoformat(stored["at"])})


def _told_at(facts: Facts) -> datetime:
    return datetime.fromisoformat(facts.told_at)


def _pair(dimension: str, name: str) -> Pair:
    source, target, port = name.split(" ")
    return Pair(source, target, port, dimension == Dimension.PAIR)


def _spelled(pair: Pair) -> str:
    return f"{Dimension.PAIR if pair.ours else Dimension.PROBE}|{' '.join(pair[:3])}"
