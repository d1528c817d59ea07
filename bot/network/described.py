"""EC2's describe-… documents into nouns of the inventory, one function a kind.

The documents are what `aws ec2 describe-…` prints and boto3 returns: the same shapes. Items that
lack what they need are passed over; everything optional may be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from bot.model.inventory import (
    Endpoint,
    FlowLog,
    GroupRule,
    Instance,
    Interface,
    LogGroup,
    Nacl,
    NaclEntry,
    NatGateway,
    Peer,
    Peering,
    Route,
    RouteTable,
    SecurityGroup,
    Subnet,
    Vpc,
)
from bot.model.prefixes import Range

Item = Mapping[str, Any]
# What EC2 writes as words; everything else comes as a number in a string. -1 is every protocol.
PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def name_of(item: Item, tags: str = "Tags") -> str:
    """The `Name` tag."""
    return next((str(tag["Value"]) for tag in item.get(tags, ()) if tag.get("Key") == "Name"), "")


def ranges(*texts: str | None) -> tuple[Range, ...]:
    return tuple(ip_network(text, strict=False) for text in texts if text)


def interface(item: Item, zone_ids: Mapping[str, str]) -> Interface:
    """`zone_ids` translates zone names, for documents that do not carry the zone's id."""
    private = [entry for entry in item.get("PrivateIpAddresses", ()) if "PrivateIpAddress" in entry]
    # The primary address first: it is the one that flow logs write.
    private.sort(key=lambda entry: not entry.get("Primary", False))
    addresses = [entry["PrivateIpAddress"] for entry in private] or [item.get("PrivateIpAddress")]
    addresses += [entry["Ipv6Address"] for entry in item.get("Ipv6Addresses", ())]
    public = [entry.get("Association", {}).get("PublicIp") for entry in private]
    zone = item.get("AvailabilityZone", "")
    return Interface(
        id=item["NetworkInterfaceId"],
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        zone_id=item.get("AvailabilityZoneId") or zone_ids.get(zone, ""),
        addresses=tuple(address for address in addresses if address),
        public_addresses=tuple(address for address in public if address),
        groups=tuple(group["GroupId"] for group in item.get("Groups", ())),
        instance_id=item.get("Attachment", {}).get("InstanceId"),
        kind=item.get("InterfaceType", "interface"),
        description=item.get("Description", ""),
        name=name_of(item, "TagSet"),
    )


def subnet(item: Item) -> Subnet:
    six = [entry.get("Ipv6CidrBlock") for entry in item.get("Ipv6CidrBlockAssociationSet", ())]
    return Subnet(
        id=item["SubnetId"],
        vpc_id=item.get("VpcId", ""),
        ranges=ranges(item.get("CidrBlock"), *six),
        zone_id=item.get("AvailabilityZoneId", ""),
        zone_name=item.get("AvailabilityZone", ""),
        name=name_of(item),
    )


def vpc(item: Item) -> Vpc:
    four = [entry.get("CidrBlock") for entry in item.get("CidrBlockAssociationSet", ())]
    six = [entry.get("Ipv6CidrBlock") for entry in item.get("Ipv6CidrBlockAssociationSet", ())]
    blocks = dict.fromkeys([item.get("CidrBlock"), *four, *six])
    return Vpc(id=item["VpcId"], ranges=ranges(*blocks), name=name_of(item))


def instances(reservation: Item) -> Iterable[Instance]:
    for item in reservation.get("Instances", ()):
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in item.get("Tags", ())}
        yield Instance(id=item["InstanceId"], name=tags.get("Name", ""), tags=tags)


def protocol(text: object) -> int | None:
    """A protocol's number; None for every protocol."""
    word = str(text).lower()
    number = PROTOCOLS.get(word)
    if number is not None:
        return number
    return int(word) if word.isdigit() else None


def group(item: Item, rules: Iterable[Item]) -> SecurityGroup:
    """`rules` are items of DescribeSecurityGroupRules; they carry ids, so they win when present."""
    own = [rule for rule in rules if rule.get("GroupId") == item["GroupId"]]
    if own:
        inbound = tuple(_numbered_rule(rule) for rule in own if not rule.get("IsEgress"))
        outbound = tuple(_numbered_rule(rule) for rule in own if rule.get("IsEgress"))
    else:
        inbound = tuple(r for p in item.get("IpPermissions", ()) for r in _permission(p))
        outbound = tuple(r for p in item.get("IpPermissionsEgress", ()) for r in _permission(p))
    return SecurityGroup(
        id=item["GroupId"],
        vpc_id=item.get("VpcId", ""),
        name=item.get("GroupName", ""),
        inbound=inbound,
        outbound=outbound,
    )


def _permission(item: Item) -> Iterable[GroupRule]:
    """One permission names several peers: a rule each."""
    number = protocol(item.get("IpProtocol", "-1"))
    between = _rule_ports(item)
    cidrs = [entry["CidrIp"] for entry in item.get("IpRanges", ())]
    cidrs += [entry["CidrIpv6"] for entry in item.get("Ipv6Ranges", ())]
    peers = [Peer(range=found) for found in ranges(*cidrs)]
    peers += [Peer(group_id=entry["GroupId"]) for entry in item.get("UserIdGroupPairs", ())]
    peers += [Peer(prefix_list_id=entry["PrefixListId"]) for entry in item.get("PrefixListIds", ())]
    for peer in peers:
        yield GroupRule(number, between, peer)


def _numbered_rule(item: Item) -> GroupRule:
    found = ranges(item.get("CidrIpv4"), item.get("CidrIpv6"))
    peer = Peer(
        range=found[0] if found else None,
        group_id=item.get("ReferencedGroupInfo", {}).get("GroupId"),
        prefix_list_id=item.get("PrefixListId"),
    )
    return GroupRule(
        protocol(item.get("IpProtocol", "-1")),
        _rule_ports(item),
        peer,
        item.get("SecurityGroupRuleId"),
    )


def _rule_ports(item: Item) -> tuple[int, int] | None:
    """First and last port of a group's rule; -1 and absence both mean every port."""
    first, last = item.get("FromPort", -1), item.get("ToPort", -1)
    return None if -1 in (first, last) else (int(first), int(last))


def nacl(item: Item) -> Nacl:
    entries = sorted(item.get("Entries", ()), key=lambda entry: int(entry["RuleNumber"]))
    return Nacl(
        id=item["NetworkAclId"],
        vpc_id=item.get("VpcId", ""),
        inbound=tuple(_entry(entry) for entry in entries if not entry.get("Egress")),
        outbound=tuple(_entry(entry) for entry in entries if entry.get("Egress")),
        subnets=tuple(link["SubnetId"] for link in item.get("Associations", ())),
    )


def _entry(item: Item) -> NaclEntry:
    between = item.get("PortRange")
    return NaclEntry(
        number=int(item["RuleNumber"]),
        allow=item.get("RuleAction") == "allow",
        protocol=protocol(item.get("Protocol", "-1")),
        range=ranges(item.get("CidrBlock") or item.get("Ipv6CidrBlock"))[0],
        ports=(int(between["From"]), int(between["To"])) if between else None,
    )


ROUTE_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)


def route_table(item: Item) -> RouteTable:
    links = item.get("Associations", ())
    return RouteTable(
        id=item["RouteTableId"],
        vpc_id=item.get("VpcId", ""),
        routes=tuple(_route(entry) for entry in item.get("Routes", ())),
        subnets=tuple(link["SubnetId"] for link in links if link.get("SubnetId")),
        main=any(link.get("Main", False) for link in links),
    )


def _route(item: Item) -> Route:
    block = item.get("DestinationCidrBlock") or item.get("DestinationIpv6CidrBlock")
    to: Range | str = ranges(block)[0] if block else item.get("DestinationPrefixListId", "")
    return Route(to, next((str(item[key]) for key in ROUTE_TARGETS if item.get(key)), ""))


def nat_gateway(item: Item) -> NatGateway:
    links = item.get("NatGatewayAddresses", ())

    def every(key: str) -> tuple[str, ...]:
        return tuple(link[key] for link in links if link.get(key))

    return NatGateway(
        id=item["NatGatewayId"],
        vpc_id=item.get("VpcId", ""),
        subnet_id=item.get("SubnetId", ""),
        interfaces=every("NetworkInterfaceId"),
        private_addresses=every("PrivateIp"),
        public_addresses=every("PublicIp"),
        name=name_of(item),
    )


def endpoint(item: Item) -> Endpoint:
    return Endpoint(
        id=item["VpcEndpointId"],
        vpc_id=item.get("VpcId", ""),
        service=item.get("ServiceName", ""),
        kind=item.get("VpcEndpointType", ""),
        interfaces=tuple(item.get("NetworkInterfaceIds", ())),
        route_tables=tuple(item.get("RouteTableIds", ())),
    )


def peering(item: Item) -> Peering:
    sides = [item.get("RequesterVpcInfo", {}), item.get("AccepterVpcInfo", {})]
    blocks: list[str] = []
    for side in sides:
        blocks += [entry["CidrBlock"] for entry in side.get("CidrBlockSet", ())]
        blocks += [entry["Ipv6CidrBlock"] for entry in side.get("Ipv6CidrBlockSet", ())]
        blocks += [side["CidrBlock"]] if side.get("CidrBlock") else []
    return Peering(
        id=item["VpcPeeringConnectionId"],
        vpcs=(sides[0].get("VpcId", ""), sides[1].get("VpcId", "")),
        ranges=ranges(*dict.fromkeys(blocks)),
    )


def flow_log(item: Item) -> FlowLog:
    return FlowLog(
        id=item["FlowLogId"],
        resource_id=item.get("ResourceId", ""),
        traffic=item.get("TrafficType", "ALL"),  # a Transit Gateway's log has no such choice
        destination=item.get("LogGroupName") or item.get("LogDestination", ""),
        aggregation=int(item.get("MaxAggregationInterval", 600)),
        format=item.get("LogFormat", ""),
        healthy=item.get("DeliverLogsStatus", "SUCCESS") == "SUCCESS",
    )


def log_group(item: Item) -> LogGroup:
    """As CloudWatch Logs describes it; without a retention it keeps what it has for ever."""
    days = item.get("retentionInDays")
    return LogGroup(
        id=item["logGroupName"],
        retention=int(days) if days is not None else None,
        stored=int(item.get("storedBytes", 0)),
    )
