"""The table of questions in docs/asking.md: every line in it is asked of the demo.

Those that are examples of a command are asked with the others in test_examples.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.demo.days import Demo
from bot.demo.story import moment_of_asking
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer, Topic
from bot.network.teams import teams
from commands import shelf
from tests.commands.known import known

PAGE = Path(__file__).parents[2] / "docs" / "asking.md"
ROW = re.compile(r"^\| (?P<question>[^|]+) \| `(?P<line>.+)` \|$", re.MULTILINE)
LINES = {
    row["question"]: row["line"].replace("\\|", "|")
    for row in ROW.finditer(PAGE.read_text(encoding="utf-8").partition("## Every question")[2])
}
EXAMPLES = {example for command in shelf() for example in command.examples}  # asked elsewhere
NOTHING = (  # of which the demo has none
    "unusual protocols",
    "out by traffic path: internet gateway, peering, endpoint",
)
LACKING = ("packet-level: the real ends behind pods and NAT", NOTHING[1])  # fields


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("demo")
    with closing(LocalEngine(folder, source="demo", prepare=Demo(folder).ensure)) as engine:
        zones = teams("ranges: {10.20.20.0/24: cde, 10.20.21.0/24: cde}")
        yield Asker(engine, shelf(), clock=moment_of_asking, network=known(), teams=zones)


def ask(asker: Asker, line: str) -> Answer:
    return asker.ask(line, zone=ZoneInfo("UTC"), watch=Watch())


def test_the_table_is_whole() -> None:
    assert len(LINES) > 60
    unasked = {command.name for command in shelf()} - {line.split()[0] for line in LINES.values()}
    assert unasked == {"help", "port"}
    assert {*NOTHING, *LACKING} <= LINES.keys()


@pytest.mark.parametrize("question", [q for q, line in LINES.items() if line not in EXAMPLES])
def test_a_line_answers_its_question(asker: Asker, question: str) -> None:
    answer = ask(asker, LINES[question])
    assert bool(answer.tables) == (question not in NOTHING), answer.headline
    assert all(table.rows for table in answer.tables)
    told = [n.text for n in answer.notes if "aws ec2 create-flow-logs" in n.text]
    assert bool(told) == (question in LACKING)
    cut = [n.text for n in answer.notes if n.topic is Topic.CAUTION and "limit of" in n.text]
    assert cut == []
