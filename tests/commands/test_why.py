"""`why`, over records that are written as files and the demo's network as EC2 describes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.demo import documents
from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import BadLine
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import Inventory
from bot.network.changes import Recorded
from bot.network.documents import inventory
from bot.network.snapshots import Still
from tests.commands.conftest import Ask
from tests.commands.records import NOW, Record, flow
from tests.network.trail import event, permission

APP, DB = "10.20.11.21", "10.20.20.30"
AT_APP = {"interface_id": "eni-0dbb1677ce20182fe"}
AT_DB = {"interface_id": "eni-0be7380417d2c59b7"}
DB_GROUP = "sg-0efa2b1ff629f5c90"
FACTS = ("outcome", "by", "leg", "side", "resource", "rule")


def network(*, broken: bool, events: list[dict[str, Any]] | None = None) -> Still:
    found = documents.documents(broken=broken)
    named = {name.removesuffix(".json"): document for name, document in found.items()}
    trail = None if events is None else Recorded(lambda _, __: events)
    return Still(inventory(named), lambda: NOW, recorded=trail)


def opened(minutes_ago: int, group: str = DB_GROUP) -> dict[str, Any]:
    """A rule that lets the app tier in, made by somebody."""
    asked = {"groupId": group, "ipPermissions": permission(5432, "10.20.11.0/24")}
    at = NOW - timedelta(minutes=minutes_ago)
    return event("AuthorizeSecurityGroupIngress", asked, at)


def rejected_at_the_database() -> list[Record]:
    return [
        flow(f"{APP}:40000", f"{DB}:5432", **AT_APP),
        flow(f"{APP}:40000", f"{DB}:5432", "REJECT", packets=6, **AT_DB),
    ]


def test_a_missing_rule_of_a_security_group_is_named(ask: Ask) -> None:
    answer = ask(f"why {APP} {DB} 5432", *rejected_at_the_database(), network=network(broken=True))
    verdict = answer.facts["verdict"]
    assert [verdict[name] for name in FACTS[:4]] == [
        "blocked",
        "security-group",
        "request",
        "destination",
    ]
    assert str(verdict["resource"]).startswith("sg-")
    assert verdict["rule"] is None
    assert "is blocked" in answer.headline
    assert "app-b1" in answer.headline


def test_when_every_rule_allows_it_now_nothing_is_blamed(ask: Ask) -> None:
    answer = ask(f"why {APP} {DB} 5432", *rejected_at_the_database(), network=network(broken=False))
    verdict = answer.facts["verdict"]
    assert [verdict[name] for name in FACTS] == [
        "unknown",
        None,
        "request",
        "destination",
        *[None] * 2,
    ]
    assert "may have changed" in notes(answer)
    assert answer.facts["changes"]["known"] is False
    assert notes(answer).count("has no lookup-events.json") == 1


def notes(answer: Answer) -> str:
    return " ".join(note.text for note in answer.notes)


def test_the_group_that_alone_was_changed_since_is_named_with_who_and_when(ask: Ask) -> None:
    known = network(broken=False, events=[opened(30)])
    answer = ask(
        f"why {APP} {DB} 5432", *rejected_at_the_database(), network=known, zone="Asia/Tokyo"
    )
    verdict = answer.facts["verdict"]
    assert [verdict[name] for name in FACTS] == [
        "blocked",
        "security-group",
        "request",
        "destination",
        DB_GROUP,
        None,
    ]
    assert "was blocked" in answer.headline, "it is open now"
    assert "by deploy, at 2026-11-20 23:30:00 JST" in answer.headline
    assert answer.facts["changes"] == {
        "known": True,
        "unread": None,
        "found": [
            {
                "at": "2026-11-20T14:30:00Z",
                "resource": DB_GROUP,
                "rule": None,
                "what": "inbound rule was added: tcp 5432 from 10.20.11.0/24",
                "who": "deploy",
                "event": "AuthorizeSecurityGroupIngress",
            }
        ],
    }
    table = next(one for one in answer.tables if one.title == "How the rules were changed")
    assert [row[3] for row in table.rows] == [DB_GROUP]
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [mark.at for mark in chart.marks] == [NOW - timedelta(minutes=30)]


def test_no_change_is_said_only_where_changes_are_known(ask: Ask) -> None:
    known = network(broken=True, events=[opened(30, "sg-0980bfc30c58c1e6f")])
    answer = ask(f"why {APP} {DB} 5432", *rejected_at_the_database(), network=known)
    assert "CloudTrail knows of no change of them since 2026-11-20 02:00:00" in notes(answer)
    assert answer.facts["verdict"]["by"] == "security-group"


def test_changes_are_not_looked_up_where_nothing_was_rejected(ask: Ask) -> None:
    accepted = [record | {"action": "ACCEPT"} for record in rejected_at_the_database()]
    known = network(broken=False, events=[opened(30)])
    answer = ask(f"why {APP} {DB} 5432", *accepted, network=known)
    assert answer.facts["changes"] == {"known": False, "unread": "it was not asked", "found": []}
    assert "not known" not in notes(answer)


def test_changes_say_nothing_of_an_interface_that_is_gone(ask: Ask) -> None:
    gone = rejected_at_the_database()
    gone[1]["interface-id"] = "eni-0000000000000000f"
    others = flow("10.20.10.21:40200", f"{DB}:5432", interface_id="eni-0000000000000000f")
    known = network(broken=False, events=[opened(30)])
    answer = ask(f"why {APP} {DB} 5432", *gone, others, network=known)
    assert answer.facts["verdict"]["outcome"] == "unknown"
    assert "eni-0000000000000000f, which rejected it, is not in the inventory" in notes(answer)


def test_a_change_after_the_snapshot_is_not_in_its_rules(ask: Ask) -> None:
    """The rule that denies in the snapshot is there no more: it is told, and not blamed."""
    known = network(broken=True, events=[opened(50)])
    taken = replace(known.current() or Inventory(), taken=NOW - timedelta(minutes=52))
    stale = Still(taken, lambda: NOW, recorded=Recorded(lambda _, __: [opened(50)]))
    verdict = ask(f"why {APP} {DB} 5432", *rejected_at_the_database(), network=stale).facts[
        "verdict"
    ]
    assert verdict["by"] == "security-group"
    assert "changed" in str(verdict["evidence"])


def test_tcp_flags_tell_a_new_attempt_from_a_late_packet(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "tcp-flags"]
    seen = [
        flow(f"{APP}:40000", f"{DB}:5432", tcp_flags=3, **AT_DB),
        flow(f"{DB}:5432", f"{APP}:40000", tcp_flags=19, **AT_DB),
        flow(f"{APP}:40000", f"{DB}:5432", "REJECT", at=3, packets=1, tcp_flags=2, **AT_DB),
    ]
    line = f"why {APP} {DB} 5432"
    verdict = ask(line, *seen, fields=fields, network=network(broken=False)).facts["verdict"]
    assert verdict["outcome"] == "unknown"


def test_a_nacl_entry_is_named_by_its_number(ask: Ask) -> None:
    mail = flow(
        "10.20.10.41:50000", "192.0.2.25:25", "REJECT", interface_id="eni-0ffc8605150893e6d"
    )
    answer = ask("why worker-a1 192.0.2.25 25", mail, network=network(broken=False))
    verdict = answer.facts["verdict"]
    assert [verdict[name] for name in FACTS[:4]] == ["blocked", "nacl", "request", "source"]
    assert verdict["rule"] == 90


def test_without_rules_a_lone_reject_is_not_stretched(ask: Ask) -> None:
    answer = ask(f"why {APP} {DB} 5432", *rejected_at_the_database())
    verdict = answer.facts["verdict"]
    assert verdict["outcome"] == "unknown"
    assert any("No rules are known" in note.text for note in answer.notes)


def test_records_of_an_interface_that_is_at_no_known_end_are_not_called_none(ask: Ask) -> None:
    seen = flow(f"{APP}:40000", f"{DB}:5432", "REJECT")
    answer = ask(f"why {APP} {DB} 5432", seen)
    assert "1 record of it, but at which end eni-0a is" in answer.headline


def test_the_records_direction_tells_the_end_where_the_format_has_it(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "flow-direction"]
    seen = flow(f"{APP}:40000", f"{DB}:5432", "REJECT", flow_direction="ingress")
    told = ask(f"why {APP} {DB} 5432", seen, fields=fields).facts["verdict"]
    assert (told["leg"], told["side"]) == ("request", "destination")


def test_a_rejected_reply_is_a_nacl_without_any_rule_known(ask: Ask) -> None:
    others = [
        flow(f"{APP}:40100", "10.20.20.50:6379", **AT_APP),
        flow("10.20.10.21:40200", f"{DB}:5432", **AT_DB),
    ]
    seen = [
        flow(f"{APP}:40000", f"{DB}:5432", **AT_APP),
        flow(f"{APP}:40000", f"{DB}:5432", **AT_DB),
        flow(f"{DB}:5432", f"{APP}:40000", "REJECT", **AT_DB),
    ]
    verdict = ask(f"why {APP} {DB}", *seen, *others).facts["verdict"]
    assert [verdict[name] for name in FACTS] == [
        "blocked",
        "nacl",
        "reply",
        "destination",
        None,
        None,
    ]


def test_the_logs_own_reason_is_used_where_the_format_has_it(ask: Ask) -> None:
    fields = [*DEFAULT_FORMAT, "reject-reason"]
    seen = flow("203.0.113.9:40000", f"{DB}:443", "REJECT", reject_reason="BPA", **AT_DB)
    verdict = ask(f"why 203.0.113.9 {DB} 443", seen, fields=fields).facts["verdict"]
    assert [verdict[name] for name in FACTS[:2]] == ["blocked", "block-public-access"]


def test_late_packets_are_not_blamed_on_rules(ask: Ask) -> None:
    seen = [
        flow(f"{APP}:40000", f"{DB}:5432", **AT_DB),
        flow(f"{DB}:5432", f"{APP}:40000", **AT_DB),
        flow(f"{APP}:40000", f"{DB}:5432", "REJECT", at=3, packets=1, **AT_DB),
    ]
    verdict = ask(f"why {APP} {DB} 5432", *seen, network=network(broken=False)).facts["verdict"]
    assert [verdict[name] for name in FACTS[:2]] == ["allowed", "closed-connection"]


def test_nothing_logged_is_unknown_and_says_what_the_rules_would_do(ask: Ask) -> None:
    other = flow("10.20.10.21:40000", "10.20.20.50:6379")
    answer = ask(f"why {APP} {DB} 23", other, network=network(broken=False))
    assert answer.facts["verdict"]["outcome"] == "unknown"
    assert "no record of this flow" in answer.headline


@pytest.mark.parametrize("line", ["why 10.0.0.0/8 10.20.20.30", "why 10.20.20.30"])
def test_two_hosts_are_needed(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, flow(f"{APP}:1", f"{DB}:2"))


def test_a_name_that_nothing_has_gets_a_suggestion(ask: Ask) -> None:
    with pytest.raises(BadLine, match="worker-a1"):
        ask("why worker-a9 db-a1", flow(f"{APP}:1", f"{DB}:2"), network=network(broken=False))
