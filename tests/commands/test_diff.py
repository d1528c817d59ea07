from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Bars
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from commands.diff import Change, changes
from tests.commands.conftest import Ask
from tests.commands.plain import inside, made
from tests.commands.records import Record, flow

DB = "10.0.3.5:5432"
BEFORE = -120  # minutes: 12:05


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def talk(client: str, server: str, *, at: int = 0, size: int = 1000) -> list[Record]:
    return [flow(client, server, at=at, bytes=size), flow(server, client, at=at, bytes=size)]


def hosts(records: list[Record]) -> Counter[str]:
    """Bytes that hosts inside sent and got, each pair at the interface with most of its bytes."""
    seen: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for record in records:
        if record["action"] == "ACCEPT":
            ends = str(record["srcaddr"]), str(record["dstaddr"])
            seen[ends][str(record["interface-id"])] += int(str(record["bytes"]))
    moved: Counter[str] = Counter()
    for ends, by_interface in seen.items():
        for address in filter(inside, ends):
            moved[address] += max(by_interface.values())
    return moved


def test_as_counted_in_plain_python(ask: Ask) -> None:
    before = made(51, 40, at=BEFORE) + made(52, 40, at=BEFORE, action="REJECT")
    now = made(53, 90) + made(54, 90, action="REJECT")
    answer = ask("diff 1h vs 12:00..13:00", *before, *now)
    one, other = hosts(before), hosts(now)
    least = 0.01 * max(one.total(), other.total())
    expected = {
        host: (one[host], other[host], other[host] - one[host])
        for host in {**one, **other}
        if abs(other[host] - one[host]) >= least
        and max(one[host], other[host]) >= 1.5 * min(one[host], other[host])
    }
    assert len(expected) > 3
    assert {row[0]: row[2:] for row in rows(answer, "Hosts")} == expected
    told = {row[0]: row[4:6] for row in rows(answer, "Ports")}
    moved = [Counter[int](), Counter[int]()]
    for records, sums in zip((before, now), moved, strict=True):
        for record in records:
            if record["action"] == "ACCEPT":
                port = min(int(str(record["srcport"])), int(str(record["dstport"])))
                sums[port] += int(str(record["bytes"]))
    assert told
    assert all(told[port] == (moved[0][int(str(port))], moved[1][int(str(port))]) for port in told)
    totals = {row[0]: row[1:] for row in rows(answer, "In all")}
    rejected = [
        Counter(inside(str(r["srcaddr"])) for r in records if r["action"] == "REJECT")
        for records in (before, now)
    ]
    assert totals["rejects from inside, an hour"] == (rejected[0][True], rejected[1][True])
    assert totals["rejects from outside, an hour"] == (rejected[0][False], rejected[1][False])


def test_new_rejects_come_first(ask: Ask) -> None:
    answer = ask(
        "diff 1h vs 12:00..13:00",
        *talk("10.0.1.10:40001", DB, at=BEFORE),
        *talk("10.0.1.10:40001", DB),
        *(flow("10.0.9.9:40001", DB, "REJECT", at=n) for n in range(7)),
        *(flow("10.0.9.8:40001", "10.0.3.5:22", "REJECT", at=n) for n in range(4)),
        *(flow(f"198.51.100.{n}:40001", "10.0.1.12:22", "REJECT") for n in range(99)),
    )
    assert answer.headline == (
        "10.0.9.9 → 10.0.3.5 port 5432 (postgres) and 1 other pair from inside: rejected (7 an"
        " hour); traffic is what it was (2.00 kB an hour)."
    )
    assert rows(answer, "Rejected from inside")[0] == (
        *("10.0.9.9", "10.0.3.5", 5432, "tcp", "postgres"),
        *("new", 0, 7),
    )
    (chart,) = answer.charts
    assert isinstance(chart, Bars)
    assert chart.labels[0] == "10.0.9.9 → 10.0.3.5 5432"


def test_windows_of_unequal_length_are_compared_by_the_hour(ask: Ask) -> None:
    steady = [
        record
        for hour in range(-24, 1)
        for record in talk("10.0.1.10:40001", DB, at=hour * 60 + 10)
    ]
    answer = ask("diff 1h vs 24h", *steady)
    assert answer.headline == ("Nothing much changed; traffic is what it was (2.00 kB an hour).")
    (chart,) = answer.charts
    assert chart.title == "Nothing much changed"


def test_what_came_and_what_went(ask: Ask) -> None:
    answer = ask(
        "diff",
        *talk("10.0.1.10:40001", DB, size=500, at=-60),
        *talk("10.0.1.11:40001", "10.0.3.6:6379", size=900),
        *(flow("10.0.9.9:40001", DB, "REJECT", at=-60) for _ in range(3)),
    )
    assert answer.headline == (
        "10.0.9.9 → 10.0.3.5 port 5432 (postgres) from inside: no longer rejected (3 an hour);"
        " 10.0.1.11 is new (1.80 kB an hour); port 6379 (redis) is new; traffic is 1.8 times what"
        " it was (1.80 kB an hour)."
    )
    assert {row[0]: row[1] for row in rows(answer, "Hosts")} == {
        "10.0.1.10": "gone",
        "10.0.3.5": "gone",
        "10.0.1.11": "new",
        "10.0.3.6": "new",
    }


def test_noise_makes_no_difference(ask: Ask) -> None:
    answer = ask(
        "diff",
        *talk("10.0.1.10:40001", DB, at=-60),
        *talk("10.0.1.10:40001", DB),
        *(flow(f"198.51.100.{n}:4000", "10.0.0.5:9999", "REJECT") for n in range(90)),
        *(flow(f"198.51.100.{n}:4000", f"10.0.0.5:{n + 1}", bytes=40) for n in range(90)),
        flow("10.0.1.10:40001", DB, "REJECT"),  # a late packet
    )
    assert answer.headline.startswith("10.0.0.5 is new (3.60 kB an hour)")
    assert not rows(answer, "Ports")
    assert not rows(answer, "Rejected from inside")


@pytest.mark.parametrize(
    ("before", "now", "word"), [(0, 5, "new"), (5, 0, "gone"), (2, 5, "more"), (5, 2, "less")]
)
def test_what_counts_as_a_change(before: float, now: float, word: str) -> None:
    (found,) = changes({("a",): before, ("b",): 10}, {("a",): now, ("b",): 14.9}, 0.01)
    assert found == Change(("a",), before, now)
    assert found.word == word


def test_without_records_in_the_other_window(ask: Ask) -> None:
    answer = ask("diff 1h", *talk("10.0.1.10:40001", DB))
    assert answer.headline == (
        "The other window holds no records, so there is nothing to compare with."
    )
    assert (answer.tables, answer.charts) == ((), ())
    assert answer.next == ("diff 24h", "top-talkers 1h")
    assert [n.topic for n in answer.notes if "Nothing is logged in the other" in n.text] == [
        Topic.CAUTION
    ]


def test_without_records_in_the_window(ask: Ask) -> None:
    answer = ask("diff 1h", *talk("10.0.1.10:40001", DB, at=-60))
    assert answer.headline == "The window holds no records, so there is nothing to compare."


def test_hostile_records(ask: Ask) -> None:
    answer = ask("diff", flow("x\"]|y':1", DB, bytes=9), *talk("10.0.1.1:40001", DB, at=-60))
    assert rows(answer, "Hosts")


@pytest.mark.parametrize("line", ["diff vs", "diff vs x'\"]", "diff 24h vs 1h", "diff 1h 2h"])
def test_wrong_words(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, *talk("10.0.1.10:40001", DB))


def test_a_log_without_actions(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "action"]
    with pytest.raises(MissingFields, match="action"):
        ask("diff", *talk("10.0.1.10:40001", DB), fields=fields)


def test_next_lines_can_be_asked(ask: Ask) -> None:
    answer = ask(
        "diff",
        *talk("10.0.1.10:40001", DB, at=-60),
        *talk("10.0.1.10:40001", DB, size=9000),
        *(flow("10.0.9.9:40001", DB, "REJECT") for _ in range(3)),
    )
    assert answer.next == ("why 10.0.9.9 10.0.3.5 5432 1h", "host 10.0.1.10 1h", "trend bytes 1h")
    for line in answer.next:
        assert ask(line).headline
