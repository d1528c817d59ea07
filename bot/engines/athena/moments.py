"""DuckDB's functions of time in Trino's spelling; `times` has how each is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena import times
from bot.engines.athena.typed import (
    Kind,
    Refused,
    Typed,
    whole,
)

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _epoch(of: Expressions, node: exp.UnixToTime) -> Typed:
    """DuckDB's epoch_ms, which is one name for both ways, and make_timestamp."""
    found, scale = of.convert(node.this), node.args.get("scale")
    if found.kind is Kind.TIME:
        return Typed(times.since_epoch(found.sql), Kind.INTEGER)
    if found.kind is not Kind.INTEGER or scale is None or scale.name != "3":
        raise Refused(f"a time from {found.kind}")
    return Typed(times.from_epoch(found.sql), Kind.TIME)


def _epoch_us(of: Expressions, node: exp.Anonymous) -> Typed:
    millis = times.since_epoch(of.sql(node.expressions[0], Kind.TIME))
    return Typed(exp.Mul(this=millis, expression=whole(1000)), Kind.INTEGER)


def _bin(of: Expressions, node: exp.DateBin) -> Typed:
    time = of.sql(node.expression, Kind.TIME)
    return Typed(times.floor(node.this, time, node.args["unit"].this.name), Kind.TIME)


def _written(of: Expressions, node: exp.TimeToStr) -> Typed:
    time = of.sql(node.this, Kind.TIME)
    return Typed(times.written(time, node.args["format"].name), Kind.TEXT)


def _zone(of: Expressions, node: exp.Anonymous) -> Typed:
    """timezone(zone, timezone('UTC', time)): what clocks there show."""
    zone, inner = node.expressions
    if not isinstance(inner, exp.Anonymous) or inner.name != "timezone":
        raise Refused("a time of another zone")
    if inner.expressions[0].name != "UTC":
        raise Refused("a time of another zone")
    return Typed(times.in_zone(of.sql(inner.expressions[1], Kind.TIME), zone.name), Kind.TIME)


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.UnixToTime: _epoch,
    exp.DateBin: _bin,
    exp.TimeToStr: _written,
}
BY_NAME: Mapping[str, Rule] = {
    "epoch_us": _epoch_us,
    "timezone": _zone,
}
