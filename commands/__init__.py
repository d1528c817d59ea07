"""The shelf: one question a file. A file offers `COMMAND`; its name is the command's."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from bot.model.command import Command


def shelf() -> tuple[Command, ...]:
    """Every command, by name. Raises `ImportError` for a file that is not what it is called."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(_command(name) for name in names)


def _command(file: str) -> Command:
    command = getattr(import_module(f"{__name__}.{file}"), "COMMAND", None)
    if not isinstance(command, Command):
        raise ImportError(f"commands/{file}.py offers no COMMAND")
    if command.name != file.replace("_", "-"):
        raise ImportError(f"commands/{file}.py is called {command.name}")
    return command
