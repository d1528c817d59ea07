"""The Home tab: what can be asked, with examples to press, and where the logs are."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.command import Argument, Command
from bot.slack import limits
from bot.slack.blocks.text import (
    Block,
    button,
    code,
    context,
    cut,
    cut_escaped,
    escape,
    plain,
    section,
)

WINDOWS = "15m 1h 24h 7d today yesterday"


def home_blocks(
    commands: Sequence[Command], slash: str, source: str, freshness: str | None = None
) -> list[Block]:
    """At most `limits.HOME_BLOCKS` blocks. `source` and `freshness` are plain text."""
    opening: list[Block] = [
        {"type": "header", "text": plain("What is happening on the network?", limits.HEADER)},
        section(
            f"Type {code(f'{slash} …')} in a channel I am in, or in a direct message to me."
            " Press an example, and the answer comes as a direct message."
        ),
        {"type": "divider"},
    ]
    closing = [{"type": "divider"}, context(*_about(source, freshness))]
    room = limits.HOME_BLOCKS - len(opening) - len(closing)
    entries = [_entry(n, command, slash) for n, command in enumerate(commands)]
    return [*opening, *entries[:room], *closing]


def usage(command: Command) -> str:
    """The command's name with its arguments, as they are typed."""
    words = [command.name, *(_word(argument) for argument in command.arguments)]
    return " ".join(words + (["[window]"] if command.length else []))


def _entry(n: int, command: Command, slash: str) -> Block:
    text = f"*{code(usage(command))}*\n{cut_escaped(command.summary, 500)}"
    if not command.examples:
        return section(text)
    shown = "   ".join(code(f"{slash} {line}") for line in command.examples[:3])
    entry = section(cut(f"{text}\n{shown}", limits.SECTION))
    first = command.examples[0]
    if len(first) <= limits.BUTTON_VALUE:
        entry["accessory"] = button("Try it", f"try:{n}", first)
    return entry


def _word(argument: Argument) -> str:
    shown = "|".join(argument.choices) if argument.choices else argument.name.upper()
    word = f"{argument.keyword} {shown}" if argument.keyword else shown
    return word if argument.required else f"[{word}]"


def _about(source: str, freshness: str | None) -> list[str]:
    lines = [
        f"Logs: {code(source)}",
        f"Windows: {escape(WINDOWS)}, `since 14:00`, `2026-11-20 14:00..15:30`; times in your zone",
    ]
    return lines + ([f"The last answer said: {cut_escaped(freshness, 500)}"] if freshness else [])
