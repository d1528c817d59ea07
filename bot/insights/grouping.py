"""`stats`: two stages, one that groups and one that computes with what was grouped."""

from __future__ import annotations

from typing import cast

from bot.insights import nodes, periods
from bot.insights.expressions import Compiler
from bot.insights.ordering import ASCENDING
from bot.insights.periods import Length
from bot.insights.plan import Plan
from bot.insights.scope import Scope
from bot.insights.terms import Term

MOST_STATS = 10


def stats(plan: Plan, command: nodes.Stats) -> None:
    """Rows become one for each combination of keys; only keys and results stay in scope."""
    _count(plan, command)
    if command.offset is not None:
        raise plan.context.unsupported(
            command.offset, "what offset does to bins is documented one way and was seen another"
        )
    plan.records_end()
    results = Scope(None)
    columns = _keys(plan, command, results)
    selects = list(columns)

    def collect(term: Term) -> Term:
        column = plan.column()
        selects.append(f"{term.sql} AS {column}")
        return Term(column, term.kind)

    compiler = Compiler(plan.context, results, plan.compiler(), collect)
    outputs: dict[str, Term] = {}
    for item in command.aggregates:
        term = compiler.term(item.expression)
        if item.alias is not None:
            _define(plan, results, item.alias)
        outputs[plan.name(item)] = results.columns[plan.name(item)] = term
    if len(selects) == len(columns):
        raise plan.context.bad(command, "stats needs an aggregation such as count(*)")
    keys = [column.rpartition(" AS ")[2] for column in columns]
    by = f" GROUP BY {', '.join(keys)}" if keys else ""
    plan.stage(f"SELECT {', '.join(selects)} FROM {plan.last}{by}")
    _leave_records(plan, results, keys)
    plan.bins = _bins(plan, command, results)
    _compute(plan, keys, outputs)


def _count(plan: Plan, command: nodes.Stats) -> None:
    before = [
        c
        for c in plan.context.pipeline.commands
        if isinstance(c, nodes.Stats) and c.start < command.start
    ]
    if len(before) >= MOST_STATS:
        raise plan.context.bad(command, f"a query has at most {MOST_STATS} stats")


def _keys(plan: Plan, command: nodes.Stats, results: Scope) -> list[str]:
    """What selects the keys; their terms go into the scope of the results."""
    selects: list[str] = []
    for item in command.keys:
        kept, select = plan.keep(plan.compiler().term(item.expression))
        expression = item.expression
        renamed = not isinstance(expression, nodes.Name) or expression.name != plan.name(item)
        if item.alias is not None and renamed:
            _define(plan, results, item.alias)
        if plan.name(item) not in results.columns:
            results.columns[plan.name(item)] = kept
            selects += select
    return selects


def _bins(plan: Plan, command: nodes.Stats, results: Scope) -> tuple[str, Length] | None:
    for item in command.keys:
        call = item.expression
        if isinstance(call, nodes.Call) and call.function.name.lower() == "bin":
            length = periods.length(cast(nodes.Period, call.arguments[0]))
            column = results.columns[plan.name(item)].sql
            return (column, length) if length else None
    return None


def _define(plan: Plan, results: Scope, alias: nodes.Name) -> None:
    plan.define(alias)
    if alias.name in results.columns:
        raise plan.context.bad(alias, f"Ephemeral field is already defined: {alias.name}")


def _leave_records(plan: Plan, results: Scope, keys: list[str]) -> None:
    plan.scope = results
    plan.context.timestamp = plan.context.in_time = None
    plan.shown, plan.displayed = [], None
    plan.base_order = [f"{key} {ASCENDING}" for key in keys]
    plan.order = plan.base_order


def _compute(plan: Plan, keys: list[str], outputs: dict[str, Term]) -> None:
    """The results of arithmetic over aggregates, as columns."""
    selects = list(keys)
    for name, term in outputs.items():
        kept, select = plan.keep(term)
        plan.scope.columns[name] = kept
        selects += select
    plan.stage(f"SELECT {', '.join(selects)} FROM {plan.last}")
