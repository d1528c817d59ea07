"""`why`, over records that are written as files and the demo's network as EC2 describes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.demo import documents
from bot.model.errors import BadLine
from bot.model.fields import DEFAULT_FORMAT
from bot.network.documents import inventory
from bot.network.snapshots import Still
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

APP, DB = "10.20.11.21", "10.20.20.30"
AT_APP = {"interface_id": "eni-0dbb1677ce20182fe"}
AT_DB = {"interface_id": "eni-0be7380417d2c59b7"}
FACTS = ("outcome", "by", "leg", "side", "resource", "rule")


def network(*, broken: bool) -> Still:
    found = documents.documents(broken=broken)
    named = {name.removesuffix(".json"): document for name, document in found.items()}
    return Still(inventory(named), lambda: datetime(2026, 11, 20, 15, tzinfo=UTC))


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
    assert "may have changed" in " ".join(note.text for note in answer.notes)


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
