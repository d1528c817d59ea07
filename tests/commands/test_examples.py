"""The examples that help shows, asked of the demo's day.

The first example of each command is also held against `golden/`: the whole answer, line by line.
After a change that is meant, `pytest tests/commands/test_examples.py --write-golden` writes them
again; what changed is read in the diff.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.demo.days import Demo
from bot.demo.story import QUESTIONS, moment_of_asking
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer, Topic
from bot.model.errors import MissingFields
from bot.terminal.document import Json, document
from commands import shelf
from tests.commands.known import known

UNRECORDED = ("ecs", "unencrypted")  # need fields that the demo's default format lacks
EXAMPLES = [
    example for command in shelf() for example in command.examples if command.name not in UNRECORDED
]
FIRST = {command.examples[0]: command.name for command in shelf()}
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = tmp_path_factory.mktemp("demo")
    demo = Demo(folder)
    with closing(LocalEngine(folder, source="demo", prepare=demo.ensure)) as engine:
        yield Asker(engine, shelf(), clock=moment_of_asking, network=known())


def ask(asker: Asker, line: str) -> Answer:
    return asker.ask(line, zone=ZoneInfo("Europe/Berlin"), watch=Watch())


@pytest.mark.parametrize("line", dict.fromkeys((*EXAMPLES, *QUESTIONS)))
def test_an_example_is_answered_with_something_to_see(
    asker: Asker, line: str, pytestconfig: pytest.Config
) -> None:
    answer = ask(asker, line)
    assert answer.headline
    assert answer.tables
    assert answer.charts or answer.question.command in ("help", "query")
    assert all(table.rows for table in answer.tables)
    truncated = [n.text for n in answer.notes if n.topic is Topic.CAUTION and "limit" in n.text]
    assert truncated == []
    if line in FIRST:
        kept = GOLDEN / f"{FIRST[line]}.txt"
        told = "".join(f"{part}\n" for part in _lines(document(answer, {})))
        if pytestconfig.getoption("--write-golden"):
            kept.write_text(told, encoding="utf-8")
        assert told.splitlines() == kept.read_text(encoding="utf-8").splitlines()


def test_every_golden_answer_belongs_to_a_command() -> None:
    assert {kept.stem for kept in GOLDEN.iterdir()} == set(FIRST.values()) - set(UNRECORDED)


def _lines(answer: Json) -> Iterator[str]:
    """An answer as text to compare: all but what it took, and charts by their words.

    Whether a result was still at hand depends on what was asked before.
    """
    yield f"{answer['question']} ({answer['window']['start']} to {answer['window']['end']})"
    yield answer["headline"]
    for table in answer["tables"]:
        yield f"table {table['title']}"
        yield json.dumps([column["name"] for column in table["columns"]])
        yield from (json.dumps(row, ensure_ascii=False) for row in table["rows"])
        yield f"left off {table['left_off']}"
    yield from (f"chart {chart['title']}: {chart['alt']}" for chart in answer["charts"])
    for note in answer["notes"]:
        if not note["text"].startswith("Not read again"):
            yield f"note {note['topic']}: {note['text']}"
    yield from (f"next {line}" for line in answer["next"])
    known = {"command", "question", "arguments", "window", "zone", "asked", "headline", "tables"}
    known |= {"charts", "notes", "queries", "next"}
    yield from (f"{name} {json.dumps(answer[name])}" for name in sorted(answer.keys() - known))


@pytest.mark.parametrize("name", UNRECORDED)
def test_what_the_demo_does_not_record_is_said_with_the_remedy(asker: Asker, name: str) -> None:
    with pytest.raises(MissingFields, match="aws ec2 create-flow-logs"):
        ask(asker, name)


@pytest.mark.parametrize("line", EXAMPLES)
def test_what_is_suggested_next_can_be_asked(asker: Asker, line: str) -> None:
    for follow_up in ask(asker, line).next:
        assert ask(asker, follow_up).headline
