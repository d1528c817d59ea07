from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.naming import named, retold
from bot.model.answer import Answer, Question
from bot.model.chart import Bars, Heatmap, Panel, Series, Timeline
from bot.model.inventory import Interface, Inventory
from bot.model.message import About, Button, Does, Message
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.network.aws_ranges import packaged
from bot.network.names import Names
from bot.network.teams import read_teams

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WINDOW = Window(datetime(2026, 11, 24, 11, tzinfo=UTC), NOW)
INVENTORY = Inventory(
    interfaces={
        "eni-1": Interface("eni-1", "vpc-1", "subnet-1", "use1-az1", ("10.0.0.5",), name="db"),
        "eni-2": Interface(
            "eni-2", "vpc-1", "subnet-1", "use1-az1", ("10.0.0.55",), name="<!here>"
        ),
    }
)


def answer(headline: str = "", **parts: object) -> Answer:
    question = Question("rejects", "rejects", WINDOW, ZoneInfo("UTC"), NOW)
    return named(Answer(question, headline, **parts), Names(INVENTORY))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ("10.0.0.5 was rejected.", "db (10.0.0.5) was rejected."),
        ("10.0.0.55, 10.0.0.5", "<!here> (10.0.0.55), db (10.0.0.5)"),
        ("most often 10.0.0.5 → 10.0.0.9", "most often db (10.0.0.5) → 10.0.0.9"),
        ("10.0.0.50 and 110.0.0.5", "10.0.0.50 and 110.0.0.5"),
        ("10.0.0.0/16 and 10.0.0.5.5", "10.0.0.0/16 and 10.0.0.5.5"),
        ("203.0.113.9 is outside", "203.0.113.9 is outside"),
        ("by 203.0.113.9 at 10.0.0.5.", "by 203.0.113.9 at db (10.0.0.5)."),
    ],
)
def test_only_whole_addresses_that_are_known_get_a_name(said: str, becomes: str) -> None:
    assert answer(said).headline == becomes


def test_a_table_gets_names_beside_addresses_where_there_are_any() -> None:
    columns = (
        Column("client", "Client", Kind.ADDRESS),
        Column("server", "Server", Kind.ADDRESS),
        Column("bytes", "Bytes", Kind.BYTES),
    )
    rows = (("10.0.0.5", "203.0.113.9", 7), ("10.0.0.9", "203.0.113.9", 8))
    (table,) = answer(tables=(Table("t", columns, rows),)).tables
    assert [column.name for column in table.columns] == ["client", "client_name", "server", "bytes"]
    assert table.rows == (
        ("10.0.0.5", "db", "203.0.113.9", 7),
        ("10.0.0.9", None, "203.0.113.9", 8),
    )


def test_a_table_says_whose_things_are_too(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").write_text("hosts:\n  db: data\nranges:\n  203.0.113.0/24: partner\n")
    names = Names(INVENTORY, teams=read_teams(tmp_path / "teams.yaml"))
    question = Question("rejects", "rejects", WINDOW, ZoneInfo("UTC"), NOW)
    rows = (("10.0.0.5",), ("203.0.113.9",))
    table = Table("t", (Column("host", "Host", Kind.ADDRESS),), rows)
    said = named(Answer(question, "10.0.0.5 and 203.0.113.9", tables=(table,)), names)
    assert said.headline == "db (10.0.0.5) and partner (203.0.113.9)"
    assert said.tables[0].rows == (("10.0.0.5", "db · data"), ("203.0.113.9", "partner"))


def test_a_port_tells_whose_a_server_of_ours_is_that_nothing_else_does(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").write_text("ports:\n  5432: data\nranges:\n  10.0.7.0/24: shop\n")
    names = Names(INVENTORY, teams=read_teams(tmp_path / "teams.yaml"))
    question = Question("rejects", "rejects", WINDOW, ZoneInfo("UTC"), NOW)
    kinds = (("client", Kind.ADDRESS), ("server", Kind.ADDRESS), ("port", Kind.PORT))
    columns = tuple(Column(name, name, kind) for name, kind in kinds)
    rows = (
        ("10.0.9.1", "10.0.8.8", 5432),
        ("10.0.9.1", "10.0.7.7", 5432),
        ("10.0.9.1", "10.0.8.8", 443),
        ("10.0.9.1", "203.0.113.9", 5432),
    )
    (table,) = named(Answer(question, "", tables=(Table("t", columns, rows),)), names).tables
    assert [column.name for column in table.columns] == ["client", "server", "server_name", "port"]
    assert [row[2] for row in table.rows] == ["data", "shop", None, None]


def test_bars_are_labelled_with_names() -> None:
    chart = Bars("10.0.0.5 sent most", ("10.0.0.5", "10.0.0.9"), (Series("s", (2.0, 1.0)),))
    (drawn,) = answer(charts=(chart,)).charts
    assert isinstance(drawn, Bars)
    assert drawn.title == "db sent most"
    assert drawn.labels == ("db", "10.0.0.9")


def test_bars_of_several_that_are_called_the_same_keep_their_address() -> None:
    chart = Bars("t", ("52.216.8.21", "52.216.40.77"), (Series("s", (2.0, 1.0)),))
    names = Names(INVENTORY, ranges=packaged())
    question = Question("rejects", "rejects", WINDOW, ZoneInfo("UTC"), NOW)
    (drawn,) = named(Answer(question, "", charts=(chart,)), names).charts
    assert isinstance(drawn, Bars)
    assert drawn.labels == ("S3 us-east-1 52.216.8.21", "S3 us-east-1 52.216.40.77")


def test_bars_of_pairs_are_labelled_with_both_names() -> None:
    labels = ("10.0.0.5 – 10.0.0.55", "10.0.0.5 → 203.0.113.9 443", "port 443")
    series = (Series("bytes", (1, 2, 3)),)
    (chart,) = answer(charts=(Bars("", labels, series, Kind.BYTES, "bytes"),)).charts
    assert isinstance(chart, Bars)
    assert chart.labels == ("db – <!here>", "db → 203.0.113.9 443", "port 443")


def test_a_heat_map_is_named_on_both_sides() -> None:
    chart = Heatmap("10.0.0.5 moved most", ("10.0.0.5", "x"), ("10.0.0.5",), ((1.0,), (2.0,)))
    (made,) = answer(charts=(chart,)).charts
    assert isinstance(made, Heatmap)
    assert (made.title, made.rows, made.columns) == ("db moved most", ("db", "x"), ("db",))


def test_the_series_of_a_timeline_are_named() -> None:
    panel = Panel("p", (Series("10.0.0.5", (1.0,)), Series("others", (2.0,))))
    (made,) = answer(charts=(Timeline("t", (NOW,), 60, (panel,)),)).charts
    assert isinstance(made, Timeline)
    assert [one.name for one in made.panels[0].series] == ["db", "others"]


def test_a_message_of_the_bot_itself_is_named_but_for_its_buttons() -> None:
    button = Button(Does.ASK, "Why?", "why 10.0.0.5 10.0.0.9 443")
    columns = (Column("source", "Source", Kind.ADDRESS), Column("records", "Records", Kind.COUNT))
    said = Message(
        "incident:1",
        About.WARNING,
        "open",
        "Rejected: 10.0.0.5 → 10.0.0.9",
        lines=("Most sent: 10.0.0.5 1 GB.",),
        buttons=(button,),
        tables=(Table("Sources", columns, (("10.0.0.5", 3),)),),
        notes=("10.0.0.9 is new.",),
    )
    told = retold(said, Names(INVENTORY))
    assert told.headline == "Rejected: db (10.0.0.5) → 10.0.0.9"
    assert told.lines == ("Most sent: db (10.0.0.5) 1 GB.",)
    assert told.tables[0].rows == (("10.0.0.5", "db", 3),)
    assert (told.notes, told.buttons) == (("10.0.0.9 is new.",), (button,))
