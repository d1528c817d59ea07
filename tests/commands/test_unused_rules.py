"""`unused-rules`, held against a plain evaluation of random rules over random flows."""

from __future__ import annotations

import random
from ipaddress import ip_address, ip_network

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import FlowLog, GroupRule, Interface, Inventory, Peer, SecurityGroup
from bot.network.snapshots import Still
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, known
from tests.commands.records import NOW, Record, flow, status

HOSTS = {f"10.0.0.{n}": f"eni-{n}" for n in range(1, 9)}
GROUP_OF = {address: f"sg-{n % 4}" for n, address in enumerate(HOSTS)}
PUBLIC = ["198.51.100.7", "198.51.100.200", "203.0.113.9", "192.0.2.1"]
RANGES = ["0.0.0.0/0", "198.51.100.0/25", "203.0.113.9/32", "10.0.0.0/29", "10.0.0.4/30", "::/0"]
PORTS = [22, 80, 443, 5432, 8080, 30000]
CLIENT = 45_000  # a port that no rule names: who sends from it asks


def random_rule(draw: random.Random, number: int) -> GroupRule:
    peer = (
        Peer(group_id=f"sg-{draw.randrange(4)}")
        if draw.random() < 0.3
        else Peer(range=ip_network(draw.choice(RANGES)))
    )
    low = draw.choice(PORTS)
    ports = draw.choice([(low, low), (low, low + 10), (20, 500), (0, 65535)])
    return GroupRule(draw.choice([6, 6, 17]), ports, peer, f"sgr-{number}")


def network(draw: random.Random) -> Inventory:
    rules = [random_rule(draw, n) for n in range(80)]
    groups = {
        f"sg-{n}": SecurityGroup(
            f"sg-{n}",
            "vpc-1",
            f"group{n}",
            tuple(rules[n * 20 :][:10]),
            tuple(rules[n * 20 + 10 :][:10]),
        )
        for n in range(4)
    }
    interfaces = {
        name: Interface(name, "vpc-1", "subnet-1", "use1-az1", (a,), groups=(GROUP_OF[a],))
        for a, name in HOSTS.items()
    }
    logs = {"fl-1": FlowLog("fl-1", "vpc-1", "ALL", "flow-logs", 60, "")}
    return Inventory(interfaces=interfaces, groups=groups, flow_logs=logs)


def plain_match(rule: GroupRule, other: str, protocol: int, port: int) -> bool:
    assert rule.ports is not None
    if rule.protocol != protocol or not rule.ports[0] <= port <= rule.ports[1]:
        return False
    if rule.peer.group_id:
        return GROUP_OF.get(other) == rule.peer.group_id
    assert rule.peer.range is not None
    return ip_address(other) in rule.peer.range


def plain_used(found: Inventory, flows: list[tuple[str, str, int, int]]) -> set[str | None]:
    used = set()
    for source, target, protocol, port in flows:
        for own, other, way in ((target, source, "inbound"), (source, target, "outbound")):
            if own in HOSTS:
                group = found.groups[GROUP_OF[own]]
                rules = group.inbound if way == "inbound" else group.outbound
                used |= {r.id for r in rules if plain_match(r, other, protocol, port)}
    return used


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    tables = [table for table in answer.tables if table.title.startswith(title)]
    names = [[column.name for column in table.columns] for table in tables]
    return [dict(zip(names[n], row, strict=True)) for n, t in enumerate(tables) for row in t.rows]


def silence() -> list[Record]:
    """Every interface wrote a record, so that the lack of flows is proven."""
    return [status("NODATA", name) for name in HOSTS.values()]


@pytest.mark.parametrize("seed", range(4))
def test_used_and_unused_rules_are_those_of_a_plain_evaluation(ask: Ask, seed: int) -> None:
    draw = random.Random(seed)
    found = network(draw)
    flows, records = [], silence()
    for _ in range(25):
        source, target = draw.sample([*HOSTS, *PUBLIC], 2)
        if {source, target} & HOSTS.keys():
            one = source, target, draw.choice([6, 17]), draw.choice([*PORTS, 35, 8085, 9999])
            flows.append(one)
            for end in {source, target} & HOSTS.keys():
                records.append(
                    flow(
                        f"{source}:{CLIENT}",
                        f"{target}:{one[3]}",
                        protocol=one[2],
                        interface_id=HOSTS[end],
                    )
                )
    answer = ask("unused-rules 1h", *records, network=Still(found, lambda: NOW))
    expected = plain_used(found, flows)
    assert {row["rule"] for row in rows(answer, "Used,")} == expected
    idle = rows(answer, "Used by no flow")
    assert {row["rule"] for row in idle} == {f"sgr-{n}" for n in range(80)} - expected
    assert {row["claim"] for row in idle} == {"unused"}
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    drawn = {series.name: sum(value or 0 for value in series.values) for series in chart.series}
    assert drawn == {"unused": 80 - len(expected), "used": len(expected)}


APP_A, DB_A = "10.20.10.21", "10.20.20.30"


def demo_silence() -> list[Record]:
    return [status("NODATA", interface.id) for interface in known().current().interfaces.values()]


def claims(answer: Answer) -> dict[tuple[object, ...], object]:
    return {
        (row["group"], row["direction"], row["allows"], row["peer"]): row["claim"]
        for row in rows(answer, "Used by no flow")
    }


def test_rejected_flows_and_replies_use_nothing(ask: Ask) -> None:
    at = {"interface_id": INTERFACES[DB_A]}
    answer = ask(
        "unused-rules 1h",
        *demo_silence(),
        flow(f"{APP_A}:40000", f"{DB_A}:5432", "REJECT", **at),
        flow(f"{DB_A}:5432", f"{APP_A}:40000", **at),
        network=known(),
    )
    told = claims(answer)
    assert told["db", "inbound", "tcp 5432", "10.20.10.0/24"] == "unused"
    assert told["db", "outbound", "everything", "0.0.0.0/0"] == "perhaps used"


def test_what_is_not_logged_throughout_proves_nothing(ask: Ask) -> None:
    some = [record for record in demo_silence() if record["interface-id"] != INTERFACES[DB_A]]
    answer = ask("unused-rules 1h", *some, network=known())
    told = rows(answer, "Used by no flow")
    of_db = {(row["claim"], row["why"]) for row in told if row["group"] == "db"}
    assert of_db == {
        (
            "unused, not proven",
            f"1 of 2 interfaces ({INTERFACES[DB_A]}) wrote no record in the window",
        )
    }
    assert {row["claim"] for row in told if row["group"] == "alb"} == {"unused"}
    assert "the logs prove it for" in answer.headline


def test_skipped_records_and_gaps_prove_nothing(ask: Ask) -> None:
    skipped = status("SKIPDATA", INTERFACES[DB_A])
    answer = ask("unused-rules 1h", *demo_silence(), skipped, network=known())
    told = {row["group"]: row["why"] for row in rows(answer, "Used by no flow")}
    assert told["db"] == "1 SKIPDATA record: flows are missing"
    answer = ask("unused-rules 24h", network=known())
    told = {row["group"]: row["why"] for row in rows(answer, "Used by no flow")}
    assert "wrote records in as little as 1 of 24 hours" in str(told["alb"])
    assert "not complete enough to be sure of any" in answer.headline


def test_interfaces_that_the_inventory_lacks_are_a_doubt(ask: Ask) -> None:
    strange = flow("10.20.99.1:40000", "10.20.99.2:22", interface_id="eni-gone")
    answer = ask("unused-rules 1h", *demo_silence(), strange, network=known())
    assert {row["claim"] for row in rows(answer, "Used by no flow")} == {"unused, not proven"}
    cautions = [note.text for note in answer.notes if note.topic is Topic.CAUTION]
    assert any("1 record is of interfaces that the inventory lacks" in text for text in cautions)


def test_without_groups_nothing_is_claimed(ask: Ask) -> None:
    answer = ask("unused-rules 1h", flow("10.0.0.1:1", "10.0.0.2:2"))
    assert answer.headline.startswith("No security group is known")
    assert answer.tables == ()
    assert "flows inventory --save FILE" in answer.notes[0].text


def test_nothing_logged_proves_nothing(ask: Ask) -> None:
    answer = ask("unused-rules 1h", flow("10.0.0.1:1", "10.0.0.2:2", at=-600), network=known())
    assert "not complete enough to be sure of any" in answer.headline


def test_a_log_without_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "dstport"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("unused-rules", flow("10.0.0.1:1", "10.0.0.2:2"), fields=fields)


def test_a_hostile_address_uses_no_rule(ask: Ask) -> None:
    odd = flow("10.0.0.1:40000", f"{DB_A}:5432", interface_id=INTERFACES[DB_A])
    odd["srcaddr"] = "'\"|limit"
    answer = ask("unused-rules 1h", *demo_silence(), odd, network=known())
    assert rows(answer, "Used,") == []
