"""Every case of the language that files on disk answer: for Athena the same rows, or refused.

Both run over the same records, each with all fields of the custom format. Statements are read by
sqlglot's Athena dialect, and run in DuckDB once it has turned them back: see `stand_in`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlglot

from bot.engines.athena.translating import Ready
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


def ready_or_refused(athena: StandIn, text: str) -> Ready | NotSupported:
    try:
        return athena.ready(text)
    except NotSupported as error:
        return error


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_same_rows_or_refused(case: Path, shared: Both) -> None:
    records = own_records(case)
    over = both(records) if records else shared
    text = asked(case)
    made = ready_or_refused(over.athena, text)
    if isinstance(made, NotSupported):
        assert made.what.startswith("Athena cannot run this exactly: ")
        assert 0 <= made.start < made.end <= len(text)
        return
    read = sqlglot.parse_one(made.sql, dialect="athena").sql(dialect="athena")
    assert sqlglot.parse_one(read, dialect="athena").sql(dialect="athena") == read
    rows, wanted = over.athena.rows(made), over.local.rows(text)
    if (case / "unordered").exists():
        assert in_any_order(rows) == in_any_order(wanted)
    else:
        assert rows == wanted


def test_how_many_cases_are_answered(shared: Both, capsys: pytest.CaptureFixture[str]) -> None:
    made = [ready_or_refused(shared.athena, asked(case)) for case in FOLDERS]
    refused = sum(isinstance(each, NotSupported) for each in made)
    answered = len(FOLDERS) - refused
    with capsys.disabled():
        print(f" Athena: {answered} cases translated, {refused} refused", end="")  # noqa: T201
    assert answered >= FEWEST_ANSWERED


@pytest.mark.parametrize(
    ("text", "culprit", "why"),
    [
        ("stats max(hexToDec(action)) as p", "hexToDec(action)", "no such conversion"),
        ("filter bytes > 1 | estimate", "estimate", "when it has run"),
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
