"""Values on a terminal: nothing in them moves the cursor, colours, hides or is taken for markup."""

from __future__ import annotations

import sys
import unicodedata
from typing import TYPE_CHECKING

from bot.charts.lettering import ESCAPES

if TYPE_CHECKING:  # slow to import, and not needed by what only makes texts safe
    from rich.console import Console

PIPED_WIDTH = 100_000  # a pipe has no width: nothing is wrapped, so that other programs can read it


def terminal() -> Console:
    """Standard output: as wide as the window, or without a width and without colours in a pipe."""
    from rich.console import Console  # noqa: PLC0415

    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal may know less than Unicode
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False)


def safe(text: str) -> str:
    """`text` on one line, without escapes, control, direction or invisible characters."""
    return "".join(map(_harmless, ESCAPES.sub("", text)))


def say(console: Console, text: str, style: str = "") -> None:
    """A line of text that is safe already; wrapped between words on a terminal only."""
    from rich.text import Text  # noqa: PLC0415

    console.print(Text(text, style), soft_wrap=not console.is_terminal, overflow="fold")


def whole(console: Console, text: str, style: str = "") -> None:
    """A line that must stay in one piece wherever it is copied from: a path, an address."""
    from rich.text import Text  # noqa: PLC0415

    console.print(Text(text, style), soft_wrap=True)


def _harmless(character: str) -> str:
    if character in "\t\n\v\f\r\u2028\u2029\x85":
        return " "
    return "" if unicodedata.category(character)[0] == "C" else character
