"""Commands that look at the rows before: in the order of `sort`, otherwise the default order."""

from __future__ import annotations

from bot.insights import nodes, periods
from bot.insights.plan import Plan
from bot.insights.terms import (
    NUMBERS,
    Kind,
    Term,
    group_keys,
    number,
    number_literal,
    present,
    text,
    text_literal,
    widest,
)
from bot.model.query import LARGEST_LIMIT

_DEFAULT_GAP = 30 * 60 * 1_000_000  # microseconds; the documented 30m
_SO_FAR = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"


def accum(plan: Plan, command: nodes.Accum) -> None:
    """The running sum of a field; rows without a number carry the sum so far."""
    if command.alias is None:
        raise plan.context.unsupported(
            command,
            "AWS does not say what accum calls its result without as",
            f"Write accum {command.field.name} as total.",
        )
    plan.define(command.alias)
    value = number(plan.compiler().term(command.field))
    kind = Kind.REAL if value.kind is Kind.REAL else Kind.HUGE
    _add(plan, command.alias.name, f"sum({value.sql}) OVER ({plan.order_by()} {_SO_FAR})", kind)


def autoregress(plan: Plan, command: nodes.Autoregress) -> None:
    """Values of earlier rows, as `field_p1` and so on; one lag with an alias has just that name."""
    term = plan.compiler().term(command.field)
    base = command.alias or command.field
    for lag in range(command.first, command.last + 1):
        only = command.alias is not None and command.first == command.last
        name = base.name if only else f"{base.name}_p{lag}"
        plan.define(nodes.Name(base.start, base.end, name))
        kind = Kind.TEXT if term.kind is Kind.STORED else term.kind
        value = text(term) if term.kind is Kind.STORED else term.sql
        _add(plan, name, f"lag({value}, {lag}) OVER ({plan.order_by()})", kind)


def _add(plan: Plan, name: str, sql: str, kind: Kind) -> None:
    column = plan.column()
    plan.widen([f"{sql} AS {column}"])
    plan.scope.columns[name] = Term(column, kind)
    plan.show(name)


def filldown(plan: Plan, command: nodes.Filldown) -> None:
    """Missing values become the last value before; all fields when none is named."""
    selects: list[str] = []
    filled: dict[str, Term] = {}
    for name in _named(plan, command):
        term = plan.compiler().term(nodes.Name(command.start, command.end, name))
        if present(term) in ("true", "false"):
            continue
        column = plan.column()
        kind = Kind.TEXT if term.kind is Kind.STORED else term.kind
        value = text(term) if term.kind is Kind.STORED else term.sql
        last = f"last_value({value} IGNORE NULLS) OVER ({plan.order_by()} {_SO_FAR})"
        selects.append(f"{last} AS {column}")
        filled[name] = Term(column, kind)
    plan.widen(selects)
    plan.scope.columns |= filled


def _named(plan: Plan, command: nodes.Filldown) -> list[str]:
    if not command.globs:
        return [name for name in plan.scope.names() if not name.startswith("@")]
    names: list[str] = []
    for glob in command.globs:
        known = [name for name in plan.scope.names() if name.startswith(glob.name)]
        names += known if glob.open else [glob.name]
    return list(dict.fromkeys(names))


def fillmissing(plan: Plan, command: nodes.Fillmissing) -> None:
    """A row for each bin of the query's window that has none, with the constants that are given."""
    if plan.bins is None:
        raise plan.context.bad(command, "fillmissing belongs after stats … by bin(…)")
    key, length = plan.bins
    if len(plan.base_order) != 1:
        raise plan.context.unsupported(
            command, "AWS does not say how fillmissing treats keys besides bin"
        )
    size = length.microseconds
    if size and plan.context.window.seconds * 1e6 / size > LARGEST_LIMIT:
        raise plan.context.unsupported(command, f"that is more than {LARGEST_LIMIT:,} bins")
    fills = _fills(plan, command)
    plan.rows_are_added()
    selects = [f"bins.bin AS {key}"]
    for name, term in plan.scope.columns.items():
        if term.sql != key:
            kept, select = plan.keep(_filled(term, fills.get(name), key))
            plan.scope.columns[name] = kept
            selects += select
    rows = f"{plan.last} AS rows ON rows.{key} = bins.bin"
    plan.stage(
        f"SELECT {', '.join(selects)} FROM ({_every_bin(plan, length)}) AS bins LEFT JOIN {rows}"
    )
    plan.order = plan.base_order


def _fills(plan: Plan, command: nodes.Fillmissing) -> dict[str, Term]:
    found: dict[str, Term] = {}
    for fill in command.fills:
        value = fill.value
        if plan.scope.find(fill.field.name) is None:
            raise plan.context.bad(fill.field, f"there is no {fill.field.name} after stats")
        found[fill.field.name] = (
            number_literal(value.value)
            if isinstance(value, nodes.Number)
            else text_literal(value.value)
        )
    return found


def _filled(term: Term, fill: Term | None, key: str) -> Term:
    """A column after the join; the key is NULL in rows that were not there."""
    if fill is None:
        return term
    there = f"CASE WHEN rows.{key} IS NOT NULL THEN"
    if term.kind in NUMBERS and fill.kind in NUMBERS:
        kind = widest({term.kind, fill.kind})
        return Term(f"{there} {term.sql} ELSE {fill.sql} END", kind)
    return Term(f"{there} {text(term)} ELSE {text(fill)} END", Kind.TEXT)


def _every_bin(plan: Plan, length: periods.Length) -> str:
    start, end = (
        f"TIMESTAMP '{when:%Y-%m-%d %H:%M:%S.%f}'"
        for when in (plan.context.window.start, plan.context.window.end)
    )
    step = periods.interval(length)
    first = periods.floor(start, length)
    return f"SELECT unnest(range({first}, {end}, {step})) AS bin"


def sessionize(plan: Plan, command: nodes.Sessionize) -> None:
    """Sessions, numbered from 1: the same fields, and no pause longer than the gap."""
    stamp = plan.context.timestamp
    if stamp is None:
        raise plan.context.bad(command, "sessionize reads @timestamp, which is gone after stats")
    alias = command.alias or nodes.Name(command.start, command.end, "session_id")
    plan.define(alias)
    gap = _gap(plan, command)
    terms = [plan.compiler().term(field) for field in command.fields]
    keys = ", ".join(key for term in terms for key in group_keys(term))
    begins, session = plan.column(), plan.column()
    before = f"lag({stamp}) OVER (PARTITION BY {keys} ORDER BY {plan.context.in_time})"
    pause = f"coalesce(epoch_us({stamp}) - epoch_us({before}) > {gap}, true)"
    plan.widen([f"CAST({pause} AS BIGINT) AS {begins}"])
    order = f"ORDER BY {keys}, {plan.context.in_time} {_SO_FAR}"
    plan.widen([f"sum({begins}) OVER ({order}) AS {session}"])
    plan.scope.columns[alias.name] = Term(session, Kind.HUGE)
    plan.show(alias.name)


def _gap(plan: Plan, command: nodes.Sessionize) -> int:
    if command.gap is None:
        return _DEFAULT_GAP
    found = periods.length(command.gap)
    if found is None or found.microseconds is None or found.capped:
        raise plan.context.bad(command.gap, "maxspan takes a period such as 30m")
    return found.microseconds
