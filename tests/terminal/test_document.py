from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from bot.model.answer import Answer
from bot.model.chart import Bars, Heatmap, Series
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.terminal.document import document
from tests.terminal.answers import QUESTION, full, helped, hostile


def test_it_holds_what_programs_were_promised() -> None:
    made = document(full(), {})
    assert made["command"] == "rejects"
    assert made["window"] == {"start": "2026-11-20T13:00:00Z", "end": "2026-11-20T14:00:00Z"}
    assert {"title", "columns", "rows"} <= made["tables"][0].keys()
    for chart in made["charts"]:
        assert {"kind", "title", "series", "file"} <= chart.keys()
    assert {"text", "engine", "records_scanned", "bytes_scanned", "seconds"} <= made["queries"][
        0
    ].keys()
    assert made["notes"][1] == {
        "topic": "caution",
        "text": "3 damaged lines of flows.log.gz were skipped.",
    }
    assert made["next"] == ["why 10.0.1.5 10.0.2.7 5432", "rejects 7d"]
    assert made["why"] == []


def test_files_are_named_by_the_number_of_their_chart() -> None:
    made = document(full(), {1: Path("out/bars.png")})
    assert [chart["file"] for chart in made["charts"]] == [None, "out/bars.png"]


def test_rows_are_raw_and_as_long_as_the_columns() -> None:
    (sources, _) = document(full(), {})["tables"]
    assert sources["rows"][0][2:6] == [1240, 4_500_000, 0.83, "2026-11-20T13:29:03Z"]
    assert {len(row) for row in sources["rows"]} == {len(sources["columns"])}


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    when = datetime(2026, 11, 20, 5, 45, 0, 250_000, tzinfo=east)
    table = Table("t", (Column("at", "At", Kind.TIME),), ((when,),))
    made = document(Answer(QUESTION, "h", (table,)), {})
    assert made["tables"][0]["rows"] == [["2026-11-20T00:00:00.250000Z"]]
    assert when.astimezone(UTC).microsecond == 250_000


def test_every_value_is_json() -> None:
    series = Series("s", (float("nan"), float("inf"), None, 2.0, 0.5))
    chart = Bars("b", ("a", "b", "c", "d", "e"), (series,))
    text = json.dumps(document(Answer(QUESTION, "h", charts=(chart,)), {}), allow_nan=False)
    assert json.loads(text)["charts"][0]["series"][0]["values"] == [None, None, None, 2, 0.5]


def test_half_characters_can_be_written() -> None:
    made = document(hostile(), {0: Path("out/\udcff.png")})
    text = json.dumps(made, ensure_ascii=False).encode()
    assert json.loads(text)["question"] == "rejects ?"


def test_hostile_values_are_kept_as_they_are() -> None:
    made = document(hostile(), {})
    assert made["tables"][0]["rows"][0][0] == hostile().headline
    assert "\x1b" not in json.dumps(made)


def test_arguments_are_written_as_people_write_them() -> None:
    assert document(full(), {})["arguments"] == {
        "port": [5432],
        "from": "10.0.1.5",
        "to": "10.0.0.0/16",
        "top": 3,
    }
    bare = replace(QUESTION, arguments={"text": "fields @message"})
    assert document(Answer(bare, "h"), {})["arguments"] == {"text": "fields @message"}


def test_help_is_a_document_too() -> None:
    made = document(helped(), {})
    assert made["queries"] == []
    assert made["tables"][0]["rows"] == [["rejects"]]


def test_a_second_window_is_written_like_the_first() -> None:
    other = Window(QUESTION.window.start - timedelta(days=1), QUESTION.window.start)
    made = document(Answer(replace(QUESTION, arguments={"earlier": other}), "x"), {})
    assert made["arguments"]["earlier"] == {
        "start": "2026-11-19T13:00:00Z",
        "end": "2026-11-20T13:00:00Z",
    }


def test_a_heat_map_has_cells() -> None:
    chart = Heatmap("t", ("a",), ("x", "y"), ((None, 2.0),), Kind.BYTES, "bytes")
    (made,) = document(Answer(QUESTION, "h", charts=(chart,)), {})["charts"]
    assert made == {
        "kind": "heatmap",
        "title": "t",
        "file": None,
        "alt": "t. A heat map of 1 row by 2 columns, bytes. Not known: 1 cell. a: most at y, 2 B.",
        "unit": "bytes",
        "value_kind": "bytes",
        "rows": ["a"],
        "columns": ["x", "y"],
        "values": [[None, 2]],
    }
