"""Who may talk to whom in the demo's network: security groups and network ACLs, as plain data.

The mistake: a release wrote 10.20.1.0/24 where 10.20.11.0/24 was meant, in the one rule that lets
the app tier of zone b into PostgreSQL. `groups(broken=True)` are the groups while it lasted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.demo import network

ANYWHERE = "0.0.0.0/0"
POSTGRES, REDIS, APP_PORT, NODE_METRICS = 5432, 6379, 8080, 9100
POSTGRES_METRICS, REDIS_METRICS = 9187, 9121
EPHEMERAL = (1024, 65535)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a security group lets in. `peer` is a range or the name of a group; `ports` of TCP."""

    id: str
    ports: tuple[int, int]
    peer: str
    description: str


@dataclass(frozen=True, slots=True)
class Group:
    """A security group; every group of this network lets everything out."""

    name: str
    id: str
    inbound: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a NACL. `protocol` and `ports` None are all of them."""

    number: int
    allow: bool
    range: str
    protocol: int | None = None
    ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Nacl:
    """A network ACL without the final deny, which every NACL has."""

    name: str
    id: str
    subnets: tuple[network.Subnet, ...]
    inbound: tuple[Entry, ...]
    outbound: tuple[Entry, ...]


def _one(id_: str, port: int, peer: str, description: str) -> Rule:
    return Rule(id_, (port, port), peer, description)


ZONE_B_RULE = _one(
    "sgr-0b3a91c47de5f2086", POSTGRES, network.APP_B.range, "app tier, zone b, to PostgreSQL"
)
BROKEN_RULE = replace(ZONE_B_RULE, peer=network.PUBLIC_B.range)
_GROUPS = (
    Group(
        "alb",
        "sg-0980bfc30c58c1e6f",
        (
            _one("sgr-0c81f4be5a07d6321", 443, ANYWHERE, "visitors"),
            _one("sgr-04d2e95ab17c3f608", 80, ANYWHERE, "visitors, to be sent to 443"),
        ),
    ),
    Group(
        "app",
        "sg-05896631743264769",
        (
            _one("sgr-0a9d57e1c04b8f263", APP_PORT, "alb", "requests"),
            _one("sgr-07f3b6c2a918e4d50", 8443, "alb", "requests over TLS, never used"),
            _one("sgr-0e5c18d7b36f9a402", 22, "bastion", "administration"),
            _one("sgr-01b7e4a6f8253c9d0", NODE_METRICS, "ops", "host metrics"),
        ),
    ),
    Group(
        "worker",
        "sg-0622ecb8029514d9f",
        (
            _one("sgr-0f62c8e4d1a97b305", 22, "bastion", "administration"),
            _one("sgr-03ea5d90b7f146c28", NODE_METRICS, "ops", "host metrics"),
        ),
    ),
    Group(
        "ops",
        "sg-0f12bf583c50d03e1",
        (
            _one("sgr-0d47a2f9e68b5c013", 22, "bastion", "administration"),
            _one("sgr-08c3f71e9a0d6b542", 3000, "bastion", "dashboards"),
        ),
    ),
    Group(
        "db",
        "sg-0efa2b1ff629f5c90",
        (
            _one("sgr-062d8fb3c5e49a170", POSTGRES, network.APP_A.range, "app tier, zone a"),
            ZONE_B_RULE,
            _one("sgr-0537ce1b8d2f4a960", POSTGRES, "db", "replication"),
            _one("sgr-09a6f3e57b1c8d024", POSTGRES, "bastion", "administration"),
            _one("sgr-0bf18e2d64c7a5903", 22, "bastion", "administration"),
            _one("sgr-0486d9c3f5e7b1a20", NODE_METRICS, "ops", "host metrics"),
            _one("sgr-02f9b5d8e7a1c3640", POSTGRES_METRICS, "ops", "database metrics"),
        ),
    ),
    Group(
        "cache",
        "sg-00eb38bd48b92838e",
        (
            _one("sgr-0cd6e17a3f5b28940", REDIS, "app", "sessions and cache"),
            _one("sgr-0715fc8d9b6e3a420", REDIS, "worker", "queues"),
            _one("sgr-0fa4b87c2d1e69350", 22, "bastion", "administration"),
            _one("sgr-0359de6a8c7f4b120", NODE_METRICS, "ops", "host metrics"),
            _one("sgr-0e18a6c5d9f37b420", REDIS_METRICS, "ops", "cache metrics"),
        ),
    ),
    Group(
        "bastion",
        "sg-0ff253483c8654939",
        (
            _one("sgr-0a52d8f7c1e64b930", 22, network.OFFICE, "the office"),
            _one("sgr-06b9c4f3e2d58a170", NODE_METRICS, "ops", "host metrics"),
        ),
    ),
)

_ALL = Entry(100, True, ANYWHERE)
NACLS = (
    Nacl(
        "public",
        "acl-0481c26f46745996d",
        (network.PUBLIC_A, network.PUBLIC_B),
        (_ALL,),
        (_ALL,),
    ),
    Nacl(
        "app",
        "acl-00cc33e1d5f6fa6fa",
        (network.APP_A, network.APP_B),
        (Entry(100, True, network.VPC_RANGE), Entry(110, True, ANYWHERE, 6, EPHEMERAL)),
        (Entry(90, False, ANYWHERE, 6, (25, 25)), _ALL),
    ),
    Nacl(
        "data",
        "acl-067d7bdf5aea75dff",
        (network.DATA_A, network.DATA_B),
        (Entry(100, True, network.VPC_RANGE), Entry(110, True, ANYWHERE, 6, EPHEMERAL)),
        (Entry(100, True, network.VPC_RANGE), Entry(110, True, ANYWHERE, 6, (443, 443))),
    ),
)


def groups(*, broken: bool = False) -> tuple[Group, ...]:
    """The security groups as they are, or as they were while the mistake lasted."""
    if not broken:
        return _GROUPS
    return tuple(
        replace(
            group,
            inbound=tuple(BROKEN_RULE if rule is ZONE_B_RULE else rule for rule in group.inbound),
        )
        for group in _GROUPS
    )


def group_id(name: str) -> str | None:
    """The id of the group of that name; None for anything else, such as a range."""
    return next((group.id for group in _GROUPS if group.name == name), None)
