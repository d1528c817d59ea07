"""What can be asked, and how."""

from __future__ import annotations

import difflib

from bot.model.answer import Answer, Question
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.table import Column, Table
from bot.model.writing import many
from commands import shelf

WINDOWS = (
    ("15m  1h  24h  7d", "that long, until now"),
    ("today  yesterday  2026-11-20", "a day in your time zone"),
    ("since 14:00", "from the latest 14:00 until now"),
    ("14:00..15:30", "the latest such stretch"),
    ("2026-11-20 14:00..15:30", "a stretch of a day"),
    ("2026-11-20 14:00..2026-11-21 02:00", "from one moment to another"),
    ("2026-11-20T14:00Z..2026-11-20T15:30Z", "the same with a zone of its own"),
)
# These are obeyed where the bot keeps state, not answered from a shelf's file.
ORDERS = (
    ("digest set at 08:30 weekdays", "a digest is posted here; also digest now, list, off ID"),
    ("warnings here", "rejects that rise are told here; also warnings list, off ID"),
    ("watch LINE when CONDITION", "a question speaks by itself: when new client, when > 500 in 5m"),
    ("watch list", "also watch test, mute, delete ID"),
    ("expect KEY for 7d because …", "a warning is not told again; also snooze KEY for 4h"),
)


def answer(question: Question, _: Logs) -> Answer:
    commands = shelf()
    name = question.word("command")
    if name is None:
        return _all(question, commands)
    return _one(question, _named(name, commands))


def _all(question: Question, commands: tuple[Command, ...]) -> Answer:
    rows = tuple((command.usage, command.summary) for command in commands)
    return Answer(
        question,
        f"{many(len(commands), 'question')} can be asked of the flow logs.",
        tables=(
            Table("Commands", (Column("usage", "Write"), Column("summary", "To learn")), rows),
            _windows(),
            Table(
                "Said without being asked",
                (Column("line", "Write"), Column("meaning", "So that")),
                ORDERS,
            ),
        ),
        next=tuple(f"help {c.name}" for c in commands if c.arguments and c.name != COMMAND.name),
    )


def _one(question: Question, command: Command) -> Answer:
    arguments = tuple((argument.usage, argument.help) for argument in command.arguments)
    examples = tuple((example,) for example in command.examples)
    tables = [Table("Examples", (Column("line", "Line"),), examples)]
    if arguments:
        columns = (Column("argument", "Word"), Column("help", "Meaning"))
        tables.insert(0, Table("Words", columns, arguments))
    if command.length:
        tables.append(_windows())
    return Answer(
        question,
        f"{command.usage}: {command.summary}",
        tables=tuple(tables),
        next=command.examples,
    )


def _windows() -> Table:
    return Table(
        "Windows, anywhere in the line",
        (Column("window", "Write"), Column("meaning", "Meaning")),
        WINDOWS,
    )


def _named(name: str, commands: tuple[Command, ...]) -> Command:
    plain = name.replace("_", "-")
    for command in commands:
        if command.name == plain:
            return command
    known = [command.name for command in commands]
    similar = difflib.get_close_matches(plain, known, n=1)
    hint = f"Did you mean help {similar[0]}?" if similar else f"There are {', '.join(known)}."
    raise BadLine(f"there is no command {name[:60]!r}", hint=hint)


COMMAND = Command(
    name="help",
    summary="what can be asked, and how",
    answer=answer,
    arguments=(Argument("command", Takes.CHOICE, "the command to explain"),),
    examples=("help", "help db-clients"),
    length=None,
)
