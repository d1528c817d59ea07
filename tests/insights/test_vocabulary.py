from __future__ import annotations

from pathlib import Path

import pytest

from bot.insights.aggregates import AGGREGATES, aggregate
from bot.insights.functions import FUNCTIONS, function
from bot.insights.vocabulary import VERBS, verb

CASES = Path(__file__).parent / "cases"


def test_names_are_names_of_one_thing() -> None:
    names = [n.lower() for f in FUNCTIONS for n in (f.name, *f.aliases)]
    names += [n.lower() for a in AGGREGATES for n in (a.name, *a.aliases)]
    assert len(names) == len(set(names))
    verbs = [n.lower() for v in VERBS for n in (v.name, *v.aliases)]
    assert len(verbs) == len(set(verbs))


def test_names_are_found_in_any_case() -> None:
    assert function("ISPRESENT") is function("isPresent") is not None
    assert aggregate("Count_Distinct") is aggregate("countdistinct") is not None
    assert verb("Where") is verb("filter") is not None


@pytest.fixture(scope="module")
def texts() -> str:
    return " ".join(path.read_text() for path in CASES.glob("*/*/query.txt")).lower()


def test_every_name_has_a_case(texts: str) -> None:
    calls = {name for each in (*FUNCTIONS, *AGGREGATES) for name in (each.name, *each.aliases)}
    untried = {name for name in calls if f"{name.lower()}(" not in texts.replace(" (", "(")}
    untried |= {n for v in VERBS for n in (v.name, *v.aliases) if n.lower() not in texts}
    assert untried == set()
