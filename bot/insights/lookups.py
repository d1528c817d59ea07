"""`lookup` and `cidrlookup`: columns of a table beside the rows whose key it has.

A cell that is empty is missing, and matches nothing. Of rows with the same key the first counts. A
row without a match keeps what it has, also under `OUTPUT`; `OUTPUTNEW` fills only what is missing
or empty.
"""

from __future__ import annotations

from bot.insights import nodes
from bot.insights.addresses import digits, ranges
from bot.insights.plan import Plan
from bot.insights.relation import LookupTable
from bot.insights.terms import Kind, Term, scalar_text, text
from bot.insights.vocabulary import did_you_mean


def lookup_tables(pipeline: nodes.Pipeline) -> frozenset[str]:
    """The lookup tables that a query names."""
    return frozenset(c.table.name for c in pipeline.commands if isinstance(c, nodes.Lookup))


def lookup(plan: Plan, command: nodes.Lookup) -> None:
    """Columns of the row that has an event's key."""
    (_by_range if command.ranges else _by_key)(plan, command)


def _by_key(plan: Plan, command: nodes.Lookup) -> None:
    """Keys equal fields exactly, and in the same case."""
    table = _table(plan, command.table)
    compiler = plan.compiler()
    tests, keys, selects = [], [], []
    for key in command.keys:
        field, column = plan.column(), plan.column()
        selects.append(f"{scalar_text(compiler.term(key.field))} AS {field}")
        keys.append(f"{_cell(plan, table, key.column)} AS {column}")
        tests.append(f"found.{column} = events.{field}")
    outputs = _outputs(plan, table, command.outputs)
    hit = plan.column()
    listed = [f"{cell} AS {column}" for cell, column in outputs]
    same = ", ".join(key.rpartition(" AS ")[0] for key in keys)
    first = f"row_number() OVER (PARTITION BY {same} ORDER BY {table.order}) = 1"
    found = f"SELECT {', '.join([*keys, *listed])}, true AS {hit} FROM {table.sql} QUALIFY {first}"
    plan.widen(selects)
    plan.stage(
        f"SELECT * FROM {plan.last} AS events LEFT JOIN ({found}) AS found ON {' AND '.join(tests)}"
    )
    _write(plan, command, [column for _, column in outputs], hit)


def _by_range(plan: Plan, command: nodes.Lookup) -> None:
    """The row whose range holds an address; the longest prefix wins.

    The ranges are cut into stretches, each with the row that wins there, so that every event finds
    its own by one search, however many ranges there are.
    """
    table, key = _table(plan, command.table), command.keys[0]
    outputs = _outputs(plan, table, command.outputs)
    written, field, found, hit = (plan.column() for _ in range(4))
    term = plan.compiler().term(key.field)
    plan.widen([f"{scalar_text(term)} AS {written}"])
    plan.widen([f"{digits(written, term.ipv4)} AS {field}"])
    cells = ", ".join(f"{column} := {cell}" for cell, column in outputs)
    read = ranges(_cell(plan, table, key.column), table.sql)
    stretches = (
        "WITH ranges AS MATERIALIZED"
        f" (SELECT low, high, struct_pack(b := bits, n := -{table.order}) AS rank,"
        f" struct_pack(hit := true, {cells}) AS cells FROM ({read})),"
        " points AS (SELECT low AS point FROM ranges UNION SELECT high || '~' FROM ranges)"
        f" SELECT point, max_by(cells, rank) AS {found} FROM points LEFT JOIN ranges"
        " ON low <= point AND point <= high GROUP BY point"
    )
    plan.stage(
        f"SELECT events.*, stretches.{found} FROM {plan.last} AS events"
        f" ASOF LEFT JOIN ({stretches}) AS stretches ON events.{field} >= stretches.point"
    )
    parts = [f"{found}.{column} AS {column}" for _, column in outputs]
    plan.widen([*parts, f"{found}.hit AS {hit}"])
    _write(plan, command, [column for _, column in outputs], hit)


def _table(plan: Plan, named: nodes.Column) -> LookupTable:
    table = plan.tables.get(named.name)
    if table is None:
        hint = did_you_mean(named.name, list(plan.tables))
        raise plan.context.bad(
            named,
            f"there is no lookup table {named.name}",
            hint or "Tables are files NAME.csv in the folder that FLOWS_TABLES names.",
        )
    return table


def _cell(plan: Plan, table: LookupTable, column: nodes.Column | None) -> str:
    """The SQL of a column, where an empty cell is missing; of the first when none is named."""
    if column is None:
        return f"nullif({next(iter(table.columns.values()))}, '')"
    sql = table.columns.get(column.name)
    if sql is None:
        hint = did_you_mean(column.name, list(table.columns))
        what = f"the table has no column {column.name}"
        raise plan.context.bad(column, what, hint or f"It has {', '.join(table.columns)}.")
    return f"nullif({sql}, '')"


def _outputs(
    plan: Plan, table: LookupTable, outputs: tuple[nodes.Output, ...]
) -> list[tuple[str, str]]:
    """The cells that are wanted, each with the column it becomes."""
    names = [output.alias.name for output in outputs]
    for n, output in enumerate(outputs):
        if output.alias.name in names[:n]:
            raise plan.context.bad(output.alias, f"{output.alias.name} is written twice")
    return [(_cell(plan, table, output.column), plan.column()) for output in outputs]


def _write(plan: Plan, command: nodes.Lookup, cells: list[str], hit: str) -> None:
    """What was found becomes fields of the event."""
    selects, written = [], {}
    for output, cell in zip(command.outputs, cells, strict=True):
        name, column = output.alias.name, plan.column()
        before = plan.scope.find(name)
        if before is None:
            value = cell
        elif command.only_new:
            value = f"coalesce(nullif({text(before)}, ''), {cell})"
        else:
            value = f"CASE WHEN {hit} THEN {cell} ELSE {text(before)} END"
        selects.append(f"{value} AS {column}")
        written[name] = Term(column, Kind.TEXT)
    plan.widen(selects)
    plan.scope.columns |= written
    for name in written:
        plan.show(name)
