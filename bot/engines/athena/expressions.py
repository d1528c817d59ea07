"""Expressions of DuckDB into Trino's: the table of what may pass, and as what.

What is not in the table is refused. A comment stands where the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import exp

from bot.engines.athena import aggregates, functions, times
from bot.engines.athena.typed import (
    NUMBERS,
    Kind,
    Refused,
    Typed,
    call,
    cast,
    widest,
)

PREFIX = "flows_"  # of names in the statement; no column of a table is read that begins so
DIGITS = "[0-9]{1,18}"  # texts that are whole numbers of 64 bits
_LARGEST_INTEGER = 2**63 - 1
_CASTS = {
    "BIGINT": Kind.INTEGER,
    "INT": Kind.INTEGER,
    "INT128": Kind.HUGE,
    "DOUBLE": Kind.REAL,
    "TEXT": Kind.TEXT,
    "VARCHAR": Kind.TEXT,
    "TIMESTAMP": Kind.TIME,
    "TIMESTAMPNTZ": Kind.TIME,
    "DATE": Kind.DATE,
    "JSON": Kind.JSON,
}


def safe_name(name: str) -> str:
    """A stage's or a column's name without the tilde that the translation begins them with."""
    return PREFIX + name[1:] if name.startswith("~") else name


class Expressions:
    """Converts expressions. `kinds` knows every column by name, and grows with the statement;
    `refused` says of some names why they cannot be read."""

    def __init__(self, kinds: Mapping[str, Kind], refused: Mapping[str, str]) -> None:
        self.kinds = dict(kinds)
        self._refused = refused

    def convert(self, node: exp.Expr) -> Typed:
        rule = _RULES.get(type(node))
        if rule is None:
            raise Refused(f"{_named(node)} has no counterpart in Athena")
        return rule(self, node)

    def sql(self, node: exp.Expr, *kinds: Kind) -> exp.Expr:
        """An expression that must be of one of these kinds, or nothing."""
        found = self.convert(node)
        if found.kind not in (*kinds, Kind.NULL):
            raise Refused(f"{found.kind} where {' or '.join(kinds)} must stand")
        return found.sql

    def text(self, node: exp.Expr) -> exp.Expr:
        return self.sql(node, Kind.TEXT)

    def number(self, node: exp.Expr) -> exp.Expr:
        return self.sql(node, *NUMBERS)

    def truth(self, node: exp.Expr) -> exp.Expr:
        return self.sql(node, Kind.TRUTH)

    def alike(self, nodes: list[exp.Expr]) -> tuple[list[exp.Expr], Kind]:
        """Expressions that stand for one another, and their common kind."""
        found = [self.convert(node) for node in nodes]
        kind = widest({each.kind for each in found})
        return [each.sql for each in found], kind

    def column(self, name: str) -> Typed:
        if name in self._refused:
            raise Refused(self._refused[name])
        if name not in self.kinds:
            raise Refused(f"the column {name} is not known")
        return Typed(exp.column(exp.to_identifier(safe_name(name), quoted=True)), self.kinds[name])

    # Names and values

    def _column(self, node: exp.Column) -> Typed:
        if not node.table:
            return self.column(node.name)
        whole = self.column(node.table)  # a group of a match: "~5".g1
        if whole.kind is not Kind.GROUPS:
            raise Refused(f"a part of {whole.kind}")
        number = exp.Literal.number(int(node.name.removeprefix("g")))
        return Typed(call("element_at", whole.sql, number), Kind.TEXT)

    def _identifier(self, node: exp.Identifier) -> Typed:
        return self.column(node.name)

    def _literal(self, node: exp.Literal) -> Typed:
        if node.is_string:
            return Typed(node.copy(), Kind.TEXT)
        if not node.name.isdigit():
            # 1.5 alone is a DECIMAL in Trino.
            return Typed(cast(exp.Literal.string(node.name), Kind.REAL), Kind.REAL)
        if int(node.name) > _LARGEST_INTEGER:
            return Typed(cast(exp.Literal.string(node.name), Kind.HUGE), Kind.HUGE)
        return Typed(node.copy(), Kind.INTEGER)

    def _null(self, node: exp.Null) -> Typed:
        return Typed(node.copy(), Kind.NULL)

    def _boolean(self, node: exp.Boolean) -> Typed:
        return Typed(node.copy(), Kind.TRUTH)

    def _array(self, node: exp.Array) -> Typed:
        items, kind = self.alike(node.expressions)
        if kind not in (Kind.TEXT, Kind.LIST, Kind.NULL):
            raise Refused(f"a list of {kind}")
        listed = Kind.LISTS if kind is Kind.LIST else Kind.LIST
        return Typed(exp.Array(expressions=items), listed)

    # Logic

    def _paren(self, node: exp.Paren) -> Typed:
        found = self.convert(node.this)
        return Typed(exp.Paren(this=found.sql), found.kind)

    def _logic(self, node: exp.Connector) -> Typed:
        sides = {key: self.truth(node.args[key]) for key in ("this", "expression")}
        return Typed(type(node)(**sides), Kind.TRUTH)

    def _not(self, node: exp.Not) -> Typed:
        return Typed(exp.Not(this=self.truth(node.this)), Kind.TRUTH)

    def _is(self, node: exp.Is) -> Typed:
        if isinstance(node.expression, exp.Boolean) and node.expression.this:
            # Trino has no IS TRUE.
            value = call("coalesce", self.truth(node.this), exp.false())
            return Typed(value, Kind.TRUTH)
        if not isinstance(node.expression, exp.Null):
            raise Refused("IS with anything but NULL and TRUE")
        return Typed(exp.Is(this=self.convert(node.this).sql, expression=exp.Null()), Kind.TRUTH)

    def _comparison(self, node: exp.Binary) -> Typed:
        (left, right), _ = self.alike([node.this, node.expression])
        return Typed(type(node)(this=left, expression=right), Kind.TRUTH)

    def _between(self, node: exp.Between) -> Typed:
        (value, low, high), _ = self.alike([node.this, node.args["low"], node.args["high"]])
        return Typed(exp.Between(this=value, low=low, high=high), Kind.TRUTH)

    def _in(self, node: exp.In) -> Typed:
        (value, *items), _ = self.alike([node.this, *node.expressions])
        return Typed(exp.In(this=value, expressions=items), Kind.TRUTH)

    def _case(self, node: exp.Case) -> Typed:
        digits = _decimal_written(node)
        if digits is not None:
            return Typed(self.sql(digits, Kind.REAL), Kind.DIGITS)
        if node.this is not None:
            raise Refused("CASE with a subject")
        branches: list[exp.If] = node.args["ifs"]
        default = [node.args["default"]] if node.args.get("default") else []
        values, kind = self.alike([*(branch.args["true"] for branch in branches), *default])
        ifs = [
            exp.If(this=self.truth(branch.this), true=value)
            for branch, value in zip(branches, values, strict=False)
        ]
        return Typed(exp.Case(ifs=ifs, default=values[-1] if default else None), kind)

    def _coalesce(self, node: exp.Coalesce) -> Typed:
        values, kind = self.alike([node.this, *node.expressions])
        return Typed(call("coalesce", *values), kind)

    # Numbers

    def _arithmetic(self, node: exp.Binary) -> Typed:
        if isinstance(node.expression, exp.Interval) and isinstance(node, exp.Add | exp.Sub):
            time, earlier = self.sql(node.this, Kind.TIME), isinstance(node, exp.Sub)
            return Typed(times.moved(time, node.expression, back=earlier), Kind.TIME)
        (left, right), kind = self.alike([node.this, node.expression])
        if kind not in (*NUMBERS, Kind.NULL):
            raise Refused(f"arithmetic with {kind}")
        return Typed(type(node)(this=left, expression=right), kind)

    def _divide(self, node: exp.Div) -> Typed:
        (left, right), kind = self.alike([node.this, node.expression])
        if kind is not Kind.REAL:
            raise Refused("a division of whole numbers")
        return Typed(exp.Div(this=left, expression=right, typed=True, safe=False), kind)

    def _negative(self, node: exp.Neg) -> Typed:
        found = self.convert(node.this)
        if found.kind not in NUMBERS:
            raise Refused(f"a negative of {found.kind}")
        return Typed(exp.Neg(this=found.sql), found.kind)

    def _cast(self, node: exp.Cast) -> Typed:
        target = node.to.sql("duckdb")
        if target == "TEXT[]":
            return Typed(cast(self.sql(node.this, Kind.LIST), Kind.LIST), Kind.LIST)
        kind = _CASTS.get(target)
        found = self.convert(node.this)
        if kind is Kind.INTEGER and found.kind is Kind.REAL and not _is_whole(node.this):
            raise Refused("Athena rounds the halves of a decimal otherwise")
        if kind is None or not _castable(found, kind, node):
            raise Refused(f"{found.kind} as {kind or target}")
        if kind is Kind.TEXT and found.kind is Kind.JSON:
            return Typed(call("json_format", found.sql), Kind.TEXT)
        to = exp.DataType.build("INTEGER") if target == "INT" else cast(found.sql, kind).args["to"]
        kept = exp.TryCast if isinstance(node, exp.TryCast) else exp.Cast
        return Typed(kept(this=found.sql, to=to), kind)

    def _try(self, node: exp.Try) -> Typed:
        found = self.convert(node.this)
        return Typed(call("try", found.sql), found.kind)


def _decimal_written(node: exp.Case) -> exp.Expr | None:
    """The decimal whose digits a CASE writes, as `terms.text` does; None for any other CASE."""
    first = node.args["ifs"][0].this
    test = first.this if isinstance(first, exp.Not) else None
    if isinstance(test, exp.Anonymous) and test.name == "isfinite":
        found: exp.Expr = test.expressions[0]
        return found
    return None


def _castable(found: Typed, kind: Kind, node: exp.Cast) -> bool:
    """Whether a cast gives the same in both."""
    if found.kind in (kind, Kind.NULL):
        return True
    if found.kind is Kind.TRUTH:
        return kind is Kind.INTEGER
    if kind in (Kind.TIME, Kind.DATE):
        return isinstance(node.this, exp.Literal)
    if kind is Kind.TEXT:
        # A decimal prints otherwise; `_decimal_written` knows.
        return found.kind in (Kind.INTEGER, Kind.HUGE, Kind.JSON)
    if found.kind is Kind.TEXT:
        # DuckDB takes more texts for numbers; only digits pass, or what was matched before.
        return _is_guarded(node, kind)
    return found.kind in NUMBERS and kind in NUMBERS


def _is_whole(node: exp.Expr) -> bool:
    return isinstance(node, exp.Trunc) or (isinstance(node, exp.Paren) and _is_whole(node.this))


def _is_guarded(node: exp.Cast, kind: Kind) -> bool:
    if isinstance(node.this, exp.Literal) and kind is Kind.REAL:
        return True
    if isinstance(node.this, exp.SplitPart) and kind is Kind.INTEGER:
        return True  # an octet, of an address that is looked at as a whole besides
    branch = node.parent
    test = branch.this if isinstance(branch, exp.If) else None
    if not isinstance(test, exp.RegexpFullMatch) or test.this != node.this:
        return False
    return kind is Kind.REAL or (kind is Kind.INTEGER and test.expression.name == DIGITS)


def _named(node: exp.Expr) -> str:
    name = node.name if isinstance(node, exp.Anonymous) else type(node).__name__
    return f"{name} of DuckDB"


def _anonymous(expressions: Expressions, node: exp.Anonymous) -> Typed:
    rule = functions.BY_NAME.get(node.name.lower())
    if rule is None:
        raise Refused(f"{_named(node)} has no counterpart in Athena")
    return rule(expressions, node)


Rule = Callable[[Expressions, Any], Typed]

_E = Expressions
_RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Column: _E._column,
    exp.Identifier: _E._identifier,
    exp.Literal: _E._literal,
    exp.Null: _E._null,
    exp.Boolean: _E._boolean,
    exp.Array: _E._array,
    exp.Paren: _E._paren,
    exp.And: _E._logic,
    exp.Or: _E._logic,
    exp.Not: _E._not,
    exp.Is: _E._is,
    exp.EQ: _E._comparison,
    exp.NEQ: _E._comparison,
    exp.LT: _E._comparison,
    exp.LTE: _E._comparison,
    exp.GT: _E._comparison,
    exp.GTE: _E._comparison,
    exp.Between: _E._between,
    exp.In: _E._in,
    exp.Case: _E._case,
    exp.Coalesce: _E._coalesce,
    exp.Add: _E._arithmetic,
    exp.Sub: _E._arithmetic,
    exp.Mul: _E._arithmetic,
    exp.Mod: _E._arithmetic,
    exp.Div: _E._divide,
    exp.Neg: _E._negative,
    exp.Cast: _E._cast,
    exp.TryCast: _E._cast,
    exp.Try: _E._try,
    exp.Anonymous: _anonymous,
    **functions.RULES,
    **aggregates.RULES,
}
