"""DuckDB's functions of lists in Trino's spelling. A comment stands where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena.texts import separator
from bot.engines.athena.typed import (
    Kind,
    Refused,
    Typed,
    call,
    whole,
)

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _split(of: Expressions, node: exp.Split) -> Typed:
    return Typed(call("split", of.text(node.this), separator(of, node.expression)), Kind.LIST)


_ITEMS = {Kind.LIST: Kind.TEXT, Kind.LISTS: Kind.LIST}
_LISTED = {item: listed for listed, item in _ITEMS.items()}


def _over_items(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Transform | exp.ArrayFilter) -> Typed:
        items = of.convert(node.this)
        item = node.expression.expressions[0].name
        if items.kind not in _ITEMS or item in of.kinds:
            raise Refused(f"{name} over {items.kind}")
        of.kinds[item] = _ITEMS[items.kind]
        body = of.convert(node.expression.this)
        del of.kinds[item]
        kind = items.kind if name == "filter" else _LISTED.get(body.kind)
        if kind is None:
            raise Refused(f"a list of {body.kind}")
        lambda_ = exp.Lambda(this=body.sql, expressions=[exp.to_identifier(item, quoted=True)])
        return Typed(call(name, items.sql, lambda_), kind)

    return rule


def _bracket(of: Expressions, node: exp.Bracket) -> Typed:
    found, key = of.convert(node.this), node.expressions[0]
    if isinstance(key, exp.Slice):
        items = of.sql(node.this, Kind.LIST)
        if key.expression is not None or not isinstance(key.this, exp.Literal):
            raise Refused("a part of a list")
        size = call("cardinality", items.copy())
        return Typed(call("slice", items, whole(int(key.this.name)), size), Kind.LIST)
    place = whole(int(key.name) + 1)  # sqlglot counts from 0
    if found.kind is Kind.TEXT:
        return Typed(call("substr", found.sql, place, whole(1)), Kind.TEXT)
    if found.kind is not Kind.LIST:
        raise Refused(f"an element of {found.kind}")
    return Typed(call("element_at", found.sql, place), Kind.TEXT)


def _array_join(of: Expressions, node: exp.ArrayToString) -> Typed:
    items = of.sql(node.this, Kind.LIST)
    return Typed(call("array_join", items, of.text(node.expression)), Kind.TEXT)


def _to_json(of: Expressions, node: exp.Anonymous) -> Typed:
    """JSON of a list of texts."""
    items = of.sql(node.expressions[0], Kind.LIST)
    as_json = exp.Cast(this=items, to=exp.DataType.build("JSON"))
    return Typed(as_json, Kind.JSON)


def _list_sum(of: Expressions, node: exp.Anonymous) -> Typed:
    """The sum of what is there of a few numbers; missing when nothing is."""
    values, kind = of.alike(node.expressions[0].expressions)
    total = call("coalesce", values[0], whole(0))
    for value in values[1:]:
        total = exp.Add(this=total, expression=call("coalesce", value, whole(0)))
    there = exp.Is(this=call("coalesce", *(v.copy() for v in values)), expression=exp.Null())
    known = exp.If(this=exp.Not(this=there), true=total)
    return Typed(exp.Case(ifs=[known]), kind)


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Split: _split,
    exp.Transform: _over_items("transform"),
    exp.ArrayFilter: _over_items("filter"),
    exp.Bracket: _bracket,
    exp.ArrayToString: _array_join,
}
BY_NAME: Mapping[str, Rule] = {
    "to_json": _to_json,
    "list_sum": _list_sum,
}
