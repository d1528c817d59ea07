"""Verdicts against a truth that is computed another way, on networks made at random.

`plain_` functions know nothing of the code under test: they read the describe-… documents as EC2
prints them and follow one packet after the other.
"""

from __future__ import annotations

import random
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from bot.model.changes import Changes
from bot.model.inventory import Inventory
from bot.network.changes import changes_in
from bot.network.documents import inventory
from bot.network.rules import EPHEMERAL, By, Flow, Leg, Side, checks
from bot.network.verdicts import Outcome, Sighting, Verdict, judge
from tests.network.trail import event

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PORTS = (22, 443, 5432)
CASES, CHANGED_CASES = 10_000, 1_000

Documents = dict[str, dict[str, Any]]
Truth = tuple[Outcome, By | None, Leg | None, Side | None, str | None, int | str | None]
LET_THROUGH: Truth = (Outcome.ALLOWED, None, None, None, None, None)


@dataclass(frozen=True)
class Case:
    documents: Documents
    source: str
    target: str
    port: int
    source_port: int


def made(rng: random.Random) -> Case:
    subnets = [
        {"SubnetId": f"subnet-{n}", "VpcId": "vpc-1", "CidrBlock": f"10.0.{n}.0/24"}
        for n in range(3)
    ]
    groups = [f"sg-{n}" for n in range(3)]
    interfaces = [
        {
            "NetworkInterfaceId": f"eni-{n}",
            "VpcId": "vpc-1",
            "SubnetId": f"subnet-{n % 3}",
            "PrivateIpAddress": f"10.0.{n % 3}.{10 + n}",
            "Groups": [{"GroupId": g} for g in rng.sample(groups, rng.choice([1, 1, 2]))],
        }
        for n in range(5)
    ]
    documents: Documents = {
        "describe-subnets": {"Subnets": subnets},
        "describe-network-interfaces": {"NetworkInterfaces": interfaces},
        "describe-security-groups": {
            "SecurityGroups": [made_group(rng, g, groups) for g in groups]
        },
        "describe-network-acls": {"NetworkAcls": made_nacls(rng)},
        "get-managed-prefix-list-entries-pl-1": {"Entries": [{"Cidr": "10.0.1.0/24"}]},
    }
    source, target = rng.sample(interfaces, 2)
    return Case(
        documents,
        str(source["PrivateIpAddress"]),
        str(target["PrivateIpAddress"]),
        rng.choice(PORTS),
        rng.randint(*EPHEMERAL),
    )


def made_group(rng: random.Random, name: str, groups: list[str]) -> dict[str, Any]:
    def permission() -> dict[str, Any]:
        port = rng.choice(PORTS)
        found: dict[str, Any] = rng.choice(
            [
                {"IpProtocol": "-1"},
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port},
                {"IpProtocol": "tcp", "FromPort": 400, "ToPort": 6000},
                {"IpProtocol": "udp", "FromPort": port, "ToPort": port},
            ]
        ).copy()
        found |= rng.choice(
            [
                {
                    "IpRanges": [
                        {"CidrIp": rng.choice(["10.0.0.0/24", "10.0.0.0/16", "10.0.2.0/25"])}
                    ]
                },
                {"UserIdGroupPairs": [{"GroupId": rng.choice(groups)}]},
                {"PrefixListIds": [{"PrefixListId": "pl-1"}]},
            ]
        )
        return found

    wide = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    outward = [wide] if rng.random() < 0.7 else [permission() for _ in range(rng.randint(0, 2))]
    inward = [permission() for _ in range(rng.randint(0, 3))]
    return {
        "GroupId": name,
        "GroupName": name,
        "IpPermissions": inward,
        "IpPermissionsEgress": outward,
    }


def made_nacls(rng: random.Random) -> list[dict[str, Any]]:
    def entry(number: int, egress: bool) -> dict[str, Any]:
        protocol = rng.choice(["-1", "6", "17"])
        found = {
            "RuleNumber": number,
            "Egress": egress,
            "RuleAction": rng.choice(["allow", "allow", "allow", "deny"]),
            "Protocol": protocol,
            "CidrBlock": rng.choice(["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.8/29"]),
        }
        if protocol != "-1" and rng.random() < 0.6:
            low, high = rng.choice([(0, 1023), (1024, 65535), (32768, 60999), (5432, 5432)])
            found["PortRange"] = {"From": low, "To": high}
        return found

    def final(egress: bool) -> dict[str, Any]:
        return {
            "RuleNumber": 32767,
            "Egress": egress,
            "RuleAction": "deny",
            "Protocol": "-1",
            "CidrBlock": "0.0.0.0/0",
        }

    nacls = []
    for n in range(3):
        entries = [final(False), final(True)]
        for egress in (False, True):
            entries += [entry(100 + 10 * k, egress) for k in range(rng.randint(1, 4))]
        rng.shuffle(entries)
        nacls.append(
            {
                "NetworkAclId": f"acl-{n}",
                "Associations": [{"SubnetId": f"subnet-{n}"}],
                "Entries": entries,
            }
        )
    return nacls


def plain_interface(documents: Documents, address: str) -> dict[str, Any]:
    listed = documents["describe-network-interfaces"]["NetworkInterfaces"]
    found: dict[str, Any] = next(i for i in listed if i["PrivateIpAddress"] == address)
    return found


def plain_group_allows(
    documents: Documents, own: dict[str, Any], way: str, other: str, port: int
) -> bool:
    mine = {group["GroupId"] for group in own["Groups"]}
    theirs = {group["GroupId"] for group in plain_interface(documents, other)["Groups"]}
    prefixes = documents["get-managed-prefix-list-entries-pl-1"]["Entries"]
    for group in documents["describe-security-groups"]["SecurityGroups"]:
        if group["GroupId"] not in mine:
            continue
        for permission in group[way]:
            if permission["IpProtocol"] not in {"-1", "tcp"}:
                continue
            if not permission.get("FromPort", 0) <= port <= permission.get("ToPort", 65535):
                continue
            blocks = [entry["CidrIp"] for entry in permission.get("IpRanges", [])]
            if "PrefixListIds" in permission:
                blocks += [entry["Cidr"] for entry in prefixes]
            if any(ip_address(other) in ip_network(block) for block in blocks):
                return True
            if any(p["GroupId"] in theirs for p in permission.get("UserIdGroupPairs", [])):
                return True
    return False


def plain_nacl_decides(
    documents: Documents, subnet: str, egress: bool, other: str, port: int
) -> tuple[bool, str, int]:
    for nacl in documents["describe-network-acls"]["NetworkAcls"]:
        if subnet != nacl["Associations"][0]["SubnetId"]:
            continue
        for entry in sorted(nacl["Entries"], key=lambda e: int(e["RuleNumber"])):
            ports = entry.get("PortRange", {"From": 0, "To": 65535})
            if (
                entry["Egress"] is egress
                and entry["Protocol"] in {"-1", "6"}
                and ip_address(other) in ip_network(entry["CidrBlock"])
                and ports["From"] <= port <= ports["To"]
            ):
                allowed = entry["RuleAction"] == "allow"
                return allowed, nacl["NetworkAclId"], entry["RuleNumber"]
    raise AssertionError("the final deny matches everything")


def plain_walk(case: Case) -> tuple[Truth, list[Sighting]]:
    """Follow the request and its reply; what stops them, and what each interface logs."""
    own = plain_interface(case.documents, case.source)
    far = plain_interface(case.documents, case.target)
    crosses = own["SubnetId"] != far["SubnetId"]
    logged: list[Sighting] = []

    def log(leg: Leg, side: Side, accepted: bool) -> None:
        at = NOON + timedelta(seconds=len(logged))
        logged.append(Sighting(leg, side, accepted, "c", at, at, packets=8))

    def stopped_by_group(side: Side) -> Truth | None:
        here, there = (own, case.target) if side is Side.SOURCE else (far, case.source)
        way = "IpPermissionsEgress" if side is Side.SOURCE else "IpPermissions"
        if plain_group_allows(case.documents, here, way, there, case.port):
            return None
        names = ",".join(group["GroupId"] for group in here["Groups"])
        return (Outcome.BLOCKED, By.SECURITY_GROUP, Leg.REQUEST, side, names, None)

    def stopped_by_nacl(leg: Leg, side: Side) -> Truth | None:
        here, there = (own, case.target) if side is Side.SOURCE else (far, case.source)
        egress = (leg is Leg.REQUEST) == (side is Side.SOURCE)
        port = case.port if leg is Leg.REQUEST else case.source_port
        allowed, name, rule = plain_nacl_decides(
            case.documents, here["SubnetId"], egress, there, port
        )
        return None if allowed or not crosses else (Outcome.BLOCKED, By.NACL, leg, side, name, rule)

    gates = [
        (
            Leg.REQUEST,
            Side.SOURCE,
            lambda: stopped_by_group(Side.SOURCE) or stopped_by_nacl(Leg.REQUEST, Side.SOURCE),
        ),
        (
            Leg.REQUEST,
            Side.DESTINATION,
            lambda: (
                stopped_by_nacl(Leg.REQUEST, Side.DESTINATION) or stopped_by_group(Side.DESTINATION)
            ),
        ),
        (Leg.REPLY, Side.DESTINATION, lambda: stopped_by_nacl(Leg.REPLY, Side.DESTINATION)),
        (Leg.REPLY, Side.SOURCE, lambda: stopped_by_nacl(Leg.REPLY, Side.SOURCE)),
    ]
    for leg, side, stopped in gates:
        truth = stopped()
        log(leg, side, truth is None)
        if truth is not None:
            return truth, logged
    return LET_THROUGH, logged


def said(verdict: Verdict) -> Truth:
    return (
        verdict.outcome,
        verdict.by,
        verdict.leg,
        verdict.side,
        verdict.resource,
        verdict.rule,
    )


def flow_of(case: Case, *, exact: bool) -> Flow:
    ports = (case.source_port, case.source_port) if exact else EPHEMERAL
    return Flow(case.source, case.target, 6, case.port, ports)


def verdict_of(case: Case, logged: list[Sighting]) -> Verdict:
    return judge(logged, checks(inventory(case.documents), flow_of(case, exact=True)))


def check_all_known(known: Inventory, case: Case, truth: Truth, logged: list[Sighting]) -> None:
    assert said(judge(logged, checks(known, flow_of(case, exact=True)))) == truth


def check_part_known(
    rng: random.Random, known: Inventory, case: Case, truth: Truth, logged: list[Sighting]
) -> Outcome:
    """Without a document, without the client's port, or with one interface's log only."""
    hidden = rng.choice(["", "nacls", "groups"])
    known = replace(known, **{hidden: {}}) if hidden else known
    side = rng.choice([None, Side.SOURCE, Side.DESTINATION])
    seen = [s for s in logged if side is None or s.side is side]
    verdict = judge(seen, checks(known, flow_of(case, exact=rng.random() < 0.5)))
    if verdict.outcome is Outcome.ALLOWED:
        # One side's log cannot show what the other side stopped afterwards.
        assert all(s.accepted for s in seen)
    elif verdict.outcome is Outcome.BLOCKED:
        assert said(verdict)[:4] == truth[:4]
        if verdict.rule is not None or verdict.by is By.SECURITY_GROUP:
            assert (verdict.resource, verdict.rule) == truth[4:]
    return verdict.outcome


def test_no_verdict_is_wrong() -> None:
    told: Counter[str] = Counter()
    unknown = 0
    for seed in range(CASES):
        rng = random.Random(seed)
        case = made(rng)
        truth, logged = plain_walk(case)
        known = inventory(case.documents)
        try:
            check_all_known(known, case, truth, logged)
            unknown += check_part_known(rng, known, case, truth, logged) is Outcome.UNKNOWN
        except AssertionError as error:
            raise AssertionError(f"network {seed}") from error
        told[f"{truth[0]} {truth[1]} {truth[2]}"] += 1
    # Every kind of verdict occurs, or the networks above are too tame to prove anything.
    assert len(told) == 4, told
    assert min(told.values()) > CASES / 50, told
    assert 0 < unknown < CASES / 2


def changed(rng: random.Random, documents: Documents, at: datetime) -> dict[str, Any]:
    """Change one thing in the documents; the event that CloudTrail has of it."""
    kind = rng.choice(["entry", "entry", "rule", "rule", "groups", "association", "list"])
    if kind == "entry":
        nacl = rng.choice(documents["describe-network-acls"]["NetworkAcls"])
        entry = rng.choice([e for e in nacl["Entries"] if e["RuleNumber"] != 32767])
        asked = {"networkAclId": nacl["NetworkAclId"], "ruleNumber": entry["RuleNumber"]}
        asked["egress"] = entry["Egress"]
        if rng.random() < 0.5:
            nacl["Entries"].remove(entry)
            return event("DeleteNetworkAclEntry", asked, at)
        entry["RuleAction"] = "deny" if entry["RuleAction"] == "allow" else "allow"
        return event("ReplaceNetworkAclEntry", asked | {"ruleAction": entry["RuleAction"]}, at)
    if kind == "rule":
        group = rng.choice(documents["describe-security-groups"]["SecurityGroups"])
        way, call = rng.choice([("IpPermissions", "Ingress"), ("IpPermissionsEgress", "Egress")])
        asked = {"groupId": group["GroupId"]}
        if group[way] and rng.random() < 0.5:
            group[way].pop(rng.randrange(len(group[way])))
            return event(f"RevokeSecurityGroup{call}", asked, at)
        group[way].append({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]})
        return event(f"AuthorizeSecurityGroup{call}", asked, at)
    if kind == "groups":
        interface = rng.choice(documents["describe-network-interfaces"]["NetworkInterfaces"])
        interface["Groups"] = [{"GroupId": f"sg-{rng.randrange(3)}"}]
        items = {"items": [{"groupId": interface["Groups"][0]["GroupId"]}]}
        asked = {"networkInterfaceId": interface["NetworkInterfaceId"], "groupSet": items}
        return event("ModifyNetworkInterfaceAttribute", asked, at)
    if kind == "association":
        nacl = rng.choice(documents["describe-network-acls"]["NetworkAcls"])
        moved = f"subnet-{rng.randrange(3)}"
        for one in documents["describe-network-acls"]["NetworkAcls"]:
            there = [a for a in one["Associations"] if a["SubnetId"] != moved]
            one["Associations"] = there
        nacl["Associations"].append({"SubnetId": moved})
        asked = {"networkAclId": nacl["NetworkAclId"], "associationId": "aclassoc-1"}
        return event("ReplaceNetworkAclAssociation", asked, at)
    documents["get-managed-prefix-list-entries-pl-1"] = {"Entries": [{"Cidr": "10.0.2.0/24"}]}
    asked = {"ModifyManagedPrefixListRequest": {"PrefixListId": "pl-1"}}
    return event("ModifyManagedPrefixList", asked, at)


def test_no_verdict_is_wrong_where_rules_changed_since_and_it_is_known_how() -> None:
    """Records of a network as it was, the rules as they are now, and CloudTrail's events."""
    told: Counter[str] = Counter()
    for seed in range(CHANGED_CASES):
        rng = random.Random(seed)
        case = made(rng)
        truth, logged = plain_walk(case)
        now = deepcopy(case.documents)
        number = rng.choice([0, 1, 1, 2])
        events = [changed(rng, now, NOON + timedelta(minutes=9 + n)) for n in range(number)]
        gates = checks(inventory(now), flow_of(case, exact=True))
        verdict = judge(logged, gates, Changes(tuple(changes_in(events))))
        told[f"{verdict.outcome} {verdict.by}"] += 1
        if verdict.outcome is Outcome.UNKNOWN:
            assert truth[0] is Outcome.BLOCKED, seed
            assert events, seed
            continue
        assert said(verdict)[:4] == truth[:4], seed
        named, theirs = str(verdict.resource).split(","), str(truth[4]).split(",")
        assert verdict.resource is None or set(named) <= set(theirs), seed
        assert verdict.rule in (None, truth[5]), seed
    assert 0 < told[f"{Outcome.UNKNOWN} None"] < CHANGED_CASES / 5, told
    assert min(told.values()) > CHANGED_CASES / 50, told


def test_nothing_seen_is_unknown() -> None:
    case = made(random.Random(3))
    verdict = verdict_of(case, [])
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.evidence[0] == "no record of this flow in the window"
