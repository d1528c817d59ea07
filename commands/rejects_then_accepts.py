"""Who was rejected and later let through to the same port: rules that were mended, or opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.insights.quoting import fill, is_quotable, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Panel, Series, Timeline, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Period
from bot.model.writing import many, wider_words, window_words
from bot.network.counting import ANSWER, legs
from bot.network.ports import described, service
from bot.network.ranges import inside, is_inside, within

LISTED = 50
CHECKED = 80  # pairs that are looked at connection by connection
DRAWN = 20  # pairs that the chart adds up
NEVER = 9_999_999_999_999  # milliseconds; later than any record

COLUMNS = (
    Column("source", "Source", Kind.ADDRESS),
    Column("target", "Target", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("service", "Service"),
    Column("rejected", "Rejected", Kind.COUNT),
    Column("answered", "Answered", Kind.COUNT),
    Column("first_reject", "First rejected", Kind.TIME),
    Column("last_reject", "Last rejected", Kind.TIME),
    Column("last_answer", "Last answered", Kind.TIME),
    Column("now", "Since then"),
    Column("side", "From", detail=True),
)


@dataclass(frozen=True)
class Found:
    """Pairs that were rejected and later answered, by side of the source, most rejects first."""

    ours: Sequence[Row]
    others: Sequence[Row]
    left_out: int  # pairs that were not looked at

    @property
    def rows(self) -> list[Row]:
        return [*self.ours, *self.others]


def answer(question: Question, logs: Logs) -> Answer:
    (result,) = logs.query(candidates(question))
    looked_at = [row for row in result.rows if is_quotable(_key(row)[:2])][:CHECKED]
    rows = logs.query(text(question, looked_at))[0].rows if looked_at else ()
    keys = {_key(row) for row in looked_at}
    found = _found(
        question,
        [row for row in rows if _key(row) in keys],
        len(result.rows) - len(looked_at),
    )
    charts = (_chart(question, logs, found),) if found.rows else ()
    return Answer(
        question,
        _headline(question, found),
        tables=(_table(question, found),) if found.rows else (),
        charts=charts,
        notes=tuple(_notes(found)),
        next=_next(question, found),
    )


METHOD = (
    "Let through is told by an answer: a request that one interface accepts may be rejected at the"
    " next, and scanners are let through by NAT gateways without ever being answered. Rejects of a"
    " connection that had been answered before are late packets after its close, and left out; the"
    " chart has them. Counts are of records as logged."
)


def _notes(found: Found) -> Iterator[Note]:
    if found.left_out:
        yield Note(
            Topic.CAUTION,
            f"{many(found.left_out, 'more pair')} may have been rejected and later let through;"
            f" looked at were {CHECKED}, those inside first. A narrower question has the others.",
        )
    if found.rows:
        yield Note(Topic.METHOD, METHOD)


def candidates(question: Question) -> str:
    """Pairs by port that were rejected and answered later, late packets included."""
    return pipeline(
        _events(question),
        "stats sum(refused) as refusals, sum(passed) as passes, min(refusedAt) as firstRefused,"
        " max(passedTill) as lastPassed by client, server, port, protocol",
        "filter refusals > 0 and passes > 0 and lastPassed > firstRefused",
        "fields client, server, port, protocol, refusals,"
        f" if({inside('client', question.inside)}, 1, 0) as ours",
        "sort ours desc, refusals desc, client asc, server asc",
        "limit 10000",
    )


def text(question: Question, pairs: Sequence[Row]) -> str:
    """Of some pairs, rejects that no answer came before, and when there was an answer after."""
    return pipeline(
        _events(question, _these(pairs)),
        "stats sum(refused) as refusals, sum(passed) as passes, min(refusedAt) as oneRefusedAt,"
        " max(refusedTill) as oneRefusedTill, min(passedAt) as onePassedAt,"
        " max(passedTill) as onePassedTill by client, server, clientPort, port, protocol",
        fill(
            "fields if(onePassedAt <= oneRefusedAt, 0, refusals) as tries,"
            " if(onePassedAt <= oneRefusedAt, {never}, oneRefusedAt) as triedAt,"
            " if(onePassedAt <= oneRefusedAt, 0, oneRefusedTill) as triedTill",
            never=NEVER,
        ),
        "stats sum(tries) as rejected, sum(passes) as answered, min(triedAt) as firstReject,"
        " max(triedTill) as lastReject, max(onePassedTill) as lastAnswer"
        " by client, server, port, protocol",
        "filter rejected > 0 and lastAnswer > firstReject",
        "sort rejected desc, client asc, server asc",
        "limit 10000",
    )


def _events(question: Question, only: str | None = None) -> str:
    """Rejected requests and accepted replies, each with its moment."""
    ports, source = question.ports("port"), question.network("source")
    target = question.network("target")
    return pipeline(
        'filter action in ["ACCEPT", "REJECT"] and protocol in [6, 17]',
        fill("filter dstPort in {ports} or srcPort in {ports}", ports=ports) if ports else None,
        _conversation(),
        fill("filter port in {ports}", ports=ports) if ports else None,
        f"filter {within('client', source)}" if source else None,
        f"filter {within('server', target)}" if target else None,
        only,
        'fields if(leg = "request" and action = "REJECT", 1, 0) as refused,'
        ' if(leg = "reply" and action = "ACCEPT", 1, 0) as passed',
        "filter refused = 1 or passed = 1",
        fill(
            "fields if(refused = 1, toMillis(@timestamp), {never}) as refusedAt,"
            " if(refused = 1, toMillis(@timestamp), 0) as refusedTill,"
            " if(passed = 1, toMillis(@timestamp), {never}) as passedAt,"
            " if(passed = 1, toMillis(@timestamp), 0) as passedTill",
            never=NEVER,
        ),
    )


def _these(pairs: Sequence[Row]) -> str:
    return fill(
        "filter client in {clients} and server in {servers} and port in {ports}",
        clients=tuple(dict.fromkeys(row.text("client") for row in pairs)),
        servers=tuple(dict.fromkeys(row.text("server") for row in pairs)),
        ports=tuple(dict.fromkeys(row.number("port") for row in pairs)),
    )


def _conversation() -> str:
    return pipeline(
        legs(ANSWER),
        'fields if(leg = "reply", dstAddr, srcAddr) as client,'
        ' if(leg = "reply", srcAddr, dstAddr) as server,'
        ' if(leg = "reply", dstPort, srcPort) as clientPort',
    )


def _found(question: Question, rows: Sequence[Row], left_out: int) -> Found:
    ours = [row for row in rows if is_inside(row.text("client"), question.inside)]
    others = [row for row in rows if not is_inside(row.text("client"), question.inside)]
    return Found(ours, others, left_out)


def _headline(question: Question, found: Found) -> str:
    if not found.rows:
        return "Nobody was rejected and later let through to the same port."
    parts, least = [], "at least " if found.left_out else ""
    if found.ours:
        first = found.ours[0]
        parts.append(f"{_way(first)} was {_story(first, question)}")
        if len(found.ours) > 1:
            others = len(found.ours) - 1
            parts.append(
                f"so {'was' if others == 1 else 'were'} {least}{many(others, 'other pair')} inside"
            )
    if found.others:
        sources = len({row.text("client") for row in found.others})
        parts.append(
            f"{least}{many(sources, 'source')} outside"
            f" {'was' if sources == 1 else 'were'} rejected and later answered"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _way(row: Row) -> str:
    port = f" port {described(row.number('port'))}" if row.number("port") else ""
    return f"{row.text('client')} → {row.text('server')}{port}"


def _story(row: Row, question: Question) -> str:
    times = many(row.number("rejected"), "time")
    last = row.moment("lastReject")
    until = f" until {last.astimezone(question.zone):%Y-%m-%d %H:%M}" if last else ""
    if _mended(row):
        return f"rejected {times}{until}, and then let through"
    return f"rejected {times}, let through in between, and rejected again{until}"


def _mended(row: Row) -> bool:
    return row.number("lastAnswer") > row.number("lastReject")


def _table(question: Question, found: Found) -> Table:
    rows = tuple(_row(row, question) for row in found.rows[:LISTED])
    return Table("Rejected, then let through", COLUMNS, rows, left_off=len(found.rows) - len(rows))


def _row(row: Row, question: Question) -> tuple[Value, ...]:
    port = row.number("port")
    return (
        row.text("client"),
        row.text("server"),
        port,
        service(port),
        row.number("rejected"),
        row.number("answered"),
        row.moment("firstReject"),
        row.moment("lastReject"),
        row.moment("lastAnswer"),
        "let through" if _mended(row) else "rejected again",
        "inside" if is_inside(row.text("client"), question.inside) else "outside",
    )


def _chart(question: Question, logs: Logs, found: Found) -> Timeline:
    """Rejects and answers of the pairs over time, late packets included."""
    period = question.window.period()
    drawn = (found.ours or found.others)[:DRAWN]
    (over,) = logs.query(over_time(drawn, period))
    pairs = {_key(row) for row in drawn}
    by_bin: Counter[tuple[str, datetime]] = Counter()
    for row in over.rows:
        at = row.moment("at")
        if at and _key(row) in pairs:
            by_bin[row.text("leg"), at] += row.number("records")
    bins = question.window.bins(period)
    rejected = Series(
        "rejected",
        tuple(by_bin["request", at] for at in bins),
        Tone.ALARMING if found.ours else Tone.NOISE,
    )
    answered = Series("answered", tuple(by_bin["reply", at] for at in bins), Tone.ACCEPTED)
    where = "inside" if found.ours else "outside"
    return Timeline(
        f"{many(len(drawn), 'pair')} from {where} rejected and later let through",
        bins,
        period.seconds,
        (
            Panel("Rejected", (rejected,), unit="records"),
            Panel("Answered", (answered,), unit="records"),
        ),
    )


def over_time(pairs: Sequence[Row], period: Period) -> str:
    """Rejected requests and accepted replies of the pairs, by time."""
    return pipeline(
        _conversation(),
        _these(pairs),
        'filter (leg = "request" and action = "REJECT") or (leg = "reply" and action = "ACCEPT")',
        "stats count(*) as records by client, server, port, protocol, leg,"
        f" bin({period.text}) as at",
        "sort at asc",
        "limit 10000",
    )


def _key(row: Row) -> tuple[str, str, int, int]:
    return row.text("client"), row.text("server"), row.number("port"), row.number("protocol")


def _next(question: Question, found: Found) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.rows:
        return (f"rejects-then-accepts {wider_words(question.window)}", f"rejects {window}")
    first = found.rows[0]
    ends = f"{first.text('client')} {first.text('server')}"
    port = f" {first.number('port')}" if first.number("port") else ""
    return f"pair {ends}{port} {window}", f"why {ends}{port} {window}"


COMMAND = Command(
    name="rejects-then-accepts",
    summary="who was rejected and later let through to the same port: a rule mended, or opened",
    answer=answer,
    arguments=(
        Argument("port", Takes.PORTS, "only to this port, a number or a name", "port"),
        Argument("source", Takes.NETWORK, "only from this address or range", "from"),
        Argument("target", Takes.NETWORK, "only to this address or range", "to"),
    ),
    needs=("srcAddr", "dstAddr", "srcPort", "dstPort", "protocol", "action"),
    length=timedelta(hours=24),
    examples=("rejects-then-accepts", "rejects-then-accepts 3h port 5432"),
)
