from __future__ import annotations

from ipaddress import ip_network

import pytest

from bot.model.answer import Answer
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from bot.model.table import Kind
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, known
from tests.commands.records import Record, flow

RECORDS = [
    flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=100),
    flow("10.0.3.5:5432", "10.0.1.10:40001", bytes=900),
    flow("10.0.3.5:5432", "10.0.1.10:40001", bytes=900, interface_id="eni-0b"),
    flow("10.0.1.10:40002", "198.51.100.7:443", bytes=500),
    flow("10.0.1.11:40002", "198.51.100.8:443", bytes=50),
    flow("203.0.113.9:5000", "10.0.1.10:22", "REJECT", bytes=9_999),
]


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_inside_and_outside_apart_each_flow_once(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS)
    assert rows(answer, "Inside") == [
        ("10.0.1.10", 1500, 600, 900, 1500 / 1550, 2, 30, 3),
        ("10.0.3.5", 1000, 900, 100, 1000 / 1550, 1, 20, 2),
        ("10.0.1.11", 50, 50, 0, 50 / 1550, 1, 10, 1),
    ]
    assert [row[0] for row in rows(answer, "Outside")] == ["198.51.100.7", "198.51.100.8"]
    assert answer.headline == (
        "10.0.1.10 moved most inside: 1.50 kB (97 % of the traffic);"
        " 198.51.100.7 moved most outside: 500 B (32 % of the traffic)."
    )
    assert answer.notes[0].text == (
        "Accepted traffic; packets that several interfaces recorded count once: at the sender's"
        " interface, else at the receiver's; a NAT gateway's own records count only where no host"
        " behind it recorded the same. Counted 1.55 kB and second sightings 900 B are the 2.45 kB"
        " of 5 records that were logged."
    )


@pytest.mark.parametrize(
    ("measure", "hosts", "said"),
    [
        ("packets", [("10.0.1.10", 30), ("10.0.3.5", 20), ("10.0.1.11", 10)], "30 packets (75 %"),
        ("flows", [("10.0.1.10", 3), ("10.0.3.5", 2), ("10.0.1.11", 1)], "3 flow records (75 %"),
    ],
)
def test_measures(ask: Ask, measure: str, hosts: list[tuple[str, int]], said: str) -> None:
    answer = ask(f"top-talkers internal {measure}", *RECORDS)
    assert [row[:2] for row in rows(answer, "Inside")] == hosts
    assert answer.headline == f"10.0.1.10 moved most inside: {said} of the traffic)."
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert [one.name for one in chart.series] == ["sent", "received"]
    assert chart.kind is Kind.COUNT


def test_pairs_have_both_directions_in_one(ask: Ask) -> None:
    answer = ask("top-talkers by pair", *RECORDS)
    assert rows(answer, "Pairs") == [
        ("10.0.3.5", "10.0.1.10", 1000, 900, 100, 1000 / 1550, 20, 2),
        ("10.0.1.10", "198.51.100.7", 500, 500, 0, 500 / 1550, 10, 1),
        ("10.0.1.11", "198.51.100.8", 50, 50, 0, 50 / 1550, 10, 1),
    ]
    assert answer.headline == ("10.0.3.5 – 10.0.1.10 moved most: 1.00 kB (65 % of the traffic).")


def test_ports_of_servers(ask: Ask) -> None:
    answer = ask("top-talkers by port", *RECORDS)
    assert rows(answer, "Servers' ports") == [
        ("5432 (postgres)", "tcp", 1, 1, 1000, 100, 900, 1000 / 1550, 20, 3),
        ("443 (https)", "tcp", 2, 2, 550, 550, 0, 550 / 1550, 20, 2),
    ]
    assert answer.headline == "Port 5432 (postgres) tcp moved most: 1.00 kB (65 % of the traffic)."
    assert answer.next == ("port 5432 1h", "top-talkers by pair 1h")


def test_protocols(ask: Ask) -> None:
    ping = flow("10.0.1.10:0", "10.0.3.5:0", protocol=1, bytes=84)
    odd = flow("10.0.1.10:0", "10.0.3.5:0", protocol=99, bytes=9)
    answer = ask("top-talkers by protocol flows", *RECORDS, ping, odd)
    assert rows(answer, "Protocols") == [
        ("tcp", 2, 3, 5, 5 / 7, 1550, 40),
        ("icmp", 1, 1, 1, 1 / 7, 84, 10),
        ("99", 1, 1, 1, 1 / 7, 9, 10),
    ]
    assert answer.headline == "Protocol tcp moved most: 5 flow records (71 % of the traffic)."


REFUSED = [
    *(flow(f"203.0.113.9:{n}", "10.0.1.10:22", "REJECT", interface_id="eni-0b") for n in (5, 6, 7)),
    flow("10.0.1.10:40001", "10.0.3.5:5432", "REJECT", interface_id="eni-0c"),
]


def test_rejects_as_logged(ask: Ask) -> None:
    answer = ask("top-talkers rejects", *REFUSED, RECORDS[0])
    assert rows(answer, "Inside") == [
        ("10.0.1.10", 4, 1, 3, 1.0, 2),
        ("10.0.3.5", 1, 0, 1, 0.25, 1),
    ]
    assert answer.headline == (
        "10.0.1.10 had most inside: 4 rejected flows (100 % of the rejects);"
        " 203.0.113.9 had most outside: 3 rejected flows (75 % of the rejects)."
    )
    assert answer.notes[0].text == "Rejects are counted as logged: a flow is rejected at one place."


def test_rejects_by_port(ask: Ask) -> None:
    answer = ask("top-talkers rejects by port", *REFUSED, RECORDS[0])
    assert rows(answer, "Servers' ports") == [
        ("22 (ssh)", "tcp", 1, 1, 3, 0.75),
        ("5432 (postgres)", "tcp", 1, 1, 1, 0.25),
    ]
    assert answer.headline == "Port 22 (ssh) tcp had most: 3 rejected flows (75 % of the rejects)."


def test_rejects_by_subnet(ask: Ask) -> None:
    refused = [record | {"action": "REJECT"} for record in KNOWN]
    answer = ask("top-talkers by subnet rejects", *refused, network=known())
    assert [row[1:6] for row in rows(answer, "Subnets")] == [
        ("data-a", 6, 0, 6, 0),
        ("app-a", 6, 4, 0, 2),
        ("app-b", 2, 2, 0, 0),
    ]


@pytest.mark.parametrize("by", ["", " by port"])
def test_nothing_was_rejected(ask: Ask, by: str) -> None:
    answer = ask(f"top-talkers rejects{by}", RECORDS[0])
    assert (answer.headline, answer.tables) == ("Nothing was rejected.", ())


APP, ALSO_APP, OTHER, DB = "10.20.10.21", "10.20.10.22", "10.20.11.21", "10.20.20.30"


def among(source: str, target: str, size: int) -> list[Record]:
    """A flow between two of the demo's hosts, recorded at both."""
    return [
        flow(f"{source}:40001", f"{target}:5432", bytes=size, interface_id=INTERFACES[at])
        for at in (source, target)
    ]


KNOWN = [
    *among(APP, DB, 1000),
    *among(ALSO_APP, DB, 200),
    *among(OTHER, DB, 30),
    *among(APP, ALSO_APP, 4),
]


@pytest.mark.parametrize(
    ("by", "title", "expected", "headline"),
    [
        (
            "instance",
            "Instances",
            [("db-a1", 1230, 0, 1230, 0), ("app-a1", 1004, 1004, 0, 0), ("app-a2", 204, 200, 4, 0),
             ("app-b1", 30, 30, 0, 0)],
            "Instance db-a1 moved most: 1.23 kB (>99 % of the traffic).",
        ),
        (
            "subnet",
            "Subnets",
            [("data-a", 1230, 0, 1230, 0), ("app-a", 1204, 1200, 0, 4), ("app-b", 30, 30, 0, 0)],
            "Subnet data-a moved most: 1.23 kB (>99 % of the traffic).",
        ),
        (
            "security-group",
            "Security groups",
            [("app", 1234, 1230, 0, 4), ("db", 1230, 0, 1230, 0)],
            "Security group app moved most: 1.23 kB (100 % of the traffic).",
        ),
        ("vpc", "VPCs", [("shop", 1234, 0, 0, 1234)],
         "VPC shop moved most: 1.23 kB (100 % of the traffic)."),
        (
            "interface",
            "Interfaces",
            [("db-a1", 1230, 0, 1230, 0), ("app-a1", 1004, 1004, 0, 0), ("app-a2", 204, 200, 4, 0),
             ("app-b1", 30, 30, 0, 0)],
            "Interface db-a1 moved most: 1.23 kB (>99 % of the traffic).",
        ),
    ],
)  # fmt: skip
def test_things_of_the_inventory(
    ask: Ask, by: str, title: str, expected: list[tuple[object, ...]], headline: str
) -> None:
    answer = ask(f"top-talkers by {by}", *KNOWN, network=known())
    assert [row[1:6] for row in rows(answer, title)] == expected
    assert answer.headline == headline
    assert "by the inventory" in answer.notes[1].text or by == "interface"


def test_zones(ask: Ask) -> None:
    answer = ask("top-talkers by zone", *KNOWN, network=known())
    assert [row[2:6] for row in rows(answer, "Zones")] == [(1234, 0, 30, 1204), (30, 30, 0, 0)]


@pytest.mark.parametrize("line", ["by tag team", "by tag TEAM", "tag Team", "1h by tag team"])
def test_tags(ask: Ask, line: str) -> None:
    answer = ask(f"top-talkers {line}", *KNOWN, network=known())
    assert [row[:5] for row in rows(answer, "Tags by team")] == [
        ("shop", 1234, 1230, 0, 4),
        ("data", 1230, 0, 1230, 0),
    ]
    assert answer.headline == "Tag team: shop moved most: 1.23 kB (100 % of the traffic)."


def test_accounts_are_in_every_record(ask: Ask) -> None:
    answer = ask("top-talkers by account", *RECORDS)
    assert rows(answer, "Accounts")[0][:2] == ("123456789012", 1550)


def test_the_records_own_field_comes_first(ask: Ask) -> None:
    records = [record | {"subnet-id": f"subnet-{record['interface-id']}"} for record in KNOWN]
    fields = [*DEFAULT_FORMAT, "subnet-id"]
    answer = ask("top-talkers by subnet", *records, network=known(), fields=fields)
    assert rows(answer, "Subnets")[0][0] == f"subnet-{INTERFACES[DB]}"
    assert answer.notes[1].text.startswith(
        "Subnets are told by the records' own subnet-id, else by the inventory."
    )


@pytest.mark.parametrize(
    ("by", "field"),
    [("subnet", "subnet-id"), ("instance", "instance-id"), ("zone", "az-id"), ("vpc", "vpc-id"),
     ("region", "region"), ("tag Name", "instance-tag")],
)  # fmt: skip
def test_neither_records_nor_inventory_tell(ask: Ask, by: str, field: str) -> None:
    with pytest.raises(MissingFields, match="neither these logs nor an inventory tell") as error:
        ask(f"top-talkers by {by}", *RECORDS)
    assert f"${{log-status}} ${{{field}}}'" in str(error.value)
    assert ("flows inventory --save FILE" in str(error.value)) == (by != "region")


def test_a_tag_that_nothing_has(ask: Ask) -> None:
    with pytest.raises(MissingFields, match=r"no instance or .* a tag 'x\"; y'"):
        ask("top-talkers by tag 'x\"; y'", *KNOWN, network=known())


def test_groups_need_an_inventory(ask: Ask) -> None:
    with pytest.raises(MissingFields, match="security group of an address"):
        ask("top-talkers by security-group", *RECORDS)


@pytest.mark.parametrize("by", ["pair", "port", "subnet"])
def test_nothing_moved_by(ask: Ask, by: str) -> None:
    answer = ask(f"top-talkers by {by}", RECORDS[-1], network=known())
    assert answer.headline == "No host moved anything."
    assert (answer.tables, answer.charts) == ((), ())


def test_ports_need_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "srcport"]
    with pytest.raises(MissingFields, match="srcPort"):
        ask("top-talkers by port", *RECORDS, fields=fields)


def test_hostile_records(ask: Ask) -> None:
    strange = flow("x\"]|y':1", "10.0.3.5:5432", bytes=7, interface_id='e"|x')
    answer = ask("top-talkers by interface", strange, *RECORDS[:1])
    assert sum(int(str(row[1])) for row in rows(answer, "Interfaces")) >= 100
    assert ask("top-talkers by pair").tables[0].rows[1][2] == 7


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("internal by pair", "only hosts are internal or external"),
        ("by port by pair", "by is given twice"),
        ("by pair tag Name", "two things to rank by"),
        ("by tag", "'tag' needs key"),
        ("by colour", "'colour' is not one of host"),
        ("packets bytes", "does not understand|is not one of"),
    ],
)
def test_wrong_words(ask: Ask, line: str, said: str) -> None:
    with pytest.raises(BadLine, match=said):
        ask(f"top-talkers {line}", *RECORDS)


@pytest.mark.parametrize(("side", "title"), [("internal", "Inside"), ("external", "Outside")])
def test_one_side(ask: Ask, side: str, title: str) -> None:
    answer = ask(f"top-talkers {side} 1h", *RECORDS)
    assert [table.title for table in answer.tables] == [title]
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert list(chart.labels) == [row[0] for row in rows(answer, title)]


def test_ranges_that_are_ours_are_inside(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS, inside=(ip_network("198.51.100.0/24"),))
    assert [table.title for table in answer.tables] == ["Inside"]


def test_nothing_moved(ask: Ask) -> None:
    answer = ask("top-talkers", RECORDS[-1])
    assert answer.headline == "No host moved anything."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("top-talkers 24h",))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("top-talkers", *RECORDS, fields=fields)


def test_a_wrong_side(ask: Ask) -> None:
    with pytest.raises(BadLine, match="internl"):
        ask("top-talkers internl", *RECORDS)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("top-talkers", *RECORDS)
    assert answer.next == (
        "top-talkers external 1h",
        "top-talkers by pair 1h",
        "rejects 1h",
    )
    for line in answer.next:
        assert ask(line).headline


@pytest.mark.parametrize(
    ("by", "field", "value", "expected"),
    [
        ("region", "region", "eu-central-1", "eu-central-1"),
        ("tag Team", "instance-tag", "web%20shop", "web shop"),
        ("instance", "instance-id", "i-0abc", "i-0abc"),
    ],
)
def test_what_only_the_records_tell(
    ask: Ask, by: str, field: str, value: str, expected: str
) -> None:
    records = [record | {field: value} for record in RECORDS]
    answer = ask(f"top-talkers by {by}", *records, fields=[*DEFAULT_FORMAT, field])
    assert answer.tables[0].rows[0][:2] == (expected, 1550)
    assert f"told by the records' own {field}" in answer.notes[1].text
