"""Insights text for a table of Athena: what cannot be said exactly is refused by name and place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.engines.athena.refusals import COMMANDS, FUNCTIONS
from bot.engines.athena.view import View
from bot.insights import nodes
from bot.insights.aggregates import aggregate
from bot.insights.functions import function
from bot.insights.nodes import Pipeline
from bot.insights.source_fields import source_fields
from bot.insights.sql import Translation, translate
from bot.insights.vocabulary import verb
from bot.model.errors import BadQuery, NotSupported
from bot.model.query import Query

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
    for name in source_fields(pipeline) & {"@ptr"}:
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
    """Refuse what the tables name, where it stands."""
    for command in pipeline.commands:
        name, why = _part(command) or (_verb(pipeline, command), None)
        why = why or COMMANDS.get(name)
        if why is not None:
            raise _refusal(pipeline, command, f"{name} is refused: {why}")
        for node, _ in nodes.walk(command):
            called = _called(node) if isinstance(node, nodes.Call) else ""
            if called in FUNCTIONS:
                raise _refusal(pipeline, node, f"{called} is refused: {FUNCTIONS[called]}")


def _part(command: nodes.Command) -> tuple[str, str] | None:
    """A command's form that is refused, and why, where others of its forms are not."""
    match command:
        case nodes.ParseCsv():
            return "parse csv", "Athena has no way to take text in quotes apart like this"
        case nodes.ParseLogfmt():
            return "parse logfmt", COMMANDS["json"]
        case nodes.ParseRegex(multi=True):
            return "parse multi", "rows are not made in Athena"
        case nodes.Addtotals(column=True):
            return "addtotals col=true", "rows are not made in Athena"
    return None


def _verb(pipeline: Pipeline, command: nodes.Command) -> str:
    """A command's name as the tables have it."""
    word = re.match(r"\w*", pipeline.source(command))
    found = verb(word[0]) if word else None
    return found.name if found else ""


def _called(call: nodes.Call) -> str:
    """A function's name as the tables have it."""
    found = function(call.function.name) or aggregate(call.function.name)
    return found.name if found else ""


def _refusal(pipeline: Pipeline, node: nodes.Node, why: str) -> NotSupported:
    return NotSupported(
        f"Athena cannot run this exactly: {why}",
        text=pipeline.text,
        start=node.start,
        end=node.end,
        hint=_HINT,
    )
