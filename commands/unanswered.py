"""Who asks and gets no answer: nobody there, the request rejected further on, or the reply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from bot.insights.quoting import fill, pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.query import Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, many, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER
from bot.network.ports import SERVICE_PORTS, described, is_service, protocol, service
from bot.network.ranges import inside, within

LISTED = 50
DRAWN = 12
OFTEN = 3  # connections with a reject, from which it is no late packet
MOST = 10_000
MOST_PORTS = 100  # of conversations that are looked at again
SYN = 2


class Why(StrEnum):
    """What became of what was asked."""

    REPLY = "reply rejected"
    REQUEST = "request rejected further on"
    SILENCE = "no answer"


COLUMNS = (
    Column("client", "Client", Kind.ADDRESS),
    Column("server", "Server", Kind.ADDRESS),
    Column("port", "Port", Kind.PORT),
    Column("protocol", "Protocol"),
    Column("service", "Service"),
    Column("why", "What happened"),
    Column("connections", "Connections", Kind.COUNT),
    Column("rejected", "Rejected", Kind.COUNT),
    Column("client_ports", "Client ports rejected"),
    Column("syn_only", "Records of SYN alone", Kind.COUNT, detail=True),
    Column("first", "First seen", Kind.TIME),
    Column("last", "Last seen", Kind.TIME),
)

Key = tuple[str, str, str, str]  # client, server, port, protocol


@dataclass(frozen=True)
class Lost:
    """One client at one server's port, and the rejects that go with it, if any."""

    row: Row
    why: Why
    rejects: Row | None
    syn_only: int | None

    @property
    def connections(self) -> int:
        """Those without an answer, as far as that can be told."""
        if self.rejects is not None and talk.answered(self.row):
            return self.rejects.number("ports")
        return self.row.number(talk.CONNECTIONS)


def answer(question: Question, logs: Logs) -> Answer:
    silent, rejected, either, *flagged = logs.query(*texts(question, logs.fields))
    rejects = {(_key(row), row.text("leg")): row for row in rejected.rows}
    unclear = {(row.text("srcAddr"), row.text("dstAddr")) for row in either.rows}
    open_ = [row for row in silent.rows if not _is_unclear(row, unclear)]
    found = _lost(open_, rejects, _syn_only(flagged[0].rows) if flagged else None)
    found += _blocked(question, logs, rejects, {_key(lost.row) for lost in found})
    order = list(Why)
    found.sort(key=lambda one: (order.index(one.why), -one.connections, _key(one.row)))
    return Answer(
        question,
        _headline(found),
        tables=(_table(found),) if found else (),
        charts=(_chart(found),) if found else (),
        notes=tuple(_notes(found)),
        next=_next(question, found),
    )


def texts(question: Question, fields: frozenset[str]) -> tuple[str, ...]:
    """Conversations without a packet back, rejects of both legs, who has records of which no port
    says who asked, and records of SYN alone."""
    return (
        pipeline(
            _conversations(question),
            f"filter {talk.BACK_PACKETS} = 0",
            f"sort {talk.CONNECTIONS} desc",
            f"limit {MOST}",
        ),
        pipeline(
            'filter action = "REJECT" and protocol in [6, 17]',
            talk.ends(ANSWER),
            talk.between(*_sides(question)),
            'fields if(leg = "reply", dstPort, srcPort) as clientPort',
            "stats count(*) as records, count_distinct(clientPort) as ports,"
            " min(toNumber(clientPort)) as lowest, max(toNumber(clientPort)) as highest"
            " by client, server, port, protocol, leg",
            "sort records desc",
            f"limit {MOST}",
        ),
        pipeline(
            'filter action = "ACCEPT" and protocol in [6, 17]',
            fill(
                "filter srcPort >= 1024 and dstPort >= 1024"
                " and srcPort not in {ports} and dstPort not in {ports}",
                ports=SERVICE_PORTS,
            ),
            "stats count(*) as records by srcAddr, dstAddr",
            "sort records desc",
            f"limit {MOST}",
        ),
        *(
            (
                pipeline(
                    fill('filter action = "ACCEPT" and protocol = 6 and tcpFlags = {syn}', syn=SYN),
                    "fields srcAddr as client, dstAddr as server, dstPort as port",
                    "stats count(*) as records by client, server, port, protocol",
                    "sort records desc",
                    f"limit {MOST}",
                ),
            )
            if "tcpFlags" in fields
            else ()
        ),
    )


def _conversations(question: Question, ports: tuple[int, ...] = ()) -> str:
    asked = ports or question.ports("port")
    return talk.conversations(
        'filter action = "ACCEPT" and protocol in [6, 17]',
        only=(
            fill("filter port in {ports}", ports=asked) if asked else None,
            talk.between(*_sides(question)),
        ),
    )


def _sides(question: Question) -> tuple[talk.Side, talk.Side]:
    """Clients inside, or those that are asked about; servers anywhere, or those asked about."""
    source, target = question.network("source"), question.network("target")
    client = partial(within, network=source) if source else partial(inside, extra=question.inside)
    server = partial(within, network=target) if target else _anyone
    return client, server


def _anyone(field: str) -> str:
    return fill(f"{field} != {{none}}", none="")


def _key(row: Row) -> Key:
    return row.text("client"), row.text("server"), row.text("port"), row.text("protocol")


def _is_unclear(row: Row, unclear: set[tuple[str, str]]) -> bool:
    """Whether what came the other way, on ports that say nothing, may be the answer."""
    back = row.text("server"), row.text("client")
    return not is_service(row.number("port")) and back in unclear


def _syn_only(rows: Sequence[Row]) -> dict[Key, int]:
    return {_key(row): row.number("records") for row in rows}


def _lost(
    rows: Sequence[Row], rejects: Mapping[tuple[Key, str], Row], flagged: dict[Key, int] | None
) -> list[Lost]:
    found = []
    for row in rows:
        key = _key(row)
        reply, request = rejects.get((key, "reply")), rejects.get((key, "request"))
        why = Why.REPLY if reply else Why.REQUEST if request else Why.SILENCE
        syn = flagged.get(key, 0) if flagged is not None else None
        found.append(Lost(row, why, reply or request, syn))
    return found


def _blocked(
    question: Question, logs: Logs, rejects: Mapping[tuple[Key, str], Row], known: set[Key]
) -> list[Lost]:
    """Conversations that were answered once, whose packets were let through here, rejected there.

    Late packets of closed connections are rejected too, but seldom of half of all connections.
    """
    often = {
        key: row
        for key, row in rejects.items()
        if key[0] not in known and row.number("ports") >= OFTEN
    }
    ports = tuple(dict.fromkeys(row.number("port") for row in often.values()))[:MOST_PORTS]
    if not ports:
        return []
    text = pipeline(
        _conversations(question, ports), f"sort {talk.CONNECTIONS} desc", f"limit {MOST}"
    )
    (result,) = logs.query(text)
    found = []
    for row in result.rows:
        for leg, why in (("reply", Why.REPLY), ("request", Why.REQUEST)):
            reject = often.get((_key(row), leg))
            if reject and reject.number("ports") * 2 >= row.number(talk.CONNECTIONS):
                found.append(Lost(row, why, reject, None))
                break
    return found


def _headline(found: Sequence[Lost]) -> str:
    if not found:
        return "Everybody inside who asked got an answer."
    clients = {lost.row.text("client") for lost in found}
    parts = [f"{many(len(clients), 'host')} asked in vain"]
    tallies = Counter(lost.why for lost in found)
    if replies := [lost for lost in found if lost.why is Why.REPLY]:
        first = replies[0]
        parts.append(
            f"replies were rejected on their way back in {many(tallies[Why.REPLY], 'pair')},"
            f" first {_spelled(first)}: security groups do not do that, a NACL without the"
            " client's ports does"
        )
    if tallies[Why.REQUEST]:
        first = next(lost for lost in found if lost.why is Why.REQUEST)
        parts.append(
            f"requests of {many(tallies[Why.REQUEST], 'pair')} left and were rejected further on,"
            f" first {_spelled(first)}"
        )
    if tallies[Why.SILENCE]:
        first = next(lost for lost in found if lost.why is Why.SILENCE)
        parts.append(f"most often in silence {_spelled(first)}")
    return "; ".join(parts) + "."


def _spelled(lost: Lost) -> str:
    row = lost.row
    return f"{row.text('client')} at {row.text('server')} port {described(row.number('port'))}"


def _table(found: Sequence[Lost]) -> Table:
    rows = tuple(_row(lost) for lost in found[:LISTED])
    return Table("No answer", COLUMNS, rows, left_off=len(found) - len(rows))


def _row(lost: Lost) -> tuple[Value, ...]:
    row, port = lost.row, lost.row.number("port")
    rejects = lost.rejects
    span = f"{rejects.text('lowest')}–{rejects.text('highest')}" if rejects else None
    return (
        row.text("client"),
        row.text("server"),
        port,
        protocol(row.number("protocol")),
        service(port),
        lost.why.value,
        lost.connections,
        rejects.number("records") if rejects else 0,
        span,
        lost.syn_only,
        row.moment(talk.FIRST),
        row.moment(talk.LAST),
    )


def _chart(found: Sequence[Lost]) -> Bars:
    """Connections by client and by what became of them."""
    totals: dict[str, Counter[Why]] = {}
    for lost in found:
        totals.setdefault(lost.row.text("client"), Counter())[lost.why] += lost.connections
    clients = sorted(totals, key=lambda client: (-totals[client].total(), client))
    drawn, rest = clients[:DRAWN], len(clients) - DRAWN
    tones = {Why.REPLY: Tone.ALARMING, Why.REQUEST: Tone.REJECTED, Why.SILENCE: Tone.NOISE}
    whole = sum((counts for counts in totals.values()), Counter[Why]())
    title = ", ".join(f"{many(whole[why], 'connection')}: {why.value}" for why in Why if whole[why])
    return Bars(
        title,
        tuple(drawn),
        tuple(
            Series(why.value, tuple(totals[client][why] for client in drawn), tone)
            for why, tone in tones.items()
            if whole[why]
        ),
        Kind.COUNT,
        "connections without an answer",
        f"and {count(rest)} more" if rest > 0 else "",
    )


def _notes(found: Sequence[Lost]) -> Iterator[Note]:
    if not found:
        return
    yield Note(
        Topic.METHOD,
        "TCP and UDP of clients inside that some interface let through, and that have no packet"
        " back on record, or had rejects in half of their connections and in"
        f" {OFTEN} or more: late packets of closed connections are rejected too. What is rejected"
        f" where it starts is in `rejects`. {talk.COUNTED}",
    )


def _next(question: Question, found: Sequence[Lost]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found:
        return (f"unanswered {wider_words(question.window)}",)
    row = found[0].row
    ends = f"{row.text('client')} {row.text('server')}"
    return f"why {ends} {row.text('port')} {window}", f"pair {ends} {window}"


COMMAND = Command(
    name="unanswered",
    summary="who asks and gets no answer: silence, or a reply that is rejected on its way back",
    answer=answer,
    arguments=(
        Argument("source", Takes.NETWORK, "only clients in this address or range", "from"),
        Argument("target", Takes.NETWORK, "only servers in this address or range", "to"),
        Argument("port", Takes.PORTS, "only this port, a number or a name", "port"),
    ),
    needs=talk.NEEDS,
    examples=("unanswered", "unanswered 3h port postgres", "unanswered from 10.20.11.0/24 6h"),
)
