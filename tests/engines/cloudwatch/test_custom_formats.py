"""Logs of custom formats: what is parsed, what ran, and what cannot be told apart."""

from __future__ import annotations

import pytest

from bot.engines.engine import Watch
from bot.model.errors import (
    BadQuery,
    NotSupported,
)

from .conftest import Aws, asked

TEXT = "stats count(*) as records by srcAddr"
CUSTOM = "${srcaddr} ${dstaddr} ${tcp-flags}"
PARSE = 'parse @message "* * *" as srcAddr, skip2, skip3\n| '


def test_a_custom_format_is_parsed_and_what_ran_is_in_the_result(aws: Aws) -> None:
    aws.flow_logs(CUSTOM)
    aws.found()
    aws.start(PARSE + TEXT)
    aws.results("Complete", {"srcAddr": "10.0.0.5", "skip2": "10.0.0.6", "records": "1"})
    engine = aws.engine()
    result = engine.run(asked(TEXT), aws.watch())
    assert result.text == PARSE + TEXT
    assert result.columns == ("srcAddr", "records")
    assert "editorString~'parse*20*40message*20*22*2a*20" in str(engine.link(asked(TEXT)))


def test_a_position_is_one_of_the_text_that_was_asked(aws: Aws) -> None:
    aws.flow_logs(CUSTOM)
    aws.found()
    text = "filter srcAddr = 1 | stats cuont(*)"
    at = text.index("cuont")
    where = {"startCharOffset": len(PARSE) + at, "endCharOffset": len(PARSE) + at + 5}
    aws.logs_error(
        "start_query",
        "MalformedQueryException",
        queryCompileError={"message": "unexpected symbol", "location": where},
    )
    with pytest.raises(BadQuery) as caught:
        aws.engine().run(asked(text), aws.watch())
    assert text[caught.value.start : caught.value.end] == "cuont"


def test_a_name_that_aws_has_after_all_is_not_parsed(aws: Aws) -> None:
    text = "filter tcpFlags = 2 | stats count(*) by srcAddr"
    aws.flow_logs(CUSTOM)
    aws.found()
    aws.logs_error(
        "start_query",
        "MalformedQueryException",
        "Ephemeral field is already defined: srcAddr ([24,31])",
    )
    ran = f'parse @message "* * *" as skip1, skip2, tcpFlags\n| {text}'
    aws.start(ran)
    aws.results("Complete")
    engine = aws.engine()
    assert engine.run(asked(text), aws.watch()).text == ran
    aws.start(ran)
    aws.results("Complete")
    assert engine.run(asked(text), aws.watch()).text == ran


def test_a_name_that_the_query_itself_defines_twice_is_its_own_mistake(aws: Aws) -> None:
    text = "fields srcAddr as a | fields dstAddr as a"
    aws.flow_logs(CUSTOM)
    aws.found("srcAddr", "dstAddr")
    aws.logs_error(
        "start_query", "MalformedQueryException", "Ephemeral field is already defined: a ([1,2])"
    )
    with pytest.raises(BadQuery, match="already defined"):
        aws.engine().run(asked(text), aws.watch())


def test_formats_that_cannot_be_told_apart_are_refused_before_aws_is_asked(aws: Aws) -> None:
    aws.flow_logs(CUSTOM, "${tcp-flags} ${srcaddr} ${dstaddr}")
    aws.found()
    engine = aws.engine()
    with pytest.raises(NotSupported, match="formats differ"):
        engine.run(asked(TEXT), aws.watch())
    assert "editorString~'stats*20count" in str(engine.link(asked(TEXT)))


def test_without_permission_to_look_the_query_runs_with_a_note(aws: Aws) -> None:
    aws.ec2_error("UnauthorizedOperation")
    aws.logs_error("get_log_group_fields", "AccessDeniedException")
    aws.start(TEXT)
    aws.results("Complete", {"srcAddr": "10.0.0.5"})
    result = aws.engine().run(asked(TEXT), aws.watch())
    assert "the default is assumed" in result.notes[0]
    assert len(result.rows) == 1


def test_fields_are_those_of_the_format(aws: Aws) -> None:
    aws.flow_logs(CUSTOM)
    aws.found()
    assert aws.engine().fields(asked(TEXT).window, Watch()) == {"srcAddr", "dstAddr", "tcpFlags"}
