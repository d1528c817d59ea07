from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bot.model.errors import AccessDenied, EngineError
from bot.network.documents import OPERATIONS, inventory
from bot.network.ec2 import describe

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch) -> Iterator[EC2Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("ec2", region_name="us-east-1")


def test_a_whole_network_is_read(ec2: EC2Client) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="db", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=5432, ToPort=5432, CidrIp="10.7.0.0/16"
    )
    made = ec2.create_network_interface(
        SubnetId=subnet, PrivateIpAddress="10.7.1.9", Groups=[group]
    )
    prefix_list = ec2.create_managed_prefix_list(
        PrefixListName="offices",
        MaxEntries=5,
        AddressFamily="IPv4",
        Entries=[{"Cidr": "192.0.2.0/24"}],
    )["PrefixList"]["PrefixListId"]

    found = inventory(describe(ec2))

    interface = found.interface_at("10.7.1.9")
    assert interface is not None
    assert interface.id == made["NetworkInterface"]["NetworkInterfaceId"]
    assert interface.groups == (group,)
    assert [rule.ports for rule in found.groups[group].inbound] == [(5432, 5432)]
    assert found.nacl_of(subnet) is not None
    assert str(found.prefix_lists[prefix_list][0]) == "192.0.2.0/24"
    assert found.missing == {}


def refuse(stubber: Stubber, code: str, count: int) -> None:
    for operation in OPERATIONS[:count]:
        stubber.add_client_error(operation.file.replace("-", "_"), code, "no", 403)


def bare_client() -> EC2Client:
    return boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def test_without_any_permission_the_actions_are_named() -> None:
    client = bare_client()
    with Stubber(client) as stubber:
        refuse(stubber, "UnauthorizedOperation", len(OPERATIONS))
        with pytest.raises(AccessDenied, match="ec2:DescribeNetworkInterfaces"):
            describe(client)


def test_one_missing_permission_makes_the_snapshot_poorer_not_impossible() -> None:
    client = bare_client()
    with Stubber(client) as stubber:
        refuse(stubber, "UnauthorizedOperation", 1)
        for operation in OPERATIONS[1:]:
            stubber.add_response(operation.file.replace("-", "_"), {operation.key: []})
        found = inventory(describe(client))
    assert found.missing == {"ec2:DescribeNetworkInterfaces": "addresses have no names"}


def test_pages_are_followed() -> None:
    client = bare_client()
    with Stubber(client) as stubber:
        page = {"NetworkInterfaceId": "eni-1"}
        stubber.add_response(
            "describe_network_interfaces", {"NetworkInterfaces": [page], "NextToken": "t"}
        )
        stubber.add_response(
            "describe_network_interfaces", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-2"}]}
        )
        for operation in OPERATIONS[1:]:
            stubber.add_response(operation.file.replace("-", "_"), {operation.key: []})
        assert inventory(describe(client)).interfaces.keys() == {"eni-1", "eni-2"}


def test_any_other_refusal_is_told_not_taken_for_absence() -> None:
    client = bare_client()
    with Stubber(client) as stubber:
        refuse(stubber, "InternalError", 1)
        with pytest.raises(EngineError, match="InternalError"):
            describe(client)
