"""Rows in columns under a header. What does not fit is wrapped, never cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.terminal.text import safe

_BETWEEN = "  "
_MOST_WRAPPED = 1000  # rows; wrapping more takes seconds, and nobody reads them in a window


class Grid:
    """Cells of text from anywhere, made safe here; the columns of `right` are flush right."""

    def __init__(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]
    ) -> None:
        self._lines = [[safe(cell) for cell in line] for line in (head, *rows)]
        self._right = right
        self._widths = [max(map(cell_len, column)) for column in zip(*self._lines, strict=True)]

    @property
    def width(self) -> int:
        """Cells of the terminal that it takes when nothing is wrapped."""
        return sum(self._widths) + len(_BETWEEN) * max(0, len(self._widths) - 1)

    def put(self, console: Console) -> None:
        """Print; wrapped within its columns only on a terminal that is too narrow."""
        fits = self.width <= console.width
        if console.is_terminal and not fits and len(self._lines) <= _MOST_WRAPPED:
            console.print(self._wrapped())
            return
        for n, line in enumerate(self._aligned()):
            console.print(Text(line, "" if n else "bold"), soft_wrap=True)

    def _aligned(self) -> Iterator[str]:
        for line in self._lines:
            yield _BETWEEN.join(
                " " * (width - cell_len(cell)) + cell
                if right
                else cell + " " * (width - cell_len(cell))
                for cell, width, right in zip(line, self._widths, self._right, strict=True)
            ).rstrip()

    def _wrapped(self) -> Table:
        head, *rows = self._lines
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for title, right in zip(head, self._right, strict=True):
            table.add_column(Text(title), justify="right" if right else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        return table
