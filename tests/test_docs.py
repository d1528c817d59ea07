"""The words keep up with the code: every question, setting and file that the README names."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from bot.cli import flows
from bot.settings import described
from commands import shelf

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [command.name for command in shelf()])
def test_every_question_is_in_the_readme(name: str) -> None:
    assert f"`{name}" in README


@pytest.mark.parametrize(("variable", "default", "meaning"), described())
def test_every_setting_is_in_the_readme_as_it_is(variable: str, default: str, meaning: str) -> None:
    assert f"| `{variable}` | {f'`{default}`' if default else '–'} | {meaning} |" in README


def test_every_call_of_the_command_line_explains_itself() -> None:
    assert isinstance(flows, click.Group)
    for name, command in flows.commands.items():
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.name}"


@pytest.mark.parametrize(
    "page", [README, *[p.read_text(encoding="utf-8") for p in (ROOT / "docs").glob("*.md")]]
)
def test_every_link_into_the_project_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page):
        assert (ROOT / target).exists() or (ROOT / "docs" / target).exists(), target


def test_every_command_line_in_the_readme_is_one() -> None:
    calls = re.findall(r"^\.venv/bin/flows (\S+)", README, re.MULTILINE)
    assert len(calls) > 4
    assert set(calls) <= flows.commands.keys()
