"""The examples that help shows, asked of the demo's day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.demo.days import Demo
from bot.demo.story import QUESTIONS, moment_of_asking
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer, Topic
from bot.model.errors import MissingFields
from commands import shelf
from tests.commands.known import known

UNRECORDED = ("ecs", "unencrypted")  # need fields that the demo's default format lacks
EXAMPLES = [
    example for command in shelf() for example in command.examples if command.name not in UNRECORDED
]


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("demo")
    demo = Demo(folder)
    with closing(LocalEngine(folder, source="demo", prepare=demo.ensure)) as engine:
        yield Asker(engine, shelf(), clock=moment_of_asking, network=known())


def ask(asker: Asker, line: str) -> Answer:
    return asker.ask(line, zone=ZoneInfo("Europe/Berlin"), watch=Watch())


@pytest.mark.parametrize("line", dict.fromkeys((*EXAMPLES, *QUESTIONS)))
def test_an_example_is_answered_with_something_to_see(asker: Asker, line: str) -> None:
    answer = ask(asker, line)
    assert answer.headline
    assert answer.tables
    assert answer.charts or answer.question.command in ("help", "query")
    assert all(table.rows for table in answer.tables)
    truncated = [n.text for n in answer.notes if n.topic is Topic.CAUTION and "limit" in n.text]
    assert truncated == []


@pytest.mark.parametrize("name", UNRECORDED)
def test_what_the_demo_does_not_record_is_said_with_the_remedy(asker: Asker, name: str) -> None:
    with pytest.raises(MissingFields, match="aws ec2 create-flow-logs"):
        ask(asker, name)


@pytest.mark.parametrize("line", EXAMPLES)
def test_what_is_suggested_next_can_be_asked(asker: Asker, line: str) -> None:
    for follow_up in ask(asker, line).next:
        assert ask(asker, follow_up).headline
