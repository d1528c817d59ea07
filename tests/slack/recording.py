"""Blocks that are kept as JSON beside the tests.

`python -m tests.slack.recording` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.model.errors import BadLine, BadQuery, Throttled
from bot.model.query import Progress, Statistics
from bot.slack.blocks.answer import Picture, answer_blocks
from bot.slack.blocks.failure import barred_blocks, broken_blocks, failure_blocks
from bot.slack.blocks.home import home_blocks
from bot.slack.blocks.progress import looking_blocks, stopped_blocks, waiting_blocks
from bot.slack.blocks.text import Block
from bot.slack.request import Request
from tests.slack import answers
from tests.slack.conftest import SHELF

FOLDER = Path(__file__).parent / "golden"
ASKED = Request("id1", "db-clients 5432 1h", "U1", "C1", None, 0.0)
EVIL = Request("id2", "query <!channel> `*_~ & <@U2>", "U1", "C1", None, 0.0)
QUERY = "fields @timestamp\n| stats cout(*) by srcAddr"
CARET = BadQuery("there is no function cout", text=QUERY, start=26, end=30, hint="Try count(*).")
PICTURE = Picture("F1", "Three clients: bars by client.")

CASES: Mapping[str, Callable[[], list[Block]]] = {
    "answer_full": lambda: answer_blocks(answers.full(), ASKED, "/flows", [PICTURE]),
    "answer_without_its_chart": lambda: answer_blocks(
        answers.full(), ASKED, "/flows", remarks=["The chart is missing (why). It would show: x"]
    ),
    "answer_empty": lambda: answer_blocks(answers.empty(), ASKED, "/flows"),
    "answer_hostile": lambda: answer_blocks(answers.hostile(), EVIL, "/flows", [PICTURE]),
    "answer_rejected": lambda: answer_blocks(answers.rejected(), ASKED, "/flows"),
    "answer_help": lambda: answer_blocks(answers.helped(), ASKED, "/flows"),
    "waiting": lambda: waiting_blocks(ASKED, "/flows", 3),
    "looking": lambda: looking_blocks(EVIL, "/flows"),
    "progress": lambda: looking_blocks(
        ASKED, "/flows", Progress(Statistics(0, 1_204_118, 98_700_000, 3.0)), 6.4
    ),
    "stopped": lambda: stopped_blocks(ASKED, "/flows", "No answer: <@U1> stopped it."),
    "failure_line": lambda: failure_blocks(
        BadLine("there is no command <rejets>", where="word 1", hint="Did you mean rejects?"),
        "<rejets> 1h",
        "/flows",
    ),
    "failure_query": lambda: failure_blocks(CARET, f"query {QUERY}", "/flows"),
    "failure_engine": lambda: failure_blocks(Throttled("too many"), "rejects 1h", "/flows"),
    "broken": lambda: broken_blocks("1a2b3c4d", "rejects 1h", "/flows"),
    "barred": lambda: barred_blocks("not_in_channel", "flows", "rejects 1h", "/flows"),
    "home": lambda: home_blocks(SHELF, "/flows", "demo", "The newest record is from 15:28 CET."),
}


def text(blocks: list[Block]) -> str:
    return json.dumps(blocks, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, case in CASES.items():
        (FOLDER / f"{name}.json").write_text(text(case()), encoding="utf-8")
