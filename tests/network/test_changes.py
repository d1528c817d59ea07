"""CloudTrail's events as changes of rules: every call that changes some, and events that lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.changes import Change, Changes
from bot.network.changes import LARGEST_RECORD, Recorded, change_of, changes_in, recorded
from tests.network.trail import event, permission

AT = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)
Json = dict[str, Any]


def told(name: str, asked: Json, **more: Any) -> Change:
    found = change_of(event(name, asked, AT, **more))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        (
            "AuthorizeSecurityGroupIngress",
            {"groupId": "sg-1", "ipPermissions": permission(5432, "10.0.3.0/24")},
            "sg-1: inbound rule was added: tcp 5432 from 10.0.3.0/24, by deploy",
        ),
        (
            "AuthorizeSecurityGroupEgress",
            {"groupId": "sg-1", "ipPermissions": {"items": [{"ipProtocol": "-1"}]}},
            "sg-1: outbound rule was added: everything, by deploy",
        ),
        (
            "RevokeSecurityGroupIngress",
            {
                "groupId": "sg-1",
                "ipPermissions": permission(22, "", groups={"items": [{"groupId": "sg-9"}]}),
            },
            "sg-1: inbound rule was removed: tcp 22 from sg-9, by deploy",
        ),
        (
            "RevokeSecurityGroupEgress",
            {
                "groupId": "sg-1",
                "ipPermissions": permission(
                    443, "", prefixListIds={"items": [{"prefixListId": "pl-1"}]}
                ),
            },
            "sg-1: outbound rule was removed: tcp 443 to pl-1, by deploy",
        ),
        (
            "ModifySecurityGroupRules",
            {
                "ModifySecurityGroupRulesRequest": {
                    "GroupId": "sg-1",
                    "SecurityGroupRule": {
                        "SecurityGroupRuleId": "sgr-7",
                        "SecurityGroupRule": {
                            "IpProtocol": "tcp",
                            "FromPort": 1024,
                            "ToPort": 2048,
                            "CidrIpv6": "2001:db8::/32",
                        },
                        "tag": 1,
                    },
                }
            },
            "sg-1 (sgr-7): rule changed to tcp 1024–2048 for 2001:db8::/32, by deploy",
        ),
        (
            "CreateNetworkAclEntry",
            {
                "networkAclId": "acl-1",
                "ruleNumber": 110,
                "egress": False,
                "ruleAction": "deny",
                "aclProtocol": "6",
                "portRange": {"from": 5432, "to": 5432},
                "cidrBlock": "10.0.3.0/24",
            },
            "acl-1: rule 110 (inbound) was added: it denies tcp 5432 from 10.0.3.0/24, by deploy",
        ),
        (
            "ReplaceNetworkAclEntry",
            {
                "networkAclId": "acl-1",
                "ruleNumber": 100,
                "egress": True,
                "ruleAction": "allow",
                "aclProtocol": "-1",
                "portRange": {},
                "ipv6CidrBlock": "::/0",
            },
            "acl-1: rule 100 (outbound) was changed: it allows everything to ::/0, by deploy",
        ),
        (
            "DeleteNetworkAclEntry",
            {"networkAclId": "acl-1", "ruleNumber": 100, "egress": True},
            "acl-1: rule 100 (outbound) was removed, by deploy",
        ),
        (
            "ReplaceNetworkAclAssociation",
            {"networkAclId": "acl-2", "associationId": "aclassoc-1"},
            "acl-2: became the NACL of another subnet, by deploy",
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            {
                "networkInterfaceId": "eni-1",
                "groupSet": {"items": [{"groupId": "sg-1"}, {"groupId": "sg-2"}]},
            },
            "eni-1: its groups became sg-1, sg-2, by deploy",
        ),
        (
            "ModifyManagedPrefixList",
            {"ModifyManagedPrefixListRequest": {"PrefixListId": "pl-1"}},
            "pl-1: entries of the prefix list were changed, by deploy",
        ),
    ],
)
def test_every_call_that_changes_rules_is_told(name: str, asked: Json, words: str) -> None:
    found = told(name, asked)
    assert str(found) == words
    assert (found.at, found.event) == (AT, name)


def test_the_rules_own_id_is_read_from_the_answer() -> None:
    asked = {"groupId": "sg-1", "ipPermissions": permission(22, "10.0.0.0/8")}
    answered = {"securityGroupRuleSet": {"items": [{"securityGroupRuleId": "sgr-5"}]}}
    found = told("AuthorizeSecurityGroupIngress", asked, answered=answered)
    assert (found.rule, found.opens, found.closes) == ("sgr-5", True, False)
    revoked = told("RevokeSecurityGroupIngress", asked)
    assert (revoked.rule, revoked.opens, revoked.closes) == (None, False, True)


def test_an_entry_that_is_added_opens_or_closes_by_what_it_says() -> None:
    asked = {"networkAclId": "acl-1", "ruleNumber": 90, "ruleAction": "deny"}
    assert not told("CreateNetworkAclEntry", asked).opens
    assert not told("CreateNetworkAclEntry", asked | {"ruleAction": "allow"}).closes
    replaced = told("ReplaceNetworkAclEntry", asked)
    assert replaced.opens, "what it was before is not known"
    assert replaced.closes


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        (
            {"type": "IAMUser", "userName": "operator", "accessKeyId": "AKIAEXAMPLEEXAMPLE00"},
            "operator",
        ),
        ({"type": "Root", "userName": "x"}, "the account's root user"),
        ({"type": "AWSService", "invokedBy": "elasticloadbalancing.amazonaws.com"}, None),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/x/operator@example.com"}, ""),
        ({"type": "IAMUser", "userName": "<!channel> *operator*"}, ""),
        ({"type": "IAMUser", "userName": ["operator"]}, ""),
        ("operator", ""),
    ],
)
def test_who_is_a_role_or_a_user_and_never_a_key_or_session(identity: Any, who: str | None) -> None:
    asked = {"networkAclId": "acl-1", "ruleNumber": 1}
    found = told("DeleteNetworkAclEntry", asked, identity=identity)
    assert found.who == ("elasticloadbalancing.amazonaws.com" if who is None else who)


@pytest.mark.parametrize(
    "other",
    [
        event("DescribeSecurityGroups", {"groupId": "sg-1"}, AT),
        event("CreateRoute", {"routeTableId": "rtb-1"}, AT),
        event("DeleteNetworkAclEntry", {"networkAclId": "acl-1"}, AT, errorCode="Client.Denied"),
        event("ModifyNetworkInterfaceAttribute", {"networkInterfaceId": "eni-1"}, AT),
        event("DeleteNetworkAclEntry", {}, AT),
        {"EventName": "DeleteNetworkAclEntry"},
        {"EventName": ["x"], "EventTime": {}},
        None,
        7,
    ],
)
def test_what_changed_no_rule_is_passed_over(other: Any) -> None:
    assert change_of(other) is None


@pytest.mark.parametrize("record", ["{", "[" * 100_000, "x" * (LARGEST_RECORD + 1), "[]", None, 7])
def test_a_record_that_cannot_be_read_still_says_what_was_changed_and_when(record: Any) -> None:
    outer = event("RevokeSecurityGroupIngress", {}, AT)
    outer["CloudTrailEvent"] = record
    outer["Resources"] = [{"ResourceType": "AWS::EC2::SecurityGroup", "ResourceName": "sg-1"}]
    found = change_of(outer)
    assert found is not None
    assert str(found) == "sg-1: inbound rules were removed"


def test_nothing_of_an_event_gets_out_but_what_looks_like_what_it_should_be() -> None:
    evil = "<!channel> *x* `y`\n\x1b[31m"
    asked = {
        "groupId": "sg-1",
        "ipPermissions": {
            "items": [
                {
                    "ipProtocol": evil,
                    "fromPort": evil,
                    "toPort": {"a": evil},
                    "ipRanges": {"items": [{"cidrIp": evil, "description": evil}]},
                    "groups": {"items": [{"groupId": evil}, evil]},
                    "ipv6Ranges": evil,
                }
            ]
            * 50
        },
    }
    found = told("AuthorizeSecurityGroupIngress", asked)
    assert found.what == "inbound rule was added: ?, ?, ?, ?, ? and 45 more"
    assert told("AuthorizeSecurityGroupIngress", {"groupId": "sg-1"}).what == (
        "inbound rule was added"
    )
    assert change_of(event("AuthorizeSecurityGroupIngress", {"groupId": evil}, AT)) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
_keys = st.sampled_from("groupId ipPermissions networkAclId ruleNumber portRange items".split())


@settings(max_examples=50)
@given(
    st.sampled_from(["ModifySecurityGroupRules", "CreateNetworkAclEntry"]),
    st.dictionaries(_keys, _json),
    _json,
)
def test_no_event_breaks_the_reading(name: str, asked: Json, identity: Any) -> None:
    made = event(name, asked, AT, identity=identity)
    made["Resources"] = [{"ResourceName": "sg-1"}, {"ResourceName": "acl-1"}]
    found = change_of(made)
    assert found is None or found.resource in ["sg-1", "acl-1", asked.get("networkAclId")]


@pytest.mark.parametrize("when", ["2026-11-24T14:02:00+00:00", 1795528920.0, AT])
def test_times_of_boto3_and_of_both_command_lines_are_read(when: Any) -> None:
    outer = event("DeleteNetworkAclEntry", {"networkAclId": "acl-1"}, AT)
    outer["EventTime"] = when
    record = json.loads(outer["CloudTrailEvent"])
    del record["eventTime"]
    found = change_of(outer | {"CloudTrailEvent": json.dumps(record)})
    assert found is not None
    assert found.at == AT


def test_changes_are_in_order_each_once_and_only_of_what_was_asked() -> None:
    asked = {"networkAclId": "acl-1", "ruleNumber": 1}
    later, first = (
        event("DeleteNetworkAclEntry", asked, AT + timedelta(minutes=n)) for n in (9, 0)
    )
    other = event("DeleteNetworkAclEntry", asked | {"networkAclId": "acl-2"}, AT)
    assert [one.at for one in changes_in([later, first, first])] == [
        AT,
        AT + timedelta(minutes=9),
    ]
    known = Recorded(lambda _, __: [later, first, other])
    assert [one.resource for one in known.changes(["acl-1"], AT, AT).found] == ["acl-1"]
    assert known.changes(["acl-1"], AT + timedelta(seconds=1), AT).found == ()


def test_a_folder_without_events_is_not_a_folder_without_changes() -> None:
    assert recorded({}) is None
    found = recorded({"lookup-events": {"Events": []}})
    assert found is not None
    assert found.changes(["sg-1"], AT, AT) == Changes()
