from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.prefixes import Prefixes

NETWORKS = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    # Few distinct addresses, so that ranges nest and touch often.
    st.sampled_from([0, 1, 2**31, 2**31 + 256, 10 << 24, (10 << 24) + 255, 2**32 - 1]),
    st.integers(0, 32),
)
ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 255, 256, (10 << 24) - 1, 10 << 24, (10 << 24) + 256, 2**32 - 1]),
)


@given(st.lists(st.tuples(NETWORKS, st.integers(0, 3)), max_size=12), ADDRESSES)
def test_the_longest_prefix_wins(pairs: list[tuple[IPv4Network, int]], number: int) -> None:
    address = ip_address(number)
    holding = [(network.prefixlen, value) for network, value in pairs if address in network]
    longest = max((length for length, _ in holding), default=None)
    expected = tuple(value for length, value in holding if length == longest)
    assert Prefixes(pairs).all_at(str(address)) == expected


def test_both_families_stand_side_by_side() -> None:
    prefixes = Prefixes([(ip_network("10.0.0.0/8"), "four"), (ip_network("fd00::/8"), "six")])
    assert prefixes.only_at("10.1.2.3") == "four"
    assert prefixes.only_at("fd00::1") == "six"
    assert prefixes.only_at(str(IPv6Address(10 << 24))) is None


@pytest.mark.parametrize("address", ["-", "", "10.0.0", "10.0.0.0/8", "name"])
def test_what_is_no_address_is_nowhere(address: str) -> None:
    assert Prefixes([(ip_network("0.0.0.0/0"), 1)]).all_at(address) == ()


def test_two_claims_to_one_range_are_no_answer() -> None:
    twice = Prefixes([(ip_network("10.0.0.0/24"), "a"), (ip_network("10.0.0.0/24"), "b")])
    assert twice.only_at("10.0.0.1") is None
    assert twice.all_at("10.0.0.1") == ("a", "b")
