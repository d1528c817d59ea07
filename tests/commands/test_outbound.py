"""`outbound`: what leaves, with or without an answer. Its words are those of `inbound`."""

from __future__ import annotations

import pytest

from bot.model.chart import Bars
from bot.model.errors import MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, known
from tests.commands.records import flow
from tests.commands.test_inbound import APP, DB, ZONES, rows, talk

RESOLVER = "192.0.2.53"
RECORDS = [
    *talk(APP, "198.51.100.53", 53, protocol=17, sent=60, back=200),
    *talk(APP, RESOLVER, 53, protocol=17, sent=60, back=200),
    *talk(APP, "198.51.100.53", 853, sent=500, back=700),
    *(flow(f"{DB}:{40000 + n}", "203.0.113.25:25", bytes=60, packets=1) for n in range(3)),
    flow(f"{DB}:40009", "203.0.113.25:25", "REJECT"),
    *talk(APP, "203.0.113.7", 443),
    *talk(APP, DB, 53, protocol=17),
    flow(f"{APP}:5353", "224.0.0.251:53", protocol=17),
]


def test_names_and_mail_by_default(ask: Ask) -> None:
    answer = ask("outbound", *RECORDS)
    assert rows(answer, "By port") == [
        (853, "tcp", "", 1, 1, 1, 500, 700),
        (53, "udp", "dns", 1, 2, 2, 120, 400),
        (25, "tcp", "smtp", 1, 1, 3, 180, 0),
    ]
    assert answer.headline == (
        "2 hosts inside used 3 ports outside of ports 25, 53, 853: most 853 with 1.20 kB, by"
        " 10.0.2.7 at 198.51.100.53; 1 host was rejected."
    )
    assert {row[2]: row[4] for row in rows(answer, "Largest conversations")} == {
        853: "yes",
        53: "yes",
        25: "no",
    }
    assert rows(answer, "Rejected") == [(DB, "203.0.113.25", 25, "tcp", 1)]


def test_resolvers_that_are_approved(ask: Ask) -> None:
    answer = ask(f"outbound only dns except {RESOLVER}", *RECORDS)
    assert [row[1] for row in rows(answer, "Largest conversations")] == ["198.51.100.53"]
    assert answer.notes[1].text == "Left out as approved: 192.0.2.53/32."


def test_all_but_an_allow_list(ask: Ask) -> None:
    answer = ask("outbound allow 443,53", *RECORDS)
    assert [row[0] for row in rows(answer, "By port")] == [853, 25]


def test_out_of_a_zone_every_port_counts(ask: Ask) -> None:
    answer = ask("outbound zone cde", *RECORDS, *talk(DB, APP, 8080), teams=ZONES)
    assert [row[0] for row in rows(answer, "By port")] == [8080, 25]


def test_nat_gateways_do_not_count_again(ask: Ask) -> None:
    app, nat = "10.20.10.21", "10.20.0.5"
    again = [record | {"interface-id": INTERFACES[nat]} for record in talk(nat, RESOLVER, 53)]
    answer = ask("outbound", *talk(app, RESOLVER, 53), *again, network=known())
    assert [row[3:] for row in rows(answer, "By port")] == [(1, 1, 1, 100, 900)]
    assert "NAT gateways are left out" in answer.notes[0].text


def test_nothing(ask: Ask) -> None:
    answer = ask("outbound", *talk(APP, "203.0.113.7", 443))
    assert answer.headline == "Nobody inside used ports 25, 53, 853 outside."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("outbound 7d",))


def test_a_log_without_ports(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "dstport"]
    with pytest.raises(MissingFields, match="dstPort"):
        ask("outbound", *RECORDS, fields=fields)


def test_probes_from_outside_are_not_taken_for_answers(ask: Ask) -> None:
    probe = flow("203.0.113.9:24679", f"{APP}:40001")
    assert ask("outbound allow 443", probe).tables == ()


def test_what_is_only_rejected_is_drawn(ask: Ask) -> None:
    answer = ask("outbound", RECORDS[9])
    assert answer.headline == ("Nobody inside used ports 25, 53, 853 outside; 1 host was rejected.")
    assert answer.next == (f"why {DB} 203.0.113.25 25 24h", f"rejects from {DB} 24h")
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert (chart.title, chart.labels) == ("1 flow rejected, none let through", (DB,))
