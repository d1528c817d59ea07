from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from bot.model.errors import BadSource
from bot.model.inventory import Peer
from bot.network.documents import inventory, read_inventory, save

DOCUMENTS: dict[str, dict[str, Any]] = {
    "describe-network-interfaces": {
        "NetworkInterfaces": [
            {
                "NetworkInterfaceId": "eni-1",
                "VpcId": "vpc-1",
                "SubnetId": "subnet-1",
                "AvailabilityZone": "us-east-1a",
                "Description": "",
                "InterfaceType": "interface",
                "Attachment": {"InstanceId": "i-1"},
                "Groups": [{"GroupId": "sg-1", "GroupName": "db"}],
                "PrivateIpAddress": "10.0.0.5",
                "PrivateIpAddresses": [
                    {"Primary": False, "PrivateIpAddress": "10.0.0.6"},
                    {
                        "Primary": True,
                        "PrivateIpAddress": "10.0.0.5",
                        "Association": {"PublicIp": "198.51.100.7"},
                    },
                ],
                "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}],
                "TagSet": [{"Key": "Name", "Value": "db-1"}],
            }
        ]
    },
    "describe-subnets": {
        "Subnets": [
            {
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "CidrBlock": "10.0.0.0/24",
                "AvailabilityZone": "us-east-1a",
                "AvailabilityZoneId": "use1-az4",
                "Tags": [{"Key": "Name", "Value": "data-a"}],
            }
        ]
    },
    "describe-security-groups": {
        "SecurityGroups": [
            {
                "GroupId": "sg-1",
                "GroupName": "db",
                "VpcId": "vpc-1",
                "IpPermissions": [
                    {
                        "IpProtocol": "tcp",
                        "FromPort": 5432,
                        "ToPort": 5432,
                        "IpRanges": [{"CidrIp": "10.0.1.0/24"}],
                        "UserIdGroupPairs": [{"GroupId": "sg-2"}],
                        "PrefixListIds": [{"PrefixListId": "pl-1"}],
                    }
                ],
                "IpPermissionsEgress": [
                    {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
                ],
            }
        ]
    },
    "describe-network-acls": {
        "NetworkAcls": [
            {
                "NetworkAclId": "acl-1",
                "VpcId": "vpc-1",
                "Associations": [{"SubnetId": "subnet-1"}],
                "Entries": [
                    {
                        "RuleNumber": 32767,
                        "RuleAction": "deny",
                        "Egress": False,
                        "Protocol": "-1",
                        "CidrBlock": "0.0.0.0/0",
                    },
                    {
                        "RuleNumber": 110,
                        "RuleAction": "allow",
                        "Egress": False,
                        "Protocol": "6",
                        "CidrBlock": "10.0.0.0/16",
                        "PortRange": {"From": 5432, "To": 5432},
                    },
                ],
            }
        ]
    },
    "get-managed-prefix-list-entries-pl-1": {"Entries": [{"Cidr": "10.9.0.0/16"}]},
}


def write_folder(folder: Path) -> Path:
    for name, document in DOCUMENTS.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_an_address_leads_to_its_interface_zone_and_nacl(tmp_path: Path) -> None:
    found = read_inventory(write_folder(tmp_path))
    interface = found.interface_at("10.0.0.5")
    assert interface is not None
    assert interface.addresses == ("10.0.0.5", "10.0.0.6", "2001:db8::5")
    assert interface.public_addresses == ("198.51.100.7",)
    assert (interface.name, interface.instance_id, interface.groups) == ("db-1", "i-1", ("sg-1",))
    assert interface.zone_id == "use1-az4"
    assert found.interface_at("2001:db8::5") is interface
    subnet = found.subnet_of("10.0.0.77")
    assert subnet is not None
    assert subnet.name == "data-a"
    nacl = found.nacl_of("subnet-1")
    assert nacl is not None
    assert [(e.number, e.allow, e.protocol, e.ports) for e in nacl.inbound] == [
        (110, True, 6, (5432, 5432)),
        (32767, False, None, None),
    ]


def test_one_permission_becomes_a_rule_for_each_peer(tmp_path: Path) -> None:
    group = read_inventory(write_folder(tmp_path)).groups["sg-1"]
    assert [rule.peer for rule in group.inbound] == [
        Peer(range=ip_network("10.0.1.0/24")),
        Peer(group_id="sg-2"),
        Peer(prefix_list_id="pl-1"),
    ]
    assert {(rule.protocol, rule.ports) for rule in group.inbound} == {(6, (5432, 5432))}
    assert [(rule.protocol, rule.ports) for rule in group.outbound] == [(None, None)]


def test_rules_with_ids_win_over_permissions(tmp_path: Path) -> None:
    rules = {
        "SecurityGroupRules": [
            {
                "SecurityGroupRuleId": "sgr-1",
                "GroupId": "sg-1",
                "IsEgress": False,
                "IpProtocol": "udp",
                "FromPort": 53,
                "ToPort": 53,
                "ReferencedGroupInfo": {"GroupId": "sg-9"},
            }
        ]
    }
    found = inventory({**DOCUMENTS, "describe-security-group-rules": rules})
    (rule,) = found.groups["sg-1"].inbound
    assert (rule.id, rule.protocol, rule.peer) == ("sgr-1", 17, Peer(group_id="sg-9"))


def test_a_saved_snapshot_reads_back_the_same(tmp_path: Path) -> None:
    taken = datetime(2026, 11, 24, 12, tzinfo=UTC)
    save(DOCUMENTS, taken, tmp_path / "network.json")
    again = read_inventory(tmp_path / "network.json")
    assert again.taken == taken
    assert again.interfaces == inventory(DOCUMENTS).interfaces
    assert again.prefix_lists == {"pl-1": (ip_network("10.9.0.0/16"),)}


def test_what_could_not_be_read_is_named_with_what_is_poorer(tmp_path: Path) -> None:
    missing = read_inventory(write_folder(tmp_path)).missing
    assert "ec2:DescribeSubnets" not in missing
    assert missing["ec2:DescribeNatGateways"] == "traffic through NAT is not told apart"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("not json", "not JSON"),
        ("[]", "no JSON object"),
        ('{"Subnets": 3}', "no list"),
        ('{"Subnets": [{"VpcId": "vpc-1"}]}', "SubnetId"),
        ('{"Subnets": [7]}', "describe-subnets"),
        ('{"Subnets": [{"SubnetId": "s", "CidrBlock": "10.0.0.0/99"}]}', "10.0.0.0/99"),
    ],
)
def test_a_damaged_document_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "describe-subnets.json").write_text(text)
    with pytest.raises(BadSource) as caught:
        read_inventory(tmp_path)
    assert named in str(caught.value)
    assert "describe-subnets" in str(caught.value)


def test_no_inventory_there(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="no inventory there"):
        read_inventory(tmp_path / "nowhere")
    with pytest.raises(BadSource, match="no describe"):
        read_inventory(tmp_path)


def test_an_address_in_two_vpcs_is_not_guessed() -> None:
    interfaces = DOCUMENTS["describe-network-interfaces"]["NetworkInterfaces"]
    other = {**interfaces[0], "NetworkInterfaceId": "eni-2", "VpcId": "vpc-2"}
    found = inventory({"describe-network-interfaces": {"NetworkInterfaces": [*interfaces, other]}})
    assert found.interface_at("10.0.0.5") is None
    assert {interface.id for interface in found.interfaces_at("10.0.0.5")} == {"eni-1", "eni-2"}
