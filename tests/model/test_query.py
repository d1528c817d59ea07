from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.query import Row


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1795186800500", datetime(2026, 11, 20, 15, 0, 0, 500_000, tzinfo=UTC)),
        ("1.7951868E12", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20 15:00:00.000", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("", None),
        ("-", None),
        ("2026-99-20 15:00:00.000", None),
        ("9" * 30, None),
        ("nan", None),
    ],
)
def test_moments(text: str, moment: datetime | None) -> None:
    assert Row({"at": text}).moment("at") == moment


def test_a_missing_moment() -> None:
    assert Row({}).moment("at") is None
