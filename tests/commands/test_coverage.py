"""`coverage`, over made records and a made network with holes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from ipaddress import ip_network

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.inventory import FlowLog, Interface, Inventory, LogGroup, Subnet, Vpc
from bot.network.snapshots import Still
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, known
from tests.commands.records import NOW, Record, flow, status


def interface(name: str, vpc: str, subnet: str, last: int) -> Interface:
    return Interface(
        f"eni-{name}", f"vpc-{vpc}", f"subnet-{subnet}", "use1-az1", (f"10.0.0.{last}",)
    )


def log(name: str, resource: str, traffic: str = "ALL", *, healthy: bool = True) -> FlowLog:
    return FlowLog(f"fl-{name}", resource, traffic, "flow-logs", 60, "", healthy)


INTERFACES_OF_HOLES = (
    interface("logged", "a", "a1", 1),
    interface("silent", "a", "a1", 2),
    interface("rejects", "b", "b1", 3),
    interface("bare", "b", "b2", 4),
    interface("other", "c", "c1", 5),
)
SUBNETS = ("a1", "b1", "b2", "c1")
HOLES = Inventory(
    interfaces={i.id: i for i in INTERFACES_OF_HOLES},
    subnets={
        f"subnet-{n}": Subnet(f"subnet-{n}", f"vpc-{n[0]}", (), "use1-az1", name=n) for n in SUBNETS
    },
    vpcs={f"vpc-{n}": Vpc(f"vpc-{n}", (ip_network("10.0.0.0/16"),), n) for n in "abc"},
    flow_logs={
        found.id: found
        for found in (
            log("a", "vpc-a"),
            log("b", "subnet-b1", "REJECT"),
            log("broken", "vpc-a", healthy=False),
        )
    },
)


def holes() -> Still:
    return Still(HOLES, lambda: NOW)


def records() -> list[Record]:
    return [
        flow("10.0.0.1:1", "198.51.100.7:443", interface_id="eni-logged"),
        flow("10.0.0.1:1", "198.51.100.8:443", interface_id="eni-logged", at=10),
        flow("198.51.100.7:1", "10.0.0.3:22", "REJECT", interface_id="eni-rejects"),
        flow("10.0.9.9:1", "198.51.100.7:443", interface_id="eni-gone"),
        status("NODATA", "eni-logged"),
        status("SKIPDATA", "eni-logged"),
    ]


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    (table,) = [table for table in answer.tables if table.title.startswith(title)]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def test_every_interface_has_its_state(ask: Ask) -> None:
    answer = ask("coverage 1h", *records(), network=holes())
    assert {row["interface"]: row["state"] for row in rows(answer, "Interfaces")} == {
        "eni-bare": "no flow log",
        "eni-other": "no flow log",
        "eni-silent": "no record in the window",
        "eni-rejects": "REJECT only",
        "eni-gone": "not in the inventory",
        "eni-logged": "recorded",
    }
    assert answer.headline == (
        "2 of 5 interfaces wrote records; 2 without a flow log; 1 besides not in the inventory;"
        " 1 with rejected traffic only; 1 flow log that cannot deliver; 1 SKIPDATA record in"
        " 1 stretch of time."
    )
    assert any("aws ec2 create-flow-logs" in note.text for note in answer.notes)


def test_what_has_no_flow_log_is_named_by_the_largest_part(ask: Ask) -> None:
    answer = ask("coverage 1h", *records(), network=holes())
    told = [(row["kind"], row["id"], row["interfaces"]) for row in rows(answer, "Without")]
    assert told == [("VPC", "vpc-c", 1), ("subnet", "subnet-b2", 1)]


def test_records_are_counted_by_interface_status_and_hour(ask: Ask) -> None:
    made = records()
    expected = Counter((r["interface-id"], r["log-status"]) for r in made)
    answer = ask("coverage 1h", *made, network=holes())
    for row in rows(answer, "Interfaces"):
        name = row["interface"]
        assert row["flows"] == expected[name, "OK"]
        assert row["nodata"] == expected[name, "NODATA"]
        assert row["skipdata"] == expected[name, "SKIPDATA"]
    (hour,) = rows(answer, "By hour")
    assert [hour[name] for name in ("flows", "nodata", "skipdata")] == [4, 1, 1]
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    drawn = [sum(v or 0 for s in panel.series for v in s.values) for panel in chart.panels]
    assert drawn == [4, 1, 1]
    assert answer.facts["coverage"] == {
        "interfaces_known": 5,
        "interfaces_seen": 3,
        "without_flow_log": 2,
        "unseen": 1,
        "skipdata_records": 1,
    }


def test_long_records_are_aggregated_over_ten_minutes(ask: Ask) -> None:
    slow = flow("10.20.10.21:1", "198.51.100.7:443", interface_id=INTERFACES["10.20.10.21"])
    slow["end"] = int(str(slow["start"])) + 590
    answer = ask("coverage 1h", slow, network=known())
    assert "1 aggregated over 10 minutes" in answer.headline
    states = {row["interface"]: row["state"] for row in rows(answer, "Interfaces")}
    assert states[INTERFACES["10.20.10.21"]] == "aggregated over 10 min"


def test_without_an_inventory_it_says_that_absence_cannot_be_seen(ask: Ask) -> None:
    answer = ask("coverage 1h", *records())
    assert answer.headline == (
        "3 interfaces wrote records; without an inventory nobody knows who did not;"
        " 1 SKIPDATA record in 1 stretch of time."
    )
    assert any("flows inventory --save FILE" in note.text for note in answer.notes)


def test_only_rejects_are_seen_without_an_inventory_too(ask: Ask) -> None:
    answer = ask("coverage 1h", flow("198.51.100.7:1", "10.0.0.3:22", "REJECT"))
    assert "only rejected traffic is in the logs" in answer.headline


def test_flow_logs_that_could_not_be_read_are_not_taken_for_none(ask: Ask) -> None:
    unread = Still(Inventory(interfaces=HOLES.interfaces), lambda: NOW)
    answer = ask("coverage 1h", *records(), network=unread)
    assert "whether the others have a flow log is not known" in answer.headline
    assert answer.facts["coverage"]["without_flow_log"] is None


def test_an_interface_that_never_wrote_is_there_though_nothing_else_is(ask: Ask) -> None:
    far = flow("10.0.0.1:1", "198.51.100.7:443", at=-600)
    answer = ask("coverage 1h", far, network=holes())
    assert answer.headline.startswith("0 of 5 interfaces wrote records; 2 without")


def test_nothing_at_all(ask: Ask) -> None:
    answer = ask("coverage 1h", flow("10.0.0.1:1", "198.51.100.7:443", at=-600))
    assert "no inventory says what should have been" in answer.headline
    assert answer.next == ("coverage 24h",)


def test_a_log_without_status(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "log-status"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask("coverage", *records(), fields=fields)


def test_a_hostile_interface_is_a_name_like_any(ask: Ask) -> None:
    odd = flow("10.0.0.1:1", "198.51.100.7:443", interface_id="<!here>'\"|")
    (row,) = rows(ask("coverage 1h", odd), "Interfaces")
    assert row["interface"] == "<!here>'\"|"


ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/vpc/flows:*"


def kept(*groups: LogGroup) -> Still:
    logs = {
        "fl-1": FlowLog("fl-1", "vpc-a", "ALL", "/vpc/flows", 600, ""),
        "fl-2": FlowLog("fl-2", "vpc-b", "ALL", ARN, 60, ""),
        "fl-3": FlowLog("fl-3", "vpc-c", "ALL", "arn:aws:s3:::bucket/logs", 60, ""),
    }
    found = replace(HOLES, flow_logs=logs, log_groups={group.id: group for group in groups})
    return Still(found, lambda: NOW)


@pytest.mark.parametrize(
    ("groups", "expected", "said"),
    [
        ([LogGroup("/vpc/flows", None)], "for ever", True),
        ([LogGroup("/vpc/flows", 30, 5)], "30 days", False),
        ([LogGroup("/vpc/flows", 1)], "1 day", False),
        ([LogGroup("/vpc/flows-2", None)], None, False),
        ([], None, False),
    ],
)
def test_how_long_log_groups_keep_records(
    ask: Ask, groups: list[LogGroup], expected: str | None, *, said: bool
) -> None:
    answer = ask("coverage 1h", *records(), network=kept(*groups))
    found = {row["id"]: row["kept"] for row in rows(answer, "Flow logs")}
    assert found == {"fl-1": expected, "fl-2": expected, "fl-3": None}
    stored = {row["id"]: row["stored"] for row in rows(answer, "Flow logs")}
    assert stored["fl-1"] == (groups[0].stored if expected else None)
    assert ("; 1 log group without retention" in answer.headline) == said


def test_flow_logs_that_are_set_to_ten_minutes(ask: Ask) -> None:
    answer = ask("coverage 1h", *records(), network=kept())
    assert "; 1 flow log set to aggregate over 10 minutes" in answer.headline
