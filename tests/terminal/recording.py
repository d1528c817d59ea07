"""What the terminal shows, kept beside the tests.

`python -m tests.terminal.recording` writes it anew; read the difference before it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

from rich.console import Console

from bot.model.answer import Answer
from bot.terminal import rows
from bot.terminal.answer import show
from bot.terminal.document import document
from bot.terminal.text import PIPED_WIDTH
from tests.terminal import answers

FOLDER = Path(__file__).parent / "golden"
FILES = {0: Path("out/rejects.png")}


def screen(answer: Answer, width: int, files: Mapping[int, Path] = FILES) -> str:
    """The answer as a terminal of `width` cells shows it, without its colours."""
    console = Console(
        file=StringIO(), width=width, force_terminal=True, color_system=None, legacy_windows=False
    )
    show(answer, console, files)
    return printed(console)


def piped(answer: Answer, files: Mapping[int, Path] = FILES) -> str:
    console = Console(file=StringIO(), width=PIPED_WIDTH)
    show(answer, console, files)
    return printed(console)


def printed(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def rows_shown() -> str:
    console = Console(file=StringIO(), width=PIPED_WIDTH)
    rows.show(answers.result(), console)
    return printed(console)


def as_json(what: object) -> str:
    return json.dumps(what, indent=1, ensure_ascii=False) + "\n"


CASES: Mapping[str, Callable[[], str]] = {
    "answer_80.txt": lambda: screen(answers.full(), 80),
    "answer_200.txt": lambda: screen(answers.full(), 200),
    "answer_piped.txt": lambda: piped(answers.full()),
    "answer_hostile.txt": lambda: piped(answers.hostile(), {}),
    "answer_help.txt": lambda: piped(answers.helped(), {}),
    "answer.json": lambda: as_json(document(answers.full(), FILES)),
    "rows.txt": rows_shown,
    "rows.json": lambda: as_json(rows.document(answers.result())),
    "rows.csv": lambda: rows.csv(answers.result()),
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, case in CASES.items():
        (FOLDER / name).write_text(case(), encoding="utf-8", newline="")
