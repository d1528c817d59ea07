"""`decommission`, over made records of the demo's network."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.answer import Answer, Topic
from bot.model.chart import Timeline
from bot.model.errors import BadLine, MissingFields
from bot.model.fields import DEFAULT_FORMAT
from tests.commands.conftest import Ask
from tests.commands.known import INTERFACES, known
from tests.commands.records import Record, flow, status

APP_A, APP_B, DB_A = "10.20.10.21", "10.20.11.21", "10.20.20.30"
SPARE, AT_SPARE = "10.20.11.90", "eni-077762e60711c12a8"
ELSEWHERE = flow(f"{APP_A}:1", f"{APP_B}:2", interface_id=INTERFACES[APP_A])
SILENCE = status("NODATA", AT_SPARE)


def request(source: str, port: int = 22, *, at: int = 0, **other: object) -> Record:
    return flow(f"{source}:40000", f"{SPARE}:{port}", at=at, interface_id=AT_SPARE, **other)


def reply(target: str, port: int = 22, *, at: int = 0) -> Record:
    return flow(f"{SPARE}:{port}", f"{target}:40000", at=at, interface_id=AT_SPARE)


def rows(answer: Answer, title: str) -> list[dict[str, object]]:
    (table,) = [table for table in answer.tables if table.title.startswith(title)]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def facts(answer: Answer) -> list[object]:
    found = answer.facts["decommission"]
    return [found["verdict"], found["clients"], found["doubt"]]


def test_a_silent_host_that_was_logged_throughout_can_go(ask: Ask) -> None:
    answer = ask(f"decommission {SPARE} 1h", SILENCE, ELSEWHERE, network=known())
    assert facts(answer) == ["idle", 0, None]
    assert answer.headline == (
        f"spare-b1 ({SPARE}) can go, by its traffic: in 1 h nobody asked it and it asked"
        " nobody, and its interface was logged in every hour."
    )
    (proof,) = rows(answer, "Proof")
    assert (proof["interface"], proof["nodata"], proof["hours"]) == (AT_SPARE, 1, 1)


def test_it_can_be_asked_about_by_its_name(ask: Ask) -> None:
    answer = ask("decommission spare-b1 1h", SILENCE, network=known())
    assert facts(answer)[0] == "idle"


@pytest.mark.parametrize(
    ("records", "window", "doubt"),
    [
        ([ELSEWHERE], "1h", "it wrote no record at all"),
        ([SILENCE], "24h", "it wrote records in 1 of 24 hours"),
        ([SILENCE, status("SKIPDATA", AT_SPARE)], "1h", "1 SKIPDATA record: flows are missing"),
    ],
)
def test_silence_proves_nothing_where_logs_have_holes(
    ask: Ask, records: list[Record], window: str, doubt: str
) -> None:
    answer = ask(f"decommission {SPARE} {window}", *records, network=known())
    assert facts(answer) == ["unproven", 0, f"of {AT_SPARE}, {doubt}"]
    assert "which proves nothing" in answer.headline


def test_who_used_it_and_who_was_last(ask: Ask) -> None:
    records = [
        *(request(APP_A, at=minute) for minute in (1, 5, 9)),
        *(reply(APP_A, at=minute) for minute in (1, 5, 9)),
        request(APP_B, 8080, at=30),
        reply(APP_B, 8080, at=30),
        flow(f"{APP_B}:40000", f"{SPARE}:8080", at=30, interface_id=INTERFACES[APP_B]),
    ]
    answer = ask(f"decommission {SPARE} 1h", *records, network=known())
    assert facts(answer) == ["used", 2, None]
    last = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    assert answer.facts["decommission"]["last_used"] == last.isoformat()
    told = {(row["client"], row["port"]): row for row in rows(answer, "Who used it")}
    assert {key: row["records"] for key, row in told.items()} == {
        (APP_A, 22): 3,
        (APP_B, 8080): 1,  # recorded at both ends, counted once
    }
    assert [row["client"] for row in rows(answer, "Who used it")] == [APP_B, APP_A]
    assert answer.headline == (
        f"Do not switch spare-b1 ({SPARE}) off: 2 hosts used it in 1 h; the last was"
        f" app-b1 ({APP_B}) on tcp 8080 at 2026-11-20 14:35:00."
    )


def test_a_host_that_only_asks_others_works(ask: Ask) -> None:
    asks = [
        flow(f"{SPARE}:40000", f"{DB_A}:5432", interface_id=AT_SPARE),
        flow(f"{DB_A}:5432", f"{SPARE}:40000", interface_id=AT_SPARE),
    ]
    answer = ask(f"decommission {SPARE} 1h", *asks, network=known())
    assert facts(answer) == ["works", 0, None]
    (row,) = rows(answer, "What it used")
    assert (row["server"], row["port"], row["records"]) == (DB_A, 5432, 1)
    (chart,) = answer.charts
    assert isinstance(chart, Timeline)
    drawn = {p.title: sum(v or 0 for s in p.series for v in s.values) for p in chart.panels}
    assert drawn == {"Others ask it": 0, "It asks others": 2, "Rejected": 0}


def test_scanners_that_get_no_answer_and_rejects_are_no_use(ask: Ask) -> None:
    knocks = [
        request("198.51.100.7", 22),
        request("198.51.100.8", 22),
        request("198.51.100.9", 3389, action="REJECT"),
        SILENCE,
    ]
    answer = ask(f"decommission {SPARE} 1h", *knocks, network=known())
    assert facts(answer) == ["idle", 0, None]
    texts = " ".join(note.text for note in answer.notes)
    assert "2 outside addresses knocked by TCP and got no answer" in texts
    assert "1 rejected record" in texts


def test_one_way_traffic_from_inside_is_use(ask: Ask) -> None:
    answer = ask(f"decommission {SPARE} 1h", request(APP_A, 514, protocol=17), network=known())
    assert facts(answer)[:2] == ["used", 1]
    assert "though it answered none" in answer.headline


def test_what_passes_through_and_routes_are_use(ask: Ask) -> None:
    nat = INTERFACES["10.20.0.5"]
    through = flow(f"{APP_A}:1", "198.51.100.7:443", interface_id=nat)
    answer = ask("decommission nat-a 1h", through, network=known())
    assert facts(answer)[0] == "used"
    assert "1 host sent traffic through it" in answer.headline
    cautions = [note.text for note in answer.notes if note.topic is Topic.CAUTION]
    assert any(text.startswith("Routes lead to it: rtb-") for text in cautions)


def test_without_an_inventory_its_interface_is_told_by_what_it_wrote(ask: Ask) -> None:
    own = [request("198.51.100.7"), request("198.51.100.8")]
    answer = ask(f"decommission {SPARE} 1h", *own, ELSEWHERE)
    assert facts(answer) == ["idle", 0, None]
    answer = ask(f"decommission {DB_A} 1h")
    assert facts(answer) == ["unproven", 0, "its interface is not known"]
    assert any("flows inventory --save FILE" in note.text for note in answer.notes)


def test_nothing_logged_at_all(ask: Ask) -> None:
    answer = ask(f"decommission {SPARE} 1h", flow(f"{APP_A}:1", f"{APP_B}:2", at=-600))
    assert facts(answer)[0] == "unproven"
    assert answer.next == (f"decommission {SPARE} 24h", "coverage 1h")


def test_a_range_is_asked_as_a_whole(ask: Ask) -> None:
    answer = ask("decommission 10.20.11.64/26 1h", request(APP_A), reply(APP_A), network=known())
    assert answer.headline.startswith("Do not switch 10.20.11.64/26 off: 1 host used it")


@pytest.mark.parametrize("line", ["decommission", "decommission '\"|x", "decommission nobody"])
def test_what_is_no_host(ask: Ask, line: str) -> None:
    with pytest.raises(BadLine):
        ask(line, SILENCE, network=known())


def test_a_log_without_status(ask: Ask) -> None:
    fields = [name for name in DEFAULT_FORMAT if name != "log-status"]
    with pytest.raises(MissingFields, match="create-flow-logs"):
        ask(f"decommission {SPARE}", ELSEWHERE, fields=fields)


def test_hostile_records_are_text(ask: Ask) -> None:
    odd = request("<!here>'\"")
    answer = ask(f"decommission {SPARE} 1h", odd, network=known())
    assert "knocked" in " ".join(note.text for note in answer.notes)
