"""`dashboard`: the same figures as the questions it puts together."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars, Dashboard, Heatmap, Timeline
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.table import Kind
from bot.terminal.document import document
from bot.terminal.sketch import sketch
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, S3, known
from tests.commands.records import Record, flow

APP_A, APP_B, DB_A = "10.20.10.21", "10.20.11.21", "10.20.20.30"


def records() -> list[Record]:
    moved = [
        (APP_A, DB_A, 5432, 1_000),
        (APP_B, DB_A, 5432, 9_000),
        (APP_B, S3, 443, 5_000),
        (APP_A, "198.51.100.7", 443, 300),
        (APP_A, APP_B, 8080, 700),
    ]
    found = [
        flow(f"{source}:40000", f"{target}:{port}", bytes=size, interface_id=INTERFACES[end])
        for source, target, port, size in moved
        for end in (source, target)
        if end in INTERFACES
    ]
    rejected = flow(f"{APP_B}:40000", f"{DB_A}:22", "REJECT", interface_id=INTERFACES[DB_A])
    return [*found, rejected]


def dashboard(answer: Answer) -> Dashboard:
    (chart,) = answer.charts
    assert isinstance(chart, Dashboard)
    return chart


def test_six_charts_that_say_what_their_own_questions_say(ask: Ask) -> None:
    answer = ask("dashboard 1h", *records(), network=known())
    chart = dashboard(answer)
    assert chart.title == "Network shop  ·  2026-11-20 14:00–15:00 UTC (1 h)"
    kinds = [type(one) for one in chart.charts]
    assert kinds == [Timeline, Timeline, Bars, Heatmap, Bars, Bars]
    (table,) = answer.tables
    for line, headline in table.rows:
        alone = ask(f"{line} 1h", network=known())
        assert alone.headline == headline
    for line in [f"{row[0]} 1h" for row in table.rows[:2]]:
        assert ask(line, network=known()).charts[0].title in [one.title for one in chart.charts]


def test_the_sums_are_those_of_the_flows_each_once(ask: Ask) -> None:
    chart = dashboard(ask("dashboard 1h", *records(), network=known()))
    traffic, rejects, _, matrix, services, _ = chart.charts
    assert isinstance(traffic, Timeline)
    assert isinstance(rejects, Timeline)
    assert isinstance(matrix, Heatmap)
    assert isinstance(services, Bars)
    bytes_ = [p for p in traffic.panels if p.kind is Kind.BYTES]
    assert sum(v or 0 for s in bytes_[0].series for v in s.values) == pytest.approx(16_000)
    assert sum(v or 0 for p in rejects.panels for s in p.series for v in s.values) == 1
    assert sum(v or 0 for row in matrix.values for v in row) == 10_700
    assert sum(v or 0 for s in services.series for v in s.values) == 5_000


def test_no_text_is_asked_twice(ask: Ask) -> None:
    answer = ask("dashboard 1h", *records(), network=known())
    texts = [run.text for run in answer.queries[:-1]]  # the last is about the logs themselves
    assert len(texts) == len(set(texts))


def test_without_an_inventory_what_can_be_drawn_is(ask: Ask) -> None:
    answer = ask("dashboard 1h", *records())
    charts = dashboard(answer).charts
    assert len(charts) == 6
    assert not any(isinstance(one, Heatmap) for one in charts)
    assert dashboard(answer).title.startswith("The network  ·  ")
    assert any("flows inventory --save FILE" in note.text for note in answer.notes)


def test_names_stand_for_addresses_in_every_chart(ask: Ask) -> None:
    chart = dashboard(ask("dashboard 1h", *records(), network=known()))
    labels = [label for one in chart.charts if isinstance(one, Bars) for label in one.labels]
    assert any(label.startswith("db-a1") for label in labels)
    assert DB_A not in labels


def test_nothing_recorded(ask: Ask) -> None:
    answer = ask("dashboard 1h", flow(f"{APP_A}:1", f"{APP_B}:2", at=-600))
    assert answer.headline == "Nothing was recorded in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("dashboard 24h",))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("dashboard", *records(), fields=fields)


def test_hostile_records_are_drawn_as_text(ask: Ask) -> None:
    odd = flow(f"{APP_A}:1", f"{APP_B}:2") | {"srcaddr": "<!here>'\"|"}
    assert dashboard(ask("dashboard 1h", odd, network=known())).charts


def test_as_json_and_in_a_terminal_every_chart_is_told(ask: Ask) -> None:
    answer = ask("dashboard 1h", *records(), network=known())
    (told,) = document(answer, {})["charts"]
    assert told["kind"] == "dashboard"
    assert [one["title"] for one in told["charts"]] == [
        one.title for one in dashboard(answer).charts
    ]
    lines = [line.plain for line in sketch(dashboard(answer), ZoneInfo("UTC"), 100)]
    assert all(one.title in lines for one in dashboard(answer).charts)
