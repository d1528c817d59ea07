from __future__ import annotations

from ipaddress import IPv4Address

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.engines.local import columns
from bot.engines.local.formats import DEFAULT, BadRecord, Format, canonical, values
from tests.engines.local.flowfiles import RECORDS

ODD = st.sampled_from(
    [
        "007",
        "0x1F",
        "0X1f",
        "+5",
        "-5",
        "5.0",
        "",
        "\t5",
        "5\t",
        "1e3",
        "null",
        "NaN",
        "--",
        '"',
        "٤",
    ]
)
NUMBER = st.integers(0, 10**12).map(str) | st.just("-")
TIME = st.integers(0, 10**11 - 1).map(str)
WORD = st.text("aé.:-\"'x0", min_size=1, max_size=6)


@st.composite
def lines(draw: st.DrawFn) -> str:
    words = [
        draw(TIME if name in ("start", "end") else NUMBER if name in DEFAULT.numbers else WORD)
        for name in DEFAULT.names
    ]
    if draw(st.integers(0, 3)) == 0:
        words[draw(st.integers(0, len(words) - 1))] = draw(ODD)
    if draw(st.integers(0, 20)) == 0:
        words.append("more")
    return draw(st.sampled_from([" ", " ", " ", " ", " ", "  "])).join(words)


@settings(max_examples=400, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=5))
@example([RECORDS[0], RECORDS[9]])
def test_what_is_read_at_once_is_what_careful_reading_gives(texts: list[str]) -> None:
    text = "".join(f"{line}\n" for line in texts).encode()
    table = columns.parsed(text, DEFAULT)
    if table is None:
        return
    rows = [list(row.values()) for row in table.to_pylist()]
    assert rows == [values(line, DEFAULT) for line in texts]
    assert [canonical(row) for row in rows] == texts
    assert columns.length(table) == len(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=5))
def test_what_is_normal_is_read_at_once(texts: list[str]) -> None:
    try:
        normal = all(canonical(values(line, DEFAULT)) == line for line in texts)
    except BadRecord:
        normal = False
    text = "".join(f"{line}\n" for line in texts).encode()
    if normal and b"0x" not in text.lower():
        assert columns.parsed(text, DEFAULT) is not None


def test_numbers_that_would_hide_each_other_are_caught() -> None:
    """Hexadecimal is read as a number by Arrow and may come out longer, a leading zero shorter."""
    longer = RECORDS[0].replace(" 443 ", " 0xFFFFFFFFFFFF ")
    shorter = RECORDS[1].replace(" 443 ", " 0443 ")
    assert columns.parsed(f"{longer}\n{shorter}\n".encode(), DEFAULT) is None


def test_dated_lines_need_their_date() -> None:
    good = f"2025-11-20T14:00:00.000Z {RECORDS[0]}\n".encode()
    assert columns.parsed(good, DEFAULT, dated=True) is not None
    assert columns.parsed(good.replace(b"T", b"t", 1), DEFAULT, dated=True) is None
    assert columns.parsed(good, DEFAULT) is None


def test_a_version_that_must_be_is_checked() -> None:
    text = f"{RECORDS[0]}\n3{RECORDS[1][1:]}\n".encode()
    assert columns.parsed(text, DEFAULT) is not None
    assert columns.parsed(text, DEFAULT, version=2) is None


@given(st.lists(st.text("0123456789.:-", max_size=15) | st.ip_addresses().map(str)))
def test_addresses_have_numbers_as_the_standard_library_has_them(words: list[str]) -> None:
    numbers = columns.ipv4_numbers(pa.array(words, pa.string())).to_pylist()
    for word, number in zip(words, numbers, strict=True):
        try:
            assert number == int(IPv4Address(word))
        except ValueError:
            assert number is None


def test_a_format_without_numbers_is_never_read_at_once() -> None:
    assert columns.parsed(b"a b\n", Format.of(["srcaddr", "dstaddr"])) is None
