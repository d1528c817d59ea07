"""The parser's tree into nodes: one method for each rule of the grammar."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from bot.insights import nodes
from bot.insights.nodes import Expression, Node
from bot.insights.options import Options
from bot.insights.regexes import BadRegex, compiled

LONGEST_NUMBER = 38  # digits

T = TypeVar("T")


def _span(token: Token) -> tuple[int, int]:
    start, end = token.start_pos, token.end_pos
    if start is None or end is None:
        raise TypeError("a token of the lexer has a place")
    return start, end


def _name(token: Token) -> nodes.Name:
    parts = tuple(part.replace("`", "") for part in re.findall(r"(?:[^.`]|`[^`]*`)+", token))
    dotted = len(parts) > 1 and any("." in part for part in parts)
    return nodes.Name(*_span(token), token.replace("`", ""), parts if dotted else ())


def _column(token: Token) -> nodes.Column:
    return nodes.Column(*_span(token), token.replace("`", ""))


def _text(token: Token) -> nodes.Text:
    # AWS does not document escapes: a backslash protects quotes and itself, and is kept elsewhere.
    return nodes.Text(*_span(token), re.sub(r"\\([\"'\\])", r"\1", token[1:-1]))


def _regex(token: Token) -> nodes.Regex:
    pattern = re.sub(r"\\.", lambda m: "/" if m[0] == r"\/" else m[0], token[1:-1])
    return nodes.Regex(*_span(token), pattern)


def _number(token: Token) -> nodes.Number:
    whole = token.isdecimal() and len(token) <= LONGEST_NUMBER
    return nodes.Number(*_span(token), int(token) if whole else float(token))


def _groups(regex: nodes.Regex) -> tuple[str, ...]:
    try:
        return tuple(compiled(regex.pattern).groups)
    except BadRegex:
        return ()  # _check_regex reports it, with its place


@dataclass(frozen=True, slots=True)
class _Outputs:
    fields: tuple[nodes.Output, ...]
    only_new: bool


@v_args(meta=True)
class Builder(Transformer_NonRecursive[Token, object]):
    """Builds the nodes of one text, which its complaints are about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

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
        by = next(iter(_only(nodes.Stats, children)), None)
        keys, offset = (by.keys, by.offset) if by else ((), None)
        return nodes.Stats(*_place(meta), _only(nodes.Item, children), keys, offset)

    def by(self, meta: Meta, children: list[object]) -> Node:
        offset = next(iter(_only(nodes.Period, children)), None)
        return nodes.Stats(*_place(meta), (), _only(nodes.Item, children), offset)

    def offset(self, meta: Meta, children: list[object]) -> Node:
        return self.period(meta, children[1:])

    def sort(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Sort(*_place(meta), _only(nodes.SortKey, children))

    def sort_key(self, meta: Meta, children: list[object]) -> Node:
        direction = children[1] if len(children) > 1 else None
        descending = direction.type == "DESC" if isinstance(direction, Token) else None
        return nodes.SortKey(*_place(meta), cast(Expression, children[0]), descending)

    def limit(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Limit(*_place(meta), _number(cast(Token, children[-1])))

    def parse_glob(self, meta: Meta, children: list[object]) -> Node:
        pattern = next(t for t in children if isinstance(t, Token) and t.type == "STRING")
        field, aliases = _around(children, "STRING")
        return nodes.ParseGlob(*_place(meta), field, _text(pattern), aliases)

    def parse_regex(self, meta: Meta, children: list[object]) -> Node:
        tokens = {token.type: token for token in _only(Token, children)}
        pattern = _regex(tokens["REGEX"])
        multi = "MULTI" in tokens
        return nodes.ParseRegex(
            *_place(meta), _first_name(children), pattern, _groups(pattern), multi
        )

    def parse_csv(self, meta: Meta, children: list[object]) -> Node:
        field, aliases = _around(children, "CSV")
        return nodes.ParseCsv(*_place(meta), field, aliases)

    def parse_logfmt(self, meta: Meta, children: list[object]) -> Node:
        field, aliases = _around(children, "LOGFMT")
        return nodes.ParseLogfmt(*_place(meta), field, aliases[0])

    def json(self, meta: Meta, children: list[object]) -> Node:
        options = self._options(meta, children, "field")
        path = next(t for t in children if isinstance(t, Token) and t.type == "STRING")
        return nodes.Json(
            *_place(meta), options.name("field"), _text(path), _only(nodes.Name, children)[0]
        )

    def dedup(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Dedup(*_place(meta), _only(nodes.Name, children))

    def filter_index(self, meta: Meta, children: list[object]) -> Node:
        return nodes.FilterIndex(*_place(meta), cast(Expression, children[1]))

    def unnest(self, meta: Meta, children: list[object]) -> Node:
        field, alias = _only(nodes.Name, children)
        return nodes.Unnest(*_place(meta), field, alias)

    def expand(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Unnest(*_place(meta), _only(nodes.Name, children)[0], None)

    def accum(self, meta: Meta, children: list[object]) -> Node:
        field, *aliases = _only(nodes.Name, children)
        return nodes.Accum(*_place(meta), field, aliases[0] if aliases else None)

    def autoregress(self, meta: Meta, children: list[object]) -> Node:
        field, *aliases = _only(nodes.Name, children)
        first, last = self._options(meta, children, "p").range("p", (1, 1))
        return nodes.Autoregress(*_place(meta), field, aliases[0] if aliases else None, first, last)

    def filldown(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Filldown(*_place(meta), _only(nodes.Glob, children))

    def glob(self, meta: Meta, children: list[object]) -> Node:
        name = _name(cast(Token, children[0])).name
        return nodes.Glob(*_place(meta), name, len(children) > 1)

    def fillmissing(self, meta: Meta, children: list[object]) -> Node:
        return nodes.Fillmissing(*_place(meta), _only(nodes.Fill, children))

    def fill(self, meta: Meta, children: list[object]) -> Node:
        token = cast(Token, children[0])
        value = _number(token) if token.type == "NUMBER" else _text(token)
        return nodes.Fill(*_place(meta), value, _only(nodes.Name, children)[0])

    def addtotals(self, meta: Meta, children: list[object]) -> Node:
        options = self._options(meta, children, "fieldname", "row", "col")
        return nodes.Addtotals(
            *_place(meta),
            _only(nodes.Name, children),
            options.word("fieldname", "Total"),
            options.truth("row", True),
            options.truth("col", False),
        )

    def outlier(self, meta: Meta, children: list[object]) -> Node:
        options = self._options(meta, children, "action", "param", "uselower", "mark")
        return nodes.Outlier(
            *_place(meta),
            _only(nodes.Name, children),
            options.choice("action", ("transform", "remove")) == "remove",
            options.number("param", 2.5),
            options.truth("uselower", False),
            options.truth("mark", False),
        )

    def sessionize(self, meta: Meta, children: list[object]) -> Node:
        tokens = [token.type for token in _only(Token, children)]
        *names, last = _only(nodes.Name, children)
        alias = last if "AS" in tokens else None
        periods = [self.period(meta, [t]) for t in _only(Token, children) if t.type == "PERIOD"]
        gap = cast(nodes.Period, periods[0]) if periods else None
        fields = tuple(names) if alias else (*names, last)
        return nodes.Sessionize(*_place(meta), fields, gap, alias)

    def lookup_key(self, meta: Meta, children: list[object]) -> Node:
        names = [token for token in _only(Token, children) if token.type == "NAME"]
        return nodes.Key(*_place(meta), _column(names[0]), _name(names[-1]))

    def range_key(self, meta: Meta, children: list[object]) -> Node:
        names = [token for token in _only(Token, children) if token.type == "NAME"]
        column = _column(names[1]) if len(names) > 1 else None
        return nodes.Key(*_place(meta), column, _name(names[0]))

    def output_field(self, meta: Meta, children: list[object]) -> Node:
        named = cast(Token, children[0])
        aliases = _only(nodes.Name, children)
        return nodes.Output(*_place(meta), _column(named), aliases[0] if aliases else _name(named))

    def output(self, _: Meta, children: list[object]) -> _Outputs:
        word, *outputs = children
        return _Outputs(_only(nodes.Output, outputs), cast(Token, word).type == "OUTPUTNEW")

    def lookup(self, meta: Meta, children: list[object]) -> Node:
        return self._lookup(meta, children, ranges=False)

    def cidrlookup(self, meta: Meta, children: list[object]) -> Node:
        return self._lookup(meta, children, ranges=True)

    def _lookup(self, meta: Meta, children: list[object], *, ranges: bool) -> Node:
        table, output = _column(cast(Token, children[1])), _only(_Outputs, children)[0]
        keys = _only(nodes.Key, children)
        return nodes.Lookup(*_place(meta), table, keys, output.fields, output.only_new, ranges)

    def source(self, meta: Meta, children: list[object]) -> Node:
        first = children[1]
        if isinstance(first, Token) and first.type == "NAME":
            choices = cast(list[tuple[str, nodes.Array]], children[2:])
            kinds, names = zip(*choices, strict=True)
            return nodes.LogSource(*_place(meta), str(first), tuple(kinds), tuple(names))
        if isinstance(first, Token):
            first = nodes.Array(*_span(first), (_text(first),))
        return nodes.LogSource(*_place(meta), "", ("",), (cast(nodes.Array, first),))

    def source_choice(self, _: Meta, children: list[object]) -> tuple[str, nodes.Array]:
        kind = str(children[0]) if isinstance(children[0], Token) else ""
        return kind, _only(nodes.Array, children)[0]

    def estimate(self, meta: Meta, _: list[object]) -> Node:
        return nodes.Estimate(*_place(meta))

    def option(self, _: Meta, children: list[object]) -> tuple[Token, ...]:
        return _only(Token, children)

    def _options(self, meta: Meta, children: list[object], *known: str) -> Options:
        given = cast(list[tuple[Token, ...]], [c for c in children if isinstance(c, tuple)])
        return Options(self._text, _place(meta), given, known)

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
        return nodes.Period(*_place(meta), int(digits[:LONGEST_NUMBER]), unit.lower())

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


def _first_name(children: list[object]) -> nodes.Name | None:
    return next(iter(_only(nodes.Name, children)), None)


def _around(
    children: list[object], keyword: str
) -> tuple[nodes.Name | None, tuple[nodes.Name, ...]]:
    """The names before and after a token: at most one before."""
    at = next(n for n, c in enumerate(children) if isinstance(c, Token) and c.type == keyword)
    return _first_name(children[:at]), _only(nodes.Name, children[at:])


def _only(kind: type[T], children: list[object]) -> tuple[T, ...]:
    return tuple(child for child in children if isinstance(child, kind))


def _operands(children: list[object]) -> tuple[Expression, ...]:
    return cast(tuple[Expression, ...], _only(Node, children))


def _negated(children: list[object]) -> bool:
    return any(isinstance(child, Token) and child.type == "NOT" for child in children)


def _arithmetic(meta: Meta, children: list[object]) -> Node:
    operators = tuple(str(child) for child in children if isinstance(child, Token))
    return nodes.Arithmetic(*_place(meta), operators, _operands(children))
