"""Who moves most: hosts, inside and outside apart, or pairs, interfaces, subnets, ports …"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.writing import count, share, size, wider_words, window_words
from bot.network import conversations as talk
from bot.network.belonging import KINDS, Belonging, recorded_text
from bot.network.counting import ANSWER
from bot.network.following import NEEDS, Followed, follow, sums_match
from bot.network.needs import require
from bot.network.ports import described, protocol
from bot.network.ranges import is_inside
from bot.network.roads import Amount
from bot.network.talkers import (
    BYTES,
    FLOWS,
    PACKETS,
    REJECTS,
    Talker,
    amount_of,
    hosts,
    pairs,
    ranked,
    rejected,
    talkers,
)

LISTED = 20
DRAWN = 12
INTERNAL, EXTERNAL = "internal", "external"
TITLES = {INTERNAL: "Inside", EXTERNAL: "Outside"}
HOST, PAIR, PORT, PROTOCOL = "host", "pair", "port", "protocol"
TAG = "tag"
BY = (HOST, PAIR, PORT, PROTOCOL, *(word for word in KINDS if word != TAG))
MOVED = (BYTES, PACKETS, FLOWS)
UNITS = {BYTES: "bytes", PACKETS: "packets", FLOWS: "flow records", REJECTS: "rejected flows"}
KINDS_OF = {BYTES: Kind.BYTES, PACKETS: Kind.COUNT, FLOWS: Kind.COUNT, REJECTS: Kind.COUNT}


@dataclass(frozen=True)
class Ranking:
    """Things of one kind, largest first, as columns name them.

    `label` is what a bar and the headline call one, `cells` what its row begins with. `parts` are
    the sums that are worth a column; `total` is what all traffic comes to in the measure.
    """

    title: str
    noun: str
    measure: str
    total: int
    talkers: Sequence[Talker]
    columns: tuple[Column, ...]
    cells: dict[str, tuple[Value, ...]]
    labels: dict[str, str]
    parts: tuple[str, ...] = ("sent", "received")
    peers: bool = True
    where: str = ""  # of a headline: inside, outside

    @property
    def kind(self) -> Kind:
        return KINDS_OF[self.measure]

    @property
    def what(self) -> str:
        """What a share is of."""
        return "rejects" if self.measure == REJECTS else "traffic"


def answer(question: Question, logs: Logs) -> Answer:
    by, measure = _by(question), question.word("measure") or BYTES
    if by in (PORT, PROTOCOL):
        rankings, said = _services(question, logs, by, measure)
    else:
        rankings, said = _ends(question, logs, by, measure)
    shown = [ranking for ranking in rankings if ranking.talkers]
    return Answer(
        question,
        _headline(shown, measure),
        tables=tuple(_table(ranking) for ranking in shown),
        charts=tuple(_chart(ranking) for ranking in shown[:1]),
        notes=said,
        next=_next(question, by, shown),
    )


def _by(question: Question) -> str:
    """What to rank. Raises `BadLine` for words that do not go together."""
    by, key = question.word("by"), question.word("key")
    if key and by:
        raise BadLine(f"by {by} and tag {key} are two things to rank by", hint="Leave one out.")
    if question.word("side") and (key or by not in (None, HOST)):
        raise BadLine(
            f"only hosts are {INTERNAL} or {EXTERNAL}", hint=f"Leave {question.word('side')} out."
        )
    return TAG if key else by or HOST


def _ends(
    question: Question, logs: Logs, by: str, measure: str
) -> tuple[list[Ranking], tuple[Note, ...]]:
    """Hosts, pairs, or things that hosts belong to."""
    found = (rejected if measure == REJECTS else follow)(question, logs)
    if not found.counted:
        return [], ()
    total = amount_of(found.totals.counted, measure)
    if by == HOST:
        rankings = list(_hosts(question, found, measure, total))
        said = SHARES
    elif by == PAIR:
        rankings, said = [_pairs(found, measure, total)], "Both directions of a pair are one."
    else:
        belonging = _belonging(question, logs, by)
        ranking = _things(found, belonging, measure, total)
        rankings = [ranking]
        said = f"{belonging.source} {SHARES}{_unknown(found, belonging, measure, total)}"
    counted = [AS_LOGGED] if measure == REJECTS else sums_match(found)
    return rankings, (*counted, Note(Topic.METHOD, said))


AS_LOGGED = Note(Topic.METHOD, "Rejects are counted as logged: a flow is rejected at one place.")


SHARES = "A share counts what was sent and what was received, so shares add up to more than 100 %."


def _hosts(question: Question, found: Followed, measure: str, total: int) -> Iterator[Ranking]:
    every = talkers(found.traced, hosts, measure)
    wanted = question.word("side")
    for side, title in TITLES.items():
        theirs = [
            one
            for one in every
            if (INTERNAL if is_inside(one.key, question.inside) else EXTERNAL) == side
        ]
        if wanted in (None, side):
            yield Ranking(
                title,
                HOST,
                measure,
                total,
                theirs,
                (Column("host", "Host", Kind.ADDRESS),),
                {one.key: (one.key,) for one in theirs},
                {one.key: one.key for one in theirs},
                where=f" {title.lower()}",
            )


def _pairs(found: Followed, measure: str, total: int) -> Ranking:
    every = pairs(found.traced, measure)
    return Ranking(
        "Pairs",
        PAIR,
        measure,
        total,
        every,
        (Column("source", "One", Kind.ADDRESS), Column("target", "Other", Kind.ADDRESS)),
        {one.key: tuple(one.key.split()) for one in every},
        {one.key: " – ".join(one.key.split()) for one in every},
        peers=False,
    )


def _belonging(question: Question, logs: Logs, by: str) -> Belonging:
    text = recorded_text(KINDS[by], logs.fields)
    rows = logs.query(text)[0].rows if text else ()
    return Belonging(
        KINDS[by], logs.inventory, rows, fields=logs.fields, key=question.word("key") or ""
    )


def _things(found: Followed, belonging: Belonging, measure: str, total: int) -> Ranking:
    every = talkers(found.traced, belonging.ends, measure)
    kind = belonging.kind
    names = {one.key: belonging.name(one.key) for one in every}
    title = kind.plural[:1].upper() + kind.plural[1:]
    noun = f"{kind.noun} {belonging.key}".strip()
    columns: tuple[Column, ...] = (
        Column(kind.word.replace("-", "_"), noun[:1].upper() + noun[1:]),
    )
    if any(names.values()):
        columns += (Column("name", "Name"),)
    return Ranking(
        f"{title} by {belonging.key}" if belonging.key else title,
        f"{kind.noun} {belonging.key}:" if belonging.key else kind.noun,
        measure,
        total,
        every,
        columns,
        {key: (key, name or None)[: len(columns)] for key, name in names.items()},
        {key: name or key for key, name in names.items()},
        parts=("sent", "received", "within"),
    )


def _unknown(found: Followed, belonging: Belonging, measure: str, total: int) -> str:
    """How much of it is at no known thing."""
    lost = Amount()
    for one in found.counted:
        if belonging.ends(one) == ((), ()):
            lost.add(one.seen)
    part = amount_of(lost, measure)
    if not part:
        return ""
    return f" {share(part / total)} of it is at no known {belonging.kind.noun}."


def _services(
    question: Question, logs: Logs, by: str, measure: str
) -> tuple[list[Ranking], tuple[Note, ...]]:
    """Servers' ports, or protocols."""
    require(talk.NEEDS, logs.fields, f"top-talkers by {by}")
    text = rejects_text(by) if measure == REJECTS else services_text(by)
    (result,) = logs.query(text)
    if not result.rows:
        return [], ()
    said = AS_LOGGED if measure == REJECTS else Note(Topic.METHOD, METHOD)
    return [_service_ranking(by, result, measure)], (said,)


METHOD = (
    f"{talk.COUNTED} Flow records are as logged. What a NAT gateway passes on is in it twice:"
    " on its way to the gateway, and from there on."
)


def services_text(by: str) -> str:
    """Accepted traffic by the server's port and protocol, or by protocol."""
    return pipeline(
        talk.conversations(
            'filter action = "ACCEPT"',
            by=("port", "protocol") if by == PORT else ("protocol",),
            also="count_distinct(client) as clients, count_distinct(server) as servers",
        ),
        f"sort {talk.MOVED} desc",
        "limit 10000",
    )


def rejects_text(by: str) -> str:
    """The same of what was rejected, as logged."""
    return pipeline(
        'filter action = "REJECT"',
        talk.ends(ANSWER),
        f"stats count(*) as {talk.RECORDS}, sum(bytes) as {talk.SENT}, sum(packets) as"
        f" {talk.SENT_PACKETS}, count_distinct(client) as clients, count_distinct(server) as"
        f" servers by {'port, ' if by == PORT else ''}protocol",
        f"sort {talk.RECORDS} desc",
        "limit 10000",
    )


def _service_ranking(by: str, result: Result, measure: str) -> Ranking:
    rows = {_service_key(row): row for row in result.rows}
    every = ranked((_service(key, row) for key, row in rows.items()), measure)
    return Ranking(
        "Servers' ports" if by == PORT else "Protocols",
        by,
        measure,
        sum(one.moved(measure) for one in every),
        every,
        (
            *((Column("port", "Port"),) if by == PORT else ()),
            Column("protocol", "Protocol"),
            Column("clients", "Clients", Kind.COUNT),
            Column("servers", "Servers", Kind.COUNT),
        ),
        {key: _service_cells(by, row) for key, row in rows.items()},
        {key: _service_label(by, row) for key, row in rows.items()},
        parts=() if measure in (FLOWS, REJECTS) else ("sent", "received"),
        peers=False,
    )


def _service_key(row: Row) -> str:
    return f"{row.text('port')} {row.text('protocol')}"


def _service(key: str, row: Row) -> Talker:
    """What was sent to servers and what they sent back; all flow records are under the former."""
    records = row.number(talk.RECORDS)
    return Talker(
        key,
        Amount(row.number(talk.SENT), row.number(talk.SENT_PACKETS), records),
        Amount(row.number(talk.BACK), row.number(talk.BACK_PACKETS), 0),
    )


def _service_cells(by: str, row: Row) -> tuple[Value, ...]:
    counts = row.number("clients"), row.number("servers")
    name = protocol(row.number("protocol"))
    return (described(row.number("port")), name, *counts) if by == PORT else (name, *counts)


def _service_label(by: str, row: Row) -> str:
    name = protocol(row.number("protocol"))
    if by == PROTOCOL or not row.number("port"):
        return name
    return f"{described(row.number('port'))} {name}"


def _headline(rankings: Sequence[Ranking], measure: str) -> str:
    if not rankings:
        return "Nothing was rejected." if measure == REJECTS else "No host moved anything."
    parts = []
    for ranking in rankings:
        top = ranking.talkers[0]
        amount = top.moved(ranking.measure)
        part = f" ({share(amount / ranking.total)} of the {ranking.what})" if ranking.total else ""
        noun = "" if ranking.noun in (HOST, PAIR) else f"{ranking.noun} "
        name = ranking.labels[top.key]
        verb = "had" if measure == REJECTS else "moved"
        text = f"{noun}{name} {verb} most{ranking.where}: {_amount(ranking, amount)}{part}"
        parts.append(text[:1].upper() + text[1:] if noun else text)
    return "; ".join(parts) + "."


def _amount(ranking: Ranking, amount: int) -> str:
    return size(amount) if ranking.measure == BYTES else f"{count(amount)} {UNITS[ranking.measure]}"


def _table(ranking: Ranking) -> Table:
    listed = ranking.talkers[:LISTED]
    others = tuple(one for one in MOVED if one != ranking.measure and ranking.measure in MOVED)
    titles = {"sent": "Sent", "received": "Received", "within": "Within"}
    columns = (
        *ranking.columns,
        Column(ranking.measure, UNITS[ranking.measure].capitalize(), ranking.kind),
        *(Column(part, titles[part], ranking.kind) for part in ranking.parts),
        Column("share", "Share", Kind.SHARE),
        *((Column("peers", "Peers", Kind.COUNT),) if ranking.peers else ()),
        *(Column(name, UNITS[name].capitalize(), KINDS_OF[name], detail=True) for name in others),
    )
    rows = tuple(
        (
            *ranking.cells[one.key],
            one.moved(ranking.measure),
            *(amount_of(getattr(one, part), ranking.measure) for part in ranking.parts),
            one.moved(ranking.measure) / ranking.total if ranking.total else 0.0,
            *((len(one.peers),) if ranking.peers else ()),
            *(one.moved(name) for name in others),
        )
        for one in listed
    )
    return Table(ranking.title, columns, rows, left_off=len(ranking.talkers) - len(rows))


def _chart(ranking: Ranking) -> Bars:
    drawn, rest = ranking.talkers[:DRAWN], ranking.talkers[DRAWN:]
    top = drawn[0]
    part = share(top.moved(ranking.measure) / ranking.total) if ranking.total else "none"
    took = "had" if ranking.noun == PAIR else "took part in"
    tones = {"sent": Tone.PLAIN, "received": Tone.ACCEPTED, "within": Tone.NOISE}
    series = tuple(
        Series(name, tuple(amount_of(getattr(one, name), ranking.measure) for one in drawn), tone)
        for name, tone in tones.items()
        if name in ranking.parts
    )
    whole = (Series("in all", tuple(one.moved(ranking.measure) for one in drawn)),)
    return Bars(
        f"{ranking.labels[top.key]} {took} {part} of the {ranking.what}",
        tuple(ranking.labels[one.key] for one in drawn),
        series or whole,
        ranking.kind,
        UNITS[ranking.measure],
        f"and {count(len(rest))} more" if rest else "",
    )


def _next(question: Question, by: str, shown: Sequence[Ranking]) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    words = f"by {by} " if by not in (HOST, TAG) else ""
    if not shown:
        return (f"top-talkers {words}{wider_words(question.window)}",)
    if by == PORT and (number := shown[0].talkers[0].key.split()[0]) not in ("0", "-"):
        return f"port {number} {window}", f"top-talkers by pair {window}"
    if by != HOST:
        return f"top-talkers {window}", f"traffic {window}"
    other = EXTERNAL if question.word("side") != EXTERNAL else INTERNAL
    return f"top-talkers {other} {window}", f"top-talkers by pair {window}", f"rejects {window}"


COMMAND = Command(
    name="top-talkers",
    summary="who moves most: hosts inside and outside, pairs, subnets, ports and more",
    answer=answer,
    arguments=(
        Argument("side", Takes.CHOICE, "only one side", choices=(INTERNAL, EXTERNAL)),
        Argument("measure", Takes.CHOICE, "what to rank by; bytes", choices=tuple(UNITS)),
        Argument("by", Takes.CHOICE, "what to rank; hosts", "by", choices=BY),
        Argument("key", Takes.CHOICE, "rank values of this tag: by tag Name", TAG),
    ),
    needs=NEEDS,
    examples=(
        "top-talkers",
        "top-talkers internal 24h",
        "top-talkers external today",
        "top-talkers by subnet packets 24h",
        "top-talkers by port flows",
        "top-talkers rejects by interface 3h",
        "top-talkers by tag team 24h",
    ),
)
