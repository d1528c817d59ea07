"""Which addresses are inside: the private ranges, and those the asker says are theirs.

The same rule twice, as a function and as Insights text, so that what a query grouped and what
Python sorts agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from bot.insights.quoting import fill

Range = IPv4Network | IPv6Network

PRIVATE: tuple[Range, ...] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",  # RFC 1918
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",  # RFC 6598: carriers, and pods of many clusters
        "169.254.0.0/16",  # link-local
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
    )
)


def holds(network: Range | None, address: str) -> bool:
    """Whether a network holds an address; None holds all. What is no address is in none."""
    if network is None:
        return True
    try:
        return ip_address(address) in network
    except ValueError:
        return False


def is_inside(address: str, extra: tuple[Range, ...] = ()) -> bool:
    """Whether an address is private or in one of the `extra` ranges; what is no address is not."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in (*PRIVATE, *extra))


def insider(extra: tuple[Range, ...]) -> Callable[[str], bool]:
    """The rule with its extra ranges filled in; it remembers addresses it has seen."""
    return lru_cache(maxsize=None)(lambda address: is_inside(address, extra))


def inside(field: str, extra: Iterable[Range] = ()) -> str:
    """The same rule over a field as an Insights condition, in parentheses.

    `isIpInSubnet` is false for what is no address or of the other family.
    """
    return "(" + " or ".join(within(field, network) for network in (*PRIVATE, *extra)) + ")"


def outside(field: str, extra: Iterable[Range] = ()) -> str:
    """The opposite of `inside`: also true for what is no address."""
    return f"(not {inside(field, extra)})"


def within(field: str, network: Range) -> str:
    """An Insights condition: the field's address is in the network.

    One IPv4 address is compared as text, which an index can serve; IPv6 has several spellings.
    """
    if network.version == 4 and network.num_addresses == 1:
        return fill(f"{field} = {{address}}", address=network.network_address)
    return fill(f"isIpInSubnet({field}, {{network}})", network=network)


def spelled(network: Range) -> str:
    """A network as people write it: a single address without its prefix."""
    return str(network).removesuffix("/32" if network.version == 4 else "/128")
