"""Insights text into nodes."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TypeVar, cast

from lark import Lark, Token
from lark.exceptions import UnexpectedInput
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from bot.insights import nodes
from bot.insights.complaints import complaint
from bot.insights.nodes import Expression, Node, Pipeline
from bot.insights.regexes import BadRegex, compiled
from bot.model.errors import BadQuery

LONGEST_QUERY = 10_000  # characters; the limit of AWS's StartQuery
DEEPEST_NESTING = 40
LONGEST_CHAIN = 500  # operands of + - * / in a row; DuckDB stops at 1,000
_LONGEST_NUMBER = 38  # digits

T = TypeVar("T")


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
    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        raise complaint(error, text) from None
    pipeline = Pipeline(text, tuple(cast(list[nodes.Command], _Builder().transform(tree))))
    for command in pipeline.commands:
        _bound(command, text)
    return pipeline


@cache
def _grammar() -> Lark:
    # Kept because building takes 60 ms; it is a constant, and parsing does not change it.
    return Lark.open_from_package(
        "bot.insights",
        "grammar.lark",
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        keep_all_tokens=False,
        maybe_placeholders=False,
    )


def _bound(command: Node, text: str) -> None:
    """Refuse what would exhaust the stack later, and what is wrong wherever it stands."""
    for node, depth in nodes.walk(command):
        what = _unbearable(node, depth)
        if what:
            raise BadQuery(what, text=text, start=node.start, end=node.end)
        if isinstance(node, nodes.Regex):
            _check_regex(node, text)


def _unbearable(node: Node, depth: int) -> str | None:
    if depth > DEEPEST_NESTING:
        return f"this is nested more than {DEEPEST_NESTING} levels deep"
    if isinstance(node, nodes.Arithmetic) and len(node.operands) > LONGEST_CHAIN:
        return f"more than {LONGEST_CHAIN} operands in a row"
    if isinstance(node, nodes.Number) and node.end - node.start > _LONGEST_NUMBER:
        return f"a number has at most {_LONGEST_NUMBER} digits"
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


def _span(token: Token) -> tuple[int, int]:
    start, end = token.start_pos, token.end_pos
    if start is None or end is None:
        raise TypeError("a token of the lexer has a place")
    return start, end


def _name(token: Token) -> nodes.Name:
    return nodes.Name(*_span(token), token.replace("`", ""))


def _text(token: Token) -> nodes.Text:
    # AWS does not document escapes: a backslash protects quotes and itself, and is kept elsewhere.
    return nodes.Text(*_span(token), re.sub(r"\\([\"'\\])", r"\1", token[1:-1]))


def _regex(token: Token) -> nodes.Regex:
    pattern = re.sub(r"\\.", lambda m: "/" if m[0] == r"\/" else m[0], token[1:-1])
    return nodes.Regex(*_span(token), pattern)


def _number(token: Token) -> nodes.Number:
    whole = token.isdecimal() and len(token) <= _LONGEST_NUMBER
    return nodes.Number(*_span(token), int(token) if whole else float(token))


def _groups(regex: nodes.Regex) -> tuple[str, ...]:
    try:
        return tuple(compiled(regex.pattern).groups)
    except BadRegex:
        return ()  # _check_regex reports it, with its place


@v_args(meta=True)
class _Builder(Transformer_NonRecursive[Token, object]):
    """One method per rule of the grammar."""

    def start(self, _: Meta, children: list[object]) -> list[object]:
        return [child for child in children if not isinstance(child, Token)]

    # Commands

    def fields(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Fields(*_place(meta), _only(nodes.Item, children))

    def display(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Display(*_place(meta), _only(nodes.Item, children))

    def filter(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Filter(*_place(meta), cast(Expression, children[1]))

    def stats(self, meta: Meta, children: list[object]) -> Node:
        keys = children.pop() if isinstance(children[-1], tuple) else ()
        return nodes.Stats(
            *_place(meta), _only(nodes.Item, children), cast(tuple[nodes.Item, ...], keys)
        )

    def by(self, _: Meta, children: list[object]) -> tuple[nodes.Item, ...]:
        return _only(nodes.Item, children)

    def sort(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Sort(*_place(meta), _only(nodes.SortKey, children))

    def sort_key(self, meta: Meta, children: list[object]) -> Node:
        direction = children[1] if len(children) > 1 else None
        descending = direction.type == "DESC" if isinstance(direction, Token) else None
        return nodes.SortKey(*_place(meta), cast(Expression, children[0]), descending)

    def limit(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Limit(*_place(meta), _number(cast(Token, children[-1])))

    def parse_glob(self, meta: Meta, children: list[object]) -> Node:
        names = _only(nodes.Name, children)
        pattern = next(t for t in children if isinstance(t, Token) and t.type == "STRING")
        field = names[0] if names and names[0].end <= _span(pattern)[0] else None
        aliases = names[1:] if field else names
        return nodes.ParseGlob(*_place(meta), field, _text(pattern), aliases)

    def parse_regex(self, meta: Meta, children: list[object]) -> Node:
        names = _only(nodes.Name, children)
        pattern = _regex(cast(Token, children[-1]))
        return nodes.ParseRegex(
            *_place(meta), names[0] if names else None, pattern, _groups(pattern)
        )

    def dedup(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Dedup(*_place(meta), _only(nodes.Name, children))

    def item(self, meta: Meta, children: list[object]) -> Node:
        alias = children[-1] if len(children) > 1 else None
        return nodes.Item(
            *_place(meta), cast(Expression, children[0]), cast(nodes.Name | None, alias)
        )

    def name(self, _: Meta, children: list[object]) -> Node:
        return _name(cast(Token, children[0]))

    def alias(self, _: Meta, children: list[object]) -> Node:
        return _name(cast(Token, children[0]))

    # Expressions

    def disjunction(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Logic(*_place(meta), "or", _operands(children))

    def conjunction(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Logic(*_place(meta), "and", _operands(children))

    def not_(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Not(*_place(meta), cast(Expression, children[-1]))

    def compare(self, meta: Meta, children: list[object]) -> Node:
        left, operator, right = children
        sign = "=" if operator == "==" else str(operator)
        return nodes.Comparison(
            *_place(meta), sign, cast(Expression, left), cast(Expression, right)
        )

    def match(self, meta: Meta, children: list[object]) -> Node:
        left, right = _operands(children)
        return nodes.Match(*_place(meta), left, right, _negated(children))

    def member(self, meta: Meta, children: list[object]) -> Node:
        left, right = _operands(children)
        return nodes.Membership(*_place(meta), left, cast(nodes.Array, right), _negated(children))

    def sum(self, meta: Meta, children: list[object]) -> Node:
        return _arithmetic(meta, children)

    def product(self, meta: Meta, children: list[object]) -> Node:
        return _arithmetic(meta, children)

    def power(self, meta: Meta, children: list[object]) -> Node:
        return _arithmetic(meta, children)

    def negate(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Negate(*_place(meta), cast(Expression, children[-1]))

    def field(self, _: Meta, children: list[object]) -> Node:
        return _name(cast(Token, children[0]))

    def number(self, _: Meta, children: list[object]) -> Node:
        return _number(cast(Token, children[0]))

    def period(self, meta: Meta, children: list[object]) -> Node:
        digits, unit = cast(re.Match[str], re.match(r"(\d+)(\w+)", str(children[0]))).groups()
        return nodes.Period(*_place(meta), int(digits[:_LONGEST_NUMBER]), unit.lower())

    def text(self, _: Meta, children: list[object]) -> Node:
        return _text(cast(Token, children[0]))

    def regex(self, _: Meta, children: list[object]) -> Node:
        return _regex(cast(Token, children[0]))

    def true(self, meta: Meta, _: list[object]) -> Node:
        return nodes.Boolean(*_place(meta), True)

    def false(self, meta: Meta, _: list[object]) -> Node:
        return nodes.Boolean(*_place(meta), False)

    def array(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Array(*_place(meta), _operands(children))

    def group(self, meta: Meta, children: list[object]) -> Node:
        start, end = _place(meta)
        return replace(cast(Node, children[0]), start=start, end=end)

    def call(self, meta: Meta, children: list[object]) -> Node:
        name, *rest = children
        star = bool(rest) and isinstance(rest[0], Token)
        arguments = cast(tuple[Expression, ...], rest[0]) if rest and not star else ()
        return nodes.Call(*_place(meta), _name(cast(Token, name)), arguments, star)

    def arguments(self, _: Meta, children: list[object]) -> tuple[Expression, ...]:
        return _operands(children)


def _place(meta: Meta) -> tuple[int, int]:
    return meta.start_pos, meta.end_pos


def _only(kind: type[T], children: list[object]) -> tuple[T, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _operands(children: list[object]) -> tuple[Expression, ...]:
    return cast(tuple[Expression, ...], _only(Node, children))


def _negated(children: list[object]) -> bool:
    return any(isinstance(child, Token) and child.type == "NOT" for child in children)


def _arithmetic(meta: Meta, children: list[object]) -> Node:
    operators = tuple(str(child) for child in children if isinstance(child, Token))
    return nodes.Arithmetic(*_place(meta), operators, _operands(children))
