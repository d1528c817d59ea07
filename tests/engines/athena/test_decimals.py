"""Decimals are written as files on disk write them: by `insights.terms` in DuckDB."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engines.athena.decimals import written
from bot.insights.terms import Kind, Term, text

SQL = text(Term("x", Kind.REAL))
CONNECTION = duckdb.connect()


def local(value: float) -> str | None:
    sql = f"SELECT {SQL} FROM (SELECT ?::DOUBLE AS x)"  # noqa: S608
    found = CONNECTION.execute(sql, [value]).fetchone()
    assert found is not None
    return None if found[0] is None else str(found[0])


@settings(max_examples=1000, deadline=None)
@given(st.floats(-1e20, 1e20) | st.just(float("nan")))
def test_any_decimal(value: float) -> None:
    assert written(repr(value)) == local(value)


@settings(max_examples=500, deadline=None)
@given(st.floats(1e-7, 1e17), st.integers(0, 6))
def test_decimals_as_people_meet_them(value: float, digits: int) -> None:
    rounded = round(value, digits)
    assert written(repr(rounded)) == local(rounded)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("1.5E2", "150"),
        ("1.2345678E7", "12345678"),
        ("1.0E-5", "0.00001"),
        ("-0.0", "0"),
        ("Infinity", None),
        ("NaN", None),
        ("1.0E300", f"{1e300:.0f}"),
    ],
)
def test_as_athena_writes_them(said: str, wanted: str | None) -> None:
    assert written(said) == wanted
