"""Which clients of a port are new, and which are gone, against an earlier window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.insights.quoting import fill, is_quotable, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Window
from bot.model.writing import count, many, span, wider_words, window_words
from bot.network import conversations as talk
from bot.network.ports import spoken
from bot.network.ranges import inside, is_inside, within

EARLIER = timedelta(days=7)  # before the window, when the line names none
MOST = 10_000  # clients of one window
LISTED = 50
CHECKED = 100  # clients that are looked for by name where a list was cut off
DRAWN = 12

COLUMNS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("side", "From"),
    Column("servers", "Servers", Kind.COUNT),
    Column("sent", "Sent", Kind.BYTES),
    Column("received", "Received", Kind.BYTES),
    Column("connections", "Connections", Kind.COUNT),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)


@dataclass(frozen=True)
class Found:
    """Clients of the window, those of them that are new, and those that are gone."""

    now: Sequence[Row]
    new: Sequence[Row]
    gone: Sequence[Row]
    earlier: Window
    covered: bool  # whether the earlier window holds any record


def answer(question: Question, logs: Logs) -> Answer:
    earlier = _earlier(question)
    now, (before, recorded) = (
        logs.query(text(question))[0],
        logs.query(text(question), RECORDED, window=earlier),
    )
    new = _missing(question, logs, now, before, earlier)
    gone = _missing(question, logs, before, now, question.window)
    covered = any(row.number("records") for row in recorded.rows)
    found = Found(now.rows, new if covered else (), gone, earlier, covered)
    return Answer(
        question,
        _headline(question, found),
        tables=tuple(_tables(question, found)),
        charts=tuple(_charts(question, found)),
        notes=tuple(_notes(question, found)),
        next=_next(question, found),
    )


RECORDED = "stats count(*) as records"


def text(question: Question, only: tuple[str, ...] = ()) -> str:
    """Clients that were answered; `only` those, when there are any. Of no port: of any inside."""
    ports, host = question.ports("port"), question.network("host")
    ours = partial(inside, extra=question.inside)
    serving = partial(within, network=host) if host else _anyone if ports else ours
    whole = talk.conversations(
        'filter action = "ACCEPT"',
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
        reply=talk.reply_from(ports),
        only=(
            fill("filter port in {ports}", ports=ports) if ports else None,
            talk.between(_anyone, serving) if host or not ports else None,
            fill("filter client in {clients}", clients=only) if only else None,
        ),
        by=("client",),
        also="count_distinct(server) as servers",
    )
    return pipeline(
        whole,
        f"filter {talk.BACK_PACKETS} > 0",
        f"sort {talk.MOVED} desc",
        fill("limit {most}", most=MOST),
    )


def _anyone(field: str) -> str:
    return fill(f"{field} != {{none}}", none="")


def _earlier(question: Question) -> Window:
    asked = question.other_window("earlier")
    window = asked or Window(question.window.start - EARLIER, question.window.start)
    earlier = window.without(question.window)
    if earlier is None:
        raise BadLine(
            "the earlier window lies within the window itself",
            hint="Write one that begins before it: clients 5432 24h new 7d.",
        )
    return earlier


def _missing(
    question: Question, logs: Logs, here: Result, there: Result, window: Window
) -> list[Row]:
    """Clients that are here and not there. Where a list was cut, they are looked for by name."""
    known = {row.text("client") for row in there.rows}
    missing = [row for row in here.rows if row.text("client") not in known]
    if len(there.rows) < MOST:
        return missing
    names = [name for row in missing if is_quotable(name := row.text("client"))][:CHECKED]
    if not names:
        return []
    (found,) = logs.query(text(question, tuple(names)), window=window)
    still = set(names) - {row.text("client") for row in found.rows}
    return [row for row in missing if row.text("client") in still]


def _headline(question: Question, found: Found) -> str:
    where = _served(question)
    if host := question.network("host"):
        where += f" on {str(host).removesuffix('/32').removesuffix('/128')}"
    if not found.covered:
        clients = many(len(found.now), "client")
        return f"{clients} of {where}; the earlier window holds no records to compare with."
    if not found.now and not found.gone:
        return f"{where[0].upper()}{where[1:]} has no client, and had none before."
    return f"{_told(question, found.new, 'new', 'client')} of {where}; {_gone(question, found)}."


def _served(question: Question) -> str:
    ports = question.ports("port")
    return spoken(ports) if ports else "any port inside"


def _gone(question: Question, found: Found) -> str:
    return _told(question, found.gone, "gone", "")


def _told(question: Question, rows: Sequence[Row], what: str, noun: str) -> str:
    """How many, those inside by name: outside, new addresses are nothing new."""
    ours = [row for row in rows if is_inside(row.text("client"), question.inside)]
    number = count(len(ours)) if ours else "no" if noun else "none"
    head = f"{number} {what}"
    if noun:
        head += f" {noun if len(ours) == 1 else noun + 's'}"
    head += " inside"
    if ours:
        head += f" ({', '.join(row.text('client') for row in ours[:3])}"
        head += f" and {count(len(ours) - 3)} more)" if len(ours) > 3 else ")"
    others = len(rows) - len(ours)
    text = f"{head}, {count(others)} outside" if others else head
    return text[0].upper() + text[1:] if noun else text


def _tables(question: Question, found: Found) -> Iterator[Table]:
    for title, rows in (("New", found.new), ("Gone", found.gone)):
        if rows:
            order = sorted(rows, key=lambda row: _side(row, question))
            listed = tuple(_row(row, question) for row in order[:LISTED])
            yield Table(title, COLUMNS, listed, left_off=len(rows) - len(listed))
    if found.now:
        new = {row.text("client") for row in found.new}
        same = [row for row in found.now if row.text("client") not in new]
        title = "Seen before" if found.covered else "Clients"
        listed = tuple(_row(row, question) for row in same[:LISTED])
        if listed:
            yield Table(title, COLUMNS, listed, left_off=len(same) - len(listed))


def _side(row: Row, question: Question) -> str:
    return "inside" if is_inside(row.text("client"), question.inside) else "outside"


def _row(row: Row, question: Question) -> tuple[Value, ...]:
    return (
        row.text("client"),
        _side(row, question),
        row.number("servers"),
        row.number(talk.SENT),
        row.number(talk.BACK),
        row.number(talk.CONNECTIONS),
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
    )


def _charts(question: Question, found: Found) -> Iterator[Bars]:
    """Clients by what they moved, new, gone and others told apart by colour."""
    kind_of = {row.text("client"): "gone" for row in found.gone}
    kind_of |= {row.text("client"): "new" for row in found.new}
    rows = sorted((*found.now, *found.gone), key=lambda row: -row.number(talk.MOVED))
    first = sorted(rows, key=lambda row: row.text("client") not in kind_of)[:DRAWN]
    if not first:
        return
    kinds = [kind_of.get(row.text("client"), "seen before") for row in first]
    tones = {"new": Tone.PLAIN, "gone": Tone.NOISE, "seen before": Tone.ACCEPTED}
    rest = len(rows) - len(first)
    yield Bars(
        f"{many(len(found.new), 'new client')} of {_served(question)},"
        f" {count(len(found.gone))} gone",
        tuple(row.text("client") for row in first),
        tuple(
            Series(
                kind,
                tuple(
                    row.number(talk.MOVED) if kinds[n] == kind else 0 for n, row in enumerate(first)
                ),
                tone,
            )
            for kind, tone in tones.items()
            if kind in kinds
        ),
        Kind.BYTES,
        "bytes",
        f"and {count(rest)} more" if rest else "",
    )


def _notes(question: Question, found: Found) -> Iterator[Note]:
    if not found.covered:
        yield Note(
            Topic.CAUTION,
            f"Nothing is logged in the earlier window, {span(found.earlier, question.zone)}: who is"
            " new cannot be told.",
        )
    if found.now or found.gone:
        yield Note(
            Topic.METHOD,
            f"Compared with {span(found.earlier, question.zone)}. New are clients that were"
            " answered in the window and not in the earlier one, gone are those of the earlier one"
            f" that are not in the window. Of those gone, figures are of the earlier window."
            f" {talk.COUNTED}",
        )


def _next(question: Question, found: Found) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    ports = question.ports("port")[:1]
    of_port = tuple(f"port {port} {window}" for port in ports)
    ours = [row for row in (*found.new, *found.gone) if _side(row, question) == "inside"]
    if ours:
        name = ours[0].text("client")
        return f"host {name} {window}", f"deps {name} {window}", *of_port
    if found.now:
        return of_port
    return (" ".join(("clients", *map(str, ports), wider_words(question.window))),)


COMMAND = Command(
    name="clients",
    summary="which clients are new and which are gone, against an earlier window",
    answer=answer,
    arguments=(
        Argument("port", Takes.PORTS, "5432, 8000-8010, or a name like postgres; else any"),
        Argument("host", Takes.NETWORK, "only of this server: an address or a range", "on"),
        Argument("earlier", Takes.WINDOW, "what to compare with; the 7 days before", "new"),
    ),
    needs=talk.NEEDS,
    length=timedelta(hours=24),
    examples=(
        "clients 5432 1h new 24h",
        "clients postgres today new yesterday",
        "clients 1h --new 24h",
    ),
)
