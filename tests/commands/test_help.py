from __future__ import annotations

import pytest

from bot.model.errors import BadLine
from commands import shelf
from tests.commands.conftest import Ask


def test_every_command_is_listed(ask: Ask) -> None:
    answer = ask("help")
    usages = [row[0] for row in answer.tables[0].rows]
    assert usages == [command.usage for command in shelf()]
    assert "db-clients PORT [on HOST] [WINDOW]" in usages
    assert "query [WINDOW] TEXT" in usages


def test_one_command(ask: Ask) -> None:
    answer = ask("help db-clients")
    assert answer.headline.startswith("db-clients PORT [on HOST] [WINDOW]: who talks to")
    assert [table.title for table in answer.tables] == [
        "Words",
        "Examples",
        "Windows, anywhere in the line",
    ]
    assert answer.next == next(c for c in shelf() if c.name == "db-clients").examples


def test_next_lines_can_be_asked(ask: Ask) -> None:
    for line in ask("help").next:
        assert ask(line).headline


def test_a_wrong_name(ask: Ask) -> None:
    with pytest.raises(BadLine, match="Did you mean help rejects"):
        ask("help reject")
    with pytest.raises(BadLine, match=r"There are admin-ports, .*, db-clients, "):
        ask("help zzz")
