from __future__ import annotations

from pathlib import Path

from bot.engines.athena import refusals
from bot.engines.language import document
from bot.insights.aggregates import AGGREGATES
from bot.insights.functions import FUNCTIONS
from bot.insights.vocabulary import OPERATORS, VERBS

PAGE = Path(__file__).parents[2] / "docs" / "insights.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text() == document(), "run python -m bot.engines.language > docs/insights.md"


def test_what_athena_refuses_is_in_the_language() -> None:
    verbs = {verb.name for verb in VERBS if not verb.refused}
    calls = {each.name for each in (*FUNCTIONS, *AGGREGATES)}
    assert refusals.COMMANDS.keys() <= verbs
    assert refusals.FUNCTIONS.keys() <= calls
    assert refusals.PARTS.keys() <= verbs | calls | {signs for signs, _, _ in OPERATORS}
    assert not refusals.PARTS.keys() & (refusals.COMMANDS.keys() | refusals.FUNCTIONS.keys())


def test_every_row_says_where_it_runs() -> None:
    rows = [line for line in document().splitlines() if line.startswith("| `")]
    assert len(rows) == len(VERBS) + len(OPERATORS) + len(FUNCTIONS) + len(AGGREGATES)
    for row in rows:
        _, _, _, local, athena, _, _ = row.replace("\\|", "").split("|")
        assert local.strip().startswith(("yes", "refused: "))
        assert athena.strip().startswith(("yes", "in part: ", "refused"))
