"""What changed between two windows: hosts, ports and rejects that came, went or moved most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.insights.quoting import pipeline
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Bars, Series, Tone
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.query import Result, Row
from bot.model.table import Column, Kind, Table, Value
from bot.model.window import Window
from bot.model.writing import count, many, size, span, wider_words, window_words
from bot.network import conversations as talk
from bot.network.counting import ANSWER, legs
from bot.network.following import nat_addresses
from bot.network.ports import described, service
from bot.network.ports import protocol as protocol_name
from bot.network.ranges import inside

LISTED = 30
DRAWN = 12
MOVED = 1.5  # times as much, or as little, from which something has changed
PART = 0.01  # of the larger total, that a change must come to
SEVERAL = 3  # rejects in one of the windows, below which a pair has not changed

CHANGE = Column("change", "Change")
RATES = (
    Column("before", "Bytes an hour before", Kind.BYTES),
    Column("now", "Now", Kind.BYTES),
    Column("by", "Difference", Kind.BYTES),
)

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing, in values an hour."""

    key: Key
    before: float
    now: float

    @property
    def by(self) -> float:
        return self.now - self.before

    @property
    def word(self) -> str:
        if not self.before:
            return "new"
        if not self.now:
            return "gone"
        return "more" if self.by > 0 else "less"


@dataclass(frozen=True)
class Side:
    """What one window holds, in sums an hour."""

    hosts: dict[Key, float]
    ports: dict[Key, float]
    rejects: dict[Key, float]
    noise: float  # rejects from outside
    hours: float
    recorded: bool

    @property
    def bytes(self) -> float:
        return sum(self.ports.values())


@dataclass(frozen=True)
class Difference:
    """What changed, the largest change first."""

    before: Side
    now: Side
    hosts: Sequence[Change]
    ports: Sequence[Change]
    rejects: Sequence[Change]

    @property
    def is_known(self) -> bool:
        return self.before.recorded and self.now.recorded


def answer(question: Question, logs: Logs) -> Answer:
    other = _other(question)
    now = _side(logs.query(*texts(question)), question.window)
    before = _side(logs.query(*texts(question), window=other), other)
    gateways = nat_addresses(question, logs, {key[0] for key in now.hosts})
    rejects = changes(before.rejects, now.rejects, 0)
    found = Difference(
        before,
        now,
        [c for c in changes(before.hosts, now.hosts, PART) if c.key[0] not in gateways],
        changes(before.ports, now.ports, PART),
        [c for c in rejects if max(_counts(c, before.hours, now.hours)) >= SEVERAL],
    )
    return Answer(
        question,
        _headline(found),
        tables=tuple(_tables(found)) if found.is_known else (),
        charts=tuple(_charts(found)) if found.is_known else (),
        notes=tuple(_notes(question, found, other)),
        next=_next(question, found),
    )


def texts(question: Question) -> tuple[str, ...]:
    """What hosts inside sent and got, ports, rejects from inside and outside, and records."""
    source, target = inside("srcAddr", question.inside), inside("dstAddr", question.inside)
    return (
        *(
            pipeline(
                f'filter action = "ACCEPT" and {is_ours}',
                f"stats sum(bytes) as seenBytes by {host}, interfaceId",
                f"stats max(seenBytes) as total by {host}",
                "sort total desc",
                "limit 10000",
            )
            for host, is_ours in (("srcAddr", source), ("dstAddr", target))
        ),
        pipeline(
            'filter action = "ACCEPT"',
            legs(ANSWER),
            talk.WAYS,
            f"stats sum(bytes) as {talk.MOVED}, sum(hereBytes) as {talk.BACK} by port, protocol",
            f"filter {talk.BACK} > 0",
            f"sort {talk.MOVED} desc",
            "limit 10000",
        ),
        pipeline(
            f'filter action = "REJECT" and {source}',
            legs(ANSWER),
            'filter leg = "request"',
            "stats count(*) as records by srcAddr, dstAddr, port, protocol",
            "sort records desc",
            "limit 10000",
        ),
        pipeline(
            f'filter action = "REJECT" and not {source}',
            "stats count(*) as records",
        ),
        "stats count(*) as records",
    )


def _other(question: Question) -> Window:
    window = question.window
    asked = question.other_window("other")
    other = (asked or Window(window.start - (window.end - window.start), window.start)).without(
        window
    )
    if other is None:
        raise BadLine(
            "the other window lies within the first", hint="Write one apart from it: 1h vs 24h."
        )
    return other


def _side(results: Sequence[Result], window: Window) -> Side:
    sent, received, ports, rejects, noise, records = results
    hours = window.seconds / 3600

    def total(rows: Iterable[Row], name: str, key: Callable[[Row], Key]) -> dict[Key, float]:
        sums: Counter[Key] = Counter()
        for row in rows:
            sums[key(row)] += row.number(name)
        return {name: value / hours for name, value in sums.items()}

    hosts = Counter(total(sent.rows, "total", lambda row: (row.text("srcAddr"),)))
    hosts.update(total(received.rows, "total", lambda row: (row.text("dstAddr"),)))
    return Side(
        dict(hosts),
        total(ports.rows, talk.MOVED, lambda row: _texts(row, "port", "protocol")),
        total(
            rejects.rows,
            "records",
            lambda row: _texts(row, "srcAddr", "dstAddr", "port", "protocol"),
        ),
        sum(row.number("records") for row in noise.rows) / hours,
        hours,
        any(row.number("records") for row in records.rows),
    )


def _texts(row: Row, *names: str) -> Key:
    return tuple(row.text(name) for name in names)


def _counts(change: Change, hours_before: float, hours_now: float) -> tuple[int, int]:
    """What each window holds itself."""
    return round(change.before * hours_before), round(change.now * hours_now)


def changes(before: dict[Key, float], now: dict[Key, float], part: float) -> list[Change]:
    """What came, went or moved by `MOVED` times, and by `part` of the larger total."""
    least = part * max(sum(before.values()), sum(now.values()))
    every = (Change(key, before.get(key, 0), now.get(key, 0)) for key in {**before, **now})
    found = [
        one
        for one in every
        if abs(one.by) >= max(least, 1e-9)
        and max(one.before, one.now) >= MOVED * min(one.before, one.now)
    ]
    return sorted(found, key=lambda one: (-abs(one.by), one.key))


def _headline(found: Difference) -> str:
    if not found.before.recorded:
        return "The other window holds no records, so there is nothing to compare with."
    if not found.now.recorded:
        return "The window holds no records, so there is nothing to compare."
    parts = [*_rejects_told(found), *_moves_told(found)]
    traffic = _traffic(found)
    if not parts:
        return f"Nothing much changed; {traffic}."
    text = "; ".join((*parts, traffic))
    return f"{text[0].upper()}{text[1:]}."


def _rejects_told(found: Difference) -> Iterator[str]:
    """Rejects from inside that are new or more, else those that are gone."""
    verbs = {
        "new": "rejected",
        "more": "rejected more",
        "gone": "no longer rejected",
        "less": "rejected less",
    }
    for words in (("new", "more"), ("gone", "less")):
        if rows := [one for one in found.rejects if one.word in words]:
            source, target, port, _ = rows[0].key
            way = f"{source} → {target}{_port(port)}"
            often = _often(abs(rows[0].by))
            others = f" and {many(len(rows) - 1, 'other pair')}" if len(rows) > 1 else ""
            yield f"{way}{others} from inside: {verbs[rows[0].word]} ({often})"
            return


def _often(rate: float) -> str:
    return f"{count(rate)} an hour" if rate >= 1 else f"{count(rate * 24)} a day"


def _port(port: str) -> str:
    return f" port {described(int(port))}" if port.isdecimal() and port != "0" else ""


def _moves_told(found: Difference) -> Iterator[str]:
    if found.hosts:
        first = found.hosts[0]
        words = {"new": "is new", "gone": "is gone", "more": "moves more", "less": "moves less"}
        yield f"{first.key[0]} {words[first.word]} ({size(abs(first.by))} an hour)"
    strange = [one for one in found.ports if one.word in ("new", "gone")]
    if strange:
        first = strange[0]
        yield f"port {described(int(first.key[0]))} is {first.word}"


def _traffic(found: Difference) -> str:
    before, now = found.before.bytes, found.now.bytes
    if not before or not now:
        return f"traffic went from {size(before)} to {size(now)} an hour"
    times = now / before
    if 0.95 <= times <= 1.05:
        return f"traffic is what it was ({size(now)} an hour)"
    spelled = count(times) if times >= 10 else f"{times:.2g}"
    return f"traffic is {spelled} times what it was ({size(now)} an hour)"


def _tables(found: Difference) -> Iterator[Table]:
    address, port = Kind.ADDRESS, Kind.PORT
    ports = (Column("port", "Port", port), Column("protocol", "Protocol"))
    named = (*ports, Column("service", "Service"))
    ends = (Column("source", "Source", address), Column("target", "Target", address))
    rejects = [
        (*c.key[:2], *_port_values(*c.key[2:]), c.word, *_counts(c, *_hours(found)))
        for c in found.rejects
    ]
    counts = (
        Column("before", "Rejected before", Kind.COUNT),
        Column("now", "Rejected now", Kind.COUNT),
    )
    yield from _table("Rejected from inside", (*ends, *named, CHANGE, *counts), rejects)
    hosts = [(*one.key, *_rates(one)) for one in found.hosts]
    yield from _table("Hosts", (Column("host", "Host", address), CHANGE, *RATES), hosts)
    served = [(*_port_values(*one.key), *_rates(one)) for one in found.ports]
    yield from _table("Ports", (*named, CHANGE, *RATES), served)
    yield _totals(found)


def _hours(found: Difference) -> tuple[float, float]:
    return found.before.hours, found.now.hours


def _rates(one: Change) -> tuple[Value, ...]:
    return one.word, round(one.before), round(one.now), round(one.by)


def _table(
    title: str, columns: tuple[Column, ...], rows: Sequence[tuple[Value, ...]]
) -> Iterator[Table]:
    if rows:
        listed = tuple(rows[:LISTED])
        yield Table(title, columns, listed, left_off=len(rows) - len(listed))


def _port_values(port: str, protocol: str) -> tuple[Value, ...]:
    number = int(port) if port.isdecimal() else 0
    return number, protocol_name(int(protocol) if protocol.isdecimal() else 0), service(number)


def _totals(found: Difference) -> Table:
    before, now = found.before, found.now
    rows = (
        ("rejects from inside, an hour", sum(before.rejects.values()), sum(now.rejects.values())),
        ("rejects from outside, an hour", before.noise, now.noise),
        ("hosts inside", len(before.hosts), len(now.hosts)),
        ("ports that answered", len(before.ports), len(now.ports)),
    )
    return Table(
        "In all",
        (
            Column("what", "What"),
            Column("before", "Before", Kind.COUNT),
            Column("now", "Now", Kind.COUNT),
        ),
        tuple((what, round(one), round(other)) for what, one, other in rows),
    )


def _charts(found: Difference) -> Iterator[Bars]:
    """By how much hosts changed; rejects, where it is they that changed."""
    if found.rejects:
        first = found.rejects[0]
        way = "more" if first.by > 0 else "fewer"
        title = f"{_often(abs(first.by))} {way} rejects: {_label(first)}"
        yield _chart(found.rejects, Kind.COUNT, "rejects an hour, from inside", title)
    if found.hosts:
        first = found.hosts[0]
        way = "more" if first.by > 0 else "less"
        title = f"{first.key[0]} moves {size(abs(first.by))} an hour {way}"
        yield _chart(found.hosts, Kind.BYTES, "bytes an hour, sent and received", title)
    if not found.hosts and not found.rejects:
        values = (found.before.bytes, found.now.bytes)
        yield Bars(
            "Nothing much changed",
            ("before", "now"),
            (Series("traffic", values),),
            Kind.BYTES,
            "bytes an hour",
        )


def _chart(rows: Sequence[Change], kind: Kind, unit: str, title: str) -> Bars:
    drawn = rows[:DRAWN]
    bad = Tone.ALARMING if kind is Kind.COUNT else Tone.PLAIN
    return Bars(
        title,
        tuple(_label(one) for one in drawn),
        (
            Series("more than before", tuple(max(0.0, one.by) for one in drawn), bad),
            Series("less than before", tuple(max(0.0, -one.by) for one in drawn), Tone.NOISE),
        ),
        kind,
        unit,
        f"and {count(len(rows) - DRAWN)} more" if len(rows) > DRAWN else "",
    )


def _label(one: Change) -> str:
    if len(one.key) == 1:
        return one.key[0]
    source, target, port, _ = one.key
    return f"{source} → {target} {port}"


def _notes(question: Question, found: Difference, other: Window) -> Iterator[Note]:
    yield Note(
        Topic.METHOD,
        f"Compared with {span(other, question.zone)}, in values an hour. Something has changed when"
        f" it is {MOVED:g} times as much or as little, and by {PART:.0%} of all for hosts and"
        f" ports; rejects when there are {SEVERAL} or more in one of the windows. Hosts are those"
        " inside, without NAT gateways. Ports are those that answered, with bytes as logged."
        f" Rejects are requests from inside, as logged. {talk.ONCE}",
    )
    if not found.before.recorded:
        yield Note(
            Topic.CAUTION, f"Nothing is logged in the other window, {span(other, question.zone)}."
        )


def _next(question: Question, found: Difference) -> tuple[str, ...]:
    window = window_words(question.window, question.now, question.zone)
    if not found.is_known:
        return (f"diff {wider_words(question.window)}", f"top-talkers {window}")
    lines = []
    if worse := [one for one in found.rejects if one.word in ("new", "more")]:
        source, target, port, _ = worse[0].key
        lines.append(f"why {source} {target}{'' if port == '0' else f' {port}'} {window}")
    if found.hosts:
        lines.append(f"host {found.hosts[0].key[0]} {window}")
    return (*lines, f"trend bytes {window}")


COMMAND = Command(
    name="diff",
    summary="what changed between two windows: hosts, ports and rejects that came, went or moved",
    answer=answer,
    arguments=(
        Argument("other", Takes.WINDOW, "what to compare with; the same length before", "vs"),
    ),
    needs=talk.NEEDS,
    length=timedelta(hours=1),
    examples=("diff", "diff 1h vs yesterday", "diff today vs yesterday"),
)
