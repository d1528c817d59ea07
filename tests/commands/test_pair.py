from __future__ import annotations

import pytest

from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

A, B = "10.0.1.10", "10.0.3.5"
ASKS = flow(f"{A}:40001", f"{B}:5432", at=1)
REFUSED = flow(f"{A}:40001", f"{B}:5432", "REJECT", at=1)
REPLIES = flow(f"{B}:5432", f"{A}:40001", at=1)
STOPPED = flow(f"{B}:5432", f"{A}:40001", "REJECT", at=1)
OTHER = flow(f"{A}:40001", "10.0.3.6:5432")


@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([ASKS, REPLIES], f"{A} reaches {B} and is answered."),
        (
            [ASKS, REPLIES, REFUSED],
            f"{A} reaches {B} and is answered, with 1 reject, the last at 2026-11-20 14:06:00.",
        ),
        ([REFUSED, REFUSED], f"{A} is rejected at {B} (2 records)."),
        ([ASKS], f"{A} is let through to {B}, but nothing came back."),
        ([ASKS, STOPPED], f"{A} reaches {B}, but the replies are rejected."),
        ([REPLIES], f"{B} replied to {A}, whose requests were not recorded."),
        ([OTHER], f"Nothing was recorded between {A} and {B}."),
        (
            [ASKS, REPLIES, flow(f"{B}:41000", f"{A}:22", "REJECT")],
            f"{A} reaches {B} and is answered; {B} is rejected at {A} (1 record).",
        ),
    ],
)
def test_verdicts(ask: Ask, records: list[Record], verdict: str) -> None:
    assert ask(f"pair {A} {B}", *records).headline == verdict


def test_each_interface_is_listed(ask: Ask) -> None:
    answer = ask(f"pair {A} {B}", ASKS, ASKS | {"interface-id": "eni-0b"}, REPLIES)
    (table,) = answer.tables
    assert {row[7] for row in table.rows} == {"eni-0a", "eni-0b"}
    assert {row[2:7] for row in table.rows} == {
        ("request", 5432, "tcp", "postgres", "ACCEPT"),
        ("reply", 5432, "tcp", "postgres", "ACCEPT"),
    }


def test_only_one_port(ask: Ask) -> None:
    web = flow(f"{A}:40001", f"{B}:443", "REJECT")
    answer = ask(f"pair {A} {B} postgres", ASKS, REPLIES, web)
    assert answer.headline == f"{A} reaches {B} and is answered on port 5432 (postgres)."


def test_a_panel_for_each_way(ask: Ask) -> None:
    (chart,) = ask(f"pair {A} {B}", ASKS, REFUSED, REPLIES).charts
    assert isinstance(chart, Timeline)
    there, back = chart.panels
    assert (there.title, back.title) == (f"{A} → {B}", f"{B} → {A}")
    assert [sum(v or 0 for v in s.values) for s in there.series] == [1, 1]
    assert [sum(v or 0 for v in s.values) for s in back.series] == [1, 0]


def test_ranges(ask: Ask) -> None:
    answer = ask("pair 10.0.1.0/24 10.0.3.0/24", ASKS, REPLIES, OTHER)
    assert answer.headline.startswith("10.0.1.0/24 reaches 10.0.3.0/24 and is answered")


def test_one_address_is_not_enough(ask: Ask) -> None:
    with pytest.raises(BadLine, match="pair needs OTHER"):
        ask(f"pair {A}", ASKS)


def test_a_log_without_actions(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "action"]
    with pytest.raises(MissingFields, match="action"):
        ask(f"pair {A} {B}", ASKS, fields=fields)


def test_why_is_asked_of_what_was_rejected_from_the_side_that_asked(ask: Ask) -> None:
    answer = ask(f"pair {B} {A}", ASKS, STOPPED)
    assert answer.why == (f"why {A} {B} 5432 1h",)
    assert ask(answer.why[0]).headline.startswith(f"{A} → {B} tcp 5432")
    assert ask(f"pair {A} {B}").why == answer.why
    assert ask(f"pair {A} 10.0.3.7").why == ()


@pytest.mark.parametrize("records", [[ASKS], [OTHER]])
def test_next_lines_can_be_asked(ask: Ask, records: list[Record]) -> None:
    answer = ask(f"pair {A} {B}", *records)
    assert len(answer.next) == 2
    for line in answer.next:
        assert ask(line).headline
