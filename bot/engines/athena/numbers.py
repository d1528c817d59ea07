"""DuckDB's functions of numbers in Trino's spelling. A comment stands where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena.typed import (
    NUMBERS,
    Kind,
    Refused,
    Typed,
    call,
    cast,
    whole,
)

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _real(name: str) -> Rule:
    """A function of decimals; its last digit may differ between machines anyway."""

    def rule(of: Expressions, node: exp.Func) -> Typed:
        return Typed(call(name, cast(of.number(node.this), Kind.REAL)), Kind.REAL)

    return rule


def _power(of: Expressions, node: exp.Pow) -> Typed:
    sides = [cast(of.number(side), Kind.REAL) for side in (node.this, node.expression)]
    return Typed(call("power", *sides), Kind.REAL)


def _keeps_kind(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Func) -> Typed:
        found = of.convert(node.this)
        if found.kind not in NUMBERS:
            raise Refused(f"{name} of {found.kind}")
        return Typed(call(name, found.sql), found.kind)

    return rule


def _round(of: Expressions, node: exp.Round) -> Typed:
    value = of.sql(node.this, Kind.REAL)
    digits = _constant(node.args.get("decimals"))
    if digits is None:
        raise Refused("round takes digits that are spelled out, for Athena")
    return Typed(call("round", value, whole(max(0, min(15, digits)))), Kind.REAL)


def _constant(node: exp.Expr | None) -> int | None:
    """The whole number that an expression spells out, among the casts and bounds around it."""
    if isinstance(node, exp.Literal) and not node.is_string:
        return int(node.name) if node.name.isdigit() else None
    if isinstance(node, exp.Cast | exp.Paren):
        return _constant(node.this)
    if isinstance(node, exp.Neg):
        value = _constant(node.this)
        return None if value is None else -value
    if isinstance(node, exp.Greatest | exp.Least):
        values = [_constant(each) for each in (node.this, *node.expressions)]
        known = [value for value in values if value is not None]
        choose = max if isinstance(node, exp.Greatest) else min
        return choose(known) if len(known) == len(values) else None
    return None


def _extreme(name: str, of_list: str) -> Rule:
    def rule(of: Expressions, node: exp.Greatest | exp.Least) -> Typed:
        values, kind = of.alike([node.this, *node.expressions])
        if isinstance(node.this, exp.Length):  # of a text that is there
            return Typed(call(name, *values), kind)
        # Trino's greatest is missing when one value is; DuckDB's passes it over.
        there = exp.Not(this=exp.Is(this=exp.column("v"), expression=exp.Null()))
        known = exp.Lambda(this=there, expressions=[exp.to_identifier("v")])
        listed = exp.Array(expressions=[cast(value, kind) for value in values])
        return Typed(call(of_list, call("filter", listed, known)), kind)

    return rule


def _nullif(of: Expressions, node: exp.Nullif) -> Typed:
    values, _ = of.alike([node.this, node.expression])
    return Typed(call("nullif", *values), of.convert(node.this).kind)


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Abs: _keeps_kind("abs"),
    exp.Trunc: _real("truncate"),
    exp.Ceil: _real("ceil"),
    exp.Floor: _real("floor"),
    exp.Sqrt: _real("sqrt"),
    exp.Ln: _real("ln"),
    exp.Sin: _real("sin"),
    exp.Cos: _real("cos"),
    exp.Asin: _real("asin"),
    exp.Radians: _real("radians"),
    exp.Pow: _power,
    exp.Round: _round,
    exp.Greatest: _extreme("greatest", "array_max"),
    exp.Least: _extreme("least", "array_min"),
    exp.Nullif: _nullif,
}
