"""Traffic by category over time, each flow once, for any number of pairs of addresses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Network, Question
from bot.model.chart import Tone
from bot.model.command import Logs
from bot.model.query import Row
from bot.model.window import Period, Window
from bot.network.following import ACCEPTED, MOST, Followed, followed, largest
from bot.network.ranges import inside, insider
from bot.network.roads import Category, Traced
from bot.network.sightings import BYTES, PACKETS, RECORDS

MOST_SERVICES = 80  # addresses of AWS that are kept apart from the rest of the internet
OUTSIDE, INSIDE, SERVICE = "outside", "inside", "service"
LEAST = 0.5  # of a byte or a packet; sums of parts are not exact to the last
UNTOLD = "not told apart"
# Colours mean the same in every chart of roads: across zones stands out, what is not told is grey.
_TONES = {
    Category.CROSS_ZONE.value: Tone.ALARMING,
    Category.UNCLASSIFIED.value: Tone.NOISE,
    UNTOLD: Tone.NOISE,
}
AMOUNT = "amount"

Group = tuple[str, str, str]  # an interface, and both ends as the query over time groups them


def tone(road: str) -> Tone:
    """How a road is coloured, by its name."""
    return _TONES.get(road, Tone.PLAIN)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is added up: an aggregate, the name of the same sum in other queries, and in rows."""

    aggregate: str
    total: str
    attribute: str


MEASURES = {
    "bytes": Measure("sum(bytes)", BYTES, "bytes"),
    "packets": Measure("sum(packets)", PACKETS, "packets"),
    "flows": Measure("count(*)", RECORDS, "records"),
}
METHOD = (
    "Over time, what an interface exchanged with the internet is split among categories as in the"
    " whole window; all else is exact in each bin. Where pairs of addresses are too many to be told"
    " apart over time, all of it is split like that."
)


@dataclass(frozen=True)
class OverTime:
    """Traced traffic, and a line for each category: one value a bin, in the order of categories."""

    found: Followed
    bins: tuple[datetime, ...]
    lines: Mapping[str, Sequence[float]]


def over_time(
    question: Question,
    logs: Logs,
    period: Period,
    measure: Measure = MEASURES["bytes"],
    window: Window | None = None,
) -> OverTime:
    """Accepted traffic of the question's window, or of another one."""
    asked = window or question.window
    bins = asked.bins(period)
    parts = largest(logs, f"bin({period.text}) as at", window)
    found = followed(question, logs, parts)
    if not found.logged.records:
        return OverTime(found, bins, {})
    folding = _folding(question, found, coarse=parts.grouped.truncated)
    (timed,) = logs.query(timed_text(period, folding, measure), window=window)
    groups = _parts(question, found, folding, measure)
    return OverTime(found, bins, _lines(bins, groups, timed.rows, parts.whole, measure))


def timed_text(period: Period, folding: Folding, measure: Measure) -> str:
    """Accepted traffic by interface and folded ends over time."""
    return pipeline(
        ACCEPTED,
        f"fields {folding.text('srcAddr')} as source, {folding.text('dstAddr')} as target",
        f"stats {measure.aggregate} as {AMOUNT}"
        f" by interfaceId, source, target, bin({period.text}) as at",
        f"sort {AMOUNT} desc",
        f"limit {MOST}",
    )


@dataclass(frozen=True)
class Folding:
    """Addresses as the query over time groups them, so that its rows stay few.

    All outside are one, but those of AWS services that are `kept`. With `coarse`, for traffic of
    more pairs than a query returns, all inside are one too, and all that are kept.
    """

    inside: tuple[Network, ...]
    kept: tuple[str, ...]
    coarse: bool

    def text(self, field: str) -> str:
        ours = literal(INSIDE) if self.coarse else field
        service = literal(SERVICE) if self.coarse else field
        text = f"if({inside(field, self.inside)}, {ours}, {literal(OUTSIDE)})"
        if not self.kept:
            return text
        return f"if({fill(f'{field} in {{kept}}', kept=self.kept)}, {service}, {text})"

    def group(self, one: Traced, is_ours: Callable[[str], bool]) -> Group:
        source, target = (
            self._folded(one.row.text(field), is_ours) for field in ("srcAddr", "dstAddr")
        )
        return one.row.text("interfaceId"), source, target

    def _folded(self, address: str, is_ours: Callable[[str], bool]) -> str:
        if address in self.kept:
            return SERVICE if self.coarse else address
        if is_ours(address):
            return INSIDE if self.coarse else address
        return OUTSIDE


def _folding(question: Question, found: Followed, *, coarse: bool) -> Folding:
    """Keeps the busiest addresses of AWS's services."""
    moved: Counter[str] = Counter()
    for one in found.traced:
        if one.road.category is Category.AWS_SERVICE:
            for place in (one.source, one.target):
                if not place.inside and _writable(place.address):
                    moved[place.address] += one.seen.bytes
    kept = tuple(address for address, _ in moved.most_common(MOST_SERVICES))
    return Folding(question.inside, kept, coarse)


def _writable(value: str) -> bool:
    try:
        return bool(literal(value))
    except Unquotable:
        return False


@dataclass
class Parts:
    """What one group comes to in the traced rows: by category, and with second sightings in all."""

    by_category: Counter[Category] = field(default_factory=Counter)
    amount: int = 0


def _parts(
    question: Question, found: Followed, folding: Folding, measure: Measure
) -> dict[Group, Parts]:
    parts: dict[Group, Parts] = defaultdict(Parts)
    is_ours = insider(question.inside)
    for one in found.traced:
        its = parts[folding.group(one, is_ours)]
        amount: int = getattr(one.seen, measure.attribute)
        its.amount += amount
        if one.counted:
            its.by_category[one.road.category] += amount
    return parts


def _lines(
    bins: Sequence[datetime],
    parts: Mapping[Group, Parts],
    timed: Iterable[Row],
    by_time: Iterable[Row],
    measure: Measure,
) -> dict[str, list[float]]:
    """What is of each category in each bin, in the order of the categories.

    Each group's bytes over time are split as its traced rows are. What is not traced, because a
    query stopped at its limit, is the last line, as logged.
    """
    places = {at: n for n, at in enumerate(bins)}
    lines = {category: [0.0] * len(bins) for category in Category}
    untold = [0.0] * len(bins)
    for row in by_time:
        if (place := _place(row, places)) is not None:
            untold[place] += row.number(measure.total)
    rows = list(timed)
    whole: Counter[Group] = Counter()
    for row in rows:
        whole[_group(row)] += row.number(AMOUNT)
    for row in rows:
        its, place = parts.get(_group(row)), _place(row, places)
        if its is None or place is None or not row.number(AMOUNT):
            continue
        part = row.number(AMOUNT) / max(whole[_group(row)], its.amount)
        untold[place] -= its.amount * part
        for category, amount in its.by_category.items():
            lines[category][place] += amount * part
    named = {category.value: line for category, line in lines.items() if any(line)}
    return named | ({UNTOLD: untold} if max(untold) > LEAST else {})


def _group(row: Row) -> Group:
    return row.text("interfaceId"), row.text("source"), row.text("target")


def _place(row: Row, bins: Mapping[datetime, int]) -> int | None:
    moment = row.moment("at")
    return bins.get(moment) if moment else None
