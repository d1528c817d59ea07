"""What holds for every command: names, words, examples."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

import commands
from bot.model.command import Command, Takes
from bot.model.fields import BY_NAME
from commands import shelf

COMMANDS = shelf()
EVERY = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def test_the_shelf_holds_every_file_in_order() -> None:
    files = sorted(path.stem for path in Path(commands.__file__ or "").parent.glob("[a-z]*.py"))
    assert [command.name.replace("-", "_") for command in COMMANDS] == files


@EVERY
def test_a_command_has_a_test_of_its_name(command: Command) -> None:
    assert Path(__file__).with_name(f"test_{command.name.replace('-', '_')}.py").exists()


@EVERY
def test_words_are_sound(command: Command) -> None:
    names = [argument.name for argument in command.arguments]
    assert len(set(names)) == len(names)
    assert [a.takes for a in command.arguments].count(Takes.REST) <= 1
    assert set(command.needs) <= set(BY_NAME)
    assert command.summary
    assert not command.summary.endswith(".")
    assert command.examples
    assert all(example.split()[0] == command.name for example in command.examples)


@pytest.mark.parametrize(
    ("file", "found", "said"),
    [
        ("nothing", None, "offers no COMMAND"),
        ("other", COMMANDS[0], f"is called {COMMANDS[0].name}"),
    ],
)
def test_a_file_that_is_not_what_it_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str, found: Command | None, said: str
) -> None:
    module = ModuleType(f"commands.{file}")
    if found:
        module.COMMAND = found  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, f"commands.{file}", module)
    (tmp_path / f"{file}.py").touch()
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    with pytest.raises(ImportError, match=said):
        shelf()
