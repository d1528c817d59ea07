"""The table of the language in `docs/insights.md`, written from the tables in code.

`python -m bot.engines.language > docs/insights.md` writes it again; a test fails when it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from bot.engines.athena import refusals
from bot.insights.aggregates import AGGREGATES
from bot.insights.functions import FUNCTIONS
from bot.insights.vocabulary import OPERATORS, RULES, VERBS

_INTRODUCTION = """\
# The query language

Queries are CloudWatch Logs Insights text. On CloudWatch they run as they are; on local files and on
Athena they run as described here. What is not in these tables, or is refused in them, is refused by
name, place and reason, never skipped. Where AWS's documentation is silent, the last column says
what was chosen.

This page is written from the code: `python -m bot.engines.language > docs/insights.md`.
"""

_ARGUMENTS = """\
An argument is read as what the table says: `text`, `number`, `time` and `truth` are views of any
value, `any` is the value itself; `period`, `cidr`, `regex` and `string` must be spelled out in the
query. `?` marks what may be left out, `+` and `*` what may be repeated. A function of a missing
value is missing unless the table says otherwise; what is true or false is then false.
"""

_YES = "yes"
Row = tuple[str, ...]


def document() -> str:
    """The whole page, in Markdown."""
    parts = (_rules("Rules that hold everywhere", RULES), _rules("On Athena", refusals.RULES))
    return "\n".join(
        [_INTRODUCTION, *(line for part in (*parts, *_tables()) for line in (*part, ""))]
    )


def _rules(title: str, rules: Iterable[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {rule}" for rule in rules)]


def _tables() -> Iterable[list[str]]:
    yield _table("Commands", ("command", "does"), _verbs())
    yield _table("Operators", ("operator", "does"), _operators())
    yield _table("Functions", ("function", "arguments"), _functions(), _ARGUMENTS)
    yield _table("Aggregations", ("aggregation", "arguments"), _aggregates())


def _verbs() -> Iterable[Row]:
    for verb in VERBS:
        local = _refused(verb.refused)
        athena = "refused" if verb.refused else _on_athena(verb.name)
        yield _names(verb.name, verb.aliases), verb.does, local, athena, verb.choice


def _operators() -> Iterable[Row]:
    for signs, does, choice in OPERATORS:
        yield f"`{signs}`", does, _YES, _on_athena(signs), choice


def _functions() -> Iterable[Row]:
    for each in FUNCTIONS:
        arguments = " ".join(each.arguments) or "none"
        yield _names(each.name, each.aliases), arguments, _YES, _on_athena(each.name), each.note


def _aggregates() -> Iterable[Row]:
    for each in AGGREGATES:
        arguments = " ".join(each.arguments)
        yield _names(each.name, each.aliases), arguments, _YES, _on_athena(each.name), each.note


def _on_athena(name: str) -> str:
    why = refusals.COMMANDS.get(name) or refusals.FUNCTIONS.get(name)
    part = refusals.PARTS.get(name)
    return f"in part: {part}" if part else _refused(why or "")


def _refused(why: str) -> str:
    return f"refused: {why}" if why else _YES


def _names(name: str, aliases: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in (name, *aliases))


def _table(title: str, head: Row, rows: Iterable[Row], lead: str = "") -> list[str]:
    """A chapter: what it is, on which engine, and what was chosen."""
    whole = (*head, "local", "Athena", "choice")
    lines = [whole, ("---",) * len(whole), *rows]
    return [
        f"## {title}",
        "",
        *([lead] if lead else []),
        *("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(document())
