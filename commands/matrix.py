"""Who sends to whom: zone by zone, subnet by subnet, or host by host, as a grid of cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.model.answer import Answer, Note, Question, Topic
from bot.model.chart import Heatmap
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.inventory import Inventory
from bot.model.table import Column, Kind, Table
from bot.model.writing import many, share, size, wider_words, window_words
from bot.network.following import NEEDS, Followed, follow, notes
from bot.network.places import Place
from bot.network.roads import Road

LISTED = 25
DRAWN = 16  # rows, and columns
ZONE, SUBNET, HOST = "zone", "subnet", "host"

Cells = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Side:
    """How the two sides of the grid are made: a place's key, and what a key is called.

    A service of AWS is one host, whatever its addresses.
    """

    name: str
    key: Callable[[Place, Road], str]
    called: Mapping[str, str]

    def title(self, key: str) -> str:
        return self.called.get(key, key)


def answer(question: Question, logs: Logs) -> Answer:
    side = _side(question.word("by") or ZONE, logs.inventory)
    found = follow(question, logs)
    cells = _cells(found, side)
    window = window_words(question.window, question.now, question.zone)
    if not cells:
        return Answer(
            question,
            _nothing(found, side),
            notes=tuple(notes(found, logs)),
            next=(f"matrix host {window}",)
            if found.logged.bytes and side.name != HOST
            else (f"matrix {side.name} {wider_words(question.window)}",),
        )
    rows, columns = _axes(cells, side)
    return Answer(
        question,
        _headline(cells, side),
        tables=(_table(cells, side), _sums(cells, side)),
        charts=(_chart(cells, side, rows, columns),),
        notes=(*_notes(found, cells, side, rows, columns), *notes(found, logs)),
        next=_next(side, window),
    )


def _side(name: str, inventory: Inventory) -> Side:
    if name == HOST:
        return Side(HOST, _host, {})
    if name == SUBNET:
        called = {subnet.id: subnet.name or subnet.id for subnet in inventory.subnets.values()}
        return Side(SUBNET, lambda place, _: place.subnet, _apart(called))
    zones = {s.zone_id: s.zone_name or s.zone_id for s in inventory.subnets.values()}
    return Side(ZONE, lambda place, _: place.zone, _apart(zones))


def _host(place: Place, road: Road) -> str:
    if road.service and not place.inside:
        return " ".join(filter(None, (road.service, road.region)))
    return place.address


def _apart(called: Mapping[str, str]) -> dict[str, str]:
    """Names by id; with the id where several have the same name."""
    names = Counter(called.values())
    return {id_: name if names[name] == 1 else f"{name} {id_}" for id_, name in called.items()}


def _cells(found: Followed, side: Side) -> Cells:
    """Bytes from each to each, each flow once; what has no such end is left out."""
    cells: Cells = Counter()
    for one in found.counted:
        source, target = side.key(one.source, one.road), side.key(one.target, one.road)
        if source and target:
            cells[source, target] += one.seen.bytes
    return cells


def _nothing(found: Followed, side: Side) -> str:
    if not found.logged.bytes:
        return "No traffic was let through in this window."
    if any(side.key(end, one.road) for one in found.traced for end in (one.source, one.target)):
        return f"Nothing moved between hosts whose {side.name} is known."
    return f"No {side.name} is known of any address here."


def _ranked(cells: Cells) -> list[tuple[tuple[str, str], int]]:
    return sorted(cells.items(), key=lambda item: (-item[1], item[0]))


def _axes(cells: Cells, side: Side) -> tuple[list[str], list[str]]:
    """What is drawn: zones and subnets in one order on both sides, hosts by what they move."""
    sent, received = _sent(cells), _received(cells)
    if side.name == HOST:
        rows, columns = (
            [key for key, _ in sorted(moved.items(), key=lambda i: (-i[1], i[0]))][:DRAWN]
            for moved in (sent, received)
        )
        return rows, columns
    both = sent + received
    keys = sorted(both, key=lambda key: (-both[key], key))[:DRAWN]
    keys.sort(key=side.title)
    return keys, keys


def _sent(cells: Cells) -> Counter[str]:
    sums: Counter[str] = Counter()
    for (source, _), bytes_ in cells.items():
        sums[source] += bytes_
    return sums


def _received(cells: Cells) -> Counter[str]:
    return _sent(Counter({(target, source): b for (source, target), b in cells.items()}))


def _headline(cells: Cells, side: Side) -> str:
    ((source, target), most), *_ = _ranked(cells)
    total = cells.total()
    top = f"{side.title(source)} → {side.title(target)}"
    if side.name == HOST:
        pairs = many(len(cells), "pair")
        return f"{pairs} moved {size(total)}: {top} most, {size(most)} ({_part(most, total)})."
    across = sum(bytes_ for (one, other), bytes_ in cells.items() if one != other)
    text = f"{_part(across, total)} of {size(total)} inside goes from one {side.name} to another"
    between = [(pair, b) for pair, b in _ranked(cells) if pair[0] != pair[1] and b]
    if not between:
        return f"{text}."
    ((source, target), most), *_ = between
    return f"{text}, most from {side.title(source)} to {side.title(target)}: {size(most)}."


def _part(value: int, total: int) -> str:
    return share(value / total if total else 0.0)


def _table(cells: Cells, side: Side) -> Table:
    total = cells.total()
    ranked = _ranked(cells)
    kind = Kind.ADDRESS if side.name == HOST else Kind.TEXT
    return Table(
        f"From {side.name} to {side.name}",
        (
            Column("source", "From", kind),
            Column("target", "To", kind),
            Column("bytes", "Bytes", Kind.BYTES),
            Column("share", "Share", Kind.SHARE),
        ),
        tuple(
            (side.title(source), side.title(target), b, b / total if total else 0.0)
            for (source, target), b in ranked[:LISTED]
        ),
        left_off=len(ranked[LISTED:]),
    )


def _sums(cells: Cells, side: Side) -> Table:
    sent, received = _sent(cells), _received(cells)
    own = Counter({key: cells[key, key] for key in sent | received})
    ranked = sorted(sent | received, key=lambda key: (-(sent[key] + received[key]), key))
    kind = Kind.ADDRESS if side.name == HOST else Kind.TEXT
    rows = tuple(
        (side.title(key), sent[key] - own[key], received[key] - own[key], own[key])
        for key in ranked[:LISTED]
    )
    return Table(
        f"By {side.name}",
        (
            Column("name", side.name.capitalize(), kind),
            Column("sent", "Sent to others", Kind.BYTES),
            Column("received", "Received from others", Kind.BYTES),
            Column("within", "Within", Kind.BYTES),
        ),
        rows,
        left_off=len(ranked) - len(rows),
    )


def _chart(cells: Cells, side: Side, rows: list[str], columns: list[str]) -> Heatmap:
    total = cells.total()
    ((source, target), most), *_ = _ranked(cells)
    whole = "of the traffic" if side.name == HOST else "of the traffic inside"
    title = f"{_part(most, total)} {whole} goes from {side.title(source)} to {side.title(target)}"
    if source == target:
        title = f"{_part(most, total)} {whole} stays within {side.title(source)}"
    return Heatmap(
        title,
        tuple(side.title(key) for key in rows),
        tuple(side.title(key) for key in columns),
        tuple(tuple(float(cells[row, column]) for column in columns) for row in rows),
        Kind.BYTES,
        f"bytes from {side.name} (rows) to {side.name} (columns)",
    )


def _notes(
    found: Followed, cells: Cells, side: Side, rows: list[str], columns: list[str]
) -> Iterator[Note]:
    total, counted = cells.total(), found.totals.counted.bytes
    if total < counted:
        yield Note(
            Topic.METHOD,
            f"Of the {size(counted)} counted, {size(counted - total)} has an end whose {side.name}"
            " is not known: the internet, AWS services, other networks (traffic has them).",
        )
    drawn = sum(cells[row, column] for row in rows for column in columns)
    if drawn < total:
        yield Note(
            Topic.METHOD,
            f"The picture has the {len(rows)} that send and the {len(columns)} that receive most:"
            f" {_part(drawn, total)} of the bytes.",
        )


def _next(side: Side, window: str) -> tuple[str, ...]:
    others = [name for name in (ZONE, SUBNET, HOST) if name != side.name]
    return *(f"matrix {name} {window}" for name in others), f"costs {window}"


COMMAND = Command(
    name="matrix",
    summary="who sends to whom: zone by zone, subnet by subnet or host by host",
    answer=answer,
    arguments=(
        Argument("by", Takes.CHOICE, "what the sides are; zone", choices=(ZONE, SUBNET, HOST)),
    ),
    needs=NEEDS,
    examples=("matrix", "matrix subnet 24h", "matrix host today"),
)
