"""DuckDB's aggregates and windows in Trino's spelling. A comment stands where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena.typed import NUMBERS, Kind, Refused, Typed, call, cast, text, whole

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _count(of: Expressions, node: exp.Count) -> Typed:
    if isinstance(node.this, exp.Star):
        return Typed(exp.Count(this=exp.Star()), Kind.INTEGER)
    if isinstance(node.this, exp.Distinct):
        (value,) = node.this.expressions
        distinct = exp.Distinct(expressions=[of.convert(value).sql])
        return Typed(exp.Count(this=distinct), Kind.INTEGER)
    return Typed(exp.Count(this=of.convert(node.this).sql), Kind.INTEGER)


def _sum(of: Expressions, node: exp.Sum) -> Typed:
    found = of.convert(node.this)
    if found.kind is Kind.REAL:
        return Typed(call("sum", found.sql), Kind.REAL)
    if found.kind not in (Kind.INTEGER, Kind.HUGE):
        raise Refused(f"a sum of {found.kind}")
    # Trino adds whole numbers up in 64 bits and fails beyond.
    return Typed(exp.Sum(this=cast(found.sql, Kind.HUGE)), Kind.HUGE)


def _avg(of: Expressions, node: exp.Avg) -> Typed:
    found = of.convert(node.this)
    if found.kind is Kind.REAL:
        return Typed(call("avg", found.sql), Kind.REAL)
    # Trino adds up in decimals, which lose digits beyond 2^53.
    total = cast(call("sum", cast(of.number(node.this), Kind.HUGE)), Kind.REAL)
    count = cast(call("count", found.sql.copy()), Kind.REAL)
    return Typed(exp.Paren(this=exp.Div(this=total, expression=count, typed=True)), Kind.REAL)


def _percentile(of: Expressions, node: exp.PercentileCont) -> Typed:
    """Trino's own percentile is approximate: this sorts the values and takes the mean of two."""
    value, share = of.sql(node.this, Kind.REAL), cast(text(node.expression.name), Kind.REAL)
    there = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    listed = exp.Filter(this=call("array_agg", value), expression=exp.Where(this=there))
    values = exp.column("v")
    last = exp.Paren(this=exp.Sub(this=call("cardinality", values), expression=whole(1)))
    place = exp.Mul(this=share, expression=last)

    def item(rounded: str) -> exp.Expr:
        at = exp.Cast(this=call(rounded, place.copy()), to=exp.DataType.build("BIGINT"))
        return call("element_at", values.copy(), exp.Add(this=at, expression=whole(1)))

    step = exp.Paren(this=exp.Sub(this=item("ceil"), expression=item("floor")))
    beyond = exp.Paren(this=exp.Sub(this=place.copy(), expression=call("floor", place.copy())))
    mean = exp.Add(this=item("floor"), expression=exp.Mul(this=step, expression=beyond))
    body = exp.Lambda(this=mean, expressions=[exp.to_identifier("v")])
    sorted_once = exp.Array(expressions=[call("array_sort", listed)])
    return Typed(call("element_at", call("transform", sorted_once, body), whole(1)), Kind.REAL)


def _lowest(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Min | exp.Max) -> Typed:
        found = of.convert(node.this)
        if found.kind not in (*NUMBERS, Kind.TEXT, Kind.TIME, Kind.NULL):
            raise Refused(f"{name} of {found.kind}")
        return Typed(call(name, found.sql), found.kind)

    return rule


def _by(name: str) -> Rule:
    def rule(of: Expressions, node: exp.ArgMin | exp.ArgMax) -> Typed:
        value, order = of.convert(node.this), of.convert(node.expression)
        # Trino takes a missing value where its order is the lowest; DuckDB passes it over.
        there = exp.Not(this=exp.Is(this=value.sql.copy(), expression=exp.Null()))
        best = exp.Filter(this=call(name, value.sql, order.sql), expression=exp.Where(this=there))
        return Typed(best, value.kind)

    return rule


def _filter(of: Expressions, node: exp.Filter) -> Typed:
    found, condition = of.convert(node.this), of.truth(node.expression.this)
    if isinstance(found.sql, exp.Filter):
        condition = exp.and_(found.sql.expression.this, condition)
        found = Typed(found.sql.this, found.kind)
    return Typed(exp.Filter(this=found.sql, expression=exp.Where(this=condition)), found.kind)


def _sorted_list(of: Expressions, node: exp.ArraySort) -> Typed:
    return Typed(call("array_sort", of.sql(node.this, Kind.LIST)), Kind.LIST)


def _gather(of: Expressions, node: exp.ArrayAgg) -> Typed:
    if not isinstance(node.this, exp.Distinct):
        raise Refused("a list in no order")
    distinct = exp.Distinct(expressions=[of.text(node.this.expressions[0])])
    return Typed(exp.ArrayAgg(this=distinct), Kind.LIST)


def _lag(of: Expressions, node: exp.Lag) -> Typed:
    found = of.convert(node.this)
    offset = node.args.get("offset")
    return Typed(call("lag", found.sql, whole(int(offset.name) if offset else 1)), found.kind)


def _last(of: Expressions, node: exp.IgnoreNulls) -> Typed:
    if not isinstance(node.this, exp.LastValue):
        raise Refused("IGNORE NULLS")
    found = of.convert(node.this.this)
    return Typed(exp.IgnoreNulls(this=exp.LastValue(this=found.sql)), found.kind)


def _row_number(of: Expressions, node: exp.RowNumber) -> Typed:
    return Typed(exp.RowNumber(), Kind.INTEGER)


def _window(of: Expressions, node: exp.Window) -> Typed:
    found = of.convert(node.this)
    parts = [of.convert(each).sql for each in node.args.get("partition_by") or []]
    order = node.args.get("order")
    spec = node.args.get("spec")
    return Typed(
        exp.Window(
            this=found.sql,
            partition_by=parts,
            order=ordered(of, order) if order else None,
            spec=spec.copy() if spec else None,
            over="OVER",
        ),
        found.kind,
    )


def ordered(of: Expressions, order: exp.Order) -> exp.Order:
    """ORDER BY, with the place of missing values always spelled out."""
    keys = []
    for key in order.expressions:
        down, first = bool(key.args.get("desc")), bool(key.args.get("nulls_first"))
        keys.append(exp.Ordered(this=of.convert(key.this).sql, desc=down, nulls_first=first))
    return exp.Order(expressions=keys)


def _spread(name: str) -> Rule:
    """A measure of decimals; its last digit depends on the order of adding up anyway."""

    def rule(of: Expressions, node: exp.Func) -> Typed:
        return Typed(call(name, cast(of.number(node.this), Kind.REAL)), Kind.REAL)

    return rule


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Count: _count,
    exp.Sum: _sum,
    exp.Avg: _avg,
    exp.Min: _lowest("min"),
    exp.Max: _lowest("max"),
    exp.ArgMin: _by("min_by"),
    exp.ArgMax: _by("max_by"),
    exp.PercentileCont: _percentile,
    exp.StddevPop: _spread("stddev_pop"),
    exp.VariancePop: _spread("var_pop"),
    exp.Filter: _filter,
    exp.ArraySort: _sorted_list,
    exp.ArrayAgg: _gather,
    exp.Lag: _lag,
    exp.IgnoreNulls: _last,
    exp.RowNumber: _row_number,
    exp.Window: _window,
}
