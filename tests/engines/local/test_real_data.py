"""Flow logs that others wrote, against plain counts."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engines.local.engine import LocalEngine
from bot.model.window import Window
from tests.engines.local.flowfiles import (
    ask,
    count,
)

REAL = Path(__file__).parents[3] / ".." / "shared" / "data" / "real-eks-v2"


def test_the_real_records_are_counted_as_plain_python_counts_them(
    opened: Callable[..., LocalEngine],
) -> None:
    if not REAL.exists():
        pytest.skip("the real data are not beside this checkout")
    window = Window(datetime(2024, 12, 14, tzinfo=UTC), datetime(2024, 12, 15, tzinfo=UTC))
    half = Window(
        datetime(2024, 12, 14, 16, 30, tzinfo=UTC), datetime(2024, 12, 14, 17, tzinfo=UTC)
    )
    kinds: Counter[tuple[str, str]] = Counter()
    sources: Counter[str] = Counter()
    in_half = 0
    for path in REAL.rglob("*.gz"):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            words = line.split(" ")[1:]
            kinds[words[12], words[13]] += 1
            in_half += half.start.timestamp() <= int(words[10]) < half.end.timestamp()
            if words[13] == "OK":
                sources[words[3]] += int(words[9])
    engine = opened(REAL)
    result = ask(engine, "stats count(*) as n by action, logStatus", window)
    assert {(r["action"], r["logStatus"]): r.number("n") for r in result.rows} == kinds
    assert kinds == {
        ("ACCEPT", "OK"): 22216,
        ("REJECT", "OK"): 1034,
        ("-", "NODATA"): 96,
        ("-", "SKIPDATA"): 109,
    }
    assert count(engine, half) == in_half
    top = ask(engine, "stats sum(bytes) as b by srcAddr | sort b desc | limit 20", window)
    assert [row.number("b") for row in top.rows] == [n for _, n in sources.most_common(20)]
    streams = ask(engine, "stats count_distinct(@logStream) as n", window)
    assert streams.rows[0]["n"] == "12"


def test_real_events_of_a_scan_are_read(opened: Callable[..., LocalEngine]) -> None:
    folder = REAL.parent / "real-scan-v2"
    if not folder.exists():
        pytest.skip("the real data are not beside this checkout")
    events = json.loads((folder / "events.json").read_text())
    lines = [e["_raw"] for e in events if not e["_raw"].startswith("version")]
    window = Window(datetime(2021, 9, 2, tzinfo=UTC), datetime(2021, 9, 3, tzinfo=UTC))
    result = ask(opened(folder), "fields @message", window)
    assert sorted(row["@message"] for row in result.rows) == sorted(lines)
