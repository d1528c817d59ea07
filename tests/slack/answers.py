"""Answers written by hand, and a picture, for tests that need no other part."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.answer import Answer, Note, QueryRun, Question, Topic
from bot.model.chart import Bars, Chart, Series
from bot.model.query import Statistics
from bot.model.table import Column, Kind, Table
from bot.model.window import Window

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
LINK = "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:logs-insights"


def question(
    line: str = "db-clients 5432 1h", command: str = "db-clients", zone: ZoneInfo = BERLIN
) -> Question:
    return Question(command, line, Window.last(timedelta(hours=1), NOW), zone, NOW)


def clients_table(rows: int = 3) -> Table:
    """Who talks to a database; a column of details among the others."""
    return Table(
        "Clients of port 5432",
        (
            Column("client", "Client", Kind.ADDRESS),
            Column("bytes", "Bytes", Kind.BYTES),
            Column("flows", "Flows", Kind.COUNT),
            Column("share", "Share", Kind.SHARE),
            Column("last", "Last seen", Kind.TIME),
            Column("eni", "Interface", Kind.TEXT, detail=True),
        ),
        tuple(
            (f"10.0.1.{n}", 1_234_567 * (n + 1), 12_000 + n, 0.5, NOW, f"eni-{n}")
            for n in range(rows)
        ),
    )


def bars() -> Bars:
    return Bars(
        "Three clients, one does most of it",
        ("10.0.1.2", "10.0.1.1", "10.0.1.0"),
        (Series("bytes", (3.7e6, 2.4e6, 1.2e6)),),
        Kind.BYTES,
    )


def full(line: str = "db-clients 5432 1h") -> Answer:
    """An answer with one of everything."""
    return Answer(
        question(line),
        "3 clients used PostgreSQL on 5432; 10.0.1.2 moved half of the 7.41 MB",
        tables=(clients_table(),),
        charts=(bars(),),
        notes=(
            Note(Topic.METHOD, "A client is the side with the higher port."),
            Note(Topic.CAUTION, "2 records could not be read & were skipped."),
            Note(Topic.FRESHNESS, "The newest record is from 15:28 CET."),
        ),
        next=("rejects 1h port 5432", "top-talkers internal 1h"),
        queries=(
            QueryRun(
                "stats sum(bytes) by srcAddr",
                "CloudWatch Logs Insights",
                Statistics(36_003, 1_204_118, 98_700_000, 2.4),
                LINK,
            ),
        ),
    )


def empty() -> Answer:
    """Nothing found, and no chart."""
    return Answer(
        question("db-clients 9999 1h"),
        "Nobody used port 9999",
        tables=(Table("Clients of port 9999", (Column("client", "Client"),), ()),),
        notes=(Note(Topic.COVERAGE, "36 003 records lie in this hour; none has port 9999."),),
        queries=(QueryRun("filter dstPort = 9999", "local files", Statistics(0, 36_003, 4_000)),),
    )


def rejected(rows: int = 3) -> Answer:
    """Rejects of which one may ask why."""
    lines = tuple(f"why 10.0.1.{n} 10.0.2.9 5432 1h" for n in range(rows))
    return Answer(
        question("rejects 1h", "rejects"),
        "3 flows from inside rejected, most often 10.0.1.0 → 10.0.2.9 port 5432 (2 times)",
        tables=(clients_table(rows),),
        next=(*lines[:1], "rejects to 10.0.2.9 1h"),
        why=lines,
        queries=(QueryRun('filter action = "REJECT"', "local files", Statistics()),),
    )


def hostile() -> Answer:
    """Every value tries to notify somebody, to format, or to break out."""
    evil = "<!channel> <@U2> <https://evil.example|click> & @here `*_~"
    return Answer(
        question(f"query {evil}", "query"),
        f"{evil} moved 3 GB",
        tables=(
            Table(evil, (Column("a", evil), Column("b", "B", Kind.BYTES)), ((evil, 1), ("", None))),
            Table(f"second {evil}", (Column("a", evil),), ((evil + "```",),), left_off=7),
        ),
        charts=(Bars(evil, (evil,), (Series(evil, (1.0,)),)),),
        notes=tuple(Note(topic, evil) for topic in Topic),
        next=(evil,),
        why=(f"why {evil}", f"why not {evil}"),
        queries=(QueryRun(evil, evil, Statistics()),),
    )


def large() -> Answer:
    """More of everything than Slack takes."""
    wide = Table(
        "Very wide",
        tuple(Column(f"c{n}", f"Column {n}") for n in range(30)),
        tuple(tuple(f"{r}:{c} " + "x" * 40 for c in range(30)) for r in range(200)),
        left_off=1000,
    )
    return Answer(
        question("top-talkers 1h " + "y" * 3000, "top-talkers"),
        "A headline that goes on and on: " + "z" * 4000,
        tables=(wide, *(clients_table(300) for _ in range(30))),
        notes=tuple(Note(topic, "n" * 900) for topic in Topic for _ in range(40)),
        next=(*tuple(f"next {n} " + "w" * 100 for n in range(30)), "v" * 5000),
        queries=tuple(
            QueryRun("q", "local files", Statistics(), LINK + "x" * n * 1500) for n in range(4)
        ),
    )


def helped() -> Answer:
    return Answer(
        question("help", "help"),
        "Ask me what happens on the network",
        tables=(
            Table(
                "Questions",
                (Column("line", "Type"), Column("about", "To learn")),
                (("db-clients 5432", "who talks to a database"),),
            ),
        ),
    )


def png(_chart: Chart, _zone: ZoneInfo) -> bytes:
    """A small real PNG: 64 × 36 pixels of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 64, 36, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\x30\x70\xb0" * 64) * 36
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def alt_text(chart: Chart, _zone: ZoneInfo) -> str:
    return f"{chart.title}: bars by client."
