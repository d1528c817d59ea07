from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.ask.health import Health, notes
from bot.model.answer import Note, Question, Topic
from bot.model.query import Result, Row, Statistics
from bot.model.window import Window

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
DELIVERY = timedelta(minutes=10)
ROW = Row({"a": "1"})


def result(*rows: dict[str, str] | Row, truncated: bool = False) -> Result:
    return Result((), tuple(Row(dict(r)) for r in rows), Statistics(), truncated=truncated)


def question(end: datetime = NOW - timedelta(hours=1), hours: float = 1) -> Question:
    window = Window(end - timedelta(hours=hours), end)
    return Question("rejects", "rejects", window, ZoneInfo("Europe/Berlin"), NOW)


def told(
    health: Health, results: Sequence[Result] = (result(ROW),), asked: Question | None = None
) -> list[Note]:
    return list(notes(health, results, asked or question(), DELIVERY))


def good(flows: int = 1200, **other: int) -> Health:
    start = NOW - timedelta(hours=2)
    return Health(flows, first=start, last=start + timedelta(minutes=59), **other)


def test_health_is_read_by_status() -> None:
    first = int(NOW.timestamp() * 1000)
    health = Health.of(
        result(
            {"logStatus": "OK", "records": "10", "first": str(first), "last": str(first + 5000)},
            {"logStatus": "NODATA", "records": "3", "first": "1", "last": "2"},
            {"logStatus": "SKIPDATA", "records": "2", "first": "1", "last": "2"},
            # A format without log-status has records too.
            {"records": "5", "first": str(first - 1000), "last": str(first)},
        )
    )
    assert (health.flows, health.nodata, health.skipdata, health.records) == (15, 3, 2, 20)
    assert health.first == NOW - timedelta(seconds=1)
    assert health.last == NOW + timedelta(seconds=5)


def test_health_of_nothing() -> None:
    assert Health.of(result()) == Health()


def test_coverage_is_in_the_askers_zone() -> None:
    assert told(good()) == [
        Note(
            Topic.COVERAGE,
            "1\u2009200 flow records in the window, from 2026-11-20 14:00:00"
            " to 2026-11-20 14:59:00.",
        )
    ]


def test_nodata_is_told_and_skipdata_cautions() -> None:
    caution, coverage = told(good(nodata=4, skipdata=1))
    assert caution.topic is Topic.CAUTION
    assert caution.text.startswith("1 SKIPDATA record:")
    assert "lower bound" in caution.text
    assert "4 NODATA records" in coverage.text


def test_a_late_start_is_told() -> None:
    late = Health(5, first=NOW - timedelta(minutes=84), last=NOW - timedelta(minutes=61))
    (coverage,) = told(late)
    assert "none in its first 36 min" in coverage.text


def test_a_limit_that_cut_rows_cautions() -> None:
    caution, _ = told(good(), [result(ROW, ROW, truncated=True), result(ROW)])
    assert caution.topic is Topic.CAUTION
    assert "limit of 2 rows" in caution.text


def test_a_window_that_ends_now_may_still_fill_up() -> None:
    asked = question(end=NOW, hours=3)
    _, fresh = told(good(), asked=asked)
    assert fresh.topic is Topic.FRESHNESS
    assert "about 10 min" in fresh.text
    assert "2026-11-20 14:59:00" in fresh.text
    assert not [n for n in told(good(), asked=question()) if n.topic is Topic.FRESHNESS]


class TestAnEmptyAnswerExplainsItself:
    def test_nothing_matched(self) -> None:
        texts = [note.text for note in told(good(), [result(), result()])]
        assert texts[0] == "Nothing matched; the logs themselves are there."

    def test_nothing_logged(self) -> None:
        (coverage,) = told(Health(), [result()])
        assert coverage.text.startswith("Nothing is logged in this window: no flow log")

    def test_the_window_is_beside_the_records(self) -> None:
        hour = timedelta(hours=1)
        for first, last, words in (
            (NOW - hour, NOW, "older than the oldest record, which is of 2026-11-20 15:00:00"),
            (NOW - 5 * hour, NOW - 4 * hour, "newest record, which is of 2026-11-20 12:00:00"),
            (NOW - 4 * hour, NOW, "records from 2026-11-20 12:00:00 to 2026-11-20 16:00:00"),
        ):
            (coverage,) = told(Health(extent=(first, last)), [result()])
            assert words in coverage.text

    def test_newer_than_delivery(self) -> None:
        (coverage,) = told(Health(), [result()], question(end=NOW, hours=0.1))
        assert "newer than delivery" in coverage.text
        assert "10 min" in coverage.text

    def test_only_statuses_without_flows(self) -> None:
        texts = [note.text for note in told(Health(nodata=7), [result()])]
        assert "0 flow records in the window; 7 NODATA records" in texts[-1]
