"""Blocks as they were recorded and read, held against the rules and against Slack's own SDK."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.slack import limits
from bot.slack.blocks.answer import answer_blocks, notification, pack
from bot.slack.blocks.home import home_blocks
from bot.slack.blocks.table import WIDEST, table_block, table_text
from bot.slack.blocks.text import code, cut, cut_escaped, escape
from bot.slack.request import Request
from tests.slack import answers, recording, strict
from tests.slack.conftest import SHELF

ANYBODY = Request("id", "line", "U1", "C1", None, 0.0)


@pytest.mark.parametrize("name", recording.CASES)
def test_blocks_are_as_recorded(name: str) -> None:
    recorded = (recording.FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert recording.text(recording.CASES[name]()) == recorded


def test_nothing_is_recorded_that_is_not_tested() -> None:
    assert {path.stem for path in recording.FOLDER.glob("*.json")} == set(recording.CASES)


@pytest.mark.parametrize("name", recording.CASES)
def test_blocks_keep_the_rules(name: str) -> None:
    strict.check(recording.CASES[name](), 100 if name == "home" else 50)


@pytest.mark.parametrize("name", recording.CASES)
def test_the_sdk_finds_nothing_wrong_with_them(name: str) -> None:
    for block in recording.CASES[name]():
        parsed = Block.parse(dict(block))
        assert parsed is not None, block["type"]
        parsed.validate_json()


def test_an_answer_that_is_too_large_keeps_every_limit_and_its_end() -> None:
    blocks = answer_blocks(answers.large(), ANYBODY, "/flows")
    strict.check(blocks)
    assert len(blocks) == limits.BLOCKS
    assert blocks[-1]["type"] == "actions"
    assert blocks[0]["text"]["text"].startswith("*A headline that goes on")  # a header would cut


def test_a_line_that_is_too_long_gets_no_button_that_would_ask_another() -> None:
    [actions] = [
        b for b in answer_blocks(answers.large(), ANYBODY, "/flows") if b["type"] == "actions"
    ]
    assert "again" not in [b["action_id"] for b in actions["elements"]]
    assert all(len(b.get("value", "")) < 2000 for b in actions["elements"])


def test_a_line_that_a_menu_would_cut_is_not_in_it() -> None:
    lines = ("why 10.0.1.1 10.0.2.9 1h", "why 10.0.1.2 10.0.2.9 " + "x" * 150)
    answer = replace(answers.rejected(), why=lines)
    found = {e["action_id"]: e for e in strict.elements(answer_blocks(answer, ANYBODY, "/flows"))}
    assert found["why"]["value"] == lines[0]


def test_an_address_that_is_too_long_gets_no_button() -> None:
    [actions] = [
        b for b in answer_blocks(answers.large(), ANYBODY, "/flows") if b["type"] == "actions"
    ]
    assert [b["url"] for b in actions["elements"] if "url" in b] == [
        answers.LINK,
        answers.LINK + "x" * 1500,
    ]


def test_cautions_come_before_the_figures() -> None:
    blocks = answer_blocks(answers.full(), ANYBODY, "/flows")
    kinds = [block["type"] for block in blocks]
    [caution] = [n for n, b in enumerate(blocks) if ":warning:" in strict.words([b])]
    assert caution < kinds.index("table")


def test_the_table_block_leaves_details_out_and_aligns_numbers() -> None:
    _, block = table_block(answers.clients_table(), answers.question())
    assert [cell["text"] for cell in block["rows"][0]] == [
        "Client", "Bytes", "Flows", "Share", "Last seen",
    ]  # fmt: skip
    assert [s["align"] for s in block["column_settings"]] == [
        "left", "right", "right", "right", "left",
    ]  # fmt: skip
    assert [cell["text"] for cell in block["rows"][1]] == [
        "10.0.1.0", "1.23 MB", "12\u2009000", "50 %", "15:30:00",
    ]  # fmt: skip


def test_times_keep_their_date_where_the_window_is_longer_than_a_day() -> None:
    longer = Window(answers.NOW - timedelta(days=2), answers.NOW)
    _, block = table_block(answers.clients_table(), replace(answers.question(), window=longer))
    assert block["rows"][1][-1]["text"] == "2026-11-20 15:30:00"


def test_a_table_of_details_only_is_shown_whole() -> None:
    table = Table("t", (Column("a", "A", detail=True),), (("x",),))
    _, block = table_block(table, answers.question())
    assert block["rows"] == [
        [{"type": "raw_text", "text": "A"}],
        [{"type": "raw_text", "text": "x"}],
    ]


def test_a_long_finding_is_bold_unless_a_sign_in_it_would_format() -> None:
    bold = replace(answers.full(), headline="a < b " * 40)
    assert answer_blocks(bold, ANYBODY, "/flows")[0]["text"]["text"].startswith("*a &lt; b a")
    literal = replace(answers.full(), headline="a *b* " * 40)
    assert answer_blocks(literal, ANYBODY, "/flows")[0]["text"]["type"] == "plain_text"


def test_help_has_no_window_and_is_not_asked_again() -> None:
    words = strict.words(answer_blocks(answers.helped(), ANYBODY, "/flows"))
    assert "CET" not in words + notification(answers.helped())
    assert "Ask again" not in words


def test_text_tables_line_up() -> None:
    table = Table(
        "t",
        (Column("a", "Address"), Column("n", "N", Kind.COUNT)),
        (("10.0.0.1", 5), ("10.0.0.100", 12_345)),
    )
    _, box = table_text(table, answers.question())
    assert box["elements"][0]["elements"][0]["text"].split("\n") == [
        "Address          N",
        "10.0.0.1         5",
        "10.0.0.100  12 345",
    ]


@given(
    rows=st.integers(0, 150),
    columns=st.integers(1, 30),
    value=st.text(max_size=400),
    left_off=st.integers(0, 5),
)
def test_every_row_of_a_table_is_shown_or_counted(
    rows: int, columns: int, value: str, left_off: int
) -> None:
    table = Table(
        "t" + value,
        tuple(Column(f"c{n}", value or "c") for n in range(columns)),
        tuple((value,) * columns for _ in range(rows)),
        left_off,
    )
    blocks = table_block(table, answers.question())
    strict.check(blocks)
    strict.check(table_text(table, answers.question()))
    missing = rows + left_off - (len(blocks[1]["rows"]) - 1)
    assert (f"{missing} more row" in strict.words(blocks[2:])) == (missing > 0)


@given(st.text())
def test_escaped_text_can_do_nothing(value: str) -> None:
    strict.mrkdwn_is_safe(escape(value), "escape")
    strict.mrkdwn_is_safe(code(value), "code")


@given(st.text(alphabet="<>&ab", max_size=200), st.integers(5, 50))
def test_cut_text_is_short_and_whole(value: str, most: int) -> None:
    shown = cut_escaped(value, most)
    assert len(shown) <= most
    strict.mrkdwn_is_safe(shown, "cut")
    assert len(cut(value, most)) <= most
    if len(escape(value)) <= most:
        assert shown == escape(value)


@given(st.lists(st.text(alphabet="x", min_size=1, max_size=30)), st.integers(30, 60))
def test_packing_loses_no_line(lines: list[str], most: int) -> None:
    packed = pack(lines, most)
    assert all(len(text) <= most for text in packed)
    assert "\n".join(packed).split("\n") == (lines or [""])


def test_code_cannot_be_left_with_a_backtick() -> None:
    assert code("a `b` <c>") == "`a ˋbˋ &lt;c&gt;`"


def test_a_notification_is_one_safe_line() -> None:
    strict.mrkdwn_is_safe(notification(answers.hostile()), "notification")
    assert "\n" not in notification(answers.large())


def test_a_home_tab_of_many_commands_keeps_the_limit() -> None:
    strict.check(home_blocks(SHELF * 200, "/flows", "demo"), limits.HOME_BLOCKS)


def test_the_limits_are_no_larger_than_the_rules_written_apart() -> None:
    assert (limits.BLOCKS, limits.HOME_BLOCKS, limits.TABLE_ROWS) == (50, 100, 100)
    assert limits.PROGRESS_SECONDS >= 3


def test_fixed_width_text_never_gets_so_wide_that_it_breaks() -> None:
    columns = tuple(Column(f"c{n}", f"Column {n}") for n in range(12))
    table = Table("Wide", columns, (tuple("x" * 14 for _ in columns),))
    _, box, below = table_text(table, answers.question())
    lines = box["elements"][0]["elements"][0]["text"].splitlines()
    assert max(map(len, lines)) <= WIDEST
    assert len(lines[1].split()) == 5
    assert "7 more columns not shown" in str(below)
