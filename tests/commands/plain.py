"""Made conversations, and what they come to when they are counted in plain Python.

Nothing here is the project's own: the server is the side with a port below 32768, and a flow that
several interfaces recorded counts at the one with most bytes.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from tests.commands.records import Record, flow

INSIDE = tuple(f"10.0.{n}.{m}" for n in (1, 2) for m in (10, 11, 12, 13))
OUTSIDE = ("203.0.113.7", "203.0.113.8", "203.0.113.9", "198.51.100.4")
PORTS = (22, 23, 80, 443, 3306, 5432, 6379)
Key = tuple[str, str, int]  # client, server, port


@dataclass
class Sums:
    """One client at one server's port."""

    sent: int = 0
    back: int = 0
    sent_packets: int = 0
    back_packets: int = 0
    connections: int = 0
    records: int = 0


def made(seed: int, count: int = 300, *, at: int = 0, action: str = "ACCEPT") -> list[Record]:
    """Records of conversations between hosts inside, and with hosts outside; `at` as in `flow`."""
    draw = random.Random(seed)
    records: list[Record] = []
    for _ in range(count):
        client, server = draw.sample((*INSIDE, *OUTSIDE), 2)
        if client in OUTSIDE and server in OUTSIDE:
            continue
        port, own = draw.choice(PORTS), draw.randint(40000, 40012)
        minute = at + draw.randint(0, 50)
        seen_by = [f"eni-{a}" for a in (client, server) if a in INSIDE]
        legs = [(f"{client}:{own}", f"{server}:{port}")]
        if action == "ACCEPT" and draw.random() < 0.8:
            legs.append((f"{server}:{port}", f"{client}:{own}"))
        for source, target in legs:
            size, packets = draw.randint(40, 90_000), draw.randint(1, 60)
            records += [
                flow(source, target, action, at=minute, bytes=size, packets=packets,
                     interface_id=interface)
                for interface in seen_by
            ]  # fmt: skip
    return records


def counted(records: list[Record]) -> dict[Key, Sums]:
    """Accepted conversations, each leg at the interface with most bytes."""
    seen: dict[tuple[Key, str], dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record["action"] != "ACCEPT":
            continue
        asks = int(str(record["dstport"])) < 32768
        source, target = str(record["srcaddr"]), str(record["dstaddr"])
        port = int(str(record["dstport" if asks else "srcport"]))
        key = (source, target, port) if asks else (target, source, port)
        seen[key, "sent" if asks else "back"][str(record["interface-id"])].append(record)
    found: dict[Key, Sums] = defaultdict(Sums)
    for (key, leg), by_interface in seen.items():
        one = found[key]
        most = max(sum(int(str(r["bytes"])) for r in rs) for rs in by_interface.values())
        packets = max(sum(int(str(r["packets"])) for r in rs) for rs in by_interface.values())
        ports = max(
            len({r["srcport" if leg == "sent" else "dstport"] for r in rs})
            for rs in by_interface.values()
        )
        one.connections = max(one.connections, ports)
        one.records += sum(len(rs) for rs in by_interface.values())
        if leg == "sent":
            one.sent, one.sent_packets = most, packets
        else:
            one.back, one.back_packets = most, packets
    return found


def inside(address: str) -> bool:
    return address.startswith("10.")
