from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.answer import Question
from bot.model.query import Row
from bot.model.window import Window
from bot.network.rejected import MOST, why_lines

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
QUESTION = Question(
    "rejects", "rejects 1h", Window.last(timedelta(hours=1), NOW), ZoneInfo("UTC"), NOW
)


def row(source: str, target: str, port: int, leg: str = "request") -> Row:
    return Row({"srcAddr": source, "dstAddr": target, "port": str(port), "leg": leg})


def test_a_reply_is_asked_about_from_the_side_that_asked() -> None:
    rows = [row("10.0.1.5", "10.0.2.9", 5432), row("10.0.2.9", "10.0.1.6", 5432, "reply")]
    assert why_lines(QUESTION, rows) == (
        "why 10.0.1.5 10.0.2.9 5432 1h",
        "why 10.0.1.6 10.0.2.9 5432 1h",
    )


def test_each_once_without_a_port_where_there_is_none_and_not_too_many() -> None:
    rows = [row("2001:db8::1", "2001:db8::2", 0)] * 2
    assert why_lines(QUESTION, rows) == ("why 2001:db8::1 2001:db8::2 1h",)
    many = [row("10.0.1.5", "10.0.2.9", port) for port in range(1, 100)]
    assert len(why_lines(QUESTION, many)) == MOST
