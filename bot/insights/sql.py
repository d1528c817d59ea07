"""A pipeline into one DuckDB statement: a common table expression for each command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.insights.context import Context
from bot.insights.nodes import Pipeline
from bot.insights.plan import Plan
from bot.insights.relation import LookupTable, Relation, Source, Stored
from bot.insights.stages import add
from bot.insights.terms import text
from bot.model.query import LARGEST_LIMIT, Query

# The fewest fields that a relation has: a name that is missing is no reason to refuse.
_ALWAYS = {"@timestamp": Source("stamp", Stored.TIME)} | {
    name: Source("value", Stored.TEXT) for name in ("@message", "@logStream", "@log", "@ptr")
}


@dataclass(frozen=True, slots=True)
class Translation:
    """`sql` yields VARCHAR columns in the order of `columns`; NULL is a field left out of its row.

    `limit` is the number of rows it stops at. `matched` is SQL that counts the records that are
    left before the first `stats`, `limit` or `dedup`, what AWS calls records matched. `raw` rows
    are records, with `@ptr` last; others come from `stats`. `notes` are what an answer should say.
    """

    sql: str
    columns: tuple[str, ...]
    limit: int
    matched: str
    raw: bool
    notes: tuple[str, ...] = ()


def translate(
    pipeline: Pipeline,
    relation: Relation,
    query: Query,
    now: datetime,
    tables: Mapping[str, LookupTable] | None = None,
) -> Translation:
    """The SQL of a pipeline over a relation, which holds the records of the query's window.

    `tables` are lookup tables by name, at least those of `lookups.lookup_tables` that there are.
    Raises BadQuery for what AWS would refuse, NotSupported for what cannot be done exactly here.
    """
    stamp = relation.fields["@timestamp"].sql
    in_time = f"row({stamp}, {relation.tie})" if relation.tie else stamp
    context = Context(pipeline, query.window, now, stamp, in_time)
    if relation.weight:
        context.count = f"CAST(coalesce(sum({relation.weight}), 0) AS BIGINT)"
    counted = context.count
    plan = Plan(context, relation, tables or {})
    for command in pipeline.commands:
        add(plan, command)
    return _finish(plan, min([query.limit, LARGEST_LIMIT, *plan.limits]), counted)


def check(
    pipeline: Pipeline,
    query: Query,
    now: datetime,
    tables: Mapping[str, LookupTable] | None = None,
    name: str | None = None,
) -> None:
    """Raise what `translate` would whatever the records are, before any of them is read.

    `name` is what `SOURCE` may call them.
    """
    translate(pipeline, Relation("records", _ALWAYS, name=name, size=0), query, now, tables)


def _finish(plan: Plan, limit: int, counted: str) -> Translation:
    shown, order = plan.output(), plan.order_by()
    columns = [f'{text(term)} AS "c{n}"' for n, term in enumerate(shown.values())]
    # Values become text above the limit: few rows are formatted, however many were read.
    kept = f"SELECT * FROM {plan.last}{order} LIMIT {limit}"
    return Translation(
        sql=f"{plan.stages(plan.last)}SELECT {', '.join(columns)}\nFROM ({kept}){order}",
        columns=tuple(shown),
        limit=limit,
        matched=f"{plan.stages(plan.matched)}SELECT {counted} FROM {plan.matched}",
        raw=plan.raw,
        notes=tuple(plan.context.notes),
    )
