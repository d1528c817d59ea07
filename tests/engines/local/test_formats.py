from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.local.formats import (
    DEFAULT,
    TRANSIT_GATEWAY,
    BadRecord,
    Format,
    canonical,
    header,
    headerless,
    looks_custom,
    values,
)
from bot.model.fields import BY_NAME, FIELDS
from tests.engines.local.flowfiles import HEADER, RECORDS

WORDS = st.text("abc.:-_0123456789XYZé", min_size=1, max_size=12)
NUMBERS = st.integers(0, 2**63 - 1)


@pytest.mark.parametrize(
    "line",
    [
        HEADER,
        HEADER.replace("-", "_"),
        f" {HEADER}\r\n",
        "srcaddr",
        "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
        "version srcaddr next-hop-colour tag-of-tomorrow",
        " ".join(field.log for field in FIELDS),
    ],
)
def test_a_header_is_told_by_its_words(line: str) -> None:
    form = header(line)
    assert form is not None
    assert len(form.names) == len(line.split())


@pytest.mark.parametrize(
    "line",
    [
        *RECORDS[:10],
        "",
        "hello world",
        "- eni-0a000000000000001 192.0.2.5 192.0.2.6",
        "ingress eu-west-1",
        "The bytes start here and end",
        "version 2",
    ],
)
def test_what_is_no_header_is_not_taken_for_one(line: str) -> None:
    assert header(line) is None


def test_spellings_make_the_same_format() -> None:
    assert header(HEADER) == header(HEADER.replace("-", "_")) == DEFAULT


def test_a_name_that_comes_twice_makes_a_format_unusable() -> None:
    form = header("version srcaddr src-addr")
    assert form is not None
    assert not form.is_usable


def test_only_default_formats_are_known_without_a_header() -> None:
    assert headerless(RECORDS[0]) == DEFAULT
    assert headerless("3" + RECORDS[0][1:]) is None
    gateway = ["6", "TransitGateway", *(["-"] * 34)]
    assert headerless(" ".join(gateway)) == TRANSIT_GATEWAY
    assert headerless(" ".join(["6", *gateway[1:35]])) is None


def test_records_of_unknown_formats_are_told_from_prose() -> None:
    assert looks_custom("eni-0a000000000000001 192.0.2.1 192.0.2.2 443 ACCEPT")
    assert looks_custom("3 vpc-0123 subnet-0123 - 192.0.2.1 192.0.2.2")
    assert not looks_custom("See how to ACCEPT or REJECT traffic of eni-0a000000000000001 here")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (" OK", "", "13 fields"),
        (" OK", " OK x", "15 fields"),
        (" 443 ", " 44x ", "dstPort is '44x', not a number"),
        (" 443 ", " -443 ", "dstPort"),
        (" 443 ", " 4_4 ", "dstPort"),
        (" 443 ", " ٤ ", "dstPort"),
        (" 443 ", " 9223372036854775808 ", "dstPort"),
        ("1763647200", "-", "start is '-', not a time"),
        ("1763647259", "-", "end is '-', not a time"),
        ("1763647200", "176364720000000000", "start is '176364720000000000', too large"),
    ],
)
def test_bad_records_say_what_is_wrong(old: str, new: str, why: str) -> None:
    with pytest.raises(BadRecord, match=why):
        values(RECORDS[0].replace(old, new), DEFAULT)


def test_milliseconds_become_seconds() -> None:
    row = values(RECORDS[0].replace("1763647200", "1763647200123"), DEFAULT)
    assert row[10] == 1763647200


@given(st.lists(WORDS, min_size=14, max_size=14), st.lists(NUMBERS, min_size=8, max_size=8))
def test_a_line_is_split_as_plain_python_splits_it(words: list[str], numbers: list[int]) -> None:
    pool = iter(numbers)
    for place, name in enumerate(DEFAULT.names):
        if name in ("start", "end"):
            words[place] = str(next(pool) % 10**11)
        elif name in DEFAULT.numbers:
            number = next(pool)
            words[place] = "-" if number % 5 == 0 else str(number)
    line = " ".join(words)
    row = values(line, DEFAULT)
    for name, word, value in zip(DEFAULT.names, line.split(), row, strict=True):
        if name in DEFAULT.numbers:
            assert value == (None if word == "-" else int(word))
        else:
            assert value == word
    assert canonical(row) == line


def test_every_field_of_the_table_keeps_its_kind() -> None:
    form = Format.of(field.log for field in FIELDS)
    assert form.names == tuple(field.name for field in FIELDS)
    assert form.numbers == {name for name, field in BY_NAME.items() if field.number}
