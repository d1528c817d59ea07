"""What goes through the network unencrypted, by VPC Encryption Controls' own account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import many, share, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.ports import described, service
from bot.network.ranges import within

LISTED = 50

# What `encryption-status` says, by the VPC guide. A dash is for: off, or not known.
STATUSES = {
    "0": "not encrypted",
    "1": "by Nitro",
    "2": "by the application",
    "3": "by both",
    "-": "not told",
}
TONES = {
    "0": Tone.ALARMING,
    "1": Tone.ACCEPTED,
    "2": Tone.PLAIN,
    "3": Tone.PLAIN,
    "-": Tone.NOISE,
}
BY_STATUS = (
    Column("status", "Encryption"),
    Column("bytes", "Bytes as logged", Kind.BYTES),
    Column("share", "Share", Kind.SHARE),
    Column("records", "Records", Kind.COUNT),
)
PAIRS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)


@dataclass(frozen=True)
class Statuses:
    """Bytes and records by status, over time, and the conversations without encryption."""

    bins: Sequence[Row]
    pairs: Sequence[Row]
    truncated: bool

    def total(self, name: str, *statuses: str) -> int:
        return sum(r.number(name) for r in self.bins if r.text("status") in (statuses or STATUSES))


def answer(question: Question, logs: Logs) -> Answer:
    period = question.window.period()
    bins, pairs = logs.query(*texts(question, period))
    found = Statuses(bins.rows, pairs.rows, pairs.truncated)
    return Answer(
        question,
        _headline(found),
        tables=tuple(_tables(found)),
        charts=(_chart(question, found, period),) if found.bins else (),
        notes=(Note(Topic.METHOD, f"{METHOD} {talk.COUNTED}"),) if found.bins else (),
        next=_next(question, found),
    )


METHOD = (
    "Encryption is what encryption-status says of accepted records; AWS takes it for the"
    " application's where port 443 of an endpoint is used. Sums by status are as logged,"
    " conversations are counted once."
)


def texts(question: Question, period: Period) -> tuple[str, str]:
    """Bytes by status over time, and conversations that are not encrypted."""
    host = question.network("host")
    of = f"filter {within('srcAddr', host)} or {within('dstAddr', host)}" if host else None
    return (
        pipeline(
            'filter action = "ACCEPT"',
            of,
            "fields encryptionStatus as status",
            f"stats sum(bytes) as total, count(*) as records by status, bin({period.text}) as at",
            "sort at asc",
            "limit 10000",
        ),
        pipeline(
            talk.conversations('filter action = "ACCEPT" and encryptionStatus = 0', of),
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
    )


def _headline(found: Statuses) -> str:
    if not found.bins:
        return "No accepted traffic in this window."
    known = found.total("total", "0", "1", "2", "3")
    if not found.total("records", "0", "1", "2", "3"):
        return "Whether traffic is encrypted is not told: VPC Encryption Controls is off."
    bare = found.total("total", "0")
    if not found.pairs:
        return "All traffic whose encryption is told is encrypted."
    first = found.pairs[0]
    least = "at least " if found.truncated else ""
    return (
        f"{share(bare / known) if known else 'Some'} of the traffic is not encrypted ({size(bare)}"
        f" as logged): {least}{many(len(found.pairs), 'conversation')}, most"
        f" {first.text('client')} → {first.text('server')} port {described(first.number('port'))}"
        f" ({size(first.number(talk.MOVED))})."
    )


def _tables(found: Statuses) -> Iterator[Table]:
    if not found.bins:
        return
    whole = found.total("total")
    seen = [s for s in STATUSES if found.total("records", s)]
    yield Table(
        "By encryption",
        BY_STATUS,
        tuple(
            (
                STATUSES[status],
                found.total("total", status),
                found.total("total", status) / whole if whole else 0.0,
                found.total("records", status),
            )
            for status in seen
        ),
    )
    if found.pairs:
        rows = tuple(_row(row) for row in found.pairs[:LISTED])
        yield Table("Not encrypted", PAIRS, rows, left_off=len(found.pairs) - len(rows))


def _row(row: Row) -> tuple[Value, ...]:
    port = row.number("port")
    sums = row.number(talk.SENT), row.number(talk.BACK)
    times: tuple[datetime | None, ...] = (row.moment(talk.FIRST), row.moment(talk.LAST))
    return row.text("client"), row.text("server"), port, service(port), *sums, *times


def _chart(question: Question, found: Statuses, period: Period) -> Timeline:
    bins = question.window.bins(period)
    sums = {(row.text("status"), row.moment("at")): row.number("total") for row in found.bins}
    shown = [status for status in STATUSES if found.total("records", status)]
    series = tuple(
        Series(STATUSES[status], tuple(sums.get((status, at), 0) for at in bins), TONES[status])
        for status in shown
    )
    panel = Panel("By encryption", series, Kind.BYTES, "bytes")
    return Timeline(_headline(found).removesuffix("."), bins, period.seconds, (panel,))


def _next(question: Question, found: Statuses) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if found.pairs:
        first = found.pairs[0]
        ends = f"{first.text('client')} {first.text('server')}"
        return f"pair {ends} {window}", f"unencrypted of {first.text('server')} {window}"
    if found.bins:
        return (f"plaintext {window}",)
    return (f"unencrypted {wider_words(question.window)}",)


COMMAND = Command(
    name="unencrypted",
    summary="what goes through the network unencrypted, by encryption-status",
    answer=answer,
    arguments=(Argument("host", Takes.NETWORK, "only to or from this address or range", "of"),),
    needs=(*talk.NEEDS, "encryptionStatus"),
    length=timedelta(hours=24),
    examples=("unencrypted", "unencrypted of 10.20.0.0/16 1h"),
)
