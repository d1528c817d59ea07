"""CloudTrail's side of the conversation is played by botocore's own stubber."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY, Stubber

from bot.model.errors import EngineError
from bot.network.cloudtrail import (
    MOST_PAGES,
    MOST_RESOURCES,
    PACE,
    PATIENCE,
    Trail,
    open_cloudtrail,
)
from tests.network.trail import event, permission

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
OPENED = NOW - timedelta(hours=1)


def opened(group: str = "sg-1", at: datetime = OPENED) -> dict[str, Any]:
    asked = {"groupId": group, "ipPermissions": permission(5432, "10.0.3.0/24")}
    return event("AuthorizeSecurityGroupIngress", asked, at)


@dataclass
class Aws:
    """A trail, its stubbed client, and a clock that only sleeping moves."""

    now: datetime = NOW
    ticks: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = boto3.client(
            "cloudtrail",
            region_name="us-east-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
        )
        self.stub = Stubber(self.client)
        self.trail = Trail(
            lambda: self.client,
            clock=lambda: self.now,
            ticks=lambda: self.ticks,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ticks += seconds

    def page(
        self,
        value: str,
        *events: dict[str, Any],
        token: str | None = None,
        after: str | None = None,
    ) -> None:
        key = "EventName" if value[:1].isupper() else "ResourceName"
        asked = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": ANY,
            "EndTime": NOW,
            "MaxResults": 50,
        } | ({"NextToken": after} if after else {})
        answer: dict[str, Any] = {"Events": list(events)}
        self.stub.add_response(
            "lookup_events", answer | ({"NextToken": token} if token else {}), asked
        )

    def refuses(self, code: str) -> None:
        self.stub.add_client_error("lookup_events", code, "no", 400)


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    with made.stub:
        yield made
    made.stub.assert_no_pending_responses()


def test_resources_are_looked_up_one_by_one_at_aws_pace(aws: Aws) -> None:
    aws.page("sg-1", opened(), opened("sg-2"))
    aws.page("acl-1")
    aws.page("ModifySecurityGroupRules")
    found = aws.trail.changes(["sg-1", "acl-1", "sg-1"], SINCE)
    assert [(one.resource, one.who) for one in found.found] == [("sg-1", "deploy")]
    assert found.known
    assert aws.slept == [0, PACE, PACE]


def test_pages_are_followed(aws: Aws) -> None:
    aws.page("acl-1", token="t")
    late = event("DeleteNetworkAclEntry", {"networkAclId": "acl-1", "ruleNumber": 9}, OPENED)
    aws.page("acl-1", late, after="t")
    found = aws.trail.changes(["acl-1"], SINCE)
    assert [one.rule for one in found.found] == [9]
    assert found.known


def test_too_many_pages_are_told_not_taken_for_all(aws: Aws) -> None:
    for number in range(MOST_PAGES):
        aws.page("acl-1", token=f"t{number}", after=f"t{number - 1}" if number else None)
    assert aws.trail.changes(["acl-1"], SINCE).unread == "there are more changes than were read"


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation"])
def test_a_missing_permission_is_named_and_not_asked_for_again(aws: Aws, code: str) -> None:
    aws.refuses(code)
    for _ in range(2):
        found = aws.trail.changes(["acl-1"], SINCE)
        assert found.unread == "cloudtrail:LookupEvents is not allowed"
        assert not found.known
    aws.now += timedelta(minutes=10)
    aws.stub.add_response("lookup_events", {"Events": []})
    assert aws.trail.changes(["acl-1"], SINCE).known, "it may have been given meanwhile"


def test_throttled_look_ups_are_made_again_more_slowly(aws: Aws) -> None:
    aws.refuses("ThrottlingException")
    aws.refuses("ThrottlingException")
    aws.page("acl-1")
    assert aws.trail.changes(["acl-1"], SINCE).known
    assert aws.slept == [0, 2 * PACE, 2 * PACE]


def test_patience_ends_and_what_was_found_until_then_is_told(aws: Aws) -> None:
    aws.page("sg-1", opened())
    for _ in range(12):
        aws.refuses("ThrottlingException")
    found = aws.trail.changes(["sg-1", "acl-1"], SINCE)
    assert [one.resource for one in found.found] == ["sg-1"]
    assert found.unread == "CloudTrail did not tell everything within 12 s"
    assert sum(aws.slept) <= PATIENCE


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        (
            lambda aws: aws.refuses("ExpiredTokenException"),
            "CloudTrail refused: ExpiredTokenException",
        ),
        (lambda aws: setattr(aws, "client", Broken()), "CloudTrail cannot be asked: EndpointConn"),
    ],
)
def test_other_failures_are_told(aws: Aws, fails: Callable[[Aws], None], says: str) -> None:
    fails(aws)
    assert str(aws.trail.changes(["acl-1"], SINCE).unread).startswith(says)


class Broken:
    def lookup_events(self, **_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://cloudtrail.example")


def test_what_was_looked_up_a_minute_ago_is_not_looked_up_again(aws: Aws) -> None:
    aws.page("sg-1", opened())
    aws.page("ModifySecurityGroupRules")
    first = aws.trail.changes(["sg-1"], SINCE)
    aws.now += timedelta(seconds=59)
    assert aws.trail.changes(["sg-1"], SINCE + timedelta(hours=1)) == first
    assert len(aws.slept) == 2
    aws.now += timedelta(seconds=2)
    aws.stub.add_response("lookup_events", {"Events": []})
    aws.stub.add_response("lookup_events", {"Events": []})
    assert aws.trail.changes(["sg-1"], SINCE).found == ()


def test_events_older_than_asked_are_not_told(aws: Aws) -> None:
    aws.page("sg-1", opened(at=SINCE - timedelta(hours=1)), opened())
    aws.page("ModifySecurityGroupRules")
    assert [one.at for one in aws.trail.changes(["sg-1"], SINCE).found] == [OPENED]


def test_cloudtrail_forgets_after_90_days_and_says_so(aws: Aws) -> None:
    aws.page("acl-1")
    found = aws.trail.changes(["acl-1"], NOW - timedelta(days=91))
    assert found.unread == "CloudTrail keeps 90 days"


def test_only_so_many_resources_are_looked_up(aws: Aws) -> None:
    names = [f"acl-{number}" for number in range(MOST_RESOURCES + 1)]
    for name in names[:-1]:
        aws.page(name)
    assert str(aws.trail.changes(names, SINCE).unread).startswith("only 12 of 13 resources")


def test_a_hostile_event_is_passed_over(aws: Aws) -> None:
    evil = {"EventName": "<!channel>", "EventTime": NOW, "CloudTrailEvent": "[" * 9_000}
    aws.page("sg-1", evil, opened())
    aws.page("ModifySecurityGroupRules")
    assert len(aws.trail.changes(["sg-1"], SINCE).found) == 1


def test_a_client_is_opened_for_a_region(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = open_cloudtrail("eu-west-1")
    assert client.meta.region_name == "eu-west-1"
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(EngineError, match="CloudTrail cannot be asked: You must specify a region"):
        open_cloudtrail(None)
