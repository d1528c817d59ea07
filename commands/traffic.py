"""Which roads traffic took: bytes by category, whole and over time, each flow counted once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline
from bot.model.command import Command, Logs
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import share, size, wider_words, window_words
from bot.network.following import NEEDS, Followed, notes, rules, spelled
from bot.network.over_time import METHOD, over_time, tone
from bot.network.roads import Category, Rule

MOST_BINS = 30

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


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period(MOST_BINS)
    timed = over_time(question, logs, period)
    found = timed.found
    if not found.logged.bytes:
        return Answer(
            question,
            "No traffic was let through in this window.",
            next=(f"traffic {wider_words(question.window)}",),
        )
    return Answer(
        question,
        _headline(found),
        tables=(_table(found), _rule_table(found)),
        charts=(_chart(question, period, found, timed.lines),),
        notes=(*notes(found, logs), Note(Topic.METHOD, METHOD)),
        next=_next(question, found),
    )


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
    series = tuple(Series(name, tuple(line), tone(name)) for name, line in lines.items())
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
