from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.records import Record, flow

INSIDE = [
    flow("10.0.1.10:40001", "10.0.3.5:5432", "REJECT", at=2),
    flow("10.0.1.10:40002", "10.0.3.5:5432", "REJECT", at=2),
    flow("10.0.1.11:40002", "10.0.3.6:6379", "REJECT", at=30),
]
OUTGOING = [flow("10.0.1.10:40001", "198.51.100.7:25", "REJECT", at=3)]
NOISE = [flow("203.0.113.9:50000", f"10.0.0.5:{port}", "REJECT", at=4) for port in range(1, 7)]
NOISE += [flow("203.0.113.10:50000", "10.0.0.5:23", "REJECT", at=5)]
OTHER = [flow("203.0.113.9:1", "198.51.100.7:2000", "REJECT")]
ACCEPTED = [flow("10.0.1.10:40001", "10.0.3.5:443")]
ALL: list[Record] = [*INSIDE, *OUTGOING, *NOISE, *OTHER, *ACCEPTED]


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_origins_add_up(ask: Ask) -> None:
    answer = ask("rejects 1h", *ALL)
    assert rows(answer, "Rejected by origin") == [
        ("inside to inside", 3, 3 / 12),
        ("from inside going out", 1, 1 / 12),
        ("from the internet", 7, 7 / 12),
        ("anything else", 1, 1 / 12),
    ]


def test_the_headline_leads_with_trouble_inside(ask: Ask) -> None:
    assert ask("rejects 1h", *ALL).headline == (
        "4 flows from inside rejected, most often 10.0.1.10 → 10.0.3.5 port 5432 (2 times);"
        " 7 from 2 sources on the internet and 1 between outside addresses."
    )


def test_noise_alone_is_noise(ask: Ask) -> None:
    answer = ask("rejects 1h", *NOISE)
    assert answer.headline == (
        "Nothing from inside was rejected; 7 from 2 sources on the internet."
    )
    (told,) = [n.text for n in answer.notes if "tried 5 or more" in n.text]
    assert "50 % tried 5 or more targets or ports" in told
    assert "they sent 86 % of these rejects" in told


def test_pairs_sources_targets_and_ports(ask: Ask) -> None:
    answer = ask("rejects 1h", *ALL)
    at = datetime(2026, 11, 20, 14, 7, tzinfo=UTC)
    assert rows(answer, "Rejected from inside")[0] == (
        "10.0.1.10",
        "10.0.3.5",
        5432,
        2,
        "tcp",
        "postgres",
        at,
        at,
        "inside to inside",
    )
    assert len(rows(answer, "Rejected from inside")) == 3
    assert rows(answer, "Top sources")[0] == ("203.0.113.9", "from the internet", 6, 1, 6)
    assert rows(answer, "Top targets")[0] == ("10.0.0.5", 7, 2)
    assert rows(answer, "Top ports")[0] == (5432, "tcp", "postgres", 2, 1)


def test_a_rejected_reply_is_listed_under_its_servers_port(ask: Ask) -> None:
    replies = [flow("10.0.3.5:5432", f"10.0.1.10:4000{n}", "REJECT") for n in range(3)]
    answer = ask("rejects 1h", *replies)
    assert rows(answer, "Rejected from inside")[0][2:6] == (5432, 3, "tcp", "reply of postgres")
    assert "reply from port 5432 (3 times)" in answer.headline


def test_the_timeline_keeps_noise_in_its_own_panel_and_has_zeros(ask: Ask) -> None:
    (chart,) = ask("rejects 1h", *ALL).charts
    assert isinstance(chart, Timeline)
    inside, outside = chart.panels
    assert chart.bin_seconds == 60
    assert len(chart.times) == 60
    assert [series.name for series in inside.series] == [
        "inside to inside",
        "from inside going out",
    ]
    assert inside.series[0].values[7] == 2
    assert inside.series[0].values[6] == 0
    assert sum(inside.series[0].values) == 3  # type: ignore[arg-type]
    assert sum(outside.series[0].values) == 7  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "total"),
    [
        ("rejects 1h port 5432", 2),
        ("rejects 1h port postgres,redis", 3),
        ("rejects from 10.0.1.10 1h", 3),
        ("rejects 1h to 10.0.3.0/24", 3),
        ("rejects from 203.0.113.0/24 to 10.0.0.5 port 1-3", 3),
        ("rejects 14:00..14:08", 2),
        ("rejects 14:00..14:09", 3),
    ],
)
def test_narrowed(ask: Ask, line: str, total: int) -> None:
    by_origin = rows(ask(line, *INSIDE, *NOISE, *OUTGOING), "Rejected by origin")
    assert sum(int(str(row[1])) for row in by_origin) == total


def test_ranges_that_are_ours_are_inside(ask: Ask) -> None:
    from ipaddress import ip_network  # noqa: PLC0415

    answer = ask("rejects 1h", *NOISE, inside=(ip_network("203.0.113.0/24"),))
    assert rows(answer, "Rejected by origin")[0][1] == 7


def test_ipv6_origins(ask: Ask) -> None:
    answer = ask(
        "rejects",
        flow("fd00::1:40000", "fd00::2:22", "REJECT"),
        flow("2001:db8::1:40000", "fd00::2:22", "REJECT"),
        flow("fd00::1:40000", "2001:db8::1:22", "REJECT"),
        flow("fe80::1:40000", "fe80::2:22", "REJECT"),
    )
    assert [row[1] for row in rows(answer, "Rejected by origin")] == [2, 1, 1, 0]


def test_nothing_rejected(ask: Ask) -> None:
    answer = ask("rejects 1h", *ACCEPTED)
    assert answer.headline == "Nothing was rejected."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("rejects 24h",))
    assert answer.notes[0].text.startswith("Nothing matched")
    assert all(note.topic is not Topic.METHOD for note in answer.notes)


def test_a_log_without_actions(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "action"]
    with pytest.raises(MissingFields, match="action"):
        ask("rejects", *ALL, fields=fields)


@pytest.mark.parametrize("line", ["rejects 22", "rejects port x'y", 'rejects from 10.0.0.1" or 1'])
def test_hostile_lines(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *ACCEPTED)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("rejects 1h", *ALL)
    assert answer.next == (
        "why 10.0.1.10 10.0.3.5 5432 1h",
        "db-clients 5432 on 10.0.3.5 1h",
        "rejects from 10.0.1.10 1h",
        "rejects to 10.0.0.5 1h",
    )
    assert answer.why[:2] == (
        "why 10.0.1.10 10.0.3.5 5432 1h",
        "why 10.0.1.10 198.51.100.7 25 1h",
    )
    for line in (*answer.next, *answer.why):
        assert ask(line).headline
