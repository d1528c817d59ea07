from __future__ import annotations

from collections import Counter

import pytest

from bot.model.answer import Answer
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.plain import counted, made
from tests.commands.records import Record, flow

FIELDS = [*DEFAULT_FORMAT, "encryption-status"]


def with_status(records: list[Record], *statuses: object) -> list[Record]:
    """The records, whose status goes by their server's port, so that both legs agree."""
    return [
        record | {"encryption-status": statuses[int(min(str(record["srcport"]).zfill(5),
                                                       str(record["dstport"]).zfill(5)))
                                                % len(statuses)]}
        for record in records
    ]  # fmt: skip


def rows(answer: Answer, title: str) -> list[tuple[object, ...]]:
    return [row for table in answer.tables if table.title == title for row in table.rows]


def test_as_counted_in_plain_python(ask: Ask) -> None:
    records = with_status(made(41, 300), 0, 1, 3, "-")
    names = {0: "not encrypted", 1: "by Nitro", 3: "by both", "-": "not told"}
    expected: Counter[str] = Counter()
    for record in records:
        expected[names[record["encryption-status"]]] += int(str(record["bytes"]))
    bare = counted([r for r in records if r["encryption-status"] == 0])
    answer = ask("unencrypted", *records, fields=FIELDS)
    assert {row[0]: row[1] for row in rows(answer, "By encryption")} == expected
    assert len(expected) == 3
    assert len(bare) > 20
    told = {row[:3]: row[4:6] for row in rows(answer, "Not encrypted")}
    every = {key: (sums.sent, sums.back) for key, sums in bare.items()}
    assert told == {key: every[key] for key in told}  # type: ignore[index]
    assert len(told) == min(50, len(every))


def test_the_headline(ask: Ask) -> None:
    answer = ask(
        "unencrypted 1h",
        flow("10.0.1.10:40001", "10.0.3.5:5432", bytes=250, encryption_status=0),
        flow("10.0.1.10:40002", "10.0.3.6:443", bytes=500, encryption_status=1),
        flow("10.0.1.10:40002", "10.0.3.6:443", bytes=250, encryption_status=3),
        flow("10.0.1.10:40002", "203.0.113.7:443", bytes=9000, encryption_status="-"),
        flow("10.0.9.9:40001", "10.0.3.5:5432", "REJECT", encryption_status=0),
        fields=FIELDS,
    )
    assert answer.headline == (
        "25 % of the traffic is not encrypted (250 B as logged): 1 conversation, most"
        " 10.0.1.10 → 10.0.3.5 port 5432 (postgres) (250 B)."
    )
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    assert [one.name for one in chart.panels[0].series] == [
        "not encrypted",
        "by Nitro",
        "by both",
        "not told",
    ]
    assert answer.next == ("pair 10.0.1.10 10.0.3.5 1h", "unencrypted of 10.0.3.5 1h")
    for line in answer.next:
        assert ask(line).headline


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (1, "All traffic whose encryption is told is encrypted."),
        ("-", "Whether traffic is encrypted is not told: VPC Encryption Controls is off."),
    ],
)
def test_good_news_and_no_news(ask: Ask, status: object, said: str) -> None:
    records = [flow("10.0.1.10:40001", "10.0.3.5:443", encryption_status=status)]
    answer = ask("unencrypted", *records, fields=FIELDS)
    assert answer.headline == said
    assert answer.charts


def test_only_one_host(ask: Ask) -> None:
    records = with_status(made(41, 50), 0)
    answer = ask("unencrypted of 10.0.1.10", *records, fields=FIELDS)
    assert rows(answer, "Not encrypted")
    assert all("10.0.1.10" in row[:2] for row in rows(answer, "Not encrypted"))


def test_nothing(ask: Ask) -> None:
    records = [flow("10.0.1.10:40001", "10.0.3.5:443", "REJECT", encryption_status=0)]
    answer = ask("unencrypted 1h", *records, fields=FIELDS)
    assert answer.headline == "No accepted traffic in this window."
    assert (answer.tables, answer.charts, answer.next) == ((), (), ("unencrypted 24h",))


def test_hostile_records(ask: Ask) -> None:
    records = [flow("x\"]|y':40001", "10.0.3.5:443", encryption_status=0)]
    assert rows(ask("unencrypted", *records, fields=FIELDS), "Not encrypted")[0][0] == "x\"]|y'"


def test_wrong_words(ask: Ask) -> None:
    with pytest.raises(BadLine):
        ask("unencrypted x'\"]", *with_status(made(41, 5), 0), fields=FIELDS)


def test_a_log_without_the_field_says_how_to_make_one_with_it(ask: Ask) -> None:
    with pytest.raises(MissingFields, match=r"\$\{encryption-status\}"):
        ask("unencrypted", *made(41, 5))
