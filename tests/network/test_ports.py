from __future__ import annotations

import pytest

from bot.network.ports import (
    PORTS,
    SERVICE_PORTS,
    SYNONYMS,
    described,
    is_service,
    names,
    ports_named,
    protocol,
    service,
    spoken,
)


def test_synonyms_lead_to_names() -> None:
    assert set(SYNONYMS.values()) <= set(PORTS)
    assert not set(SYNONYMS) & set(PORTS)
    assert all(ports_named(name) for name in names())


def test_every_number_is_a_port() -> None:
    assert all(0 < port < 65536 for ports in PORTS.values() for port in ports)


@pytest.mark.parametrize(
    ("name", "ports"),
    [
        ("postgres", (5432,)),
        (" PostgreSQL", (5432,)),
        ("mongodb", (27017, 27018, 27019)),
        ("redis", (6379, 6380)),
        ("https", (443,)),
        ("nothing", ()),
    ],
)
def test_names(name: str, ports: tuple[int, ...]) -> None:
    assert ports_named(name) == ports


def test_service_ports_are_not_those_that_clients_get() -> None:
    assert 5432 in SERVICE_PORTS
    assert 33060 not in SERVICE_PORTS
    assert 22 not in SERVICE_PORTS
    assert is_service(22)
    assert is_service(5432)
    assert not is_service(33060)
    assert not is_service(0)


def test_protocols() -> None:
    assert (protocol(6), protocol(58), protocol(253)) == ("tcp", "icmpv6", "253")


def test_words() -> None:
    assert service(9200) == "elasticsearch"
    assert described(5432) == "5432 (postgres)"
    assert described(12345) == "12345"
    assert spoken((5432,)) == "port 5432 (postgres)"
    assert spoken((27019, 27017, 27018)) == "ports 27017–27019 (mongo)"
    assert spoken((22, 80, 81)) == "ports 22, 80–81"
    assert spoken((12345,)) == "port 12345"
