"""A pipeline into one DuckDB statement: a common table expression for each command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.insights.context import Context
from bot.insights.nodes import Pipeline
from bot.insights.plan import Plan
from bot.insights.relation import LookupTable, Relation
from bot.insights.stages import add
from bot.insights.terms import text
from bot.model.query import LARGEST_LIMIT, Query


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
    plan = Plan(Context(pipeline, query.window, now, stamp, in_time), relation, tables or {})
    for command in pipeline.commands:
        add(plan, command)
    return _finish(plan, min([query.limit, LARGEST_LIMIT, *plan.limits]))


def _finish(plan: Plan, limit: int) -> Translation:
    shown, order = plan.output(), plan.order_by()
    columns = [f'{text(term)} AS "c{n}"' for n, term in enumerate(shown.values())]
    # Values become text above the limit: few rows are formatted, however many were read.
    kept = f"SELECT * FROM {plan.last}{order} LIMIT {limit}"
    return Translation(
        sql=f"{plan.stages(plan.last)}SELECT {', '.join(columns)}\nFROM ({kept}){order}",
        columns=tuple(shown),
        limit=limit,
        matched=f"{plan.stages(plan.matched)}SELECT count(*) FROM {plan.matched}",
        raw=plan.raw,
        notes=tuple(plan.context.notes),
    )
