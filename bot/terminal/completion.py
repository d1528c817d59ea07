"""What a shell may offer for the last word of a query: commands, functions and fields."""

from __future__ import annotations

import re

from bot.insights.aggregates import AGGREGATES
from bot.insights.functions import FUNCTIONS
from bot.insights.vocabulary import VERBS
from bot.model.fields import BY_NAME

_SYSTEM = ("@timestamp", "@message", "@logStream", "@log")


def completed(text: str) -> list[str]:
    """The text with its last word finished, once for each way it can be; in any case.

    A command can only stand first or after a bar, so only there are commands offered.
    """
    word = re.search(r"[@\w]*$", text)
    assert word is not None  # noqa: S101  (the pattern matches nothing, too)
    before, begun = text[: word.start()], word[0].lower()
    known = _commands() if re.search(r"(^|\|)\s*$", before) else _names()
    return [before + name for name in known if name.lower().startswith(begun)]


def _commands() -> list[str]:
    verbs = [verb for verb in VERBS if not verb.refused]
    return sorted(name for verb in verbs for name in (verb.name, *verb.aliases))


def _names() -> list[str]:
    """Fields first, then functions with the parenthesis that follows them."""
    functions = {each.name for each in FUNCTIONS} | {each.name for each in AGGREGATES}
    return [*_SYSTEM, *sorted(BY_NAME), *sorted(f"{name}(" for name in functions)]
