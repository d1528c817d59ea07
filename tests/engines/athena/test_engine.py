"""The conversation with Athena, call by call: each test says every call in order."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from bot.engines.athena.errors import Place
from bot.engines.engine import Engine, Watch
from bot.engines.price import ATHENA
from bot.model.errors import (
    BadQuery,
    Cancelled,
    EngineError,
    FlowsError,
    NotSupported,
    Throttled,
    TimedOut,
)

from .conftest import SOURCE, Aws, asked

TEXT = "stats count(*) as records, avg(bytes) as mean by srcAddr"
HEADER = ("c0", "c1", "c2")


def test_it_is_an_engine(aws: Aws) -> None:
    engine: Engine = aws.engine()
    assert (engine.name, engine.source) == ("Athena", SOURCE)
    assert engine.link(asked(TEXT)) is None


def test_a_query_is_started_watched_and_read(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("QUEUED")
    aws.state("RUNNING", read=1_000)
    aws.state("SUCCEEDED", read=30_000_000)
    aws.rows(HEADER, ("10.0.0.5", "4", "1.5E2"), (None, "3", "1.2345678E7"), ("-", "1", "NaN"))
    watch = aws.watch()
    result = aws.engine().run(asked(TEXT), watch)
    assert [dict(row) for row in result.rows] == [
        {"srcAddr": "10.0.0.5", "records": "4", "mean": "150"},
        {"records": "3", "mean": "12345678"},
        {"srcAddr": "-", "records": "1"},
    ]
    assert result.columns == ("srcAddr", "records", "mean")
    assert result.statistics.bytes_scanned == 30_000_000
    assert result.statistics.seconds == pytest.approx(0.3 + 0.45 + 0.675)
    assert result.notes == ("Scanned 30.0 MB: about $0.0002 at $5 per TB (2026).",)
    assert not result.truncated
    told = [(one.status, one.statistics.bytes_scanned) for one in watch.told]
    assert told == [("Waiting", 0), ("Queued", 0), ("Running", 1_000), ("Succeeded", 30_000_000)]


def test_the_statement_is_over_the_window_and_its_partitions(aws: Aws) -> None:
    sent: list[str] = []
    aws.athena.meta.events.register(
        "provide-client-params.athena.StartQueryExecution",
        lambda params, **_: sent.append(params["QueryString"]),
    )
    aws.table()
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0",))
    aws.engine().run(asked("filter dstPort = 443 | stats sum(bytes) as total"), aws.watch())
    (sql,) = sent
    assert 'FROM "logs"."flows"' in sql
    assert 'CAST("start" AS BIGINT) >= 1795183200' in sql
    assert 'CAST("start" AS BIGINT) < 1795186800' in sql
    assert "\"day\" BETWEEN CAST('2026-11-20' AS DATE) AND CAST('2026-11-20' AS DATE)" in sql


def test_pages_are_followed_and_only_the_first_has_a_header(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0",), ("1",), ("2",), further="a")
    aws.rows(("3",), token="a", further="b")
    aws.rows(("c0",), token="b")
    result = aws.engine().run(asked("fields dstPort | limit 4"), aws.watch())
    assert [row["dstPort"] for row in result.rows] == ["1", "2", "3", "c0"]


def test_raw_rows_have_no_pointer(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0", "c1"), ("10.0.0.5", None))
    result = aws.engine().run(asked("fields srcAddr"), aws.watch())
    assert result.columns == ("srcAddr",)
    assert dict(result.rows[0]) == {"srcAddr": "10.0.0.5"}


def test_an_empty_text_is_a_value(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0", "c1"), ("", None))
    result = aws.engine().run(asked("fields trim(srcAddr) as t | display t"), aws.watch())
    assert dict(result.rows[0]) == {"t": ""}


@pytest.mark.parametrize(("rows", "truncated"), [(2, False), (3, True)])
def test_rows_up_to_the_limit_may_not_be_all(aws: Aws, rows: int, truncated: bool) -> None:
    aws.table()
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0",), *[("1",)] * rows)
    result = aws.engine().run(asked("stats count(*) by dstPort", limit=3), aws.watch())
    assert result.truncated is truncated


def test_waits_grow_up_to_a_bound(aws: Aws) -> None:
    aws.table()
    aws.start()
    for _ in range(12):
        aws.state("RUNNING")
    aws.state("SUCCEEDED")
    aws.rows(("c0",))
    watch = aws.watch()
    aws.engine().run(asked("stats count(*)"), watch)
    assert watch.waits == sorted(watch.waits)
    assert watch.waits[-1] == 5.0


def test_the_table_is_looked_up_again_after_a_while(aws: Aws) -> None:
    engine = aws.engine()
    aws.table()
    assert "bytes" in engine.fields(asked("").window, Watch())
    aws.clock.now += 299
    assert "bytes" in engine.fields(asked("").window, Watch())
    aws.clock.now += 2
    aws.table("start:bigint")
    assert engine.fields(asked("").window, Watch()) == {"start"}


def test_results_go_where_the_source_says(aws: Aws) -> None:
    place = Place("eu-central-1", "logs", "flows", "ops", output="s3://example-results/here/")
    aws.table()
    aws.start(ResultConfiguration={"OutputLocation": "s3://example-results/here/"})
    aws.state("SUCCEEDED")
    aws.rows(("c0",))
    assert aws.engine(place).run(asked("stats count(*)"), aws.watch()).rows == ()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("stats max(hexToDec(srcAddr)) as p", NotSupported),
        ("filtr x", BadQuery),
        ("fields nope(", BadQuery),
    ],
)
def test_what_cannot_run_is_not_started(aws: Aws, text: str, error: type[FlowsError]) -> None:
    if error is NotSupported:
        aws.table()
    with pytest.raises(error):
        aws.engine().run(asked(text), aws.watch())


# Trouble on the way


def test_a_start_that_is_throttled_is_made_again_with_the_same_token(aws: Aws) -> None:
    aws.table()
    aws.error("start_query_execution", "TooManyRequestsException")
    aws.error("start_query_execution", "InternalServerException", status=500)
    aws.start()
    aws.state("SUCCEEDED")
    aws.rows(("c0",), ("7",))
    watch = aws.watch()
    result = aws.engine().run(asked("stats count(*) as n"), watch)
    assert dict(result.rows[0]) == {"n": "7"}
    assert watch.waits[:2] == [0.5, 1.0]


def test_a_start_that_stays_throttled_is_told(aws: Aws) -> None:
    aws.table()
    for _ in range(5):
        aws.error("start_query_execution", "TooManyRequestsException")
    with pytest.raises(Throttled, match="takes no more athena:StartQueryExecution"):
        aws.engine().run(asked("stats count(*)"), aws.watch())


def test_a_look_that_fails_for_good_stops_the_query(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.error("get_query_execution", "AccessDeniedException")
    aws.stop()
    with pytest.raises(FlowsError, match="athena:GetQueryExecution is not allowed"):
        aws.engine().run(asked("stats count(*)"), aws.watch())


def test_a_stop_that_fails_is_said(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.error("get_query_execution", "AccessDeniedException")
    aws.error("stop_query_execution", "AccessDeniedException")
    with pytest.raises(FlowsError, match="may run on in AWS, and costs"):
        aws.engine().run(asked("stats count(*)"), aws.watch())


def test_cancelling_stops_the_query_in_aws(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("RUNNING")
    aws.stop()
    watch = aws.watch(lambda number: watch.stop() if number == 2 else None)
    with pytest.raises(Cancelled):
        aws.engine().run(asked("stats count(*)"), watch)


def test_a_query_that_takes_too_long_is_stopped(aws: Aws) -> None:
    aws.table()
    aws.start()
    for _ in range(4):
        aws.state("RUNNING")
    aws.stop()
    with pytest.raises(TimedOut, match="longer than 2 s and was stopped"):
        aws.engine(timeout=2.0).run(asked("stats count(*)"), aws.watch())


def test_closing_stops_what_runs_and_refuses_what_comes(aws: Aws) -> None:
    closed: list[bool] = []
    engine = aws.engine(on_close=lambda: closed.append(True))
    aws.table()
    aws.start()
    aws.stop()
    watch = aws.watch(lambda _: engine.close())
    with pytest.raises(Cancelled):
        engine.run(asked("stats count(*)"), watch)
    assert closed == [True]
    with pytest.raises(Cancelled, match="closed"):
        engine.run(asked("stats count(*)"), aws.watch())


def test_a_stopped_watch_asks_nothing(aws: Aws) -> None:
    watch = Watch()
    watch.stop()
    with pytest.raises(Cancelled):
        aws.engine().run(asked("stats count(*)"), watch)


def test_no_more_run_at_once_than_allowed(aws: Aws) -> None:
    engine = aws.engine(at_once=1)
    running, go_on, order = threading.Event(), threading.Event(), []
    aws.table()
    for _ in range(2):
        aws.start()
        aws.state("SUCCEEDED")
        aws.rows(("c0",))

    def slowly(_: int) -> None:
        running.set()
        assert go_on.wait(10)
        order.append("first")

    first = threading.Thread(target=engine.run, args=(asked("stats count(*)"), aws.watch(slowly)))
    first.start()
    assert running.wait(10)
    waiting = aws.watch(lambda _: go_on.set() or first.join(10))  # type: ignore[func-returns-value]
    engine.run(asked("stats count(*)"), waiting)
    order.append("second")
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("price", "read", "said"),
    [
        (5.0, 1, "less than $0.0001 at $5 per TB"),
        (5000.0, 1, "about $0.0500 at $5000 per TB"),  # ten megabytes at least
        (6.5, 2e12, "about $13.0000 at $6.5 per TB"),
    ],
)
def test_money_is_told(aws: Aws, price: float, read: float, said: str) -> None:
    aws.table()
    aws.start()
    aws.state("SUCCEEDED", read=int(read))
    aws.rows(("c0",))
    notes = (
        aws.engine(price=replace(ATHENA, dollars=price))
        .run(asked("stats count(*)"), aws.watch())
        .notes
    )
    assert said in notes[-1]


def test_a_query_that_fails_is_told(aws: Aws) -> None:
    aws.table()
    aws.start()
    aws.state("FAILED", "GENERIC_INTERNAL_ERROR: something odd", ErrorCategory=1, Retryable=True)
    with pytest.raises(EngineError, match=r"something odd.*Try again") as caught:
        aws.engine().run(asked("stats count(*)"), aws.watch())
    assert caught.value.where == "eu-central-1"
