"""The table of the language in `docs/insights.md`, written from the tables in code.

`python -m bot.insights.table > docs/insights.md` writes it again; a test fails when it is stale.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bot.insights.aggregates import AGGREGATES
from bot.insights.calls import Function
from bot.insights.functions import FUNCTIONS
from bot.insights.vocabulary import OPERATORS, RULES, VERBS

_INTRODUCTION = """\
# The query language on local files

Queries are CloudWatch Logs Insights text. On CloudWatch they run as they are; on local files they
run as described here. What is not in these tables, or is refused in them, is refused by name,
place and reason, never skipped. Where AWS's documentation is silent, the last column says what was
chosen.

This page is written from the code: `python -m bot.insights.table > docs/insights.md`.
"""

_ARGUMENTS = """\
An argument is read as what the table says: `text`, `number`, `time` and `truth` are views of any
value, `any` is the value itself; `period`, `cidr`, `regex` and `string` must be spelled out in the
query. `?` marks what may be left out, `+` and `*` what may be repeated. A function of a missing
value is missing unless the table says otherwise; what is true or false is then false.
"""


def document() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_INTRODUCTION, *_rules(), *_verbs(), *_operators(), *_functions(), *_stats()])


def _rules() -> list[str]:
    return ["## Rules that hold everywhere", "", *(f"- {rule}" for rule in RULES), ""]


def _verbs() -> list[str]:
    rows = [
        (
            _names(v.name, v.aliases),
            v.does,
            f"refused: {v.refused}" if v.refused else "yes",
            v.choice,
        )
        for v in VERBS
    ]
    return ["## Commands", "", *_table(("command", "does", "local", "choice"), rows)]


def _operators() -> list[str]:
    rows = [(f"`{signs}`", does, "yes", choice) for signs, does, choice in OPERATORS]
    return ["## Operators", "", *_table(("operator", "does", "local", "choice"), rows)]


def _functions() -> list[str]:
    rows = [(_names(f.name, f.aliases), _arguments(f), "yes", f.note) for f in FUNCTIONS]
    head = ("function", "arguments", "local", "choice")
    return ["## Functions", "", _ARGUMENTS, *_table(head, rows)]


def _stats() -> list[str]:
    rows = [
        (
            _names(a.name, a.aliases),
            " ".join(a.arguments),
            "yes",
            a.note,
        )
        for a in AGGREGATES
    ]
    return ["## Aggregations", "", *_table(("aggregation", "arguments", "local", "choice"), rows)]


def _names(name: str, aliases: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in (name, *aliases))


def _arguments(function: Function) -> str:
    return " ".join(function.arguments) or "none"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines] + [""]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(document())
