from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from bot.demo.documents import documents
from bot.model.inventory import Endpoint, Instance, Interface, Inventory, NatGateway, Subnet
from bot.network.aws_ranges import packaged
from bot.network.documents import inventory
from bot.network.interface_words import owner_of, service_of
from bot.network.names import Names, SeveralMatches, UnknownName
from bot.network.teams import teams

TAKEN = datetime(2026, 11, 20, 14, tzinfo=UTC)


def demo() -> Inventory:
    found = documents()
    return replace(inventory({k.removesuffix(".json"): v for k, v in found.items()}), taken=TAKEN)


def interface(id_: str, address: str, **more: object) -> Interface:
    values = {"vpc_id": "vpc-1", "subnet_id": "subnet-1", "zone_id": "use1-az1", **more}
    return Interface(id=id_, addresses=(address,), **values)  # type: ignore[arg-type]


def network(*interfaces: Interface, **more: object) -> Inventory:
    subnet = Subnet(
        "subnet-1", "vpc-1", (ip_network("10.0.0.0/24"),), "use1-az1", "us-east-1a", "a"
    )
    return Inventory(
        interfaces={i.id: i for i in interfaces},
        subnets={subnet.id: subnet},
        **more,  # type: ignore[arg-type]
    )


def test_an_address_of_the_demo_has_name_kind_place_and_team() -> None:
    label = Names(demo()).of("10.20.20.30")
    assert (label.name, label.kind, label.id) == ("db-a1", "instance", "i-0bb3448b7ef9828c4")
    assert (label.subnet, label.zone, label.team) == ("data-a", "us-east-1a", "data")
    assert (label.as_of, label.certain) == (TAKEN, False)


def test_the_file_of_teams_comes_before_the_instances_tag() -> None:
    names = Names(
        demo(), teams=teams("hosts:\n  db-a1: archive\nranges:\n  203.0.113.0/24: guests\n")
    )
    assert names.of("10.20.20.30").team == "archive"
    assert names.of("10.20.21.30").team == "data"
    assert names.of("203.0.113.7").team == "guests"


@pytest.mark.parametrize(
    ("instance_name", "interface_name", "description", "expected"),
    [
        ("web", "eth", "ELB app/shop/5a0f1b2c3d4e6978", "web"),
        ("", "eth", "ELB app/shop/5a0f1b2c3d4e6978", "eth"),
        ("", "", "ELB app/shop/5a0f1b2c3d4e6978", "shop"),
        ("", "", "", "i-1"),
    ],
)
def test_the_best_name_comes_first(
    instance_name: str, interface_name: str, description: str, expected: str
) -> None:
    own = interface(
        "eni-1", "10.0.0.5", instance_id="i-1", name=interface_name, description=description
    )
    found = network(own, instances={"i-1": Instance("i-1", instance_name)})
    assert Names(found).of("10.0.0.5").name == expected


@pytest.mark.parametrize(
    ("description", "kind", "owner", "name"),
    [
        ("ELB app/shop/5a0f1b2c3d4e6978", "", "application load balancer", "shop"),
        ("ELB net/gate/5a0f1b2c3d4e6978", "", "network load balancer", "gate"),
        ("ELB gwy/wall/5a0f1b2c3d4e6978", "", "gateway load balancer", "wall"),
        ("ELB old-one", "", "classic load balancer", "old-one"),
        ("Interface for NAT Gateway nat-1", "nat_gateway", "NAT gateway", "exit"),
        ("VPC Endpoint Interface vpce-1", "vpc_endpoint", "VPC endpoint", "sqs"),
        ("RDSNetworkInterface", "", "RDS database", ""),
        ("ElastiCache shop-001", "", "ElastiCache node", "shop-001"),
        ("ElastiCache+shop-001", "", "ElastiCache node", "shop-001"),
        (
            "AWS Lambda VPC ENI-resize-12345678-1234-1234-1234-123456789012",
            "lambda",
            "Lambda function",
            "resize",
        ),
        ("EFS mount target for fs-1 (fsmt-1)", "", "EFS file system", "fs-1"),
        ("arn:aws:ecs:us-east-1:123456789012:attachment/abc-1", "", "ECS task", "abc-1"),
        (
            "Network Interface for Transit Gateway Attachment tgw-attach-1",
            "transit_gateway",
            "transit gateway attachment",
            "tgw-attach-1",
        ),
        ("Amazon EKS shop", "", "EKS control plane", "shop"),
        ("aws-K8S-i-1", "", "EKS node", "node-1"),
        ("in no known form", "transit_gateway", "transit gateway attachment", ""),
    ],
)
def test_descriptions_say_whose_an_interface_is(
    description: str, kind: str, owner: str, name: str
) -> None:
    own = interface("eni-1", "10.0.0.5", description=description, kind=kind or "interface")
    found = network(
        own,
        nat_gateways={
            "nat-1": NatGateway("nat-1", "vpc-1", "subnet-1", ("eni-1",), (), (), "exit")
        },
        endpoints={
            "vpce-1": Endpoint("vpce-1", "vpc-1", "com.amazonaws.us-east-1.sqs", "Interface")
        },
        instances={"i-1": Instance("i-1", "node-1")},
    )
    told = owner_of(own, found)
    assert told is not None
    assert (told.kind, told.name) == (owner, name)
    assert Names(found).of("10.0.0.5").name == (name or f"{owner} eni-1")


def test_what_no_description_says_is_the_interfaces_id() -> None:
    own = interface("eni-1", "10.0.0.5", description="my own words")
    assert owner_of(own, network(own)) is None
    assert Names(network(own)).of("10.0.0.5").name == "eni-1"


@pytest.mark.parametrize(
    ("service", "short"),
    [
        ("com.amazonaws.us-east-1.s3", "s3"),
        ("com.amazonaws.us-gov-west-1.ecr.dkr", "ecr.dkr"),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-1", "com.amazonaws.vpce.us-east-1.vpce-svc-1"),
    ],
)
def test_an_endpoints_service_is_called_short(service: str, short: str) -> None:
    assert service_of(service) == short


def test_without_an_interface_the_subnet_the_service_or_the_address_tells() -> None:
    names = Names(network(), ranges=packaged())
    assert names.of("10.0.0.77").subnet == "a"
    assert (names.of("52.216.8.21").name, names.of("52.216.8.21").kind) == (
        "S3 us-east-1",
        "AWS service",
    )
    assert names.of("10.9.9.9").kind == "private address"
    assert names.of("203.0.113.9").kind == "public address"
    assert names.of("rubbish; drop").name == "rubbish; drop"


def test_overlapping_vpcs_are_told_apart_by_the_vpc() -> None:
    one = interface("eni-1", "10.0.0.5", name="one")
    two = interface("eni-2", "10.0.0.5", vpc_id="vpc-2", name="two")
    names = Names(network(one, two))
    assert names.of("10.0.0.5", "vpc-2").name == "two"
    assert names.of("10.0.0.5", "vpc-1").name == "one"
    assert names.of("10.0.0.5").name == "one or two"


@pytest.mark.parametrize("word", ["db-a1", "DB-A1", "i-0bb3448b7ef9828c4", "eni-0be7380417d2c59b7"])
def test_names_and_ids_lead_to_addresses(word: str) -> None:
    assert Names(demo()).addresses(word) == ("10.20.20.30",)


def test_an_address_is_its_own_name_and_a_public_one_leads_to_the_private_one() -> None:
    names = Names(demo())
    assert names.addresses("10.99.0.1") == ("10.99.0.1",)
    assert names.addresses("192.0.2.103") == ("192.0.2.103", "10.20.0.5")
    assert names.addresses("nat-a") == ("10.20.0.5", "192.0.2.103")
    assert names.of("192.0.2.103").name == "nat-a"
    assert names.addresses("2001:DB8::0005") == ("2001:db8::5",)


def test_interfaces_of_one_load_balancer_are_one_thing() -> None:
    assert set(Names(demo()).addresses("shop")) >= {"10.20.0.11", "10.20.1.12"}


def test_an_unknown_name_brings_names_that_are_alike() -> None:
    with pytest.raises(UnknownName, match="Did you mean db-a1"):
        Names(demo()).addresses("db-a")
    with pytest.raises(UnknownName, match="cache-a1"):
        Names(demo()).addresses("cache")
    with pytest.raises(UnknownName, match="Write an address"):
        Names(Inventory()).addresses("`rm -rf`")


def test_a_name_of_several_hosts_is_refused_with_all_of_them() -> None:
    found = network(
        interface("eni-1", "10.0.0.5", instance_id="i-1"),
        interface("eni-2", "10.0.0.6", instance_id="i-2"),
        instances={"i-1": Instance("i-1", "web"), "i-2": Instance("i-2", "web")},
    )
    with pytest.raises(SeveralMatches, match="i-1, i-2"):
        Names(found).addresses("web")


def test_instances_interfaces_and_subnets_are_named_by_id() -> None:
    names = Names(demo())
    assert names.instance("i-0bb3448b7ef9828c4").name == "db-a1"
    assert names.interface("eni-0be7380417d2c59b7").name == "db-a1"
    assert names.interface("eni-gone").name == "eni-gone"
    assert names.instance("i-gone").name == "i-gone"
    assert names.subnet("subnet-0a2bbe954da0882fb").name == "data-a"
    assert names.subnet("subnet-gone").name == "subnet-gone"
