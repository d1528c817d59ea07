"""Which roads traffic took: bytes by category, whole and over time, each flow counted once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Answer, Network, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Command, Logs
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import share, size, wider_words, window_words
from bot.network.following import (
    ACCEPTED,
    MOST,
    NEEDS,
    SUMS,
    Followed,
    followed,
    grouped,
    notes,
    rules,
    spelled,
)
from bot.network.ranges import inside, insider
from bot.network.roads import Category, Rule, Traced
from bot.network.sightings import BYTES

MOST_BINS = 30
MOST_SERVICES = 80  # addresses of AWS that are kept apart from the rest of the internet
OUTSIDE, INSIDE, SERVICE = "outside", "inside", "service"
LEAST = 0.5  # bytes; sums of parts are not exact to the last
UNTOLD = "not told apart"

COLUMNS = (
    Column("category", "Category"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("packets", "Packets", Kind.COUNT),
    Column("records", "Flow records", Kind.COUNT),
    Column("rule", "Decided mostly by"),
)
RULE_COLUMNS = (
    Column("rule", "Decided by"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("records", "Flow records", Kind.COUNT),
)
# Colours mean the same in every window: the inside is blue and green, the rest stands out.
TONES = {Category.UNCLASSIFIED: Tone.NOISE, Category.CROSS_ZONE: Tone.ALARMING}

Group = tuple[str, str, str]  # an interface, and both ends as the query over time groups them


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period(MOST_BINS)
    found_rows, by_time = logs.query(grouped(logs.fields), totals_text(period))
    found = followed(question, logs, found_rows.rows, by_time.rows)
    if not found.logged.bytes:
        return Answer(
            question,
            "No traffic was let through in this window.",
            next=(f"traffic {wider_words(question.window)}",),
        )
    folding = _folding(question, found, coarse=found_rows.truncated)
    (timed,) = logs.query(timed_text(period, folding))
    parts = _parts(question, found, folding)
    bins = question.window.bins(period)
    lines = _over_time(bins, parts, timed.rows, by_time.rows)
    return Answer(
        question,
        _headline(found),
        tables=(_table(found), _rule_table(found)),
        charts=(_chart(question, period, found, lines),),
        notes=(*notes(found, logs), Note(Topic.METHOD, METHOD)),
        next=_next(question, found),
    )


METHOD = (
    "Over time, what an interface exchanged with the internet is split among categories as in the"
    " whole window; all else is exact in each bin. Where pairs of addresses are too many to be told"
    " apart over time, all of it is split like that."
)


def totals_text(period: Period) -> str:
    """Everything accepted, by time."""
    return pipeline(
        ACCEPTED, f"stats {SUMS} by bin({period.text}) as at", "sort at asc", f"limit {MOST}"
    )


def timed_text(period: Period, folding: Folding) -> str:
    """The same by interface and folded ends over time."""
    return pipeline(
        ACCEPTED,
        f"fields {folding.text('srcAddr')} as source, {folding.text('dstAddr')} as target",
        f"stats sum(bytes) as {BYTES} by interfaceId, source, target, bin({period.text}) as at",
        f"sort {BYTES} desc",
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
    """Bytes of one group in the traced rows: by category, and with second sightings in all."""

    by_category: Counter[Category] = field(default_factory=Counter)
    bytes: int = 0


def _parts(question: Question, found: Followed, folding: Folding) -> dict[Group, Parts]:
    parts: dict[Group, Parts] = defaultdict(Parts)
    is_ours = insider(question.inside)
    for one in found.traced:
        its = parts[folding.group(one, is_ours)]
        its.bytes += one.seen.bytes
        if one.counted:
            its.by_category[one.road.category] += one.seen.bytes
    return parts


def _over_time(
    bins: Sequence[datetime],
    parts: Mapping[Group, Parts],
    timed: Iterable[Row],
    by_time: Iterable[Row],
) -> dict[str, list[float]]:
    """Bytes of each category in each bin, in the order of the categories.

    Each group's bytes over time are split as its traced rows are. What is not traced, because a
    query stopped at its limit, is the last line, as logged.
    """
    places = {at: n for n, at in enumerate(bins)}
    lines = {category: [0.0] * len(bins) for category in Category}
    untold = [0.0] * len(bins)
    for row in by_time:
        if (place := _place(row, places)) is not None:
            untold[place] += row.number(BYTES)
    rows = list(timed)
    whole: Counter[Group] = Counter()
    for row in rows:
        whole[_group(row)] += row.number(BYTES)
    for row in rows:
        its, place = parts.get(_group(row)), _place(row, places)
        if its is None or place is None or not row.number(BYTES):
            continue
        part = row.number(BYTES) / max(whole[_group(row)], its.bytes)
        untold[place] -= its.bytes * part
        for category, bytes_ in its.by_category.items():
            lines[category][place] += bytes_ * part
    named = {category.value: line for category, line in lines.items() if any(line)}
    return named | ({UNTOLD: untold} if max(untold) > LEAST else {})


def _group(row: Row) -> Group:
    return row.text("interfaceId"), row.text("source"), row.text("target")


def _place(row: Row, bins: Mapping[datetime, int]) -> int | None:
    moment = row.moment("at")
    return bins.get(moment) if moment else None


@dataclass(frozen=True, slots=True)
class _Line:
    """One category and its bytes."""

    category: Category
    bytes: int


def _ranked(found: Followed) -> list[_Line]:
    lines = [_Line(c, amount.bytes) for c, amount in found.totals.by_category.items()]
    return sorted((line for line in lines if line.bytes), key=lambda line: -line.bytes)


def _headline(found: Followed) -> str:
    total = found.totals.counted.bytes
    first, *others = _ranked(found)
    text = f"{size(total)} moved: {share(first.bytes / total)} {spelled(first.category)}"
    for line in others[:2]:
        text += f", {share(line.bytes / total)} {spelled(line.category)}"
    if all(line.category is not Category.UNCLASSIFIED for line in (first, *others[:2])):
        lost = found.totals.unclassified
        text += f"; {share(lost) if lost else 'nothing'} unclassified"
    return f"{text}."


def _table(found: Followed) -> Table:
    sums = found.totals
    deciding: dict[Category, Counter[Rule]] = defaultdict(Counter)
    for one in found.counted:
        deciding[one.road.category][one.road.rule] += one.seen.bytes
    rows: list[tuple[Value, ...]] = []
    for category, amount in sums.by_category.items():
        if amount.records:
            ((rule, _),) = deciding[category].most_common(1)
            part = amount.bytes / sums.counted.bytes
            rows.append(
                (category.value, amount.bytes, part, amount.packets, amount.records, rule.value)
            )
    return Table("By category", COLUMNS, tuple(rows))


def _rule_table(found: Followed) -> Table:
    sums = found.totals
    rows = tuple(
        (rule.value, amount.bytes, amount.bytes / sums.counted.bytes, amount.records)
        for rule, amount in rules(sums)
    )
    return Table("What decided", RULE_COLUMNS, rows)


def _chart(
    question: Question, period: Period, found: Followed, lines: Mapping[str, Sequence[float]]
) -> Timeline:
    tones = {category.value: tone for category, tone in TONES.items()}
    series = tuple(
        Series(name, tuple(line), tones.get(name, Tone.NOISE if name == UNTOLD else Tone.PLAIN))
        for name, line in lines.items()
    )
    first = _ranked(found)[0]
    part = share(first.bytes / found.totals.counted.bytes)
    panels = (
        Panel("By category", series, Kind.BYTES, "bytes, each flow once"),
        Panel("Shares", _shares(series), Kind.SHARE, "of each step"),
    )
    title = f"{part} of the traffic is {spelled(first.category)}"
    return Timeline(title, question.window.bins(period), period.seconds, panels)


def _shares(series: Sequence[Series]) -> tuple[Series, ...]:
    """The same as parts of each bin, so that one peak does not hide the rest of the day."""
    bins = range(len(series[0].values))
    wholes = [sum(one.values[n] or 0 for one in series) for n in bins]
    return tuple(
        Series(
            one.name,
            tuple((one.values[n] or 0) / wholes[n] if wholes[n] else None for n in bins),
            one.tone,
        )
        for one in series
    )


def _next(question: Question, found: Followed) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    sums = found.totals.by_category
    return tuple(
        f"{name} {window}"
        for name, wanted in (
            ("costs", True),
            ("matrix zone", sums[Category.CROSS_ZONE].bytes),
            ("services", sums[Category.AWS_SERVICE].bytes),
        )
        if wanted
    )


COMMAND = Command(
    name="traffic",
    summary="which roads traffic took: within and across zones, AWS services, the internet",
    answer=answer,
    needs=NEEDS,
    examples=("traffic", "traffic 24h"),
)
