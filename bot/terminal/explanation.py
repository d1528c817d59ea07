"""How a query would run, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bot.model.writing import count, many, size

if TYPE_CHECKING:
    from bot.engines.local.engine import Explanation


def text(explanation: Explanation) -> str:
    """SQL that begins with comments on what it reads."""
    pruned = f"{count(explanation.pruned)} pruned by name or date"
    told = (
        f"{many(explanation.files, 'file')} to read, {pruned}",
        f"{many(explanation.records, 'record')}, {size(explanation.bytes)} of log text",
        *explanation.notes,
    )
    return "\n".join([*(f"-- {line}" for line in told), explanation.sql])


def document(explanation: Explanation) -> dict[str, object]:
    return asdict(explanation)
