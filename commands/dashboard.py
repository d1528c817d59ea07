"""Six answers in one picture: how the network is doing, to look at in passing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.changes import Changes
from bot.model.chart import Bars, Dashboard, Heatmap, Timeline
from bot.model.command import Command, Logs
from bot.model.inventory import Inventory
from bot.model.published import Prices, Ranges
from bot.model.query import Result
from bot.model.table import Column, Table
from bot.model.window import Window
from bot.model.writing import span, wider_words, window_words
from commands import costs, coverage, matrix, nat, rejects, services, top_talkers, traffic, trend

MOST_BARS, MOST_CELLS = 8, 12
PANELS = 6

COLUMNS = (Column("question", "Question"), Column("finding", "Finding"))


class Once:
    """Logs of which each text is asked once, however many answers need it."""

    def __init__(self, logs: Logs) -> None:
        self._logs = logs
        self._found: dict[tuple[str, Window | None], Result] = {}

    @property
    def inventory(self) -> Inventory:
        return self._logs.inventory

    @property
    def fields(self) -> frozenset[str]:
        return self._logs.fields

    @property
    def ranges(self) -> Ranges:
        return self._logs.ranges

    @property
    def prices(self) -> Mapping[str, Prices]:
        return self._logs.prices

    def query(self, *texts: str, window: Window | None = None) -> tuple[Result, ...]:
        new = [text for text in dict.fromkeys(texts) if (text, window) not in self._found]
        for text, result in zip(new, self._logs.query(*new, window=window), strict=True):
            self._found[text, window] = result
        return tuple(self._found[text, window] for text in texts)

    def changes(self, resources: Iterable[str], since: datetime) -> Changes:
        return self._logs.changes(resources, since)


# What is asked for the six places, best first: where one has no picture, a later one steps in.
ASKED: tuple[tuple[Command, Mapping[str, str]], ...] = (
    (traffic.COMMAND, {}),
    (rejects.COMMAND, {}),
    (top_talkers.COMMAND, {"side": top_talkers.INTERNAL}),
    (matrix.COMMAND, {"by": matrix.SUBNET}),
    (services.COMMAND, {}),
    (costs.COMMAND, {}),
    (coverage.COMMAND, {}),
    (nat.COMMAND, {}),
    (trend.COMMAND, {"measure": "flows", "by": "port"}),
)


def answer(question: Question, logs: Logs) -> Answer:
    answers = list(_answers(question, Once(logs)))
    window = window_words(question.window, question.now, question.zone)
    if not answers:
        return Answer(
            question,
            "Nothing was recorded in this window.",
            next=(f"dashboard {wider_words(question.window)}",),
        )
    first, *others = answers
    rows = tuple((one.question.line, one.headline) for one in answers)
    charts = tuple(_fitted(one.charts[0]) for one in answers)
    return Answer(
        question,
        first.headline,
        tables=(Table("What each says", COLUMNS, rows),),
        charts=(Dashboard(_title(question, logs.inventory), charts),),
        notes=tuple(_notes(answers)),
        next=tuple(f"{one.question.line} {window}" for one in (first, *others)[:3]),
    )


def _title(question: Question, inventory: Inventory) -> str:
    names = sorted({vpc.name for vpc in inventory.vpcs.values() if vpc.name})
    whose = f"Network {names[0]}" if len(names) == 1 else "The network"
    return f"{whose}  ·  {span(question.window, question.zone)}"


def _answers(question: Question, logs: Logs) -> Iterator[Answer]:
    """Up to six answers that have a picture."""
    found = 0
    for command, arguments in ASKED:
        if found == PANELS:
            return
        line = " ".join((command.name, *_spoken(arguments)))
        one = command.answer(
            replace(question, command=command.name, line=line, arguments=arguments), logs
        )
        if one.charts:
            found += 1
            yield one


def _spoken(arguments: Mapping[str, str]) -> Iterator[str]:
    for name, value in arguments.items():
        yield f"by {value}" if name == "by" and "measure" in arguments else value


def _fitted(chart: object) -> Timeline | Bars | Heatmap:
    """The chart with no more than a sixth of a page shows: its first panels, its largest bars."""
    if isinstance(chart, Timeline):
        return replace(chart, panels=chart.panels[:2])
    if isinstance(chart, Bars):
        hidden = len(chart.labels) - MOST_BARS
        if hidden <= 0:
            return chart
        return replace(
            chart,
            labels=chart.labels[:MOST_BARS],
            series=tuple(replace(one, values=one.values[:MOST_BARS]) for one in chart.series),
            rest=f"and {hidden} more",
        )
    assert isinstance(chart, Heatmap)  # noqa: S101  # a dashboard holds no dashboard
    return replace(
        chart,
        rows=chart.rows[:MOST_CELLS],
        columns=chart.columns[:MOST_CELLS],
        values=tuple(row[:MOST_CELLS] for row in chart.values[:MOST_CELLS]),
    )


def _notes(answers: Iterable[Answer]) -> Iterator[Note]:
    """What may mislead, once; how each figure is counted stands in the answer of its own."""
    yield Note(
        Topic.METHOD, "Each chart is the one of its own question, which says how it was counted."
    )
    cautions = (note for one in answers for note in one.notes if note.topic is Topic.CAUTION)
    yield from dict.fromkeys(cautions)


COMMAND = Command(
    name="dashboard",
    summary="six answers in one picture: how the network is doing",
    answer=answer,
    needs=tuple(dict.fromkeys(need for command, _ in ASKED for need in command.needs)),
    length=timedelta(days=1),
    examples=("dashboard", "dashboard 3h"),
)
