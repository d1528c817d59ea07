from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Timeline, Tone
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, inside, made
from tests.commands.records import Record, flow

HOST, WEB = "10.0.1.10", "203.0.113.7"
MB = 1_000_000


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    tables = [table for table in answer.tables if table.title == title]
    return [
        dict(zip((column.name for column in table.columns), row, strict=True))
        for table in tables
        for row in table.rows
    ]


def upload(
    client: str, server: str, size: int, *, at: int = 0, interface: str = "eni-0a"
) -> list[Record]:
    return [
        flow(f"{client}:40001", f"{server}:443", bytes=size, at=at, interface_id=interface),
        flow(f"{server}:443", f"{client}:40001", bytes=100, at=at, interface_id=interface),
    ]


def steady(client: str, size: int = 5 * MB) -> list[Record]:
    return [record for at in range(0, 50, 2) for record in upload(client, WEB, size, at=at)]


def test_as_counted_in_plain_python(ask: Ask) -> None:
    records = made(61, 600)
    hosts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    servers: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    reached: dict[str, set[str]] = defaultdict(set)
    for (client, server, _), sums in counted(records).items():
        if inside(client) and not inside(server):
            reached[client].add(server)
            hosts[client][1] += sums.sent
            hosts[client][2] += sums.back
            servers[server][0] += sums.sent
            servers[server][1] += sums.back
    answer = ask("egress 1h", *records)
    assert {
        row["client"]: (row["destinations"], row["sent"], row["received"])
        for row in rows(answer, "Hosts")
    } == {host: (len(reached[host]), *sums[1:]) for host, sums in hosts.items()}
    assert {
        row["server"]: [row["sent"], row["received"]] for row in rows(answer, "Destinations")
    } == servers
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    by_minute: Counter[tuple[str, str, object]] = Counter()
    for record in records:  # hosts' own interfaces alone see what goes outside
        if record["action"] == "ACCEPT" and int(str(record["dstport"])) < 32768:
            source, target = str(record["srcaddr"]), str(record["dstaddr"])
            if inside(source) and not inside(target):
                by_minute[source, target, record["start"]] += int(str(record["bytes"]))
    drawn = sum(value or 0 for one in chart.panels[0].series for value in one.values)
    assert drawn == by_minute.total()


def test_an_unusual_transfer_is_the_headline(ask: Ask) -> None:
    answer = ask(
        "egress 1h",
        *steady(HOST),
        *upload(HOST, "198.51.100.9", 300 * MB, at=31),
        *steady("10.0.1.11", 50 * MB),
    )
    assert answer.headline == (
        "10.0.1.10 sent 300 MB to 1 destination outside in 1 min at 2026-11-20 14:36, usually"
        " 5.00 MB; 2 hosts sent 1.68 GB to 2 destinations outside, most 10.0.1.11 (1.25 GB)."
    )
    (row,) = rows(answer, "Transfers that stand out")
    assert (row["client"], row["usual"], row["score"]) == (HOST, 5 * MB, 295)
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [(one.name, one.tone) for one in chart.panels[0].series] == [
        (HOST, Tone.ALARMING),
        ("10.0.1.11", Tone.PLAIN),
    ]


def test_steady_traffic_is_nothing_unusual(ask: Ask) -> None:
    answer = ask("egress 1h", *steady(HOST))
    assert answer.headline == (
        "1 host sent 125 MB to 1 destination outside, most 10.0.1.10 (125 MB)."
    )
    assert answer.charts[0].title == "125 MB sent outside, nothing unusual among it"


def test_visitors_and_scanners_are_no_egress(ask: Ask) -> None:
    answer = ask(
        "egress",
        *(flow(f"198.51.100.{n}:5000", "10.0.0.5:22", bytes=40) for n in range(90)),
        flow("203.0.113.9:50001", "10.0.1.12:443", bytes=500),
        flow("10.0.1.12:443", "203.0.113.9:50001", bytes=900 * MB),
        flow(f"{HOST}:40001", f"{WEB}:25", "REJECT", bytes=900 * MB),
    )
    assert answer.headline == "No host sent anything outside."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("egress 7d",))


def test_a_nat_gateway_is_left_out(ask: Ask) -> None:
    gateway = "10.0.0.5"
    records = [
        *upload(HOST, WEB, 500),
        *upload(HOST, gateway, 500, interface="eni-0b"),
        *upload(gateway, WEB, 500, interface="eni-0b"),
    ]
    answer = ask("egress", *records)
    assert [row["client"] for row in rows(answer, "Hosts")] == [HOST]
    assert "500 B to 1 destination" in answer.headline
    assert any("10.0.0.5 passes on others' traffic" in note.text for note in answer.notes)


def test_new_destinations(ask: Ask) -> None:
    answer = ask(
        "egress 1h new 24h",
        *upload(HOST, WEB, 500),
        *upload(HOST, "198.51.100.9", 900),
        *upload("10.0.1.11", WEB, 500, at=-300),
    )
    assert answer.headline.endswith("; 1 of them is new.")
    assert [(row["server"], row["new"]) for row in rows(answer, "Destinations")] == [
        ("198.51.100.9", "new"),
        (WEB, "seen before"),
    ]


def test_without_earlier_logs_nothing_is_new(ask: Ask) -> None:
    answer = ask("egress 1h new 24h", *upload(HOST, WEB, 500))
    assert "new" not in answer.headline
    assert [row["new"] for row in rows(answer, "Destinations")] == [None]
    assert "what is new cannot be told" in answer.notes[0].text
    assert answer.notes[0].topic is Topic.CAUTION


def test_only_one_host(ask: Ask) -> None:
    answer = ask("egress of 10.0.1.11", *upload(HOST, WEB, 500), *upload("10.0.1.11", WEB, 70))
    assert [row["client"] for row in rows(answer, "Hosts")] == ["10.0.1.11"]
    assert [row["sent"] for row in rows(answer, "Destinations")] == [70]


def test_hostile_records(ask: Ask) -> None:
    answer = ask("egress 1h new 24h", *upload(HOST, "x\"]|y'", 500), *upload(HOST, WEB, 1, at=-99))
    assert rows(answer, "Destinations")[0]["server"] == "x\"]|y'"


@pytest.mark.parametrize(
    "line", ["egress new", "egress 24h new 1h", "egress of x'\"]", "egress 443"]
)
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *upload(HOST, WEB, 500))


def test_a_log_without_bytes(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "bytes"]
    with pytest.raises(MissingFields, match="bytes"):
        ask("egress", *upload(HOST, WEB, 500), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask("egress 1h", *upload(HOST, WEB, 500))
    assert answer.next == (f"deps {HOST} 1h", f"egress of {HOST} 1h")
    for line in answer.next:
        assert ask(line).headline
