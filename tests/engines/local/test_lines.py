from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from bot.engines.local.decoding import Broken
from bot.engines.local.formats import LARGEST_LINE
from bot.engines.local.lines import RUN, TOO_LONG, Lost, Run, runs


def pieces(text: bytes, size: int) -> Iterator[bytes]:
    for place in range(0, len(text), size):
        yield text[place : place + size]


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b)), st.integers(1, 50))
def test_runs_are_the_text_again_with_the_lines_numbers(lines: list[bytes], size: int) -> None:
    text = b"\n".join([b"first", *lines])
    got = list(runs(pieces(text, size)))
    assert all(isinstance(run, Run) for run in got)
    assert b"".join(r.text for r in got if isinstance(r, Run)).rstrip(b"\n") == text.rstrip(b"\n")
    number = 1
    for run in got:
        assert isinstance(run, Run)
        assert run.number == number
        assert run.lines == run.text.count(b"\n")
        number += run.lines


def test_long_text_comes_in_runs_of_bounded_size() -> None:
    line = b"x" * 99 + b"\n"
    got = list(runs(pieces(line * 400_000, 1 << 20)))
    assert len(got) > 2
    assert max(len(run.text) for run in got if isinstance(run, Run)) <= RUN + (1 << 20)
    assert sum(run.text.count(b"\n") for run in got if isinstance(run, Run)) == 400_000


def test_a_line_without_end_is_dropped_and_the_rest_is_read() -> None:
    held = 0

    def endless() -> Iterator[bytes]:
        nonlocal held
        yield b"one\ntwo\n"
        for _ in range(300):
            yield b"y" * (1 << 20)
        yield b"end\nfour\n"

    got = list(runs(endless()))
    assert [(r.text, r.number) for r in got if isinstance(r, Run)] == [
        (b"one\ntwo\n", 1),
        (b"four\n", 4),
    ]
    assert [r for r in got if isinstance(r, Lost)] == [Lost(3, TOO_LONG)]
    assert LARGEST_LINE == 1 << 20


def test_where_the_bytes_break_off_the_last_line_is_lost() -> None:
    def broken() -> Iterator[bytes]:
        yield b"one\ntw"
        raise Broken("its gzip ends early")

    assert list(runs(broken())) == [
        Run(b"one\n", 1, 1),
        Lost(2, "the line breaks off"),
        Lost(0, "its gzip ends early", lines=0),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert list(runs([b"\xef\xbb\xbfone\n"])) == [Run(b"one\n", 1, 1)]
