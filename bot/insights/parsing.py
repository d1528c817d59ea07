"""Commands that take fields out of text, and rows out of lists."""

from __future__ import annotations

from bot.insights import nodes
from bot.insights.plan import Plan
from bot.insights.regexes import compiled, glob, separated
from bot.insights.scope import pointer
from bot.insights.terms import Kind, Term, quoted, scalar_text, text


def parse_glob(plan: Plan, command: nodes.ParseGlob) -> None:
    stars, aliases = command.pattern.value.count("*"), command.aliases
    if stars != len(aliases):
        raise plan.context.bad(
            command.pattern, f"{stars} * in the pattern, but {len(aliases)} names after as"
        )
    separator = separated(command.pattern.value)
    if separator is not None:
        _parse_separated(plan, command.field, separator, aliases)
    else:
        groups = list(enumerate(aliases, 1))
        _parse(plan, command.field, glob(command.pattern.value), groups)


def _parse_separated(
    plan: Plan, field: nodes.Name | None, separator: str, names: tuple[nodes.Name, ...]
) -> None:
    """What the pattern of `glob` would give, several times as fast."""
    subject, parts, sql = _subject(plan, field), plan.column(), quoted(separator)
    line = f"split_part({subject}, chr(10), 1)"
    plan.widen([f"string_split({line}, {sql}) AS {parts}"])
    count = len(names)
    values = [f"{parts}[{n}]" for n in range(1, count)]
    values.append(f"array_to_string({parts}[{count}:], {sql})")
    enough = f"CASE WHEN len({parts}) >= {count} THEN"
    columns = zip(names, values, strict=True)
    _name_columns(plan, [(name, f"{enough} {value} END") for name, value in columns])


def parse_regex(plan: Plan, command: nodes.ParseRegex) -> None:
    place, regex = command.pattern, compiled(command.pattern.pattern)
    if not regex.groups:
        raise plan.context.bad(place, "the pattern has no named group", "Write (?<name>…).")
    groups = [(n, nodes.Name(place.start, place.end, name)) for name, n in regex.groups.items()]
    if command.multi:
        _parse_all(plan, command.field, regex.pattern, groups)
    else:
        _parse(plan, command.field, regex.pattern, groups)


def _parse(
    plan: Plan, field: nodes.Name | None, pattern: str, groups: list[tuple[int, nodes.Name]]
) -> None:
    """New columns from a pattern's groups; rows that do not match stay without them."""
    subject = _subject(plan, field)
    regex, found = quoted(pattern), plan.column()
    # DuckDB gives '' for every group when nothing matches, hence the test besides.
    listed = ", ".join(f"'g{n}'" for n in range(1, max(n for n, _ in groups) + 1))
    extract = f"regexp_extract({subject}, {regex}, [{listed}])"
    plan.widen([f"CASE WHEN regexp_matches({subject}, {regex}) THEN {extract} END AS {found}"])
    _name_columns(plan, [(name, f"{found}.g{n}") for n, name in groups])


def _parse_all(
    plan: Plan, field: nodes.Name | None, pattern: str, groups: list[tuple[int, nodes.Name]]
) -> None:
    """A row for each match; a row that does not match stays without the new columns."""
    subject, regex = _subject(plan, field), quoted(pattern)
    lists = [f"regexp_extract_all({subject}, {regex}, {n})" for n, _ in groups]
    found = plan.explode(f"list_zip({', '.join(lists)})")
    _name_columns(plan, [(name, f"{found}[{n}]") for n, (_, name) in enumerate(groups, 1)])


def parse_csv(plan: Plan, command: nodes.ParseCsv) -> None:
    """Columns by position; a value in double quotes may hold commas, and "" for a quote."""
    subject, found = _subject(plan, command.field), plan.column()
    cell = quoted('("(?:[^"]|"")*"|[^,]*)(?:,|$)')
    cells = f"regexp_extract_all({subject}, {cell}, 1)"
    # The end of the text matches once more, unless a comma stands before it.
    count = f"len({cells}) - CASE WHEN ends_with({subject}, ',') THEN 0 ELSE 1 END"
    plan.widen([f"list_slice({cells}, 1, {count}) AS {found}"])
    columns = []
    for n, name in enumerate(command.aliases, 1):
        value = f"{found}[{n}]"
        bare = f"""replace(substring({value}, 2, length({value}) - 2), '""', '"')"""
        quotes = f"starts_with({value}, '\"') AND length({value}) > 1"
        columns.append((name, f"CASE WHEN {quotes} THEN {bare} ELSE {value} END"))
    _name_columns(plan, columns)


def parse_logfmt(plan: Plan, command: nodes.ParseLogfmt) -> None:
    """A map of `key=value` and `key="some value"`; of a key that comes twice nothing is known."""
    subject = _subject(plan, command.field)
    pair = r"(?:^|\s)([^\s=\"]+)="
    names = f"regexp_extract_all({subject}, {quoted(pair)}, 1)"
    value = quoted(pair + r'("(?:[^"\\]|\\.)*"|\S*)')
    bare = "replace(regexp_replace(v, '^\"(.*)\"$', '\\1'), '\\\"', '\"')"
    values = f"list_transform(regexp_extract_all({subject}, {value}, 2), lambda v: {bare})"
    plan.define(command.alias, over_records=True)
    column = plan.column()
    plan.widen([f"TRY(to_json(map({names}, {values}))) AS {column}"])
    plan.scope.columns[command.alias.name] = Term(column, Kind.MAP)


def json(plan: Plan, command: nodes.Json) -> None:
    """The value at a dotted path of JSON text."""
    subject = _subject(plan, command.field)
    path = quoted(pointer(command.path.value))
    value = f"CASE WHEN json_valid({subject}) THEN json_extract_string({subject}, {path}) END"
    _name_columns(plan, [(command.alias, value)])


def unnest(plan: Plan, command: nodes.Unnest) -> None:
    """A row for each element of a JSON list; what is no list is its only element."""
    term = plan.compiler().term(command.field)
    if term.kind is Kind.LIST and plan.raw:
        raise plan.context.bad(command.field, "what split() gives cannot be unnested; AWS refuses")
    value = term.sql if term.kind is Kind.MAP else _as_json(text(term))
    if command.alias is not None:
        plan.define(command.alias, over_records=True)
    name = (command.alias or command.field).name
    several = f"json_type({value}) = 'ARRAY'"
    column = plan.explode(f"CASE WHEN {several} THEN CAST({value} AS JSON[]) ELSE [{value}] END")
    plan.scope.columns[name] = Term(column, Kind.MAP)
    plan.show(name)


def _as_json(sql: str) -> str:
    """JSON text as JSON, any other text as a JSON string."""
    return f"CASE WHEN json_valid({sql}) THEN CAST({sql} AS JSON) ELSE to_json({sql}) END"


def _subject(plan: Plan, field: nodes.Name | None) -> str:
    """The text that is parsed."""
    return scalar_text(plan.compiler().term(field or nodes.Name(0, 0, "@message")))


def _name_columns(plan: Plan, columns: list[tuple[nodes.Name, str]]) -> None:
    selects = []
    for name, sql in columns:
        plan.define(name, over_records=True)
        column = plan.column()
        selects.append(f"{sql} AS {column}")
        plan.scope.columns[name.name] = Term(column, Kind.TEXT)
    plan.widen(selects)
