"""The aggregations of `stats`, as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.insights.calls import Use
from bot.insights.ordering import natural
from bot.insights.terms import (
    COMPOUND,
    NUMBERS,
    Kind,
    Term,
    number,
    present,
    scalar,
    scalar_text,
    text,
)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregation. `build` gives the SQL of the aggregate over a group."""

    name: str
    arguments: tuple[str, ...]
    build: Callable[[Use], Term]
    note: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def fewest(self) -> int:
        return sum(not argument.endswith("?") for argument in self.arguments)

    def view(self, n: int) -> str:
        """The view in which argument n is read."""
        return self.arguments[n].rstrip("?")


def _count(use: Use) -> Term:
    if not use.terms:
        return Term(use.context.count, Kind.INTEGER)
    condition = present(use.terms[0])
    sql = "count(*)" if condition == "true" else f"count(*) FILTER (WHERE {condition})"
    return Term(sql, Kind.INTEGER)


def _count_distinct(use: Use) -> Term:
    term = use.terms[0]
    if term.kind is not Kind.STORED:
        value = text(term) if term.kind in (*COMPOUND, Kind.TRUTH) else term.sql
        return Term(f"count(DISTINCT {value})", Kind.INTEGER)
    dash = f"max(CAST({term.sql} IS NULL AND {term.present} AS BIGINT))"
    return Term(f"(count(DISTINCT {term.sql}) + coalesce({dash}, 0))", Kind.INTEGER)


def _sum(use: Use) -> Term:
    value = number(use.terms[0])
    kind = Kind.REAL if value.kind is Kind.REAL else Kind.HUGE
    return Term(f"sum({value.sql})", kind)


def _over_numbers(name: str) -> Callable[[Use], Term]:
    return lambda use: Term(f"{name}({number(use.terms[0]).sql})", Kind.REAL)


def _extreme(name: str) -> Callable[[Use], Term]:
    def build(use: Use) -> Term:
        term = use.terms[0]
        value = number(term)
        if term.kind in (*NUMBERS, Kind.STORED, Kind.TIME, Kind.TRUTH):
            return Term(f"{name}({value.sql})", value.kind)
        term = scalar(term)
        if term.kind is not Kind.TEXT:
            return Term(f"{name}({scalar_text(term)})", Kind.TEXT)
        numbers = text(Term(f"{name}({value.sql})", Kind.REAL))
        words = f"arg_{name}({term.sql}, {natural(term.sql)}) FILTER (WHERE {term.sql} <> '-')"
        return Term(f"CASE WHEN count({value.sql}) > 0 THEN {numbers} ELSE {words} END", Kind.TEXT)

    return build


def _percentile(use: Use) -> Term:
    share = use.terms[1].literal
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
        raise use.context.bad(use.node.arguments[1], "a percentile is a number from 0 to 100")
    return Term(f"quantile_cont({number(use.terms[0]).sql}::DOUBLE, {share / 100!r})", Kind.REAL)


def _by_time(name: str) -> Callable[[Use], Term]:
    def build(use: Use) -> Term:
        order = use.context.in_time
        if order is None:
            raise use.context.bad(use.node, f"{use.node.function.name} needs @timestamp")
        term = use.terms[0]
        if term.kind is Kind.TIME:
            return Term(f"{name}({number(term).sql}, {order})", Kind.INTEGER)
        if term.kind in NUMBERS:
            return Term(f"{name}({term.sql}, {order})", term.kind)
        return Term(f"{name}({text(term)}, {order})", Kind.TEXT)

    return build


def _by_order(name: str) -> Callable[[Use], Term]:
    def build(use: Use) -> Term:
        term = use.terms[0]
        if term.kind in NUMBERS:
            return Term(f"{name}({term.sql}, {term.sql})", term.kind)
        return Term(f"{name}({text(term)}, {natural(text(term))})", Kind.TEXT)

    return build


def _values(use: Use) -> Term:
    value = text(use.terms[0])
    return Term(f"list_sort(list(DISTINCT {value}) FILTER (WHERE {value} IS NOT NULL))", Kind.LIST)


def _rate(use: Use) -> Term:
    order, stamp = use.context.in_time, use.context.timestamp
    if order is None or stamp is None:
        raise use.context.bad(use.node, "rate needs @timestamp")
    size = use.length(1).microseconds
    if size is None:
        raise use.context.bad(use.node.arguments[1], "rate takes a period of at most weeks")
    use.context.note(
        "rate is the last value less the first, for each period of the time between them;"
        " AWS does not say between what"
    )
    value = f"CAST({number(use.terms[0]).sql} AS DOUBLE)"
    change = f"arg_max({value}, {order}) - arg_min({value}, {order})"
    known = f"FILTER (WHERE {value} IS NOT NULL)"
    passed = f"max(epoch_us({stamp})) {known} - min(epoch_us({stamp})) {known}"
    return Term(f"(({change}) * {size} / nullif({passed}, 0))", Kind.REAL)


def _topk(use: Use) -> Term:
    raise use.context.bad(
        use.node, "topk stands alone: without by, other aggregations or arithmetic"
    )


_MILLIS = "@timestamp gives milliseconds since 1970, as AWS does: wrap it in fromMillis"

_EXTREME = f"of numbers if there are any, else of text without `-`; {_MILLIS}"

AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate("count", ("any?",), _count, "count(f) counts `-`, not missing values"),
    Aggregate("count_distinct", ("any",), _count_distinct, "exact", ("countDistinct",)),
    Aggregate("sum", ("number",), _sum, "whole numbers exactly; missing for no numbers"),
    Aggregate("avg", ("number",), _over_numbers("avg"), "`-` and text are passed over"),
    Aggregate(
        "min",
        ("any",),
        _extreme("min"),
        _EXTREME,
    ),
    Aggregate(
        "max",
        ("any",),
        _extreme("max"),
        _EXTREME,
    ),
    Aggregate("stddev", ("number",), _over_numbers("stddev_pop"), "of the population"),
    Aggregate("variance", ("number",), _over_numbers("var_pop"), "of the population"),
    Aggregate("pct", ("number", "number"), _percentile, "interpolated between neighbours"),
    Aggregate("earliest", ("any",), _by_time("arg_min"), f"first that is present; {_MILLIS}"),
    Aggregate("latest", ("any",), _by_time("arg_max"), f"last that is present; {_MILLIS}"),
    Aggregate("sortsFirst", ("any",), _by_order("arg_min"), "in the order of sort"),
    Aggregate("sortsLast", ("any",), _by_order("arg_max"), "in the order of sort"),
    Aggregate("values", ("any",), _values, "a JSON list in text order", ("collect_values",)),
    Aggregate(
        "countOverTime",
        ("any",),
        _count,
        "count(f); the bin of by is its window",
        ("count_over_time",),
    ),
    Aggregate(
        "sumOverTime", ("number",), _sum, "sum(f); the bin of by is its window", ("sum_over_time",)
    ),
    Aggregate(
        "topk",
        ("number", "any"),
        _topk,
        "a row for each of the most frequent values that are present: the field, and how often it"
        " comes; exact, equally frequent ones in the order of sort; alone in its stats",
    ),
    Aggregate(
        "rate",
        ("number", "period"),
        _rate,
        "the last number less the first, for each period of the time between them; missing for"
        " fewer than two moments; AWS does not say between what, and the answer says so",
    ),
)


def aggregate(name: str) -> Aggregate | None:
    """The aggregation called `name`, in any case."""
    wanted = name.lower()
    for each in AGGREGATES:
        if wanted in {known.lower() for known in (each.name, *each.aliases)}:
            return each
    return None
