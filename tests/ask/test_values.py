from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.ask.values import near, network, port_numbers
from bot.model.errors import BadLine


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("5432", (5432,)),
        ("Postgres", (5432,)),
        ("mysql", (3306, 33060)),
        ("redis,5432,redis", (5432, 6379, 6380)),
        ("8000-8003", (8000, 8001, 8002, 8003)),
        ("8000–8001,22", (22, 8000, 8001)),
    ],
)
def test_ports(word: str, numbers: tuple[int, ...]) -> None:
    assert port_numbers(word) == numbers


@pytest.mark.parametrize("word", ["", ",", "5432,", "-5", "٣", "0x50", "1-257", "1-200,300-500"])
def test_what_is_no_port(word: str) -> None:
    with pytest.raises(BadLine):
        port_numbers(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("10.0.3.5", "10.0.3.5/32"),
        ("10.0.3.5/16", "10.0.0.0/16"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("[2001:db8::1]", "2001:db8::1/128"),
    ],
)
def test_networks(word: str, expected: str) -> None:
    assert network(word) == ip_network(expected)


def test_near() -> None:
    assert near("rejcts", ["rejects", "query"]) == "Did you mean rejects?"
    assert near("zzz", ["rejects"]) == ""
