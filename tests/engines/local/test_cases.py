"""What other parsers' own tests expect of a record, held against ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.engines.local.formats import headerless
from bot.model.fields import insights_name
from tests.engines.local.flowfiles import read

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"
CASES = DATA / "parse-cases.jsonl"

# Where ours differs, and why: case → (Insights name, ours).
DEVIATIONS: dict[str, tuple[str, Any]] = {
    "029": ("encryptionStatus", 1),  # the guide has it as a whole number; upstream keeps text
}
PARQUET = DATA / "parquet-v2"


def cases(kind: str, *, bare: bool = False) -> list[Any]:
    if not CASES.exists():
        reason = "the collected cases are not beside this checkout"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    found = map(json.loads, CASES.read_text().splitlines())
    return [
        pytest.param(case, id=case["id"])
        for case in found
        if case["kind"] == kind and (not bare or headerless(case["line"]))
    ]


def expected_of(case: dict[str, Any]) -> dict[str, Any]:
    expected = {insights_name(name): value for name, value in case["expected"].items()}
    deviation = DEVIATIONS.get(case["id"][:3])
    if deviation:
        assert expected[deviation[0]] != deviation[1], "no deviation any more"
        expected[deviation[0]] = deviation[1]
    return {name: value for name, value in expected.items() if value is not None}


def fields_of(row: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something; other parsers leave out the rest, or call it null."""
    return {k: v for k, v in row.items() if not k.startswith("@") and v not in (None, "-")}


def read_case(folder: Path, text: str) -> tuple[list[dict[str, Any]], int]:
    (folder / "1_vpcflowlogs_x_fl-1_20251120T1400Z_0.log").write_text(text)
    rows, (report,) = read(folder)
    return rows, report.damaged


@pytest.mark.parametrize("case", cases("parse"))
def test_records_that_others_read(case: dict[str, Any], tmp_path: Path) -> None:
    rows, damaged = read_case(tmp_path, f"{case['format']}\n{case['line']}\n")
    assert [fields_of(row) for row in rows] == [expected_of(case)]
    assert damaged == 0


@pytest.mark.parametrize("case", cases("parse", bare=True))
def test_default_records_need_no_header(case: dict[str, Any], tmp_path: Path) -> None:
    rows, _ = read_case(tmp_path, case["line"])
    assert [fields_of(row) for row in rows] == [expected_of(case)]


@pytest.mark.parametrize("case", cases("reject"))
def test_lines_that_others_reject(case: dict[str, Any], tmp_path: Path) -> None:
    rows, damaged = read_case(tmp_path, f"{case['format']}\n{case['line']}\n")
    assert (rows, damaged) == ([], 1)


@pytest.mark.parametrize("case", cases("parquet"))
def test_parquet_rows_that_others_read(case: dict[str, Any]) -> None:
    rows, _ = read(PARQUET)
    assert fields_of(rows[int(case["line"].split()[1])]) == expected_of(case)


def test_all_cases_in_one_file_with_their_headers_between(tmp_path: Path) -> None:
    found = [case.values[0] for case in cases("parse") if case.values[0]]
    if not found:
        pytest.skip("the collected cases are not beside this checkout")
    text = "\n".join(f"{case['format']}\n{case['line']}" for case in found)
    rows, damaged = read_case(tmp_path, text)
    assert damaged == 0
    assert sorted(map(_text, map(fields_of, rows))) == sorted(map(_text, map(expected_of, found)))


def _text(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True)
