"""The guide's queries over real records, through the local engine, against the plain evaluation."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.insights.parser import parse
from bot.model.fields import DEFAULT_FORMAT, insights_name
from bot.model.query import Query
from bot.model.window import Window
from tests.insights.plainly import Evaluator, Moment
from tests.insights.test_against_plain import same

REAL = Path(__file__).parents[2] / ".." / "shared" / "data" / "real-eks-v2"
NAMES = [insights_name(log) for log in DEFAULT_FORMAT]
WHOLE = Window(datetime(2024, 12, 14, 16, 0, tzinfo=UTC), datetime(2024, 12, 14, 18, 0, tzinfo=UTC))

pytestmark = pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not there")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    made = LocalEngine(REAL, cache=tmp_path_factory.mktemp("cache"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def records() -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for path in sorted(REAL.rglob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            words = line.split()[1:]
            record = dict(zip(NAMES, words, strict=True))
            extra = {"@timestamp": Moment(int(record["start"]) * 1000), "n": len(found)}
            found.append(record | extra | {"@message": " ".join(words)})
    return found


@pytest.mark.parametrize(
    "query",
    [
        "stats sum(packets) as p by srcAddr, dstAddr | sort p desc, srcAddr asc, dstAddr asc"
        " | limit 15",
        'filter isIpv4InSubnet(srcAddr, "10.0.0.0/8") | stats sum(bytes) as b, count(*) as n'
        " by dstAddr | sort b desc, dstAddr asc | limit 15",
        "filter protocol=17 | stats count(*) by srcAddr | sort srcAddr asc",
        'filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t asc',
        "stats avg(bytes), max(bytes), pct(bytes, 90), count_distinct(dstPort) by action"
        " | sort action asc",
        "stats avg(end - start) as d, count(bytes) as c by interfaceId | sort interfaceId asc",
        'filter action = "REJECT" and not (dstPort in [22, 443] or srcAddr like /^10\\./)'
        " | stats count(*) as n by dstPort | sort n desc, dstPort asc | limit 30",
        'parse @message "* * * * * * * * * * * * * *" as a, b, c, d, e, f, g, h, i, j, k, l, m, o'
        " | filter g = 443 | stats sum(j) as s by m | sort m asc",
        "filter dstPort != 443 | stats count(*) as n",
        'filter dstPort != "443" | stats count(*) as n',
        "stats count(*) as n by bin(5m), action | sort bin(5m) asc, action asc",
        "stats min(srcAddr) as a, max(dstAddr) as b, sortsLast(srcPort) as c",
    ],
)
def test_real_records(engine: LocalEngine, records: list[dict[str, object]], query: str) -> None:
    rows = [dict(row) for row in engine.run(Query(query, WHOLE), Watch()).rows]
    wanted = Evaluator(parse(query)).run([dict(record) for record in records])
    assert wanted
    assert len(rows) == len(wanted)
    for row, plain in zip(rows, wanted, strict=True):
        assert same(row, plain), f"{row} is not {plain}"
