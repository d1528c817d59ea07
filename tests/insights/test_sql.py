from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.parser import parse
from bot.insights.quoting import Unquotable, fill
from bot.insights.regexes import glob
from bot.insights.sql import check, translate
from bot.model.errors import BadQuery
from bot.model.query import LARGEST_LIMIT, Query
from tests.insights.data import NOW, WINDOW, Data, shared_records
from tests.insights.test_parser import PIECES

CASES = Path(__file__).parent / "cases"


def test_records_end_in_their_pointer(data: Data) -> None:
    translation = data.translate("fields srcAddr")
    assert translation.columns == ("srcAddr", "@ptr")
    assert translation.raw


def test_results_of_stats_have_no_pointer(data: Data) -> None:
    translation = data.translate("stats count(*) as n by srcAddr")
    assert translation.columns == ("srcAddr", "n")
    assert not translation.raw


def test_every_value_is_text(data: Data) -> None:
    translation = data.translate(
        "fields @timestamp, bytes, bytes / 3 as a, bytes = 44 as b, split(srcAddr, '.') as c"
    )
    cursor = data.connection.execute(translation.sql)
    assert {str(column[1]) for column in cursor.description} == {"VARCHAR"}


@pytest.mark.parametrize(
    ("text", "caller", "limit"),
    [
        ("fields srcAddr", 10_000, 10_000),
        ("fields srcAddr | limit 2", 10_000, 2),
        ("fields srcAddr | limit 2", 1, 1),
        ("fields srcAddr | limit 5 | limit 3", 10_000, 3),
        ("fields srcAddr", 10**9, LARGEST_LIMIT),
    ],
)
def test_the_smallest_limit_counts(data: Data, text: str, caller: int, limit: int) -> None:
    assert data.translate(text, caller).limit == limit
    assert len(data.rows(text, caller)) == min(limit, 12)


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("fields srcAddr", 12),
        ("filter dstPort = 443 | stats count(*) by srcAddr | filter srcAddr = 'x'", 5),
        ("filter dstPort = 443 | limit 1", 5),
        ("filter dstPort = 443 | dedup action", 5),
        ("filter dstPort = 443 | filter srcAddr = '10.0.1.5' | sort bytes desc", 2),
    ],
)
def test_records_that_matched(data: Data, text: str, matched: int) -> None:
    assert data.matched(text) == matched


def test_a_number_field_is_compared_as_it_is_stored(data: Data) -> None:
    sql = data.translate("filter dstPort = 443 and bytes > 10").sql
    assert '"dstPort" = CAST(443 AS BIGINT)' in sql
    assert '"bytes" > CAST(10 AS BIGINT)' in sql
    assert "TRY_CAST" not in sql


def test_notes_are_said_once(data: Data) -> None:
    notes = data.translate("filter srcaddr = 'x' or srcaddr = 'y' | fields srcaddr").notes
    assert notes == ("there is no srcaddr in these records. Did you mean srcAddr?",)


def test_tables_of_no_records(over: Callable[..., Data]) -> None:
    empty = over()
    assert empty.rows("fields srcAddr") == []
    assert empty.rows("stats count(*) as n, sum(bytes) as s") == [{"n": "0"}]
    assert empty.rows("stats count(*) as n by srcAddr") == []


def test_what_is_refused_whatever_the_records_are_is_refused_before_they_are_read(
    data: Data,
) -> None:
    """`check` refuses nothing that runs, and in the same words; of the rest all but a few."""
    late = set()
    for path in sorted(CASES.glob("*/*/query.txt")):
        text = path.read_text().strip()
        with contextlib.suppress(BadQuery):
            pipeline = parse(text)
            refusal = refused(check, pipeline, Query(text, WINDOW), NOW, data.tables, "flows/all")
            known = data.relation
            wanted = refused(translate, pipeline, known, Query(text, WINDOW), NOW, data.tables)
            assert refusal in (None, wanted), path
            late |= {path.parent.name} if refusal != wanted else set()
    # Only records tell that a name is taken.
    assert late == {"alias-like-a-field", "redefined-field-of-the-records"}


def refused(act: Callable[..., object], *arguments: object) -> tuple[str, str | None] | None:
    try:
        act(*arguments)
    except BadQuery as error:
        return error.what, error.where
    return None


def test_names_that_differ_in_case_only_are_two(data: Data) -> None:
    rows = data.rows("fields bytes as SRCADDR, srcAddr | sort @timestamp asc | limit 1")
    assert rows == [{"SRCADDR": "1000", "srcAddr": "10.0.1.5"}]


def test_an_expression_that_would_explode_is_refused(data: Data) -> None:
    nested = "isValidIp(" * 30 + "srcAddr" + ")" * 30
    with pytest.raises(BadQuery, match="too large when it is translated"):
        data.translate(f"filter {nested}")


def test_the_longest_chains_run(data: Data) -> None:
    added = "+".join(["1"] * 200)
    either = " or ".join(f"dstPort = {n}" for n in range(400))
    assert data.rows(f"fields {added} as x | limit 1") == [{"x": "200"}]
    assert data.rows(f"filter {either} | stats count(*) as n") == [{"n": "2"}]


@settings(max_examples=100, deadline=None)
@given(
    value=st.text(alphabet="ab-\n", max_size=12),
    between=st.sampled_from(["-", "--", "a", "b-"]),
    count=st.integers(2, 4),
)
def test_separated_globs_split_as_their_pattern_matches(
    value: str, between: str, count: int
) -> None:
    names = ["p", "q", "r", "s"][:count]
    pattern = between.join("*" * count)
    parsed = f'parse line "{pattern}" as {", ".join(names)} | display {", ".join(names)}'
    found = re.search(glob(pattern), value)
    wanted = dict(zip(names, found.groups(), strict=True)) if found else {}
    assert ONE.rows(f'fields "{value}" as line | {parsed}') == [wanted]


@settings(max_examples=300, deadline=None)
@given(value=st.text(max_size=20))
def test_a_hostile_value_comes_back_as_itself(value: str) -> None:
    try:
        query = fill("fields {value} as x | limit 1", value=value)
    except Unquotable:
        return
    assert ONE.rows(query) == [{"x": value}]


@settings(max_examples=300, deadline=None)
@given(value=st.text(alphabet="'\"%_;-/*() a$1{}", max_size=12))
def test_a_value_made_of_signs_comes_back_as_itself(value: str) -> None:
    try:
        query = fill("fields concat({value}, '') as x | filter x = {value} | limit 1", value=value)
    except Unquotable:
        return
    assert ONE.rows(query) == [{"x": value}]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=12))
def test_any_text_runs_or_is_refused(pieces: list[str]) -> None:
    with contextlib.suppress(BadQuery):  # and nothing else: DuckDB takes whatever is translated
        assert isinstance(ONE.rows(" ".join(["fields bytes |", *pieces])), list)


def commands_of_cases() -> list[str]:
    """Every command that some case has."""
    found = set()
    for path in sorted(CASES.glob("*/*/query.txt")):
        with contextlib.suppress(BadQuery):
            pipeline = parse(path.read_text())
            found |= {pipeline.source(command) for command in pipeline.commands}
    return sorted(found)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(commands_of_cases()), min_size=1, max_size=5))
def test_any_commands_in_a_row_run_or_are_refused(commands: list[str]) -> None:
    with contextlib.suppress(BadQuery):  # and nothing else: DuckDB takes whatever is translated
        assert isinstance(SHARED.rows("\n| ".join(commands)), list)


def test_what_runs_needs_no_more_than_a_statement() -> None:
    """The translation reads nothing but the relation: it runs on a connection locked down."""
    connection = duckdb.connect(config={"enable_external_access": "false"})
    connection.execute("SET lock_configuration = true")
    sql = "(SELECT 1 AS n, TIMESTAMP '2026-03-02' AS stamp, 'x' AS message) AS flows"
    relation = ONE.relation
    small = type(relation)(sql, {n: s for n, s in relation.fields.items() if n[0] == "@"}, "n")
    text = "fields jsonParse('{}') as j, formatDate(@timestamp, 'HH', 'Europe/Berlin') as h"
    translation = translate(parse(text), small, Query(text, WINDOW), NOW)
    assert connection.execute(translation.sql).fetchall() == [("{}", "01", "ptr-1")]
    connection.close()


SHARED = Data(shared_records())
ONE = Data([{**dict.fromkeys(("bytes", "start"), "1"), "srcAddr": "10.0.0.1", "message": "m"}])
