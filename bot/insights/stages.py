"""Commands as stages of a plan: which function adds which, and the plain ones themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.insights import lookups, nodes, parsing, series, totals
from bot.insights.grouping import leave_records, stats
from bot.insights.ordering import ASCENDING, DESCENDING, sort_keys
from bot.insights.plan import Plan
from bot.insights.scope import Scope
from bot.insights.terms import Kind, Term, group_keys, present
from bot.model.query import LARGEST_LIMIT


def add(plan: Plan, command: nodes.Command) -> None:
    """Append a command to a plan."""
    if plan.deduplicated and not isinstance(command, nodes.Limit | nodes.Estimate):
        _misplaced(plan, command, "only limit may follow dedup")
    _STAGES[type(command)](plan, command)


def _misplaced(plan: Plan, command: nodes.Command, why: str) -> None:
    word = plan.context.pipeline.source(command).split()[0]
    place = nodes.Node(command.start, command.start + len(word))
    raise plan.context.bad(place, f"unexpected symbol found {word}: {why}")


def _before_stats(plan: Plan, command: nodes.Command) -> None:
    """Refuse a command that stands before a `stats`, where AWS refuses it."""
    later = [c for c in plan.context.pipeline.commands if c.start > command.start]
    if any(isinstance(each, nodes.Stats) for each in later):
        _misplaced(plan, command, "it must come after the last stats")


def _fields(plan: Plan, command: nodes.Fields) -> None:
    selects: list[str] = []
    for item in command.items:
        name, expression = plan.name(item), item.expression
        plan.shown += [name] if name not in plan.shown else []
        if isinstance(expression, nodes.Name) and name == expression.name:
            plan.compiler().term(expression)  # a note if there is no such field
            continue
        kept, select = plan.keep(plan.compiler().term(expression))
        if item.alias is not None:
            plan.define(item.alias)
        plan.scope.columns[name] = kept
        selects += select
    plan.widen(selects)


def _display(plan: Plan, command: nodes.Display) -> None:
    compiler = plan.compiler()
    plan.displayed = {plan.name(item): compiler.term(item.expression) for item in command.items}


def _filter(plan: Plan, command: nodes.Filter) -> None:
    condition = plan.compiler().condition(command.condition)
    plan.stage(f"SELECT * FROM {plan.last} WHERE {condition}")


def _filter_index(plan: Plan, command: nodes.FilterIndex) -> None:
    condition = command.condition
    plain = isinstance(condition, nodes.Comparison) and condition.operator == "="
    if not plain and not (isinstance(condition, nodes.Membership) and not condition.negated):
        raise plan.context.bad(condition, "filterIndex takes field = value or field in [...]")
    sql = plan.compiler().condition(condition)
    plan.stage(f"SELECT * FROM {plan.last} WHERE {sql}")


def _sort(plan: Plan, command: nodes.Sort) -> None:
    _before_stats(plan, command)
    selects: list[str] = []
    order: list[str] = []
    for key in command.keys:
        if key.descending is None:
            plan.context.note("sort without asc or desc ascends here; AWS does not say")
        for sql in sort_keys(plan.compiler().term(key.expression)):
            column = plan.column()
            selects.append(f"{sql} AS {column}")
            order.append(f"{column} {DESCENDING if key.descending else ASCENDING}")
    plan.widen(selects)
    plan.sort(order)


def _limit(plan: Plan, command: nodes.Limit) -> None:
    _before_stats(plan, command)
    count = command.count.value
    if not isinstance(count, int) or not 1 <= count <= LARGEST_LIMIT:
        raise plan.context.bad(
            command.count, f"limit takes a whole number from 1 to {LARGEST_LIMIT:,}"
        )
    plan.records_end()
    plan.limits.append(count)
    plan.stage(f"SELECT * FROM {plan.last}{plan.order_by()} LIMIT {count}")


def _dedup(plan: Plan, command: nodes.Dedup) -> None:
    plan.records_end()
    terms = [plan.compiler().term(name) for name in command.names]
    keys = [key for term in terms for key in group_keys(term)]
    lacking = " OR ".join(f"NOT {present(term)}" for term in terms)
    row = f"row_number() OVER (PARTITION BY {', '.join(keys)}{plan.order_by()})"
    plan.stage(f"SELECT * FROM {plan.last} QUALIFY {row} = 1 OR {lacking}")
    plan.deduplicated = True


def _source(plan: Plan, command: nodes.LogSource) -> None:
    """Accept a SOURCE that means what is read anyway; there is nothing else to choose here."""
    if command is not plan.context.pipeline.commands[0]:
        _misplaced(plan, command, "SOURCE comes first")
    name = plan.relation.name
    if name is None:
        raise plan.context.unsupported(command, "the source is chosen outside the query here")
    if command.of.lower() not in ("", "loggroups"):
        raise plan.context.unsupported(command, f"{command.of} does not mean anything here")
    for kind, names in zip(command.kinds, command.names, strict=True):
        _check_choice(plan, kind, names, name)


def _check_choice(plan: Plan, kind: str, names: nodes.Array, name: str) -> None:
    if kind.lower() not in ("", "nameprefix"):
        what = f"{kind} does not mean anything here"
        raise plan.context.unsupported(names, what, "namePrefix does.")
    texts = [item.value for item in names.items if isinstance(item, nodes.Text)]
    if not texts or len(texts) < len(names.items):
        raise plan.context.bad(names, "SOURCE takes quoted names")
    if not (name.startswith(tuple(texts)) if kind else texts == [name]):
        what = "one source is read, and this does not name it"
        raise plan.context.unsupported(names, what, f"It is {name}.")


def _estimate(plan: Plan, command: nodes.Estimate) -> None:
    """One row with the bytes that would be read; the query is checked, but not run."""
    if command is not plan.context.pipeline.commands[-1]:
        _misplaced(plan, command, "estimate comes last")
    size = plan.relation.size
    if size is None:
        raise plan.context.unsupported(command, "what a query reads is not known beforehand here")
    column = plan.column()
    plan.instead(f"SELECT CAST({size} AS BIGINT) AS {column}")
    leave_records(plan, Scope(None, {"estimatedBytes": Term(column, Kind.INTEGER)}), [])


_STAGES: Mapping[type[nodes.Node], Callable[[Plan, Any], None]] = {
    nodes.Fields: _fields,
    nodes.Display: _display,
    nodes.Filter: _filter,
    nodes.FilterIndex: _filter_index,
    nodes.Stats: stats,
    nodes.Sort: _sort,
    nodes.Limit: _limit,
    nodes.Dedup: _dedup,
    nodes.ParseGlob: parsing.parse_glob,
    nodes.ParseRegex: parsing.parse_regex,
    nodes.ParseCsv: parsing.parse_csv,
    nodes.ParseLogfmt: parsing.parse_logfmt,
    nodes.Json: parsing.json,
    nodes.Unnest: parsing.unnest,
    nodes.Accum: series.accum,
    nodes.Autoregress: series.autoregress,
    nodes.Filldown: series.filldown,
    nodes.Fillmissing: series.fillmissing,
    nodes.Sessionize: series.sessionize,
    nodes.Addtotals: totals.addtotals,
    nodes.Outlier: totals.outlier,
    nodes.Lookup: lookups.lookup,
    nodes.LogSource: _source,
    nodes.Estimate: _estimate,
}
