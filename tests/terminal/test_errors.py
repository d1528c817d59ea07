from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

import pytest

from bot.model.errors import BadLine, BadQuery, FlowsError, NotSupported
from bot.terminal.errors import document, tell

QUERY = "fields @timestamp\n| stats cout(*) by srcAddr"
BAD = BadQuery("there is no function cout", text=QUERY, start=26, end=30, hint="Try count(*).")


class Screen(StringIO):
    def isatty(self) -> bool:
        return True


def told(error: FlowsError, stream: StringIO) -> list[str]:
    tell(error, stream)
    return stream.getvalue().splitlines()


def test_an_error_is_one_line_that_says_what_where_and_what_to_try() -> None:
    error = BadLine("there is no command rejets", where="word 1", hint="Did you mean rejects?")
    expected = "flows: there is no command rejets (word 1). Did you mean rejects?"
    assert told(error, StringIO()) == [expected]
    assert told(error, Screen()) == [expected]


def test_somebody_who_looks_sees_where_the_query_is_wrong() -> None:
    assert told(BAD, Screen()) == [
        "flows: there is no function cout (line 2, column 9). Try count(*).",
        "  | stats cout(*) by srcAddr",
        "          ^^^^",
    ]


def test_a_pipe_gets_the_one_line_only() -> None:
    assert len(told(BAD, StringIO())) == 1


@pytest.mark.parametrize("place", [0, 500, 5000, 9998])
def test_a_long_query_is_shown_around_its_fault(place: int) -> None:
    text = "a" * place + "!!" + "b" * (9998 - place)
    error = NotSupported("no", text=text, start=place, end=place + 2)
    _, line, below = told(error, Screen())
    assert len(line) < 140
    at = below.index("^")
    assert line[at : at + 2] == "!!"
    assert below.count("^") == 2


def test_nothing_in_an_error_is_obeyed() -> None:
    text = "x\x1b[2J\u202ey ?"
    error = BadQuery("bad \x1b[31mname\r\nsecond line", text=text, start=8, end=9)
    shown = told(error, Screen())
    assert len(shown) == 3
    assert not {"\x1b", "\r", "\u202e"} & set("".join(shown))
    assert shown[0].startswith("flows: bad name second line")
    assert shown[1][shown[2].index("^")] == "?"


def test_an_endless_name_is_cut() -> None:
    (line,) = told(FlowsError("x" * 3_000_000), StringIO())
    assert len(line) < 2100


def test_a_stream_without_unicode_takes_it_too() -> None:
    raw = BytesIO()
    stream = TextIOWrapper(raw, encoding="ascii")
    tell(FlowsError("there is no “naïve” \udcff"), stream)
    stream.flush()
    assert raw.getvalue() == b"flows: there is no ?na?ve? .\n"


def test_programs_get_the_same_line() -> None:
    assert document(BAD) == {"error": "there is no function cout (line 2, column 9). Try count(*)."}
