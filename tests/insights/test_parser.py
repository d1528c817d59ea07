from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.insights import nodes
from bot.insights.nodes import walk
from bot.insights.parser import DEEPEST_NESTING, LONGEST_QUERY, MOST_OPERANDS, parse
from bot.insights.source_fields import source_fields
from bot.model.errors import BadQuery

PIECES = [
    "fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup", "unnest", "accum",
    "fillmissing", "with", "for", "addtotals", "row=true", "outlier", "param=1", "sessionize",
    "maxspan", "by", "as", "like", "not", "in", "and", "or", "asc", "desc", "count(*)", "sum(",
    "bin(5m)", "srcAddr", "`a b`", "@message", "x.y[1]", "443", "1.5", "5m", '"text"', "'text'",
    "/(?<a>x)/", "/a/", "*", "+", "-", "/", "^", "%", "=", "!=", "<", "=~", "!", "(", ")", "[", "]",
    ",", "|", "# comment\n", "\n", "'", '"', "`", "\\", "\x00", "é", "SOURCE", "xml", "csv",
]  # fmt: skip


def test_every_node_says_where_it_stands() -> None:
    text = 'filter srcAddr = "10.0.0.1" and (bytes > 5)\n| stats sum(bytes) / 8 as b by bin(5m)'
    pipeline = parse(text)
    found = {
        type(node).__name__: pipeline.source(node)
        for command in pipeline.commands
        for node, _ in walk(command)
    }
    assert found["Filter"] == 'filter srcAddr = "10.0.0.1" and (bytes > 5)'
    assert found["Text"] == '"10.0.0.1"'
    assert found["Comparison"] == "(bytes > 5)"
    assert found["Arithmetic"] == "sum(bytes) / 8"
    assert found["Period"] == "5m"


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "filter dstPort = 443 | stats sum(bytes) as b by srcAddr | sort b desc",
            "dstPort bytes srcAddr",
        ),
        ("parse @message '* *' as a, b | stats count(*) by a", "@message"),
        ("parse '* *' as a, b | filter a = b", "@message"),
        ("parse srcAddr /(?<net>.)/ | fields net, strlen(net) as n | sort n", "srcAddr"),
        ("stats count(*) by bin(5m)", "@timestamp"),
        ("stats max(bytes) as x, min(bytes) as y, x - y as z", "bytes"),
        ("fields jsonParse(@message) as j | filter j.a.b = 1", "@message"),
        ("stats count(*) as n by srcAddr | filter dstAddr = 'gone'", "srcAddr"),
        ("dedup srcAddr, `dst-Addr`", "srcAddr dst-Addr"),
        ("outlier param=2 bytes | addtotals packets, bytes", "bytes packets"),
        ("display tcpFlags as f, if(isPresent(start), end, 0)", "tcpFlags start end"),
    ],
)
def test_fields_that_a_query_reads(text: str, fields: str) -> None:
    assert source_fields(parse(text)) == frozenset(fields.split())


def test_too_long_a_query_is_refused() -> None:
    parse("filter a = 1" + " " * (LONGEST_QUERY - 12))
    with pytest.raises(BadQuery, match="10,001 characters"):
        parse("filter a = 1" + " " * (LONGEST_QUERY - 11))


@pytest.mark.parametrize(
    "text",
    [
        "filter " + "not " * 2400 + "a",
        "filter " + "floor(" * 1400 + "a" + ")" * 1400,
        "filter x = " + "-" * 9900 + "1",
        "filter x in " + "[" * 4000 + "]" * 4000,
        "filter x = " + "2^" * 4900 + "2",
    ],
)
def test_deep_nesting_is_refused_not_suffered(text: str) -> None:
    with pytest.raises(BadQuery, match=f"nested more than {DEEPEST_NESTING}"):
        parse(text)


def test_a_long_chain_is_refused() -> None:
    parse("fields " + "+".join("1" * MOST_OPERANDS) + " as x")
    with pytest.raises(BadQuery, match=f"more than {MOST_OPERANDS} operands"):
        parse("fields " + "+".join("1" * (MOST_OPERANDS + 1)) + " as x")


def test_parentheses_alone_are_no_nesting() -> None:
    (command,) = parse("filter " + "(" * 4000 + "a" + ")" * 4000).commands
    assert isinstance(command, nodes.Filter)
    assert isinstance(command.condition, nodes.Name)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("filtre a = 1", "Did you mean filter?"),
        ("limit x", "Expected a number, any."),
        ("filter a = ", "A field, a value or a function belongs here."),
        ("parse a /x/ multy", "Expected multi, the end, |."),
    ],
)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(BadQuery) as caught:
        parse(text)
    assert caught.value.hint == hint
    assert "\n" not in str(caught.value)
    assert caught.value.caret().count("\n") == 1


@pytest.mark.parametrize(
    ("text", "culprit", "what"),
    [
        ("filtre dstPort = 1", "filtre", "there is no command “filtre”"),
        ("fields a |", "", "a command is missing here"),
        ("filter dstPort = 443 and", "", "the query ends too early"),
        ("filter (dstPort = 443 | limit 1", "|", "unexpected “|”"),
        ("fields abs(srcPort, | limit 1", "|", "unexpected “|”"),
        ("filter a = 1 or b # c\n  between 3", "between", "unexpected “between”"),
        ("stats sum(bytes by srcAddr", "by", "unexpected “by”"),
        ("sort bytes descending", "descending", "unexpected “descending”"),
        ("filter dstPort in 443", "443", "unexpected “443”"),
        ("fields 'never closed | limit 1", "'", "this quote is never closed"),
        ("fields `never closed | limit 1", "`", "this backtick is never closed"),
        ("parse a /never closed", "/", "this regular expression is never closed"),
        ("filter a like /x(?=y)/", "(?=", "the regular expression is refused: look-around"),
        ("filter a like /ab(c/", "a", "the regular expression is refused: missing )"),
        ("fields a\u00a7b", "§", "unexpected “§”"),
        ("fields 12345678901234567890123456789012345678901", "1234567890", "a number has at most"),
        ("pattern @message", "pattern", "pattern does not run here: AWS's clustering"),
        ("filter a in (SOURCE 'x' | fields a)", "(", "a subquery does not run here"),
    ],
)
def test_a_refusal_says_what_and_where(text: str, culprit: str, what: str) -> None:
    error = refusal(text)
    assert error is not None
    assert error.what.startswith(what)
    assert text[error.start : error.end].startswith(culprit)
    assert error.start < error.end <= len(text) + 1
    line = text[: error.start].count("\n") + 1
    assert error.where is not None
    assert error.where.startswith(f"line {line}, column ")


@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_a_text_that_no_database_takes_is_refused(character: str) -> None:
    with pytest.raises(BadQuery, match="character U"):
        parse(f'filter a = "{character}"')


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
@example("fields 9999999999999999999999999999999999999999 as x")
@example("stats count(*) by bin(99999999999999999999999999999m)")
@example("autoregress a p=99999999999999999999")
def test_any_text_is_parsed_or_refused(text: str) -> None:
    begun = time.monotonic()
    error = refusal(text)
    assert time.monotonic() - begun < 60, "a hang, not a slow machine"
    if error is not None:
        assert "\n" not in str(error)
        assert 0 <= error.start < error.end


def refusal(text: str) -> BadQuery | None:
    """Why a text is refused; anything but BadQuery is a crash."""
    try:
        parse(text)
    except BadQuery as error:
        return error
    return None
