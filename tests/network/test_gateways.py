from __future__ import annotations

from bot.model.query import Row
from bot.network.counting import BYTES
from bot.network.gateways import gateways, passed_on, repetition
from bot.network.ranges import is_inside

GATEWAY, ONE, TWO, WEB, OTHER = "10.0.0.5", "10.0.1.1", "10.0.1.2", "198.51.100.7", "198.51.100.8"


def row(source: str, target: str, size: int) -> Row:
    return Row({"srcAddr": source, "dstAddr": target, BYTES: str(size)})


def passing(size: int = 1000) -> list[Row]:
    """Two hosts that fetch from one web server through a gateway."""
    return [
        row(WEB, GATEWAY, 2 * size),
        *(row(GATEWAY, host, size) for host in (ONE, TWO)),
        *(row(WEB, host, size) for host in (ONE, TWO)),
        *(row(host, GATEWAY, 10) for host in (ONE, TWO)),
        row(GATEWAY, WEB, 20),
        *(row(host, WEB, 10) for host in (ONE, TWO)),
    ]


def test_a_gateway_and_what_it_repeats() -> None:
    through, again = repetition(passing(), is_inside)
    assert through == {GATEWAY}
    assert {pair for pair in again if GATEWAY in pair} == again
    kept = [r for r in passing() if (r["srcAddr"], r["dstAddr"]) not in again]
    assert sum(r.number(BYTES) for r in kept) == 2020


def test_what_a_gateway_got_for_itself_stays() -> None:
    scan = row("203.0.113.9", GATEWAY, 3)
    assert ("203.0.113.9", GATEWAY) not in passed_on([*passing(), scan], {GATEWAY}, is_inside)


def test_a_load_balancer_is_none() -> None:
    """It passes on both ways, but its clients are on record with it alone."""
    rows = [
        row(WEB, GATEWAY, 1000),
        row(GATEWAY, ONE, 1000),
        row(ONE, GATEWAY, 50),
        row(GATEWAY, WEB, 50),
    ]
    assert gateways(rows, is_inside) == set()


def test_a_host_that_keeps_what_it_fetches_is_none() -> None:
    rows = [row(WEB, ONE, 1000), row(ONE, WEB, 10), row(WEB, TWO, 1000), row(TWO, WEB, 10)]
    assert repetition(rows, is_inside) == (set(), set())


def test_bytes_that_differ_are_not_passed_on() -> None:
    rows = [row(WEB, GATEWAY, 5000) if r.number(BYTES) == 2000 else r for r in passing()]
    assert gateways(rows, is_inside) == set()


def test_nothing() -> None:
    assert repetition([], is_inside) == (set(), set())
