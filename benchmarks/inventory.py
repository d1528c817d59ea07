"""How long it takes to load a large network, to look things up in it, and to trace roads.

    python -m benchmarks.inventory [INTERFACES]

Prints a table; nothing is written. CPU seconds, so that a busy machine does not count.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from time import process_time
from typing import Any

from bot.model.query import Row
from bot.network import aws_ranges
from bot.network.documents import read_inventory
from bot.network.names import Names
from bot.network.roads import totals, trace

PER_SUBNET = 200
GROUPS = 100_000


def described(count: int) -> dict[str, dict[str, Any]]:
    """Instances with an interface each, 200 to a subnet, in three zones of one VPC."""
    interfaces, reservations, subnets = [], [], []
    for number in range(count):
        block, last = divmod(number, PER_SUBNET)
        subnet, zone = f"subnet-{block:05}", f"us-east-1{'abc'[block % 3]}"
        address = str(IPv4Address("10.0.0.0") + block * 256 + last + 10)
        if last == 0:
            cidr = f"{IPv4Address('10.0.0.0') + block * 256}/24"
            subnets.append(
                {
                    "SubnetId": subnet,
                    "VpcId": "vpc-1",
                    "CidrBlock": cidr,
                    "AvailabilityZone": zone,
                    "AvailabilityZoneId": f"use1-az{block % 3 + 1}",
                    "Tags": [{"Key": "Name", "Value": f"tier-{block}"}],
                }
            )
        tags = [{"Key": "Name", "Value": f"host-{number}"}]
        interfaces.append(
            {
                "NetworkInterfaceId": f"eni-{number:017}",
                "VpcId": "vpc-1",
                "SubnetId": subnet,
                "AvailabilityZone": zone,
                "InterfaceType": "interface",
                "Attachment": {"InstanceId": f"i-{number:017}"},
                "PrivateIpAddress": address,
                "PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": address}],
                "Groups": [{"GroupId": "sg-1", "GroupName": "all"}],
                "TagSet": [],
            }
        )
        instance = {"InstanceId": f"i-{number:017}", "Tags": tags}
        reservations.append({"Instances": [instance]})
    vpc = {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/8"}
    return {
        "describe-network-interfaces": {"NetworkInterfaces": interfaces},
        "describe-instances": {"Reservations": reservations},
        "describe-subnets": {"Subnets": subnets},
        "describe-vpcs": {"Vpcs": [vpc]},
    }


def groups(count: int, interfaces: list[tuple[str, str]]) -> list[Row]:
    draw = random.Random(1)
    rows = []
    for _ in range(count // 2):
        (one, source), (other, target) = draw.choice(interfaces), draw.choice(interfaces)
        sums = {"totalBytes": "1500", "totalPackets": "1", "records": "1"}
        for at in (one, other):
            rows.append(Row({"interfaceId": at, "srcAddr": source, "dstAddr": target, **sums}))
    return rows


def timed(what: str, work: Callable[[], Any], times: int = 1, unit: str = "s") -> Any:
    start = process_time()
    result = work()
    spent = (process_time() - start) / times
    print(f"{what:<52} {spent * (1e6 if unit == 'µs' else 1):>9.2f} {unit}")
    return result


def main(count: int) -> None:
    print(f"{count} interfaces")
    with tempfile.TemporaryDirectory() as folder:
        for name, document in described(count).items():
            Path(folder, f"{name}.json").write_text(json.dumps(document))
        inventory = timed("load the describe-… documents", lambda: read_inventory(Path(folder)))
    names = Names(inventory)
    addresses = [i.addresses[0] for i in inventory.interfaces.values()]
    timed(
        "name of an address, first time",
        lambda: [names.of(a) for a in addresses],
        len(addresses),
        "µs",
    )
    timed("and again", lambda: [names.of(a) for a in addresses], len(addresses), "µs")
    timed("index of names", lambda: names.addresses("host-1"))
    words = [f"host-{n}" for n in range(len(addresses))]
    timed(
        "addresses of a name", lambda: [names.addresses(word) for word in words], len(words), "µs"
    )
    ranges = timed("load AWS's address ranges", aws_ranges.packaged)
    rows = groups(GROUPS, [(i.id, i.addresses[0]) for i in inventory.interfaces.values()])
    traced = timed(f"roads of {GROUPS} groups", lambda: trace(rows, inventory, ranges=ranges))
    timed("and their sums", lambda: totals(traced))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
