"""The language, a folder for each rule: what a query gives, or how it is refused.

A case has `query.txt` and `rows.jsonl`, one JSON object a row. `records.jsonl` replaces the shared
records, each line given over a plain flow. With a file `unordered` the order of rows is open. A
file `refused` instead of rows names the error and a part of what it says; `notes.txt` lists what
the answer must be told. `pytest tests/insights --record` writes what is missing, to be read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.model.errors import BadQuery
from tests.insights.data import PLAIN, Data

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/*/query.txt"))


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def over(case: Path, shared: Data) -> Data:
    own = case / "records.jsonl"
    return Data([PLAIN | record for record in lines(own)]) if own.exists() else shared


def record(case: Path, data: Data, query: str) -> None:
    try:
        rows = data.rows(query)
    except BadQuery as error:
        (case / "refused").write_text(f"{type(error).__name__}\n{error.what}\n{error.where}\n")
        return
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (case / "rows.jsonl").write_text(text)
    notes = data.translate(query).notes
    if notes:
        (case / "notes.txt").write_text("".join(f"{note}\n" for note in notes))


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_case(case: Path, data: Data, pytestconfig: pytest.Config) -> None:
    query = (case / "query.txt").read_text().strip()
    known = (case / "rows.jsonl").exists() or (case / "refused").exists()
    if pytestconfig.getoption("--record", default=False) and not known:
        record(case, over(case, data), query)
        pytest.skip("written; read it")
    assert known, "the case says neither rows nor refused"
    if (case / "refused").exists():
        check_refused(case, over(case, data), query)
        return
    rows, wanted = over(case, data).rows(query), lines(case / "rows.jsonl")
    if (case / "unordered").exists():
        rows, wanted = ([dict(r) for r in sorted(map(sorted_items, x))] for x in (rows, wanted))
    assert rows == wanted
    notes = case / "notes.txt"
    assert list(over(case, data).translate(query).notes) == (
        notes.read_text().splitlines() if notes.exists() else []
    )


def sorted_items(row: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(row.items())


def check_refused(case: Path, data: Data, query: str) -> None:
    name, what, *where = (case / "refused").read_text().splitlines()
    with pytest.raises(BadQuery) as caught:
        data.rows(query)
    assert type(caught.value).__name__ == name
    assert what in caught.value.what
    assert [caught.value.where] == where


def test_there_are_enough_cases() -> None:
    assert len(FOLDERS) >= 250
