from __future__ import annotations

from bot.engines.local.engine import Explanation
from bot.terminal import explanation

TOLD = Explanation("SELECT 1", 2, 1, 1234, 5_600_000, ("mind this",))


def test_people_read_sql_with_comments() -> None:
    assert explanation.text(TOLD).splitlines() == [
        "-- 2 files to read, 1 pruned by name or date",
        "-- 1\u2009234 records, 5.60 MB of log text",
        "-- mind this",
        "SELECT 1",
    ]


def test_programs_read_a_document() -> None:
    assert explanation.document(TOLD) == {
        "sql": "SELECT 1",
        "files": 2,
        "pruned": 1,
        "records": 1234,
        "bytes": 5_600_000,
        "notes": ("mind this",),
    }
