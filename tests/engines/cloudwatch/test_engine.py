"""The conversation with CloudWatch, call by call: each test says every call in order."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.engines.engine import Engine, Watch
from bot.model.errors import (
    AccessDenied,
    BadQuery,
    BadWindow,
    Cancelled,
    EngineError,
    NoSuchLogGroup,
    Throttled,
    TimedOut,
)
from bot.model.query import Query, Statistics
from bot.model.window import Window

from .conftest import DEFAULT_FORMAT, GROUP, QUERY_ID, REGION, START, Aws, asked

TEXT = "stats count(*) as records by srcAddr"
CUSTOM = "${srcaddr} ${dstaddr} ${tcp-flags}"
STATISTICS = {"recordsMatched": 7.0, "recordsScanned": 90.0, "bytesScanned": 9123.0}


@pytest.fixture
def engine(aws: Aws) -> CloudWatchEngine:
    """An engine over a log group of the default format."""
    aws.flow_logs(DEFAULT_FORMAT)
    return aws.engine()


def test_it_is_an_engine(aws: Aws) -> None:
    engine: Engine = aws.engine("a", "/b")
    assert (engine.name, engine.source) == (
        "CloudWatch Logs Insights",
        "cloudwatch://eu-central-1/a,/b",
    )


def test_a_query_is_started_watched_and_read(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.results("Scheduled")
    aws.results("Running", {"srcAddr": "10.0.0.9"}, statistics={"recordsScanned": 40.0})
    aws.results(
        "Complete",
        {"srcAddr": "10.0.0.5", "records": "4"},
        {"records": "3", "extra": "x"},
        statistics=STATISTICS,
    )
    watch = aws.watch()
    result = engine.run(asked(TEXT), watch)
    assert [dict(row) for row in result.rows] == [
        {"srcAddr": "10.0.0.5", "records": "4"},
        {"records": "3", "extra": "x"},
    ]
    assert result.columns == ("srcAddr", "records", "extra")
    assert result.statistics == Statistics(7, 90, 9123, pytest.approx(1.425))
    assert (result.notes, result.text, result.truncated) == ((), None, False)
    assert watch.waits == pytest.approx([0.3, 0.45, 0.675])
    told = [(one.status, one.statistics.records_scanned) for one in watch.told]
    assert told == [("Waiting", 0), ("Scheduled", 0), ("Running", 40), ("Complete", 90)]


def test_waits_grow_up_to_a_bound(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    for _ in range(12):
        aws.results("Running")
    aws.results("Complete")
    watch = aws.watch()
    engine.run(asked(TEXT), watch)
    assert watch.waits == sorted(watch.waits)
    assert watch.waits[-1] == 5.0


def test_pages_are_followed_to_the_last(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT, limit=20_000)
    aws.results(
        "Complete", *[{"n": str(n)} for n in range(3)], nextToken="a", statistics=STATISTICS
    )
    aws.results("Complete", {"n": "3", "m": "x"}, token="a", nextToken="b")
    aws.results("Complete", {"n": "4"}, token="b")
    result = engine.run(asked(TEXT, limit=20_000), aws.watch())
    assert [row["n"] for row in result.rows] == ["0", "1", "2", "3", "4"]
    assert result.columns == ("n", "m")
    assert result.statistics.records_scanned == 90


def test_a_token_without_rows_ends_the_pages(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.results("Complete", {"n": "0"}, nextToken="a")
    aws.results("Complete", token="a", nextToken="a")
    assert len(engine.run(asked(TEXT), aws.watch()).rows) == 1


def test_a_cell_without_a_value_is_left_out(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    cells = [{"field": "srcAddr"}, {"field": "records", "value": "1"}]
    aws.logs_stub.add_response("get_query_results", {"status": "Complete", "results": [cells]})
    assert dict(engine.run(asked(TEXT), aws.watch()).rows[0]) == {"records": "1"}


@pytest.mark.parametrize(("rows", "truncated"), [(2, False), (3, True)])
def test_rows_up_to_the_limit_may_not_be_all(
    aws: Aws, engine: CloudWatchEngine, rows: int, truncated: bool
) -> None:
    aws.start(TEXT, limit=3)
    aws.results("Complete", *[{"n": "1"}] * rows)
    assert engine.run(asked(TEXT, limit=3), aws.watch()).truncated is truncated


def test_no_more_is_asked_for_than_aws_gives(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT, limit=100_000)
    aws.results("Complete")
    engine.run(asked(TEXT, limit=500_000), aws.watch())


@pytest.mark.parametrize(
    ("text", "columns"),
    [("fields srcAddr", ("srcAddr",)), ("fields srcAddr, @ptr", ("srcAddr", "@ptr"))],
)
def test_the_pointer_is_shown_to_who_asks_for_it(
    aws: Aws, engine: CloudWatchEngine, text: str, columns: tuple[str, ...]
) -> None:
    aws.start(text)
    aws.results("Complete", {"srcAddr": "10.0.0.5", "@ptr": "CnkK"})
    assert engine.run(asked(text), aws.watch()).columns == columns


def test_arns_are_identifiers_not_names(aws: Aws) -> None:
    arn = f"arn:aws:logs:{REGION}:123456789012:log-group:{GROUP}"
    aws.flow_logs(DEFAULT_FORMAT)
    expected = {
        "logGroupIdentifiers": [arn, "b"],
        "startTime": int(START.timestamp()),
        "endTime": int(START.timestamp()) + 3599,
        "queryString": TEXT,
        "limit": 10_000,
    }
    aws.found(group="b")
    aws.logs_stub.add_response("start_query", {"queryId": QUERY_ID}, expected)
    aws.results("Complete")
    aws.engine(arn, "b").run(asked(TEXT), aws.watch())


def test_a_window_without_a_whole_second_is_empty_and_costs_nothing(aws: Aws) -> None:
    moment = START + timedelta(milliseconds=100)
    query = Query(TEXT, Window(moment, moment + timedelta(milliseconds=10)))
    result = aws.engine().run(query, aws.watch())
    assert (result.rows, result.statistics) == ((), Statistics())
    assert "whole seconds" in result.notes[0]
    assert aws.engine().link(query) is None


def test_facts_about_the_flow_logs_are_notes(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT, TrafficType="REJECT", MaxAggregationInterval=600)
    aws.start(TEXT)
    aws.results("Complete")
    notes = aws.engine().run(asked(TEXT), aws.watch()).notes
    assert [note.split(":")[0] for note in notes] == [f"{GROUP} logs REJECT only", GROUP]


# Leaving


def test_who_leaves_stops_the_query(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.results("Running")
    aws.stop()
    watch = aws.watch(lambda number: watch.stop() if number == 2 else None)
    with pytest.raises(Cancelled):
        engine.run(asked(TEXT), watch)


def test_a_query_that_takes_too_long_is_stopped(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    aws.start(TEXT)
    for _ in range(2):
        aws.results("Running")
    aws.stop()
    with pytest.raises(TimedOut, match=r"longer than 0.7 s .*FLOWS_QUERY_TIMEOUT"):
        aws.engine(timeout=0.7).run(asked(TEXT), aws.watch())
    assert aws.clock.now == pytest.approx(1000.7)


def test_stopping_a_query_that_has_just_ended_is_fine(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.logs_error("stop_query", "InvalidParameterException", "Query is not in a running state")
    watch = aws.watch(lambda _: watch.stop())
    with pytest.raises(Cancelled) as caught:
        engine.run(asked(TEXT), watch)
    assert caught.value.hint is None


def test_a_query_that_cannot_be_stopped_is_owned_up_to(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.logs_error("stop_query", "AccessDeniedException")
    watch = aws.watch(lambda _: watch.stop())
    with pytest.raises(Cancelled, match=r"may run on .* hour: logs:StopQuery is not allowed"):
        engine.run(asked(TEXT), watch)


def test_a_query_that_breaks_off_is_stopped_in_aws(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.logs_error("get_query_results", "AccessDeniedException")
    aws.stop()
    with pytest.raises(AccessDenied, match="logs:GetQueryResults"):
        engine.run(asked(TEXT), aws.watch())


def test_who_has_left_before_costs_nothing(aws: Aws) -> None:
    watch = Watch()
    watch.stop()
    with pytest.raises(Cancelled):
        aws.engine().run(asked(TEXT), watch)


def test_closing_stops_what_runs_once(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    closed: list[bool] = []
    engine = aws.engine(on_close=lambda: closed.append(True))
    aws.start(TEXT)
    aws.results("Running")
    aws.stop()
    watch = aws.watch(lambda number: engine.close() if number == 2 else None)
    with pytest.raises(Cancelled):
        engine.run(asked(TEXT), watch)
    assert closed == [True]
    with pytest.raises(Cancelled, match="closed"):
        engine.run(asked(TEXT), aws.watch())


# Errors


def test_throttling_is_waited_out(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.logs_error("start_query", "ThrottlingException", "Rate exceeded")
    aws.start(TEXT)
    aws.logs_error("get_query_results", "ThrottlingException", "Rate exceeded")
    aws.results("Complete")
    watch = aws.watch()
    engine.run(asked(TEXT), watch)
    assert watch.waits == [0.5, 0.3, 0.5]


def test_a_full_account_is_waited_for_but_not_forever(aws: Aws, engine: CloudWatchEngine) -> None:
    full = "Account maximum query concurrency limit of [30] reached."
    for _ in range(5):
        aws.logs_error("start_query", "LimitExceededException", full)
    with pytest.raises(Throttled, match="at most 30 queries at the same time"):
        engine.run(asked(TEXT), aws.watch())


def test_a_malformed_query_has_its_position(aws: Aws, engine: CloudWatchEngine) -> None:
    text = "stats cuont(*) by srcAddr"
    where = {"startCharOffset": 6, "endCharOffset": 11}
    aws.logs_error(
        "start_query",
        "MalformedQueryException",
        "unexpected symbol found cuont at line 1 and position 6",
        queryCompileError={"message": "unexpected symbol found cuont", "location": where},
    )
    with pytest.raises(BadQuery, match=r"symbol found cuont \(line 1, column 7\)") as caught:
        engine.run(asked(text), aws.watch())
    assert (caught.value.text, caught.value.start, caught.value.end) == (text, 6, 11)


def test_a_window_nothing_is_kept_of(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.logs_error(
        "start_query",
        "MalformedQueryException",
        "Query's end date and time is either before the log groups creation time or exceeds the"
        " log groups log retention settings ([0,79])",
    )
    with pytest.raises(BadWindow, match="retention"):
        engine.run(asked(TEXT), aws.watch())


def test_a_missing_group_is_named_with_the_one_that_was_meant(
    aws: Aws, engine: CloudWatchEngine
) -> None:
    aws.logs_error(
        "start_query",
        "ResourceNotFoundException",
        f"Log group '{GROUP}' does not exist for account ID '123456789012'",
    )
    groups = {"logGroups": [{"logGroupName": "/vpc/flow"}]}
    aws.logs_stub.add_response("describe_log_groups", groups)
    with pytest.raises(
        NoSuchLogGroup, match=r"/vpc/flows \(eu-central-1\)\. Did you mean /vpc/flow"
    ):
        engine.run(asked(TEXT), aws.watch())


def test_an_answer_that_is_cut_off_is_asked_for_again(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    aws.logs_stub.add_response("get_query_results", {}, {"queryId": QUERY_ID})
    aws.results("Complete", {"n": "1"})
    assert len(engine.run(asked(TEXT), aws.watch()).rows) == 1


def test_answers_that_are_all_cut_off_are_given_up(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    for _ in range(5):
        aws.logs_stub.add_response("get_query_results", {}, {"queryId": QUERY_ID})
    aws.stop()
    with pytest.raises(EngineError, match="without status"):
        engine.run(asked(TEXT), aws.watch())


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        ("Failed", EngineError, "gave the query up .status Failed.*shorter window"),
        ("Timeout", TimedOut, "after an hour"),
        ("Cancelled", EngineError, "somebody stopped the query in AWS"),
        ("Surprise", EngineError, "status Surprise"),
    ],
)
def test_another_end_than_complete_is_told_and_not_stopped_again(
    aws: Aws, engine: CloudWatchEngine, status: str, kind: type[EngineError], words: str
) -> None:
    aws.start(TEXT)
    aws.results(status)
    with pytest.raises(kind, match=words):
        engine.run(asked(TEXT), aws.watch())


def test_an_unknown_status_is_watched_for_a_while(aws: Aws, engine: CloudWatchEngine) -> None:
    aws.start(TEXT)
    for _ in range(10):
        aws.results("Unknown")
    aws.results("Complete", {"n": "1"})
    assert len(engine.run(asked(TEXT), aws.watch()).rows) == 1


def test_a_status_that_stays_unknown_is_given_up_and_stopped(
    aws: Aws, engine: CloudWatchEngine
) -> None:
    aws.start(TEXT)
    for _ in range(11):
        aws.results("Unknown")
    aws.stop()
    with pytest.raises(EngineError, match="does not know how the query is doing"):
        engine.run(asked(TEXT), aws.watch())


# Threads


class Talk:
    """Stands in for the Logs client where many threads talk at once: each query runs until told."""

    class exceptions:  # noqa: N801
        InvalidParameterException = ResourceNotFoundException = KeyError

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.started: list[str] = []
        self.ended: set[str] = set()
        self.stopped: list[str] = []
        self.most = 0

    def start_query(self, **_: Any) -> dict[str, str]:
        with self.lock:
            self.started.append(f"q{len(self.started)}")
            self.most = max(self.most, len(self.started) - len(self.ended))
            return {"queryId": self.started[-1]}

    def get_query_results(self, queryId: str) -> dict[str, Any]:  # noqa: N803
        with self.lock:
            self.ended.add(queryId)
        return {"status": "Complete", "results": [[{"field": "id", "value": queryId}]]}

    def stop_query(self, queryId: str) -> dict[str, bool]:  # noqa: N803
        self.stopped.append(queryId)
        return {"success": True}


class Brief(Watch):
    """Waits a hundredth of what it is told."""

    def wait(self, seconds: float) -> None:
        super().wait(seconds / 100)


def test_many_threads_share_a_bounded_number_of_queries(aws: Aws) -> None:
    aws.flow_logs(DEFAULT_FORMAT)
    aws.logs, results = Talk(), []
    engine = aws.engine(at_once=3)

    def work() -> None:
        results.append(engine.run(asked(TEXT), Brief()).rows[0]["id"])

    threads = [threading.Thread(target=work) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == sorted(aws.logs.started)
    assert len(results) == 24
    assert 1 <= aws.logs.most <= 3


def test_who_waits_in_line_too_long_leaves_it(aws: Aws) -> None:
    engine = aws.engine(at_once=1, timeout=5)
    with (
        engine._slots.place(lambda _: None),
        pytest.raises(TimedOut, match="longer than 5 s"),
    ):
        engine.run(asked(TEXT), aws.watch())
