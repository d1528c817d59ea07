"""Insights text for a table of Athena: what cannot be said exactly is refused by name and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.engines.athena.view import View
from bot.insights import nodes
from bot.insights.nodes import Pipeline
from bot.insights.sql import Translation, translate
from bot.model.errors import BadQuery, NotSupported
from bot.model.query import Query

_JSON = "Athena writes and reads JSON in ways of its own"
_ESCAPES = "Athena escapes other characters"
# Functions and aggregations by their lower-case names, and why they are refused.
FUNCTIONS: Mapping[str, str] = {
    "base64decode": "Athena replaces what is no text instead of leaving it out",
    "dectohex": "large and negative numbers differ",
    "hextoascii": "Athena replaces what is no text instead of leaving it out",
    "hextodec": "Athena has no such conversion that leaves out what is no number",
    "jsonarraycontains": _JSON,
    "jsonarraysize": _JSON,
    "jsonparse": _JSON,
    "jsonstringify": _JSON,
    "parsedate": "Athena reads dates by other rules",
    "urldecode": _ESCAPES,
    "urlencode": _ESCAPES,
}
COMMANDS: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Estimate: ("estimate", "Athena says what a query read when it has run"),
    nodes.Fillmissing: ("fillmissing", "rows that are not there cannot be made in Athena so far"),
    nodes.Json: ("json", _JSON),
    nodes.LogSource: ("SOURCE", "the table is named by the source of the bot"),
    nodes.Lookup: ("lookup", "its tables lie beside the bot, where Athena cannot read them"),
    nodes.Outlier: ("outlier", "Athena's percentiles over all rows are approximate"),
    nodes.ParseCsv: ("parse csv", "Athena has no way to take text in quotes apart like this"),
    nodes.ParseLogfmt: ("parse logfmt", _JSON),
    nodes.Unnest: ("unnest", _JSON),
}
_HINT = "Ask for less with this query, or read a copy of the files on disk."


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement of Athena. The columns numbered in `decimals` are yet to be written as text."""

    sql: str
    columns: tuple[str, ...]
    decimals: frozenset[int]
    notes: tuple[str, ...]


def ready(pipeline: Pipeline, view: View, query: Query, now: datetime) -> Ready:
    """The statement of a pipeline. Raises `BadQuery` and `NotSupported`."""
    from bot.engines.athena.statement import statement  # noqa: PLC0415 - sqlglot takes 0.2 s
    from bot.engines.athena.typed import Refused  # noqa: PLC0415

    def made(part: Pipeline) -> tuple[Translation, Any]:
        translation = translate(part, view.relation, query, now)
        return translation, statement(translation.sql, view.kinds, view.refused)

    _check(pipeline)
    for name in nodes.source_fields(pipeline) & {"@ptr"}:
        place = pipeline.text.find(name)
        raise _refusal(pipeline, nodes.Node(place, place + len(name)), "records in S3 have no @ptr")
    try:
        translation, found = made(pipeline)
    except Refused as refused:
        culprit = _culprit(pipeline, str(refused), made)
        raise _refusal(pipeline, culprit, str(refused)) from None
    # The pointer of raw rows is missing in each of them.
    columns = translation.columns[:-1] if translation.raw else translation.columns
    return Ready(found.sql, columns, found.decimals, (*translation.notes, *view.notes))


def _culprit(pipeline: Pipeline, why: str, made: Any) -> nodes.Node:
    """The first command with which the pipeline is refused."""
    from bot.engines.athena.typed import Refused  # noqa: PLC0415

    for count, command in enumerate(pipeline.commands, 1):
        try:
            made(replace(pipeline, commands=pipeline.commands[:count]))
        except Refused as refused:
            if str(refused) == why:
                return command
        except BadQuery:  # half a query may be none
            continue
    return pipeline.commands[-1]


def _check(pipeline: Pipeline) -> None:
    """Refuse what the tables above name, where it stands."""
    for node in (node for command in pipeline.commands for node, _ in nodes.walk(command)):
        if isinstance(node, nodes.Call):
            name = node.function.name
            if name.lower() in FUNCTIONS:
                raise _refusal(pipeline, node, f"{name} is refused: {FUNCTIONS[name.lower()]}")
        elif type(node) in COMMANDS:
            name, why = COMMANDS[type(node)]
            raise _refusal(pipeline, node, f"{name} is refused: {why}")
        elif isinstance(node, nodes.ParseRegex) and node.multi:
            raise _refusal(pipeline, node, "parse multi is refused: rows are not made in Athena")
        elif isinstance(node, nodes.Addtotals) and node.column:
            raise _refusal(pipeline, node, "addtotals col=true is refused: rows are not made")


def _refusal(pipeline: Pipeline, node: nodes.Node, why: str) -> NotSupported:
    return NotSupported(
        f"Athena cannot run this exactly: {why}",
        text=pipeline.text,
        start=node.start,
        end=node.end,
        hint=_HINT,
    )
