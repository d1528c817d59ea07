from __future__ import annotations

import pytest

from bot.insights.parser import parse
from bot.insights.rollups import Rollup, rollup


@pytest.mark.parametrize(
    ("text", "keys", "sums", "slots"),
    [
        ("stats count(*)", "", "", False),
        ("stats sum(bytes) as v by srcAddr | sort v desc", "srcAddr", "bytes", False),
        (
            'filter action = "REJECT" and srcAddr like /^10/ | stats count() by protocol',
            "action protocol srcAddr",
            "",
            False,
        ),
        ("stats sum(bytes) / sum(packets) by bin(1h), action", "action", "bytes packets", True),
        ("stats count(*) by bin(1mo)", "", "", True),
        ('stats count(*) by case(isIpv4InSubnet(srcAddr, "10.0.0.0/8"), 1)', "srcAddr", "", False),
        ("stats count(*) * 2 + 1 as n by dstPort | stats max(n)", "dstPort", "", False),
    ],
)
def test_what_only_sums_and_counts_is_rolled_up(
    text: str, keys: str, sums: str, slots: bool
) -> None:
    assert rollup(parse(text)) == Rollup(tuple(keys.split()), frozenset(sums.split()), slots)


@pytest.mark.parametrize(
    "text",
    [
        "fields srcAddr",
        "limit 5 | stats count(*)",
        "dedup srcAddr | stats count(*)",
        "fields bytes * 8 as bits | stats sum(bits)",
        "filter bytes > 100 | stats count(*)",
        "filter bin(1m) > 0 | stats count(*)",
        "stats count(*) by bin(1m)",
        "stats count(*) by bin(90s)",
        "stats count(*) by bin(5m) offset 1m",
        "stats count(*) by bin(5m), srcAddr",
        "stats count(*) by srcAddr, dstAddr",
        "stats count(*) by @timestamp",
        "stats count(*) by start",
        "stats count(*) by @logStream",
        "stats count(*) by nothing",
        "stats count(bytes)",
        "stats sum(bytes * 2)",
        "stats sum(srcPort)",
        "stats avg(bytes)",
        "stats max(bytes)",
        "stats count_distinct(srcAddr)",
        "stats pct(bytes, 50)",
        "stats sum(bytes) - min(packets)",
        "stats sum(bytes) + packets",
        "stats latest(action)",
        "stats sum(bytes) as v, v * 2 as w",
        "stats sum(bytes) / bin(5m)",
        "stats topk(3, srcAddr)",
        "stats count(*) by count(*)",
    ],
)
def test_everything_else_needs_the_records(text: str) -> None:
    assert rollup(parse(text)) is None
