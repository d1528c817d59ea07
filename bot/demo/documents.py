"""The demo's network as `aws ec2 describe-…` prints it: what an inventory is read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bot.demo import network, rules
from bot.demo.network import Host
from bot.model.fields import DEFAULT_FORMAT

Item = dict[str, Any]
CREATED = "2025-03-03T09:00:00+00:00"


def documents(*, broken: bool = False) -> Mapping[str, Item]:
    """Every document by its file's name, describe-subnets.json.

    The security groups are those of now, or with `broken` those while the mistake lasted.
    """
    groups = rules.groups(broken=broken)
    found: dict[str, tuple[str, Iterable[Item]]] = {
        "vpcs": ("Vpcs", [_vpc()]),
        "subnets": ("Subnets", map(_subnet, network.SUBNETS)),
        "network-interfaces": ("NetworkInterfaces", map(_interface, network.HOSTS)),
        "instances": ("Reservations", [_reservation(host) for host in _instances()]),
        "security-groups": ("SecurityGroups", map(_group, groups)),
        "security-group-rules": ("SecurityGroupRules", _group_rules(groups)),
        "network-acls": ("NetworkAcls", map(_nacl, rules.NACLS)),
        "route-tables": ("RouteTables", _route_tables()),
        "nat-gateways": ("NatGateways", [_nat_gateway()]),
        "vpc-endpoints": ("VpcEndpoints", [_s3_endpoint()]),
        "vpc-peering-connections": ("VpcPeeringConnections", []),
        "prefix-lists": ("PrefixLists", [_s3_prefix_list()]),
        "managed-prefix-lists": ("PrefixLists", []),
        "flow-logs": ("FlowLogs", [_flow_log()]),
    }
    return {f"describe-{name}.json": {key: list(items)} for name, (key, items) in found.items()}


def _instances() -> list[Host]:
    return [host for host in network.HOSTS if host.instance_id]


def _tags(**tags: str) -> list[Item]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _vpc() -> Item:
    return {
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "CidrBlock": network.VPC_RANGE,
        "CidrBlockAssociationSet": [
            {"CidrBlock": network.VPC_RANGE, "CidrBlockState": {"State": "associated"}}
        ],
        "State": "available",
        "IsDefault": False,
        "Tags": _tags(Name="shop"),
    }


def _subnet(subnet: network.Subnet) -> Item:
    return {
        "SubnetId": subnet.id,
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "CidrBlock": subnet.range,
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": network.ZONE_IDS[subnet.zone],
        "MapPublicIpOnLaunch": subnet.public,
        "State": "available",
        "Tags": _tags(Name=subnet.name),
    }


def _kind(host: Host) -> tuple[str, str]:
    """InterfaceType and Description."""
    if host is network.NAT:
        return "nat_gateway", f"Interface for NAT Gateway {network.NAT_GATEWAY_ID}"
    if host in network.BALANCERS:
        return "interface", "ELB app/shop/5a0f1b2c3d4e6978"
    return "interface", ""


def _interface(host: Host) -> Item:
    kind, description = _kind(host)
    address: Item = {"PrivateIpAddress": host.address, "Primary": True}
    if host.public_address:
        address["Association"] = {"PublicIp": host.public_address}
    item: Item = {
        "NetworkInterfaceId": host.interface_id,
        "InterfaceType": kind,
        "Description": description,
        "VpcId": network.VPC_ID,
        "SubnetId": host.subnet.id,
        "AvailabilityZone": host.subnet.zone,
        "OwnerId": network.ACCOUNT,
        "RequesterManaged": host.instance_id is None,
        "PrivateIpAddress": host.address,
        "PrivateIpAddresses": [address],
        "Ipv6Addresses": [],
        "Groups": _named_groups(host),
        "SourceDestCheck": host is not network.NAT,
        "Status": "in-use",
        "TagSet": _tags(Name=host.name),
    }
    if host.instance_id:
        item["Attachment"] = {"InstanceId": host.instance_id, "DeviceIndex": 0}
    return item


def _named_groups(host: Host) -> list[Item]:
    ids = {group.name: group.id for group in rules.groups()}
    return [{"GroupId": ids[name], "GroupName": name} for name in host.groups]


def _reservation(host: Host) -> Item:
    instance = {
        "InstanceId": host.instance_id,
        "InstanceType": "m7g.large",
        "LaunchTime": CREATED,
        "State": {"Code": 16, "Name": "running"},
        "VpcId": network.VPC_ID,
        "SubnetId": host.subnet.id,
        "PrivateIpAddress": host.address,
        "Placement": {"AvailabilityZone": host.subnet.zone},
        "SecurityGroups": _named_groups(host),
        "Tags": _tags(Name=host.name, team=network.TEAMS[host.groups[0]]),
    }
    return {
        "ReservationId": (host.instance_id or "").replace("i-", "r-"),
        "OwnerId": network.ACCOUNT,
        "Instances": [instance],
    }


def _group(group: rules.Group) -> Item:
    return {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": f"{group.name} of the shop",
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "IpPermissions": [_permission(rule) for rule in group.inbound],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": rules.ANYWHERE}]}],
        "Tags": _tags(Name=group.name),
    }


def _permission(rule: rules.Rule) -> Item:
    item: Item = {"IpProtocol": "tcp", "FromPort": rule.ports[0], "ToPort": rule.ports[1]}
    peer = rules.group_id(rule.peer)
    if peer is None:
        item["IpRanges"] = [{"CidrIp": rule.peer, "Description": rule.description}]
    else:
        item["UserIdGroupPairs"] = [{"GroupId": peer, "Description": rule.description}]
    return item


def _group_rules(groups: Iterable[rules.Group]) -> Iterable[Item]:
    for group in groups:
        for rule in group.inbound:
            yield _group_rule(group, rule)
        yield {
            "SecurityGroupRuleId": "sgr-0" + group.id[-16:],
            "GroupId": group.id,
            "GroupOwnerId": network.ACCOUNT,
            "IsEgress": True,
            "IpProtocol": "-1",
            "FromPort": -1,
            "ToPort": -1,
            "CidrIpv4": rules.ANYWHERE,
        }


def _group_rule(group: rules.Group, rule: rules.Rule) -> Item:
    peer = rules.group_id(rule.peer)
    who: Item = {"ReferencedGroupInfo": {"GroupId": peer}} if peer else {"CidrIpv4": rule.peer}
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": group.id,
        "GroupOwnerId": network.ACCOUNT,
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": rule.ports[0],
        "ToPort": rule.ports[1],
        "Description": rule.description,
        **who,
    }


def _nacl(nacl: rules.Nacl) -> Item:
    last = rules.Entry(32767, False, rules.ANYWHERE)
    return {
        "NetworkAclId": nacl.id,
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "IsDefault": False,
        "Entries": [
            *(_entry(entry, egress=False) for entry in (*nacl.inbound, last)),
            *(_entry(entry, egress=True) for entry in (*nacl.outbound, last)),
        ],
        "Associations": [
            {"NetworkAclId": nacl.id, "SubnetId": subnet.id} for subnet in nacl.subnets
        ],
        "Tags": _tags(Name=nacl.name),
    }


def _entry(entry: rules.Entry, *, egress: bool) -> Item:
    item: Item = {
        "RuleNumber": entry.number,
        "RuleAction": "allow" if entry.allow else "deny",
        "Egress": egress,
        "CidrBlock": entry.range,
        "Protocol": "-1" if entry.protocol is None else str(entry.protocol),
    }
    if entry.ports:
        item["PortRange"] = {"From": entry.ports[0], "To": entry.ports[1]}
    return item


def _route_tables() -> list[Item]:
    public = [subnet for subnet in network.SUBNETS if subnet.public]
    private = [subnet for subnet in network.SUBNETS if not subnet.public]
    internet = {"GatewayId": network.INTERNET_GATEWAY_ID}
    nat = {"NatGatewayId": network.NAT_GATEWAY_ID}
    s3 = {
        "DestinationPrefixListId": network.S3_PREFIX_LIST_ID,
        "GatewayId": network.S3_ENDPOINT_ID,
        "State": "active",
        "Origin": "CreateRoute",
    }
    with_s3 = [subnet for subnet in private if subnet.s3_endpoint]
    without = [subnet for subnet in private if not subnet.s3_endpoint]
    return [
        _route_table(network.PUBLIC_ROUTES_ID, "public", public, [_default_route(internet)]),
        _route_table(network.S3_ROUTES_ID, "app-a", with_s3, [_default_route(nat), s3]),
        _route_table(network.PRIVATE_ROUTES_ID, "private", without, [_default_route(nat)]),
    ]


def _default_route(target: Mapping[str, str]) -> Item:
    return {
        "DestinationCidrBlock": rules.ANYWHERE,
        "State": "active",
        "Origin": "CreateRoute",
        **target,
    }


def _route_table(
    id_: str, name: str, subnets: Iterable[network.Subnet], routes: Iterable[Item]
) -> Item:
    local = {
        "DestinationCidrBlock": network.VPC_RANGE,
        "GatewayId": "local",
        "State": "active",
        "Origin": "CreateRouteTable",
    }
    return {
        "RouteTableId": id_,
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "Routes": [local, *routes],
        "Associations": [
            {"RouteTableId": id_, "SubnetId": subnet.id, "Main": False} for subnet in subnets
        ],
        "Tags": _tags(Name=name),
    }


def _nat_gateway() -> Item:
    nat = network.NAT
    return {
        "NatGatewayId": network.NAT_GATEWAY_ID,
        "VpcId": network.VPC_ID,
        "SubnetId": nat.subnet.id,
        "State": "available",
        "ConnectivityType": "public",
        "CreateTime": CREATED,
        "NatGatewayAddresses": [
            {
                "NetworkInterfaceId": nat.interface_id,
                "PrivateIp": nat.address,
                "PublicIp": nat.public_address,
                "IsPrimary": True,
            }
        ],
        "Tags": _tags(Name=nat.name),
    }


def _s3_endpoint() -> Item:
    return {
        "VpcEndpointId": network.S3_ENDPOINT_ID,
        "VpcEndpointType": "Gateway",
        "VpcId": network.VPC_ID,
        "OwnerId": network.ACCOUNT,
        "ServiceName": f"com.amazonaws.{network.REGION}.s3",
        "State": "available",
        "RouteTableIds": [network.S3_ROUTES_ID],
        "Tags": _tags(Name="s3"),
    }


def _s3_prefix_list() -> Item:
    return {
        "PrefixListId": network.S3_PREFIX_LIST_ID,
        "PrefixListName": f"com.amazonaws.{network.REGION}.s3",
        "Cidrs": list(network.S3_RANGES),
    }


def _flow_log() -> Item:
    return {
        "FlowLogId": network.FLOW_LOG_ID,
        "FlowLogStatus": "ACTIVE",
        "ResourceId": network.VPC_ID,
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::example-flow-logs",
        "LogFormat": " ".join(f"${{{field}}}" for field in DEFAULT_FORMAT),
        "MaxAggregationInterval": 60,
        "DeliverLogsStatus": "SUCCESS",
        "CreationTime": CREATED,
        "Tags": _tags(Name="shop"),
    }
