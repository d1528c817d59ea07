"""Which roads traffic took: bytes by category, whole and over time, each flow counted once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import Unquotable, fill, literal, pipeline
from bot.model.answer import Answer, Note, Question, Topic
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
OUTSIDE = "outside"
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
Parts = Mapping[Category, float]


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
    kept = _services(found.traced)
    (timed,) = logs.query(timed_text(question, period, kept))
    lines = _over_time(question, period, _split(question, found.traced, kept), timed.rows)
    lines.update(_untold(question, period, timed.rows, by_time.rows))
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
    " whole window; all else is exact in each bin."
)


def totals_text(period: Period) -> str:
    """Everything accepted, by time."""
    return pipeline(
        ACCEPTED, f"stats {SUMS} by bin({period.text}) as at", "sort at asc", f"limit {MOST}"
    )


def timed_text(question: Question, period: Period, kept: Sequence[str]) -> str:
    """The same over time, with all outside addresses as one but those that are kept."""
    return pipeline(
        ACCEPTED,
        f"fields {_folded('srcAddr', question, kept)} as source,"
        f" {_folded('dstAddr', question, kept)} as target",
        f"stats sum(bytes) as {BYTES} by interfaceId, source, target, bin({period.text}) as at",
        f"sort {BYTES} desc",
        f"limit {MOST}",
    )


def _folded(field: str, question: Question, kept: Sequence[str]) -> str:
    condition = inside(field, question.inside)
    if kept:
        condition += fill(f" or {field} in {{kept}}", kept=tuple(kept))
    return fill(f"if({condition}, {field}, {{outside}})", outside=OUTSIDE)


def _services(traced: Iterable[Traced]) -> list[str]:
    """The addresses of AWS's services, the busiest."""
    moved: Counter[str] = Counter()
    for one in traced:
        if one.road.category is Category.AWS_SERVICE:
            for place in (one.source, one.target):
                if not place.inside and _writable(place.address):
                    moved[place.address] += one.seen.bytes
    return [address for address, _ in moved.most_common(MOST_SERVICES)]


def _writable(value: str) -> bool:
    try:
        return bool(literal(value))
    except Unquotable:
        return False


def _split(question: Question, traced: Iterable[Traced], kept: Sequence[str]) -> dict[Group, Parts]:
    """For each group of the query over time, the share of its bytes in each category.

    Second sightings are in the whole but in no category, so shares may be less than one.
    """
    whole: Counter[Group] = Counter()
    parts: dict[Group, Counter[Category]] = defaultdict(Counter)
    keep, is_ours = frozenset(kept), insider(question.inside)
    for one in traced:
        source, target = (
            address if address in keep or is_ours(address) else OUTSIDE
            for address in (one.row.text("srcAddr"), one.row.text("dstAddr"))
        )
        group = one.row.text("interfaceId"), source, target
        whole[group] += one.seen.bytes
        if one.counted:
            parts[group][one.road.category] += one.seen.bytes
    return {
        group: {category: value / total for category, value in parts[group].items()}
        for group, total in whole.items()
        if total
    }


def _over_time(
    question: Question, period: Period, split: Mapping[Group, Parts], rows: Iterable[Row]
) -> dict[str, list[float]]:
    """Bytes of each category in each bin, in the order of the categories."""
    bins = {at: n for n, at in enumerate(question.window.bins(period))}
    lines = {category: [0.0] * len(bins) for category in Category}
    for row in rows:
        group = row.text("interfaceId"), row.text("source"), row.text("target")
        place = _place(row, bins)
        for category, part in split.get(group, {}).items():
            if place is not None:
                lines[category][place] += part * row.number(BYTES)
    return {category.value: line for category, line in lines.items() if any(line)}


def _untold(
    question: Question, period: Period, rows: Iterable[Row], by_time: Iterable[Row]
) -> dict[str, list[float]]:
    """Bytes in each bin of which the query over time has no row, as logged; nothing is usual."""
    bins = {at: n for n, at in enumerate(question.window.bins(period))}
    line = [0.0] * len(bins)
    for sign, these in ((1, by_time), (-1, rows)):
        for row in these:
            place = _place(row, bins)
            if place is not None:
                line[place] += sign * row.number(BYTES)
    return {UNTOLD: line} if any(line) else {}


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
