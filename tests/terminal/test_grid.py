from __future__ import annotations

from io import StringIO

from rich.cells import cell_len
from rich.console import Console

from bot.terminal.grid import Grid


def printed(grid: Grid, width: int, *, terminal: bool = True) -> str:
    console = Console(file=StringIO(), width=width, force_terminal=terminal, color_system=None)
    grid.put(console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_wide_characters_keep_columns_aligned() -> None:
    grid = Grid(("a", "b"), (("漢字", "1"), ("x", "22")), (False, True))
    assert printed(grid, 80).splitlines() == ["a      b", "漢字   1", "x     22"]
    assert grid.width == 8


def test_a_narrow_terminal_wraps_within_columns() -> None:
    grid = Grid(("name", "n"), (("x" * 50 + "END", "1"),), (False, True))
    lines = printed(grid, 30).splitlines()
    assert all(cell_len(line) <= 30 for line in lines)
    assert "".join(line.split("  ")[0].strip() for line in lines[2:]) == "x" * 50 + "END"


def test_more_rows_than_anybody_reads_are_printed_at_once_and_whole() -> None:
    grid = Grid(("a",), tuple(("y" * 120,) for _ in range(5000)), (False,))
    assert printed(grid, 80).count("y" * 120) == 5000


def test_a_pipe_is_never_wrapped() -> None:
    grid = Grid(("a",), (("z" * 500,),), (False,))
    assert "z" * 500 in printed(grid, 80, terminal=False)
