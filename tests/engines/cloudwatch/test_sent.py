from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.cloudwatch.sent import Layout, Sent, with_parse
from bot.insights.parser import parse
from bot.insights.source_fields import source_fields
from bot.model.errors import NotSupported

LAYOUT: Layout = ("version", "srcAddr", "dstAddr", "bytes", "tcpFlags")


def sent(text: str, *layouts: Layout, **wanted: str) -> Sent:
    return with_parse(parse(text), layouts or (LAYOUT,), wanted)


def test_a_parse_of_the_whole_record_comes_first() -> None:
    found = sent("stats sum(bytes) by srcAddr", bytes="bytes", srcAddr="srcAddr")
    assert found.text == (
        'parse @message "* * * * *" as skip1, srcAddr, skip3, bytes, skip5\n'
        "| stats sum(bytes) by srcAddr"
    )
    assert found.hidden == {"skip1", "skip3", "skip5"}
    assert found.defined == {"bytes", "srcAddr"}


@pytest.mark.parametrize("before", ["# who talks?\n", "| ", "\n  "])
def test_comments_and_a_leading_pipe_stay_in_front(before: str) -> None:
    found = sent(before + "filter tcpFlags = 2", tcpFlags="tcpFlags")
    assert found.text.startswith(before + 'parse @message "')
    assert found.text.endswith("tcpFlags\n| filter tcpFlags = 2")
    assert parse(found.text)


def test_names_nobody_asked_for_stay_out_of_the_way_of_the_query() -> None:
    found = sent("filter bytes > 1 | fields 1 as skip1, 2 as skip_", bytes="bytes")
    assert "as skip__1, skip__2, skip__3, bytes, skip__5\n" in found.text


def test_another_name_of_the_same_field_is_defined_as_it_was_written() -> None:
    found = sent("filter startTime > 5", ("start", "end"), startTime="start")
    assert found.text == 'parse @message "* *" as startTime, skip2\n| filter startTime > 5'


def test_two_names_of_one_field_are_refused_as_one_star_has_one_name() -> None:
    with pytest.raises(NotSupported):
        sent("filter a > b", ("start", "end"), start="start", startTime="start")


@pytest.mark.parametrize(
    ("layouts", "stars"),
    [
        ([("a", "b", "c"), ("a", "b", "c", "d")], 3),  # the last takes the rest of the line
        ([("a", "b", "c"), ("x",)], 3),  # too short to match: its records lack b anyway
        ([("a", "b", "c"), ("y", "b", "z")], 3),
    ],
)
def test_layouts_that_agree_on_what_is_needed_share_a_pattern(
    layouts: list[Layout], stars: int
) -> None:
    found = sent("filter b = 1", *layouts, b="b")
    pattern, aliases = re.findall(r'parse @message "(.*)" as (.*)\n', found.text)[0]
    assert pattern == " ".join("*" * stars)
    assert aliases.split(", ")[1] == "b"


@pytest.mark.parametrize(
    "layouts",
    [
        [("a", "b"), ("b", "a")],  # in different places
        [("a", "b"), ("a", "b", "c")],  # the rest of the line would go to b, or nothing match
        [("a", "b"), ("c", "d")],  # b would be read where d stands
        [("a", "b"), ("c", "d", "e")],
        [("a", "b", "c"), ("a", "x", "c")],
    ],
)
def test_what_no_single_pattern_can_read_is_refused(layouts: list[Layout]) -> None:
    with pytest.raises(NotSupported, match=r"formats differ.*one log group at a time"):
        sent("filter b = 1 and a = 2", *layouts, a="a", b="b")


def glob(text: str, line: str) -> dict[str, str]:
    """What a `parse` finds in a line: every star as little as can be, the last one the rest."""
    pattern, aliases = re.findall(r'parse @message "(.*)" as (.*)\n', text)[0]
    match = re.search(pattern.replace("*", "(.*?)") + "$", line)
    return dict(zip(aliases.split(", "), match.groups(), strict=True)) if match else {}


names = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6, unique=True).map(tuple)


@given(st.lists(names, min_size=1, max_size=3), st.sets(st.sampled_from("abcdefgh"), min_size=1))
def test_a_parse_reads_the_right_value_out_of_every_layout_or_is_refused(
    layouts: list[Layout], wanted: set[str]
) -> None:
    held = {name for layout in layouts for name in layout} & wanted
    if not held:
        return
    text = f"filter {' or '.join(f'{name} = 1' for name in sorted(held))}"
    try:
        found = with_parse(parse(text), layouts, {name: name for name in held})
    except NotSupported:
        assert len(set(layouts)) > 1
        return
    for layout in layouts:
        values = glob(found.text, " ".join(f"value-of-{name}" for name in layout))
        for name in held:
            expected = f"value-of-{name}" if name in layout else None
            assert values.get(name) == expected
    assert source_fields(parse(found.text)) == {"@message"}


@given(st.integers(0, 20), st.text(max_size=8), st.integers(0, 40), st.integers(0, 10))
def test_every_position_maps_into_the_text(at: int, added: str, start: int, length: int) -> None:
    asked = "filter bytes > 1 | limit 5"
    one = Sent(asked, at, added)
    first, end = one.span(start, start + length)
    assert 0 <= first <= len(asked)
    assert first < end
    if start + length <= len(one.text) and not (start < at + len(added) and start + length > at):
        assert one.text[start : start + length] == asked[first : first + length]
