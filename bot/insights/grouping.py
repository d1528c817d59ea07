"""`stats`: two stages, one that groups and one that computes with what was grouped."""

from __future__ import annotations

from dataclasses import replace

from bot.insights import nodes, periods
from bot.insights.expressions import Compiler
from bot.insights.ordering import ASCENDING, DESCENDING, sort_keys
from bot.insights.periods import Length
from bot.insights.plan import Plan
from bot.insights.scope import Scope
from bot.insights.terms import Kind, Term, present

MOST_STATS = 10
MOST_VALUES = 10_000  # of topk


def stats(plan: Plan, command: nodes.Stats) -> None:
    """Rows become one for each combination of keys; only keys and results stay in scope."""
    _count(plan, command)
    most_frequent = _call_of_topk(command)
    if most_frequent is not None:
        _topk(plan, command, most_frequent)
        return
    plan.records_end()
    results = Scope(None)
    plan.context.offset = _offset(plan, command)
    columns = _keys(plan, command, results)
    plan.context.offset = 0
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
    leave_records(plan, results, keys)
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
        length = _bin_length(item)
        if length is not None:
            length = replace(length, offset=_offset(plan, command))
            return results.columns[plan.name(item)].sql, length
    return None


def _bin_length(item: nodes.Item) -> Length | None:
    """The length of the bins that a key makes."""
    call = item.expression
    if isinstance(call, nodes.Call) and call.function.name.lower() == "bin" and call.arguments:
        period = call.arguments[0]
        return periods.length(period) if isinstance(period, nodes.Period) else None
    return None


def _offset(plan: Plan, command: nodes.Stats) -> int:
    """Microseconds by which bins begin later: what `offset` was seen to do."""
    if command.offset is None:
        return 0
    lengths = [length for length in map(_bin_length, command.keys) if length is not None]
    if not lengths:
        raise plan.context.bad(command.offset, "offset belongs after by bin(…)")
    found = periods.length(command.offset)
    if found is None or found.microseconds is None:
        raise plan.context.bad(command.offset, "offset takes a period of at most weeks")
    if found.capped:
        plan.context.note(found.capped)
    if all(each.microseconds and found.microseconds % each.microseconds == 0 for each in lengths):
        plan.context.note("an offset of whole bins moves no boundary; choose the window instead")
    return found.microseconds


def _define(plan: Plan, results: Scope, alias: nodes.Name) -> None:
    plan.define(alias)
    if alias.name in results.columns:
        raise plan.context.bad(alias, f"Ephemeral field is already defined: {alias.name}")


def leave_records(plan: Plan, results: Scope, keys: list[str]) -> None:
    """From here on rows are no records; only results have names."""
    plan.scope = results
    plan.context.timestamp = plan.context.in_time = None
    plan.context.count = "count(*)"
    plan.shown, plan.made, plan.displayed = [], [], None
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


def _call_of_topk(command: nodes.Stats) -> nodes.Call | None:
    """The call, when topk is the one aggregation and there are no keys."""
    if len(command.aggregates) != 1 or command.keys:
        return None
    call = command.aggregates[0].expression
    is_topk = isinstance(call, nodes.Call) and call.function.name.lower() == "topk"
    return call if isinstance(call, nodes.Call) and is_topk else None


def _topk(plan: Plan, command: nodes.Stats, call: nodes.Call) -> None:
    """The most frequent values of a field, most frequent first, each with how often it comes."""
    item = command.aggregates[0]
    if call.star or len(call.arguments) != 2:
        raise plan.context.bad(call, f"topk takes 2 arguments, not {len(call.arguments) or 'none'}")
    count, field = call.arguments
    wanted = count.value if isinstance(count, nodes.Number) else None
    if not isinstance(wanted, int) or not 1 <= wanted <= MOST_VALUES:
        raise plan.context.bad(count, f"topk takes a whole number from 1 to {MOST_VALUES:,}")
    plan.records_end()
    term = plan.compiler().term(field)
    value, selects = plan.keep(term)
    keys = ", ".join(select.rpartition(" AS ")[2] for select in selects)
    times, results = plan.column(), Scope(None)
    results.columns[plan.name(nodes.Item(field.start, field.end, field, None))] = value
    if item.alias is not None:
        _define(plan, results, item.alias)
    results.columns[plan.name(item)] = Term(times, Kind.INTEGER)
    rows = f"{plan.last} WHERE {present(term)}"
    plan.stage(f"SELECT {', '.join(selects)}, count(*) AS {times} FROM {rows} GROUP BY {keys}")
    leave_records(plan, results, [])
    plan.bins = None
    plan.base_order = [f"{times} {DESCENDING}", *(f"{k} {ASCENDING}" for k in sort_keys(value))]
    plan.order = plan.base_order
    plan.stage(f"SELECT * FROM {plan.last}{plan.order_by()} LIMIT {wanted}")
