from __future__ import annotations

from typing import Any

import pytest

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.malformed import DefinedTwice, malformed
from bot.engines.cloudwatch.sent import Sent
from bot.model.errors import BadQuery, BadWindow

CALL = Call("logs:StartQuery", "eu-central-1", ("/vpc/flows",))
TEXT = "filter dstPort = 443\n| stats cuont(*) by srcAddr"
AT = TEXT.index("cuont")
PREFIX = 'parse @message "* *" as skip1, srcAddr\n| '


def compiled(start: object = None, end: object = None, message: str = "unexpected symbol") -> Any:
    where = {"startCharOffset": start, "endCharOffset": end}
    return {"message": message, "location": {k: v for k, v in where.items() if v is not None}}


def found(said: str, details: object, sent: Sent = Sent(TEXT)) -> BadQuery:  # noqa: B008
    error = malformed(said, details, CALL, sent)
    assert isinstance(error, BadQuery)
    return error


def test_the_structured_position_comes_first() -> None:
    error = found("at line 1 and position 2", compiled(AT, AT + 5))
    assert str(error) == "AWS cannot run this query: unexpected symbol (line 2, column 9)."
    assert error.caret().split("\n")[1] == "        ^^^^^"


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("unexpected symbol found cuont at line 2 and position 8", (AT, AT + 1)),
        (f"Unknown symbols found in or after stats: cuont ([{AT},{AT + 5}])", (AT, AT + 5)),
        ("unexpected symbol found at line 9 and position 80", (len(TEXT), len(TEXT) + 1)),
    ],
)
def test_a_message_may_name_the_position(said: str, span: tuple[int, int]) -> None:
    error = found(said, None)
    assert (error.start, error.end) == span
    assert "position" not in error.what
    assert "[" not in error.what


@pytest.mark.parametrize("details", [None, {}, compiled(), {"location": "here"}, "broken", []])
def test_without_a_position_none_is_made_up(details: object) -> None:
    error = found("mismatched input 'cuont' expecting {K_PARSE}", details)
    assert error.where is None
    assert "line" not in str(error)
    assert error.caret().startswith("filter dstPort = 443\n^^^^")


def test_without_any_words_it_is_still_said_whose_refusal_it_is() -> None:
    assert str(found("", None)) == "AWS cannot run this query: no reason is given."


def test_a_position_behind_a_parse_is_one_in_the_text_that_was_asked() -> None:
    sent = Sent(TEXT, 0, PREFIX)
    error = found("x", compiled(AT + len(PREFIX), AT + len(PREFIX) + 5), sent)
    assert error.text == TEXT
    assert TEXT[error.start : error.end] == "cuont"
    in_message = found("x at line 3 and position 8", None, sent)
    assert in_message.start == AT


def test_a_position_inside_the_parse_is_where_the_parse_was_put() -> None:
    sent = Sent("# why\n" + TEXT, 6, PREFIX)
    error = found("x", compiled(10, 14), sent)
    assert (error.start, error.end) == (6, 7)
    before = found("x", compiled(2, 5), sent)
    assert (before.start, before.end) == (2, 5)


@pytest.mark.parametrize(
    "said",
    [
        "Query's end date and time is either before the log groups creation time or exceeds the"
        " log groups log retention settings ([0,79])",
        "end date and time is before creation time",
    ],
)
def test_a_bad_window_is_no_syntax_error(said: str) -> None:
    for details in (None, compiled(0, 79, said)):
        error = malformed(said, details, CALL, Sent(TEXT))
        assert isinstance(error, BadWindow)
        assert error.hint is not None
        assert "later window" in error.hint
        assert "line" not in str(error)


def test_a_name_that_aws_has_already_is_told_apart() -> None:
    error = found("Ephemeral field is already defined: srcAddr ([3,9])", None)
    assert isinstance(error, DefinedTwice)
    assert error.name == "srcAddr"
