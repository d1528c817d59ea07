"""The query of `usage`: it stays within AWS's limit whatever the rules are."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.insights.parser import parse
from bot.model.inventory import GroupRule, Inventory, Peer, SecurityGroup
from bot.network import usage

LONGEST = 10_000  # characters of a query that StartQuery takes


def with_rules(number: int) -> Inventory:
    rules = tuple(
        GroupRule(6, (n, n), Peer(range=ip_network(f"2001:db8:{n:x}:ffff::/64")), f"sgr-{n}")
        for n in range(1, number + 1)
    )
    return Inventory(groups={"sg-1": SecurityGroup("sg-1", "vpc-1", "g", rules, ())})


@pytest.mark.parametrize(("number", "folds"), [(1, True), (40, True), (41, False), (5000, False)])
def test_a_query_folds_what_it_has_room_for(number: int, folds: bool) -> None:
    text = usage.text(with_rules(number))
    assert parse(text)
    assert len(text) < LONGEST
    assert ("2001:db8:1:ffff::/64" in text) is folds
    assert ("srcAddr as source" in text) is not folds


def test_ports_are_told_apart_where_rules_do() -> None:
    assert "if(dstPort >= 1, 1, 0), if(dstPort >= 2, 2, 0), if(dstPort >= 3" in usage.text(
        with_rules(2)
    )
    assert "dstPort as port" in usage.text(with_rules(500))


def test_no_rule_at_all() -> None:
    assert parse(usage.text(Inventory()))
