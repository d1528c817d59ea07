"""Every case of the language that files on disk answer: for Athena the same rows, or refused.

Both run over the same records, each with all fields of the custom format. Statements are read by
sqlglot's Athena dialect, and run in DuckDB once it has turned them back: see `stand_in`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import sqlglot

from bot.engines.athena import refusals
from bot.engines.athena.translating import Ready
from bot.insights import nodes
from bot.insights.aggregates import AGGREGATES, aggregate
from bot.insights.functions import FUNCTIONS, function
from bot.insights.parser import parse
from bot.insights.vocabulary import VERBS, verb
from bot.model.errors import NotSupported
from tests.engines.athena.stand_in import StandIn
from tests.insights.data import NAMES, PLAIN, Data, Record, Rows, shared_records

CASES = Path(__file__).parents[2] / "insights" / "cases"
FOLDERS = [
    query.parent
    for query in sorted(CASES.glob("*/*/query.txt"))
    if not (query.parent / "refused").exists()
]
FEWEST_ANSWERED = 350
# tests/conftest.py says how many, under these names
ANSWERED, REFUSED = "Athena cases answered", "Athena cases refused"


@dataclass(frozen=True)
class Both:
    """The same records as files on disk are read, and as a table of Athena."""

    local: Data
    athena: StandIn


def both(records: list[dict[str, str]]) -> Both:
    whole: list[Record] = [dict.fromkeys(NAMES, "-") | record for record in records]
    return Both(Data(whole), StandIn(whole))


@pytest.fixture(scope="module")
def shared() -> Iterator[Both]:
    made = both(shared_records())
    yield made
    made.local.connection.close()
    made.athena.connection.close()


def own_records(case: Path) -> list[dict[str, str]]:
    path = case / "records.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [PLAIN | json.loads(line) for line in lines if line.strip()]


def asked(case: Path) -> str:
    return (case / "query.txt").read_text().strip()


def in_any_order(rows: Rows) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


@pytest.fixture(scope="module")
def made(shared: Both) -> Callable[[str], Ready | NotSupported]:
    """The statement of a query, or why there is none; each is made once. Records do not matter."""

    @cache
    def ready_or_refused(text: str) -> Ready | NotSupported:
        try:
            return shared.athena.ready(text)
        except NotSupported as error:
            return error

    return ready_or_refused


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_same_rows_or_refused(
    case: Path, shared: Both, made: Callable[[str], Ready | NotSupported]
) -> None:
    text = asked(case)
    ready = made(text)
    if isinstance(ready, NotSupported):
        assert ready.what.startswith("Athena cannot run this exactly: ")
        assert 0 <= ready.start < ready.end <= len(text)
        return
    read = sqlglot.parse_one(ready.sql, dialect="athena").sql(dialect="athena")
    assert sqlglot.parse_one(read, dialect="athena").sql(dialect="athena") == read
    records = own_records(case)
    over = both(records) if records else shared
    rows, wanted = over.athena.rows(ready), over.local.rows(text)
    if (case / "unordered").exists():
        assert in_any_order(rows) == in_any_order(wanted)
    else:
        assert rows == wanted


@pytest.fixture(scope="module")
def answered(made: Callable[[str], Ready | NotSupported]) -> dict[str, bool]:
    """Whether each case's query is answered; otherwise it is refused."""
    return {text: isinstance(made(text), Ready) for text in map(asked, FOLDERS)}


def test_how_many_cases_are_answered(
    answered: dict[str, bool], record_property: Callable[[str, object], None]
) -> None:
    count = sum(answered[asked(case)] for case in FOLDERS)
    record_property(ANSWERED, count)
    record_property(REFUSED, len(FOLDERS) - count)
    assert count >= FEWEST_ANSWERED


def words(text: str) -> set[str]:
    """The commands and functions that a query uses, by the names of the tables."""
    found = set()
    pipeline = parse(text)
    for command in pipeline.commands:
        known = verb(re.match(r"\w+", pipeline.source(command))[0])  # type: ignore[index]
        found |= {known.name} if known else set()
        calls = [node for node, _ in nodes.walk(command) if isinstance(node, nodes.Call)]
        names = [call.function.name for call in calls]
        found |= {each.name for n in names if (each := function(n) or aggregate(n))}
    return found


def test_the_table_says_the_truth(answered: dict[str, bool]) -> None:
    """What it refuses is refused in every case; what it does not is answered in one at least."""
    runs = {word for text, there in answered.items() if there for word in words(text)}
    language = {v.name for v in VERBS if not v.refused} | {
        each.name for each in (*FUNCTIONS, *AGGREGATES)
    }
    assert language - runs == refusals.COMMANDS.keys() | refusals.FUNCTIONS.keys()


@pytest.mark.parametrize(
    ("text", "culprit", "why"),
    [
        ("stats max(HEXTODEC(action)) as p", "HEXTODEC(action)", "hexToDec is refused: "),
        ("filter bytes > 1 | estimate", "estimate", "estimate is refused: Athena says what"),
        ("cidrlookup hosts srcAddr OUTPUT name", "cidrlookup", "cidrlookup is refused: its tables"),
        ("expand action", "expand", "expand is refused: "),
        ("addtotals col=true bytes", "addtotals", "addtotals col=true is refused: rows"),
        ("parse action logfmt as l", "parse", "parse logfmt is refused: "),
        ("fields urlencode(srcAddr) as u", "urlencode(srcAddr)", "escapes other characters"),
        (
            "filter bytes > 1 | parse @message /(?<x>a)/ multi",
            "parse @message",
            "rows are not made",
        ),
        (
            "stats count(*) as n by bin(5m) | fillmissing with 0 for n",
            "fillmissing",
            "cannot be made",
        ),
        ("fields srcAddr | filter srcAddr like /(?i)x/", "filter", "flags in regular expressions"),
        (r"filter srcAddr like /\bx/", "filter", r"\b in regular expressions"),
        ("filter srcAddr like /[[:alpha:]]/", "filter", "the class [:alpha:]"),
        ('fields split(srcAddr, "") as s', "fields", "separator must be spelled out"),
        ("fields split(srcAddr, dstAddr) as s", "fields", "separator must be spelled out"),
        ("fields fromMillis(bytes / 3) as t", "fields", "halves"),
        ("fields round(bytes / 3, packets) as r", "fields", "digits that are spelled out"),
        ('fields concat(bytes / 3, "x") as t', "fields", "decimal"),
        ("stats min(srcAddr) as first", "stats", "decimal"),
        ('fields regexReplace(srcAddr, /x*/, "y") as r', "fields", "matches nothing"),
        ("parse srcAddr /(?<x>(a|b)*)/", "parse", "repeated group"),
        ("fields srcAddr, @ptr", "@ptr", "have no @ptr"),
    ],
)
def test_what_is_refused_is_named_where_it_stands(
    shared: Both, text: str, culprit: str, why: str
) -> None:
    with pytest.raises(NotSupported) as caught:
        shared.athena.ready(text)
    assert why in caught.value.what
    assert text[caught.value.start : caught.value.end].startswith(culprit)
