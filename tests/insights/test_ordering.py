from __future__ import annotations

from functools import cmp_to_key

import duckdb
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.insights.ordering import natural
from tests.insights import plainly

CONNECTION = duckdb.connect(config={"threads": 1})
SORTED = f"FROM (SELECT unnest(?::VARCHAR[]) AS s) ORDER BY {natural('s')}, s"


@settings(max_examples=400, deadline=None)
@given(st.lists(st.text(alphabet="019.:/-aé", max_size=9), min_size=2, max_size=12))
@example(["10.0.0.10", "10.0.0.9", "2a05::1", "2.0.0.1", "::1", "-", "010.0.0.1", "10", "9", "1.5"])
@example(["1.2.", ".1", "1..2", "1.1234567890", "1.123456789", "1.12345678", "1.2", "1.", "1"])
def test_texts_sort_naturally(texts: list[str]) -> None:
    found = [text for (text,) in CONNECTION.execute(SORTED, [texts]).fetchall()]
    assert found == sorted(sorted(texts), key=cmp_to_key(plainly.natural))
