"""DuckDB's functions in Trino's spelling, by sqlglot's kind of node or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena import lists, moments, numbers, texts
from bot.engines.athena.typed import Kind, Typed, call

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _row(of: Expressions, node: exp.Anonymous) -> Typed:
    values = [of.convert(each).sql for each in node.expressions]
    return Typed(call("row", *values), Kind.ROW)


RULES: Mapping[type[exp.Expr], Rule] = {
    **numbers.RULES,
    **texts.RULES,
    **lists.RULES,
    **moments.RULES,
}
BY_NAME: Mapping[str, Rule] = {
    **texts.BY_NAME,
    **lists.BY_NAME,
    **moments.BY_NAME,
    "row": _row,
}
