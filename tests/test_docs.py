"""The words keep up with the code: every question, setting and file that the README names."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import pytest

from bot.ask.reading import read
from bot.cli import flows
from bot.demo import documents as demo_documents
from bot.demo.story import moment_of_asking
from bot.network.aws_ranges import packaged
from bot.network.documents import inventory
from bot.network.names import Names
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


def test_every_line_in_the_readme_can_be_asked_of_the_demo() -> None:
    asked = README.split("## What you can ask")[1].split("\n#")[0]
    rows = re.findall(r"^\| (`[a-z-]+.*`) \| [^|]+ \|$", asked, re.MULTILINE)
    lines = re.findall(r"`([a-z][^`]*)`", " ".join(rows).replace("\\|", "|"))
    documents = demo_documents.documents(broken=False)
    network = inventory({name.removesuffix(".json"): each for name, each in documents.items()})
    hosts = Names(network, ranges=packaged()).addresses
    assert len(lines) > 30
    for line in lines:
        read(line, shelf(), now=moment_of_asking(), zone=ZoneInfo("UTC"), hosts=hosts)


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
