"""Commands that add up or tame numbers: `addtotals` and `outlier`."""

from __future__ import annotations

from bot.insights import nodes
from bot.insights.plan import Plan
from bot.insights.terms import Kind, Term, number, text

_MARK = "isOutlier"


def addtotals(plan: Plan, command: nodes.Addtotals) -> None:
    """A column with the sum of each row, a row with the sum of each column, or both."""
    names = [field.name for field in command.fields] or list(plan.output())
    terms = {name: plan.compiler().term(nodes.Name(0, 0, name)) for name in names}
    summed = {
        name: term
        for name, term in terms.items()
        if term.kind is not Kind.TIME and not name.startswith("@")
    }
    if not summed:
        raise plan.context.bad(command, "there is nothing to add up")
    if command.row:
        plan.define(nodes.Name(command.start, command.end, command.total))
        _row_total(plan, command.total, list(summed.values()))
        if command.column:
            summed[command.total] = plan.scope.columns[command.total]
    if command.column:
        _column_total(plan, summed)


def _row_total(plan: Plan, name: str, terms: list[Term]) -> None:
    values = [number(term) for term in terms]
    real = any(value.kind is Kind.REAL for value in values)
    kind = Kind.REAL if real else Kind.HUGE
    type_name = "DOUBLE" if real else "HUGEINT"
    casts = ", ".join(f"CAST({value.sql} AS {type_name})" for value in values)
    column = plan.column()
    plan.widen([f"list_sum([{casts}]) AS {column}"])
    plan.scope.columns[name] = Term(column, kind)
    plan.show(name)


def _column_total(plan: Plan, terms: dict[str, Term]) -> None:
    """The summed columns become text, since a row may hold `-` where the last row has a sum."""
    plan.rows_are_added()
    shown, sums, selects = [], [], []
    for name, term in terms.items():
        column = plan.column()
        value = number(term)
        kind = Kind.REAL if value.kind is Kind.REAL else Kind.HUGE
        selects.append(f"{text(term)} AS {column}")
        sums.append(f"{text(Term(f'sum({value.sql})', kind))} AS {column}")
        shown.append((name, Term(column, Kind.TEXT)))
    last, rows = plan.column(), plan.last
    plan.widen([*selects, f"false AS {last}"])
    plan.stage(
        f"SELECT * FROM {plan.last} UNION ALL BY NAME"
        f" SELECT {', '.join(sums)}, true AS {last} FROM {rows}"
    )
    plan.scope.columns |= dict(shown)
    plan.order = [f"{last} ASC", *plan.order]


def outlier(plan: Plan, command: nodes.Outlier) -> None:
    """Values beyond the quartiles by more than `param` times their distance, cut off or removed."""
    outside: list[str] = []
    changed: dict[str, Term] = {}
    for field in command.fields:
        term = plan.compiler().term(field)
        low, high = _bounds(plan, number(term).sql, command.factor)
        value = number(term).sql
        above, below = f"{value} > {high}", f"{value} < {low}"
        outside += [above, below] if command.lower else [above]
        cut = f"CASE WHEN {above} THEN {_shown(high)}"
        cut += f" WHEN {below} THEN {_shown(low)}" if command.lower else ""
        changed[field.name] = Term(f"{cut} ELSE {text(term)} END", Kind.TEXT)
    conditions = " OR ".join(f"coalesce({each}, false)" for each in outside)
    if command.mark:
        _mark(plan, command, conditions)
    if command.remove:
        plan.stage(f"SELECT * FROM {plan.last} WHERE NOT ({conditions})")
        return
    selects: list[str] = []
    for name, term in changed.items():
        kept, select = plan.keep(term)
        plan.scope.columns[name] = kept
        selects += select
    plan.widen(selects)


def _mark(plan: Plan, command: nodes.Outlier, conditions: str) -> None:
    plan.define(nodes.Name(command.start, command.end, _MARK))
    column = plan.column()
    plan.widen([f"({conditions}) AS {column}"])
    plan.scope.columns[_MARK] = Term(column, Kind.TRUTH)
    plan.show(_MARK)
    plan.context.note(f"AWS does not name the field that mark=true adds; here it is {_MARK}")


def _shown(column: str) -> str:
    return text(Term(column, Kind.REAL))


def _bounds(plan: Plan, value: str, factor: float) -> tuple[str, str]:
    """Columns with the lowest and the highest value that is no outlier."""
    first, third, low, high = (plan.column() for _ in range(4))
    quartile = "quantile_cont(CAST({0} AS DOUBLE), {1}) OVER ()"
    plan.widen(
        [f"{quartile.format(value, 0.25)} AS {first}", f"{quartile.format(value, 0.75)} AS {third}"]
    )
    distance = f"{factor!r} * ({third} - {first})"
    plan.widen([f"{first} - {distance} AS {low}", f"{third} + {distance} AS {high}"])
    return low, high
