"""The path from line to answer, over an engine whose results are written out here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.ask.health import HEALTH
from bot.engines.engine import Watch
from bot.engines.price import ATHENA
from bot.model.answer import Answer, Question, Topic
from bot.model.command import Command, Logs
from bot.model.errors import BadLine, BadQuery, Cancelled, EngineError, MissingFields
from bot.model.query import Progress, Query, Result, Row, Statistics
from bot.model.window import Window
from commands import shelf

NOW = datetime(2026, 11, 20, 15, 45, 30, 999, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
READ = Statistics(1, 10, 2_000_000_000, 0.5)
STARTS = str(int((NOW - timedelta(minutes=50)).timestamp() * 1000))
HEALTHY = {"logStatus": "OK", "records": "10", "first": STARTS, "last": STARTS}


class Scripted:
    """An engine whose rows are given by text; whatever is not given has none."""

    name = "Scripted"

    def __init__(
        self,
        rows: dict[str, list[dict[str, str]]] | None = None,
        *,
        source: str = "folder",
        fields: frozenset[str] = frozenset(),
        before: Callable[[Query, Watch], None] = lambda _, __: None,
    ) -> None:
        self.source = source
        self.asked: list[Query] = []
        self.notes = ("gzip text, 2 files",)
        self._rows = {HEALTH: [HEALTHY]} | (rows or {})
        self._fields = fields
        self._before = before

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        return self._fields

    def run(self, query: Query, watch: Watch) -> Result:
        self.asked.append(query)
        watch.progress(Progress(READ))
        self._before(query, watch)
        rows = tuple(Row(row) for row in self._rows.get(query.text, []))
        return Result(tuple(rows[0]) if rows else (), rows, READ, notes=self.notes)

    def link(self, query: Query) -> str | None:
        return f"https://console.example/{len(query.text)}"

    def close(self) -> None:
        pass


ONE, TWO = "fields srcAddr | limit 1", "fields dstAddr | limit 1"


def asking(*texts: str, needs: tuple[str, ...] = ()) -> Command:
    def answer(question: Question, logs: Logs) -> Answer:
        results = logs.query(*texts)
        return Answer(question, f"{[len(result.rows) for result in results]}")

    return Command("asking", "asks", answer, (), needs=needs)


def ask(engine: Scripted, command: Command, watch: Watch | None = None) -> Answer:
    asker = Asker(engine, [command], clock=lambda: NOW)
    return asker.ask(command.name, zone=ZONE, watch=watch or Watch())


def texts(answer: Answer, topic: Topic) -> list[str]:
    return [note.text for note in answer.notes if note.topic is topic]


def test_results_come_in_the_order_asked_and_each_text_runs_once() -> None:
    engine = Scripted({ONE: [{"srcAddr": "192.0.2.1"}], TWO: [{"dstAddr": "a"}, {"dstAddr": "b"}]})
    answer = ask(engine, asking(TWO, ONE, TWO))
    assert answer.headline == "[2, 1, 2]"
    assert sorted(query.text for query in engine.asked) == sorted([ONE, TWO, HEALTH])


def test_the_window_ends_now_to_the_second() -> None:
    engine = Scripted()
    answer = ask(engine, asking(ONE))
    assert answer.question.window == Window.last(timedelta(hours=1), NOW.replace(microsecond=0))
    assert {query.window for query in engine.asked} == {answer.question.window}


def test_what_ran_is_written_down() -> None:
    answer = ask(Scripted(), asking(ONE))
    assert [(run.text, run.engine, run.statistics) for run in answer.queries] == [
        (ONE, "Scripted", READ),
        (HEALTH, "Scripted", READ),
    ]
    assert answer.queries[0].link == f"https://console.example/{len(ONE)}"


def test_what_the_engine_says_is_told_once() -> None:
    assert texts(ask(Scripted(), asking(ONE, TWO)), Topic.COVERAGE).count("gzip text, 2 files") == 1


def test_queries_run_side_by_side() -> None:
    together = threading.Barrier(3, timeout=30)
    engine = Scripted(before=lambda _, __: together.wait() and None)
    assert ask(engine, asking(ONE, TWO)).headline == "[0, 0]"


def test_a_failure_stops_the_others_and_is_what_is_told() -> None:
    stopped = []

    def before(query: Query, watch: Watch) -> None:
        if query.text == TWO:
            raise EngineError("the disk is on fire")
        try:
            watch.wait(30)
        except Cancelled:
            stopped.append(query.text)
            raise

    with pytest.raises(EngineError, match="on fire"):
        ask(Scripted(before=before), asking(ONE, TWO))
    assert sorted(stopped) == sorted([ONE, HEALTH])


def test_the_asker_can_leave() -> None:
    watch = Watch()

    def before(query: Query, child: Watch) -> None:
        if query.text == ONE:
            watch.stop()
        child.wait(30)

    with pytest.raises(Cancelled):
        ask(Scripted(before=before), asking(ONE), watch)


def test_progress_is_heard() -> None:
    heard: list[Progress] = []
    ask(Scripted(), asking(ONE), Watch(heard.append))
    assert heard[-1].statistics.bytes_scanned == 2 * READ.bytes_scanned


def test_no_engine_sees_text_that_does_not_parse() -> None:
    engine = Scripted()
    with pytest.raises(BadQuery):
        ask(engine, asking("filtr action"))
    assert "filtr action" not in [query.text for query in engine.asked]


def test_what_only_aws_can_run_reaches_the_engine_which_knows_whether_it_can() -> None:
    engine = Scripted()
    ask(engine, asking("fields @message | pattern @message"))
    assert "fields @message | pattern @message" in [query.text for query in engine.asked]


def test_missing_fields_are_named_in_both_spellings_with_the_remedy() -> None:
    engine = Scripted(fields=frozenset({"srcAddr", "startTime"}))
    command = asking(ONE, needs=("srcAddr", "start", "tcpFlags", "pktSrcAddr"))
    with pytest.raises(MissingFields) as refusal:
        ask(engine, command)
    assert refusal.value.fields == ("tcpFlags", "pktSrcAddr")
    for part in ("asking needs", "tcpFlags (tcp-flags), pktSrcAddr (pkt-srcaddr)", "${tcp-flags}"):
        assert part in str(refusal.value)
    assert engine.asked == []


def test_no_known_fields_refuse_nothing() -> None:
    assert ask(Scripted(), asking(ONE, needs=("tcpFlags",))).headline == "[0]"


def test_the_cost_is_told_where_there_is_one() -> None:
    answer = ask(Scripted(source="cloudwatch://us-east-1/flows"), asking(ONE))
    assert "Scanned 4.00 GB: about $0.0200 at $0.005 per GB (June 2026)." in texts(
        answer, Topic.METHOD
    )
    assert texts(ask(Scripted(), asking(ONE)), Topic.METHOD) == []


def test_a_price_that_was_given_has_no_date() -> None:
    engine = Scripted(source="cloudwatch://ap-northeast-1/flows")
    asker = Asker(engine, [asking(ONE)], clock=lambda: NOW, price_per_gb=0.0076)
    answer = asker.ask("asking", zone=ZONE, watch=Watch(), now=NOW)
    assert "Scanned 4.00 GB: about $0.0304 at $0.0076 per GB." in texts(answer, Topic.METHOD)


def test_what_athena_costs_is_told_once_for_all_queries() -> None:
    engine = Scripted(source="athena://eu-central-1/logs/flows")
    engine.notes = (ATHENA.told(READ.bytes_scanned),)  # as the engine says of each query
    answer = ask(engine, asking(ONE))
    told = [note.text for note in answer.notes if "Scanned" in note.text]
    assert told == ["Scanned 4.00 GB: about $0.0200 at $5 per TB (2026)."]


def test_the_same_question_again_is_answered_from_what_was_kept() -> None:
    engine = Scripted(source="cloudwatch://us-east-1/flows")
    asker = Asker(engine, [asking(ONE)], clock=lambda: NOW)
    for _ in range(2):
        answer = asker.ask("asking", zone=ZONE, watch=Watch(), now=NOW)
    assert len(engine.asked) == 2
    assert [run.statistics for run in answer.queries] == [Statistics()] * 2
    assert "Not read again: 2 results of 2026-11-20 16:45:30." in texts(answer, Topic.FRESHNESS)
    assert "Scanned 0 B: about $0.0000 at $0.005 per GB (June 2026)." in texts(answer, Topic.METHOD)


def test_an_empty_window_is_told_where_the_records_are() -> None:
    extent = "stats min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last"
    rows = {HEALTH: [], extent: [{"first": "1700000000000", "last": "1700000060000"}]}
    answer = ask(Scripted(rows), asking(ONE))
    assert "newest record, which is of 2023-11-14 23:14:20" in texts(answer, Topic.COVERAGE)[0]
    paid = Scripted(rows, source="cloudwatch://us-east-1/flows")
    ask(paid, asking(ONE))
    assert extent not in [query.text for query in paid.asked]


def test_a_command_without_a_window_asks_nothing() -> None:
    engine = Scripted()
    asker = Asker(engine, shelf(), clock=lambda: NOW)
    answer = asker.ask("", zone=ZONE, watch=Watch())
    assert answer.question.command == "help"
    assert engine.asked == []


def test_a_wrong_line_never_reaches_the_engine() -> None:
    engine = Scripted()
    with pytest.raises(BadLine, match="Did you mean asking"):
        Asker(engine, [asking(ONE)], clock=lambda: NOW).ask("askin", zone=ZONE, watch=Watch())
    assert engine.asked == []


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("fields srcAddr", 10_000),
        ("fields srcAddr | limit 20", 10_000),  # twenty rows of twenty are no answer cut off
        ("fields srcAddr | limit 10000", 10_000),
        ("fields srcAddr | limit 50000", 50_000),
        ("fields srcAddr | limit 50000 | limit 30000", 30_000),
    ],
)
def test_how_many_rows_a_text_may_have(text: str, rows: int) -> None:
    engine = Scripted()
    ask(engine, asking(text))
    assert {query.limit for query in engine.asked if query.text == text} == {rows}
