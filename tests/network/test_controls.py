"""Block public access and encryption controls: read, held as gates, and blamed only when on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.model.errors import BadSource
from bot.model.inventory import Controls, Inventory
from bot.network.controls import EXCLUSIONS, KEYS, OPTIONS, controls, with_controls
from bot.network.documents import inventory
from bot.network.rules import By, Flow, Leg, Side, checks
from bot.network.verdicts import Outcome, Sighting, judge

HOST, VISITOR = "10.0.0.5", "203.0.113.9"
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ENTRY = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}


def documents(
    mode: str = "off", exclusion: str | None = None, state: str = "create-complete", **more: Any
) -> dict[str, Any]:
    """One public host whose groups and NACL let everything through."""
    excluded = {
        "ResourceArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-1",
        "InternetGatewayExclusionMode": exclusion,
        "State": state,
    }
    return {
        "describe-network-interfaces": {
            "NetworkInterfaces": [
                {
                    "NetworkInterfaceId": "eni-1",
                    "VpcId": "vpc-1",
                    "SubnetId": "subnet-1",
                    "PrivateIpAddresses": [
                        {
                            "PrivateIpAddress": HOST,
                            "Association": {"PublicIp": "198.51.100.7"},
                        }
                    ],
                    "Groups": [{"GroupId": "sg-1"}],
                }
            ]
        },
        "describe-security-groups": {
            "SecurityGroups": [
                {
                    "GroupId": "sg-1",
                    "GroupName": "web",
                    "IpPermissions": [EVERYTHING],
                    "IpPermissionsEgress": [EVERYTHING],
                }
            ]
        },
        "describe-network-acls": {
            "NetworkAcls": [
                {
                    "NetworkAclId": "acl-1",
                    "Associations": [{"SubnetId": "subnet-1"}],
                    "Entries": [{**ENTRY, "Egress": way} for way in (True, False)],
                }
            ]
        },
        OPTIONS: {KEYS[OPTIONS]: {"InternetGatewayBlockMode": mode, "State": "update-complete"}},
        EXCLUSIONS: {KEYS[EXCLUSIONS]: [excluded] if exclusion else []},
    } | more


def gate(found: Inventory, source: str, target: str) -> bool | str | None:
    """What block public access says; `none` where it has nothing to say."""
    gates = checks(found, Flow(source, target, 6, 443))
    said = [one.allows for one in gates if one.by is By.BLOCK_PUBLIC_ACCESS]
    return said[0] if said else "none"


@pytest.mark.parametrize(
    ("mode", "exclusion", "inward", "outward"),
    [
        ("off", None, "none", "none"),
        ("block-bidirectional", None, False, False),
        ("block-bidirectional", "allow-bidirectional", True, True),
        ("block-bidirectional", "allow-egress", False, True),
        ("block-ingress", None, False, None),
        ("block-ingress", "allow-bidirectional", True, True),
    ],
)
def test_each_mode_lets_through_what_the_guide_says(
    mode: str, exclusion: str | None, inward: object, outward: object
) -> None:
    found = inventory(documents(mode, exclusion))
    assert gate(found, VISITOR, HOST) == inward
    assert gate(found, HOST, VISITOR) == outward
    assert gate(found, "10.0.0.9", HOST) == "none", "that is not the internet"


def test_an_exclusion_that_is_being_changed_leaves_it_open() -> None:
    found = inventory(documents("block-bidirectional", "allow-egress", "update-in-progress"))
    assert gate(found, VISITOR, HOST) is None
    gone = inventory(documents("block-bidirectional", "allow-egress", "delete-complete"))
    assert gate(gone, VISITOR, HOST) is False


def rejected(found: Inventory, reason: str | None = None) -> tuple[Outcome, By | None]:
    seen = Sighting(Leg.REQUEST, Side.DESTINATION, False, "c", AT, AT, 9, reason=reason)
    verdict = judge([seen], checks(found, Flow(VISITOR, HOST, 6, 443)))
    return verdict.outcome, verdict.by


def test_it_is_blamed_where_it_is_on_unless_the_log_says_otherwise() -> None:
    on, off = inventory(documents("block-ingress")), inventory(documents("off"))
    assert rejected(on) == (Outcome.BLOCKED, By.BLOCK_PUBLIC_ACCESS)
    assert rejected(on, "BPA") == (Outcome.BLOCKED, By.BLOCK_PUBLIC_ACCESS)
    assert rejected(on, "-") == (Outcome.UNKNOWN, None), "no group and no NACL denies it now"
    assert rejected(off) == (Outcome.UNKNOWN, None)


def test_enforced_encryption_is_a_doubt_and_no_verdict() -> None:
    enforced = {
        "VpcEncryptionControls": [
            {"VpcId": "vpc-1", "Mode": "enforce", "State": "available"},
            {"VpcId": "vpc-2", "Mode": "monitor", "State": "available"},
        ]
    }
    found = inventory(documents(**{"describe-vpc-encryption-controls": enforced}))
    assert found.controls.encrypted == {"vpc-1"}
    seen = Sighting(Leg.REQUEST, Side.DESTINATION, False, "c", AT, AT, 9)
    verdict = judge([seen], checks(found, Flow("10.0.0.9", HOST, 6, 443)))
    assert verdict.outcome is Outcome.UNKNOWN
    assert "vpc-1 enforces encryption" in verdict.evidence[1]


def test_without_documents_nothing_is_known_and_wrong_ones_are_told() -> None:
    assert controls({}) == Controls()
    changing = {OPTIONS: {KEYS[OPTIONS]: {"State": "update-in-progress"}}}
    assert controls(changing).public_access is None
    for wrong in ({KEYS[OPTIONS]: []}, {KEYS[OPTIONS]: "<!channel>"}):
        with pytest.raises(BadSource, match="not what EC2 answers"):
            inventory({OPTIONS: wrong})


def test_controls_are_read_page_by_page_and_whatever_may_be_read() -> None:
    client = boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    call, key = EXCLUSIONS.replace("-", "_"), KEYS[EXCLUSIONS]
    with Stubber(client) as stub:
        stub.add_response(
            OPTIONS.replace("-", "_"), {KEYS[OPTIONS]: {"InternetGatewayBlockMode": "off"}}
        )
        stub.add_response(call, {key: [{"ExclusionId": "1"}], "NextToken": "t"})
        stub.add_response(call, {key: [{"ExclusionId": "2"}]}, {"NextToken": "t"})
        stub.add_client_error("describe_vpc_encryption_controls", "UnauthorizedOperation")
        found = with_controls({"describe-vpcs": {"Vpcs": []}}, client)
    assert sorted(found) == [EXCLUSIONS, OPTIONS, "describe-vpcs"]
    assert [one["ExclusionId"] for one in found[EXCLUSIONS][key]] == ["1", "2"]


def test_a_mode_without_its_exclusions_is_not_known() -> None:
    found = documents("block-bidirectional")
    del found[EXCLUSIONS]
    assert inventory(found).controls.public_access is None
    off = documents("off")
    del off[EXCLUSIONS]
    assert inventory(off).controls.public_access == "off"
