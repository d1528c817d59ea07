"""The commands that keep rows as they are, each a stage of a plan."""

from __future__ import annotations

from bot.insights import nodes
from bot.insights.grouping import stats
from bot.insights.ordering import ASCENDING, DESCENDING, sort_keys
from bot.insights.plan import Plan
from bot.insights.regexes import compiled, glob
from bot.insights.terms import Kind, Term, group_keys, present, quoted, scalar_text
from bot.model.query import LARGEST_LIMIT


def add(plan: Plan, command: nodes.Command) -> None:
    """Append a command to a plan."""
    if plan.deduplicated and not isinstance(command, nodes.Limit):
        _misplaced(plan, command, "only limit may follow dedup")
    match command:
        case nodes.Fields():
            _fields(plan, command)
        case nodes.Display():
            _display(plan, command)
        case nodes.Filter():
            condition = plan.compiler().condition(command.condition)
            plan.stage(f"SELECT * FROM {plan.last} WHERE {condition}")
        case nodes.Stats():
            stats(plan, command)
        case nodes.Sort():
            _sort(plan, command)
        case nodes.Limit():
            _limit(plan, command)
        case nodes.ParseGlob():
            _parse_glob(plan, command)
        case nodes.ParseRegex():
            _parse_regex(plan, command)
        case nodes.Dedup():
            _dedup(plan, command)


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


def _parse_glob(plan: Plan, command: nodes.ParseGlob) -> None:
    stars, aliases = command.pattern.value.count("*"), command.aliases
    if stars != len(aliases):
        raise plan.context.bad(
            command.pattern, f"{stars} * in the pattern, but {len(aliases)} names after as"
        )
    groups = list(enumerate(aliases, 1))
    _parse(plan, command.field, glob(command.pattern.value), groups)


def _parse_regex(plan: Plan, command: nodes.ParseRegex) -> None:
    place, regex = command.pattern, compiled(command.pattern.pattern)
    if not regex.groups:
        raise plan.context.bad(place, "the pattern has no named group", "Write (?<name>…).")
    groups = [(n, nodes.Name(place.start, place.end, name)) for name, n in regex.groups.items()]
    _parse(plan, command.field, regex.pattern, groups)


def _parse(
    plan: Plan, field: nodes.Name | None, pattern: str, groups: list[tuple[int, nodes.Name]]
) -> None:
    """New columns from a pattern's groups; rows that do not match stay without them."""
    subject = scalar_text(plan.compiler().term(field or nodes.Name(0, 0, "@message")))
    regex, found = quoted(pattern), plan.column()
    # DuckDB gives '' for every group when nothing matches, hence the test besides.
    listed = ", ".join(f"'g{n}'" for n in range(1, max(n for n, _ in groups) + 1))
    extract = f"regexp_extract({subject}, {regex}, [{listed}])"
    plan.widen([f"CASE WHEN regexp_matches({subject}, {regex}) THEN {extract} END AS {found}"])
    selects = []
    for n, name in groups:
        plan.define(name, over_records=True)
        column = plan.column()
        selects.append(f"{found}.g{n} AS {column}")
        plan.scope.columns[name.name] = Term(column, Kind.TEXT)
    plan.widen(selects)
