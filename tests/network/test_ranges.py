from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.network.ranges import PRIVATE, inside, is_inside, within


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("10.0.0.1", True),
        ("172.16.0.1", True),
        ("172.32.0.1", False),
        ("192.168.255.255", True),
        ("100.64.0.1", True),
        ("100.128.0.1", False),
        ("169.254.1.1", True),
        ("198.51.100.7", False),
        ("fd12::1", True),
        ("fe80::1", True),
        ("2001:db8::1", False),
        ("::ffff:10.0.0.1", False),  # as isIpInSubnet has it
        ("-", False),
        ("", False),
        ("web-1", False),
    ],
)
def test_inside(address: str, expected: bool) -> None:
    assert is_inside(address) is expected


def test_ranges_that_are_ours() -> None:
    extra = (ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))
    assert is_inside("198.51.100.7", extra)
    assert is_inside("2001:db8::1", extra)
    assert not is_inside("203.0.113.1", extra)


def test_the_same_rule_as_insights_text() -> None:
    text = inside("srcAddr", (ip_network("198.51.100.7/32"),))
    assert text.startswith('(isIpInSubnet(srcAddr, "10.0.0.0/8") or ')
    assert text.endswith(' or srcAddr = "198.51.100.7")')
    assert text.count("isIpInSubnet") == len(PRIVATE)


@pytest.mark.parametrize(
    ("network", "text"),
    [
        ("10.0.3.5/32", 'dstAddr = "10.0.3.5"'),
        ("10.0.0.0/16", 'isIpInSubnet(dstAddr, "10.0.0.0/16")'),
        ("2001:db8::1/128", 'isIpInSubnet(dstAddr, "2001:db8::1/128")'),
    ],
)
def test_within(network: str, text: str) -> None:
    assert within("dstAddr", ip_network(network)) == text
