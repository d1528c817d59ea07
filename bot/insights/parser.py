"""Insights text into nodes."""

from __future__ import annotations

import re
from functools import cache
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedInput, VisitError

from bot.insights import nodes
from bot.insights.building import LONGEST_NUMBER, Builder
from bot.insights.complaints import complaint
from bot.insights.grammar import grammar
from bot.insights.nodes import Node, Pipeline
from bot.insights.regexes import BadRegex, compiled
from bot.model.errors import BadQuery

LONGEST_QUERY = 10_000  # characters; the limit of AWS's StartQuery
DEEPEST_NESTING = 40
MOST_OPERANDS = 200  # of arithmetic in a command; DuckDB bounds how deep expressions may be


def parse(text: str) -> Pipeline:
    """The tree of a query. Raises BadQuery, or NotSupported for a command that does not run here.

    What needs to know the records (field names, functions' arguments) is left to `sql.translate`.
    """
    if len(text) > LONGEST_QUERY:
        raise BadQuery(
            f"the query has {len(text):,} characters; {LONGEST_QUERY:,} are allowed",
            text=text,
            start=LONGEST_QUERY,
            end=len(text),
        )
    if impossible := re.search("[\0\ud800-\udfff]", text):
        start, code = impossible.start(), ord(impossible[0])
        raise BadQuery(f"unexpected character U+{code:04X}", text=text, start=start, end=start + 1)
    try:
        commands = Builder(text).transform(_grammar().parse(text))
    except UnexpectedInput as error:
        raise complaint(error, text) from None
    except VisitError as error:
        raise error.orig_exc from None
    pipeline = Pipeline(text, tuple(cast(list[nodes.Command], commands)))
    for command in pipeline.commands:
        _bound(command, text)
    return pipeline


@cache
def _grammar() -> Lark:
    # Kept because loading takes long; it is a constant, and parsing does not change it.
    return grammar()


def _bound(command: Node, text: str) -> None:
    """Refuse what would exhaust the stack later, and what is wrong wherever it stands."""
    operands = 0
    for node, depth in nodes.walk(command):
        operands += len(node.operands) if isinstance(node, nodes.Arithmetic) else 0
        what = _unbearable(node, depth, operands)
        if what is not None:
            raise BadQuery(what, text=text, start=node.start, end=node.end)
        if isinstance(node, nodes.Regex):
            _check_regex(node, text)


def _unbearable(node: Node, depth: int, operands: int) -> str | None:
    if depth > DEEPEST_NESTING:
        return f"this is nested more than {DEEPEST_NESTING} levels deep"
    if operands > MOST_OPERANDS:
        return f"this command has more than {MOST_OPERANDS} operands of arithmetic"
    if isinstance(node, nodes.Number) and node.end - node.start > LONGEST_NUMBER:
        return f"a number has at most {LONGEST_NUMBER} digits"
    return None


def _check_regex(node: nodes.Regex, text: str) -> None:
    try:
        compiled(node.pattern)
    except BadRegex as error:
        start = node.start + 1 + error.offset
        raise BadQuery(
            f"the regular expression is refused: {error}",
            text=text,
            start=start,
            end=start + error.length,
            hint="RE2 syntax applies.",
        ) from None
