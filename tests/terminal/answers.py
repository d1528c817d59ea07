"""An answer with a bit of everything, and one whose every value tries something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from zoneinfo import ZoneInfo

from bot.model.answer import Answer, Note, QueryRun, Question, Topic
from bot.model.chart import Bars, Mark, Panel, Series, Timeline, Tone
from bot.model.query import Result, Row, Statistics
from bot.model.table import Column, Kind, Table
from bot.model.window import Window

START = datetime(2026, 11, 20, 13, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(hours=1))
HOSTILE = (
    "[bold]x[/bold] [link=file:///etc]y \x1b[31mred\x1b]0;title\x07 \x9b2J\r\n\u202e$z$ :smile:"
)

QUESTION = Question(
    "rejects",
    "rejects 1h port 5432 from 10.0.1.5",
    WINDOW,
    ZoneInfo("Europe/Berlin"),
    WINDOW.end,
    {"port": (5432,), "from": ip_network("10.0.1.5/32"), "to": ip_network("10.0.0.0/16"), "top": 3},
)
SOURCES = Table(
    "Top sources",
    (
        Column("source", "Source", Kind.ADDRESS),
        Column("name", "Name"),
        Column("flows", "Flows", Kind.COUNT),
        Column("bytes", "Bytes", Kind.BYTES),
        Column("share", "Share", Kind.SHARE),
        Column("first", "First seen", Kind.TIME),
        Column("interface", "Interface", detail=True),
        Column("instance", "Instance", detail=True),
    ),
    (
        (
            "10.0.1.5",
            "web-a",
            1240,
            4_500_000,
            0.83,
            START + timedelta(minutes=29, seconds=3),
            "eni-0a1b2c3d",
            "arn:aws:ec2:eu-central-1:123456789012:instance/i-0abcdef0123456789",
        ),
        ("10.0.2.7", None, 3, None, 0.004, None, "eni-0a1b2c3e", None),
    ),
    left_off=31,
)
TIMELINE = Timeline(
    "Rejects rose at 14:30",
    WINDOW.bins(WINDOW.period(12)),
    300,
    (
        Panel(
            "Inside the network",
            (
                Series(
                    "inside to inside", (0.0,) * 5 + (12.0, 400.0, 380.0, 401.0, 47.0, 0.0, None),
                    Tone.ALARMING,
                ),
                Series("inside going out", (1.0,) * 11 + (None,), Tone.REJECTED),
            ),
            Kind.COUNT,
            "rejected flows",
        ),
        Panel(
            "From the internet",
            (Series("scan noise", tuple(200.0 + n * 17 % 60 for n in range(12)), Tone.NOISE),),
            Kind.COUNT,
            "rejected flows",
        ),
    ),
    (Mark(START + timedelta(minutes=28), "deploy of web"),),
)  # fmt: skip
BARS = Bars(
    "Who was rejected",
    ("10.0.1.5", "10.0.2.7"),
    (
        Series("port 5432", (1000.0, 2.0), Tone.ALARMING),
        Series("others", (240.0, 1.0), Tone.REJECTED),
    ),
    Kind.COUNT,
    "rejected flows",
    "and 31 more",
)


def full() -> Answer:
    return Answer(
        QUESTION,
        "1\u2009240 flows from web-a to PostgreSQL were rejected",
        (SOURCES, replace(SOURCES, title="Top targets", rows=(), left_off=0)),
        (TIMELINE, BARS),
        (
            Note(Topic.METHOD, "A flow is rejected when its record says REJECT."),
            Note(Topic.CAUTION, "3 damaged lines of flows.log.gz were skipped."),
            Note(Topic.FRESHNESS, "The newest record is from 14:58."),
            Note(Topic.COVERAGE, "Logs of 3 interfaces."),
        ),
        ("why 10.0.1.5 10.0.2.7 5432", "rejects 7d"),
        (
            QueryRun(
                'filter action = "REJECT"\n| stats count(*) as flows by srcAddr',
                "local files",
                Statistics(1243, 98_765, 12_345_678, 0.41),
            ),
            QueryRun(
                "stats count(*)",
                "local files",
                Statistics(1, 98_765, 12_345_678, 0.1234567),
                "https://console.example/logs?query=stats",
            ),
        ),
    )


def hostile() -> Answer:
    table = Table(
        HOSTILE,
        (Column("a", HOSTILE), Column("b", "B", Kind.COUNT)),
        ((HOSTILE, 1), ("x" * 300 + "END", 2)),
    )
    timeline = replace(
        TIMELINE,
        title=HOSTILE,
        panels=(Panel(HOSTILE, (Series(HOSTILE, (1.0,) * 12),), Kind.COUNT, HOSTILE),),
        marks=(Mark(START, HOSTILE),),
    )
    bars = Bars(HOSTILE, (HOSTILE,), (Series(HOSTILE, (1.0,)),), Kind.COUNT, HOSTILE, HOSTILE)
    return Answer(
        replace(QUESTION, line="rejects \udcff"),
        HOSTILE,
        (table,),
        (timeline, bars),
        tuple(Note(topic, HOSTILE) for topic in Topic),
        (HOSTILE,),
        (QueryRun(HOSTILE, HOSTILE, Statistics(), HOSTILE),),
    )


def helped() -> Answer:
    """Help runs no query, so a window and a cost would mean nothing."""
    table = Table("Commands", (Column("name", "Command"),), (("rejects",),))
    return Answer(replace(QUESTION, command="help", line="help"), "What can be asked", (table,))


def result() -> Result:
    rows = (
        Row({"srcAddr": "10.0.1.5", "n": "1240", "name": "=HYPERLINK(1)"}),
        Row({"srcAddr": "-", "n": "-5", "name": 'a\tb \x1b[31mred, "quoted"\nnext'}),
        Row({"srcAddr": "10.0.2.7", "name": "@cmd"}),
    )
    return Result(
        ("srcAddr", "n", "name"),
        rows,
        Statistics(3, 98_765, 12_345_678, 0.41),
        notes=("torn.log.gz is damaged after line 7",),
        truncated=True,
    )
