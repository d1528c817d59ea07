"""The described network: in EC2's shapes, readable as an inventory, and of one piece."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from bot.demo import network, rules
from bot.demo.documents import documents
from bot.network.documents import read_inventory

DOCUMENTS = documents()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_have_the_shapes_of_ec2(name: str) -> None:
    operation = "".join(word.capitalize() for word in name.removesuffix(".json").split("-"))
    shape = get_session().get_service_model("ec2").operation_model(operation).output_shape
    report = ParamValidator().validate(dict(DOCUMENTS[name]), shape)
    assert not report.has_errors(), report.generate_report()
    assert json.loads(json.dumps(DOCUMENTS[name])) == DOCUMENTS[name]


def test_the_validator_would_object() -> None:
    shape = get_session().get_service_model("ec2").operation_model("DescribeVpcs").output_shape
    wrong = {"Vpcs": [{"VpcId": 5, "Cidr": "10.20.0.0/16"}]}
    assert ParamValidator().validate(wrong, shape).has_errors()


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name, document in DOCUMENTS.items():
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


def test_an_inventory_of_it_lacks_nothing(written: Path) -> None:
    inventory = read_inventory(written)
    assert inventory.missing == {}
    assert len(inventory.interfaces) == len(network.HOSTS) == 16
    for host in network.HOSTS:
        found = inventory.interface_at(host.address)
        assert found is not None
        assert (found.id, found.name, found.instance_id) == (
            host.interface_id,
            host.name,
            host.instance_id,
        )
        subnet = inventory.subnet_of(host.address)
        assert subnet is not None
        assert subnet.id == host.subnet.id == found.subnet_id
        assert inventory.nacl_of(subnet.id) is not None
    assert {len(group.inbound) for group in inventory.groups.values()} == {
        len(group.inbound) for group in rules.groups()
    }


def test_addresses_lie_in_their_subnets() -> None:
    for host in network.HOSTS:
        assert ip_address(host.address) in ip_network(host.subnet.range)
    ranges = [ip_network(subnet.range) for subnet in network.SUBNETS]
    assert all(a is b or not a.overlaps(b) for a in ranges for b in ranges)
    assert all(r.subnet_of(ip_network(network.VPC_RANGE)) for r in ranges)


def test_no_id_is_used_twice() -> None:
    ids = [host.interface_id for host in network.HOSTS]
    ids += [host.instance_id for host in network.HOSTS if host.instance_id]
    ids += [subnet.id for subnet in network.SUBNETS]
    ids += [group.id for group in rules.groups()] + [nacl.id for nacl in rules.NACLS]
    ids += [rule.id for group in rules.groups() for rule in group.inbound]
    assert len(ids) == len(set(ids))


def test_the_mistake_is_one_rule() -> None:
    now, then = (
        {rule["SecurityGroupRuleId"]: rule for rule in items(broken=broken)}
        for broken in (False, True)
    )
    changed = [id_ for id_ in now if now[id_] != then[id_]]
    assert changed == [rules.ZONE_B_RULE.id]
    assert now[changed[0]]["CidrIpv4"] == "10.20.11.0/24"
    assert then[changed[0]]["CidrIpv4"] == "10.20.1.0/24"


def items(*, broken: bool) -> list[dict[str, Any]]:
    found = documents(broken=broken)["describe-security-group-rules.json"]["SecurityGroupRules"]
    assert isinstance(found, list)
    return found
