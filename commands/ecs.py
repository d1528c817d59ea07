"""What the services of ECS clusters move, and what was rejected at their tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.insights.quoting import fill, is_quotable, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import count, many, size, wider_words, window_words

LISTED = 50
DRAWN = 5
NONE = "-"  # what a record writes that is of no cluster, or of no service

SERVICES = (
    Column("cluster", "Cluster"),
    Column("service", "Service"),
    Column("tasks", "Tasks", Kind.COUNT),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("flows", "Flows", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)
TASKS = (
    Column("task", "Task"),
    Column("cluster", "Cluster"),
    Column("service", "Service"),
    Column("bytes", "Bytes", Kind.BYTES),
    Column("flows", "Flows", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT),
)


@dataclass(frozen=True)
class Clusters:
    """Services and tasks, the largest first."""

    services: Result
    tasks: Sequence[Row]

    @property
    def bytes(self) -> int:
        return sum(row.number("total") for row in self.services.rows)

    @property
    def rejected(self) -> int:
        return sum(row.number("rejected") for row in self.services.rows)


def answer(question: Question, logs: Logs) -> Answer:
    services, tasks = logs.query(*texts(question))
    found = Clusters(services, tasks.rows)
    return Answer(
        question,
        _headline(found),
        tables=tuple(_tables(found)),
        charts=(_chart(question, logs, found),) if services.rows else (),
        notes=(Note(Topic.METHOD, METHOD),) if services.rows else (),
        next=_next(question, found),
    )


METHOD = (
    "Records of tasks with a network interface of their own (awsvpc). Bytes are what a task's"
    " interface accepted, in and out; what two tasks exchange is under both. Tasks without a"
    " service are under a dash."
)
SUMS = "sum(through) as total, count(*) as flows, sum(refused) as rejected"


def texts(question: Question) -> tuple[str, str]:
    """Sums by service, and by task."""
    base = _base(question)
    return (
        pipeline(
            base,
            f"stats {SUMS}, count_distinct(ecsTaskId) as tasks,"
            " min(toMillis(@timestamp)) as firstSeen, max(toMillis(@timestamp)) as lastSeen"
            " by ecsClusterName, ecsServiceName",
            "sort total desc",
            "limit 10000",
        ),
        pipeline(
            base,
            f"stats {SUMS} by ecsTaskId, ecsClusterName, ecsServiceName",
            "sort total desc",
            "limit 1000",
        ),
    )


def _base(question: Question) -> str:
    service = question.word("service")
    return pipeline(
        fill("filter isPresent(ecsClusterName) and ecsClusterName != {none}", none=NONE),
        'filter action in ["ACCEPT", "REJECT"]',
        'fields if(action = "ACCEPT", bytes, 0) as through, if(action = "REJECT", 1, 0) as refused',
        fill("filter toLower(ecsServiceName) = {service}", service=service) if service else None,
    )


def _headline(found: Clusters) -> str:
    rows = found.services.rows
    if not rows:
        return "No traffic of ECS tasks in this window."
    first = rows[0]
    least = "at least " if found.services.truncated else ""
    text = (
        f"{least}{many(len(rows), 'ECS service')} moved {size(found.bytes)}, most"
        f" {_name(first)}: {size(first.number('total'))}"
    )
    if found.rejected:
        worst = max(rows, key=lambda row: row.number("rejected"))
        text += (
            f"; {many(found.rejected, 'flow')} rejected at tasks, most at {_name(worst)}"
            f" ({count(worst.number('rejected'))})"
        )
    return f"{text[0].upper()}{text[1:]}."


def _name(row: Row) -> str:
    return f"{row.text('ecsClusterName')}/{row.text('ecsServiceName')}"


def _tables(found: Clusters) -> Iterator[Table]:
    services = found.services.rows
    if not services:
        return
    rows = tuple(_service_row(row) for row in services[:LISTED])
    yield Table("By service", SERVICES, rows, left_off=len(services) - len(rows))
    tasks = tuple(_task_row(row) for row in found.tasks[:LISTED])
    yield Table("Largest tasks", TASKS, tasks, left_off=len(found.tasks) - len(tasks))


def _service_row(row: Row) -> tuple[Value, ...]:
    return (
        row.text("ecsClusterName"),
        row.text("ecsServiceName"),
        row.number("tasks"),
        *_sums(row),
        row.moment("firstSeen"),
        row.moment("lastSeen"),
    )


def _task_row(row: Row) -> tuple[Value, ...]:
    names = (row.text(name) for name in ("ecsTaskId", "ecsClusterName", "ecsServiceName"))
    return *names, *_sums(row)


def _sums(row: Row) -> tuple[int, int, int]:
    return row.number("total"), row.number("flows"), row.number("rejected")


def _chart(question: Question, logs: Logs, found: Clusters) -> Timeline:
    """Bytes of the largest services over time; the others together."""
    period = question.window.period()
    bins = question.window.bins(period)
    drawn = [row for row in found.services.rows if is_quotable(row.text("ecsServiceName"))][:DRAWN]
    names = tuple(dict.fromkeys(row.text("ecsServiceName") for row in drawn)) or (NONE,)
    whole, parts = logs.query(*over_time(question, names, period))
    total = Counter({row.moment("at"): row.number("total") for row in whole.rows})
    by_bin: Counter[tuple[str, datetime | None]] = Counter()
    for row in parts.rows:
        by_bin[_name(row), row.moment("at")] += row.number("total")
    keys = [_name(row) for row in drawn]
    series = [Series(key, tuple(by_bin[key, at] for at in bins)) for key in keys]
    rest = tuple(total[at] - sum(by_bin[key, at] for key in keys) for at in bins)
    if any(rest):
        series.append(Series("others", rest, Tone.NOISE))
    panel = Panel("Accepted at tasks", tuple(series), Kind.BYTES, "bytes")
    return Timeline(_headline(found).removesuffix("."), bins, period.seconds, (panel,))


def over_time(question: Question, services: tuple[str, ...], period: Period) -> tuple[str, str]:
    """Accepted bytes over time: of all tasks, and of those of some services."""
    base = pipeline(_base(question), 'filter action = "ACCEPT"')
    bins = f"bin({period.text}) as at"
    return (
        pipeline(base, f"stats sum(bytes) as total by {bins}", "limit 10000"),
        pipeline(
            base,
            fill("filter ecsServiceName in {services}", services=services),
            f"stats sum(bytes) as total by ecsClusterName, ecsServiceName, {bins}",
            "limit 10000",
        ),
    )


def _next(question: Question, found: Clusters) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.services.rows:
        return (f"ecs {wider_words(question.window)}",)
    if found.rejected:
        return f"rejects {window}", f"trend rejects by target {window}"
    return f"top-talkers internal {window}", f"trend bytes {window}"


COMMAND = Command(
    name="ecs",
    summary="what the services and tasks of ECS clusters move, and what was rejected at them",
    answer=answer,
    arguments=(Argument("service", Takes.CHOICE, "only this service, by its name", "service"),),
    needs=("ecsClusterName", "ecsServiceName", "ecsTaskId", "bytes", "action"),
    examples=("ecs", "ecs service web 24h"),
)
