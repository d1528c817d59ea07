"""What a client has with a server's port, both ways in one row, each flow counted once.

The counting is done in the query, so that it holds for any number of records: a flow that several
interfaces recorded counts at the one that saw most of it, and replies are added to the requests
they answer.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.insights.quoting import fill, pipeline
from bot.model.query import Row
from bot.network.counting import ANSWER, legs
from bot.network.ports import EPHEMERAL_FROM

# Fields of the rows, besides those they are grouped by.
SENT, BACK = "sentBytes", "backBytes"  # to the server, and to the client
SENT_PACKETS, BACK_PACKETS = "sentPackets", "backPackets"
CONNECTIONS, RECORDS = "connections", "records"  # distinct client ports; flow records as logged
FIRST, LAST = "firstSeen", "lastSeen"  # milliseconds since 1970
MOVED = "movedBytes"  # both ways


Side = Callable[[str], str]  # the name of a field → a condition on the address in it
PAIRS = ("client", "server", "port", "protocol")


def reply_from(ports: tuple[int, ...]) -> str:
    """The rule for replies where the server's ports are known, also those that clients get too."""
    high = tuple(port for port in ports if port >= EPHEMERAL_FROM)
    if not high:
        return ANSWER
    return fill(f"({ANSWER}) or (srcPort in {{high}} and dstPort not in {{high}})", high=high)


def conversations(
    *before: str | None,
    reply: str = ANSWER,
    only: tuple[str | None, ...] = (),
    by: tuple[str, ...] = PAIRS,
    also: str = "",
) -> str:
    """A query up to one row for each client, server, port and protocol, or for each of `by`.

    Those that are grouped further have `pairAnswered`: 1 where anything was sent back, else 0.

    `before` are stages over records; `reply` is the rule for replies; `only` are stages that may
    name `client`, `server`, `port` and `leg`. `also` are more aggregates over conversations:
    `count_distinct(client) as clients`. More stages may follow the text.
    """
    return pipeline(
        *before,
        ends(reply),
        'fields if(leg = "reply", dstPort, srcPort) as clientPort',
        *only,
        "stats sum(bytes) as seenBytes, sum(packets) as seenPackets,"
        " count_distinct(clientPort) as seenPorts, count(*) as seenRecords,"
        " min(toMillis(@timestamp)) as seenFirst, max(toMillis(@timestamp)) as seenLast"
        " by client, server, port, protocol, leg, interfaceId",
        "stats max(seenBytes) as onceBytes, max(seenPackets) as oncePackets,"
        " max(seenPorts) as oncePorts, sum(seenRecords) as onceRecords,"
        " min(seenFirst) as onceFirst, max(seenLast) as onceLast"
        " by client, server, port, protocol, leg",
        'fields if(leg = "reply", 0, onceBytes) as thereBytes',
        'fields if(leg = "reply", onceBytes, 0) as hereBytes',
        'fields if(leg = "reply", 0, oncePackets) as therePackets',
        'fields if(leg = "reply", oncePackets, 0) as herePackets',
        "stats sum(thereBytes) as pairSent, sum(hereBytes) as pairBack,"
        " sum(therePackets) as pairSentPackets, sum(herePackets) as pairBackPackets,"
        " max(oncePorts) as pairPorts, sum(onceRecords) as pairRecords,"
        " min(onceFirst) as pairFirst, max(onceLast) as pairLast by client, server, port, protocol",
        "fields pairSent + pairBack as pairMoved, if(pairBackPackets > 0, 1, 0) as pairAnswered",
        f"stats sum(pairSent) as {SENT}, sum(pairBack) as {BACK}, sum(pairMoved) as"
        f" {MOVED}, sum(pairSentPackets) as {SENT_PACKETS}, sum(pairBackPackets) as {BACK_PACKETS},"
        f" sum(pairPorts) as {CONNECTIONS}, sum(pairRecords) as {RECORDS},"
        f" min(pairFirst) as {FIRST}, max(pairLast) as {LAST}{', ' if also else ''}{also}"
        f" by {', '.join(by)}",
    )


def pairs(
    *before: str | None,
    only: tuple[str | None, ...] = (),
    by: tuple[str, ...] = ("client", "server"),
    also: str = "",
) -> str:
    """As `conversations`, of all ports together: bytes and times alone, which take less memory."""
    return pipeline(
        *before,
        ends(ANSWER),
        *only,
        WAYS,
        "stats sum(thereBytes) as seenThere, sum(hereBytes) as seenHere,"
        " min(toMillis(@timestamp)) as seenFirst, max(toMillis(@timestamp)) as seenLast"
        " by client, server, interfaceId",
        "stats max(seenThere) as pairSent, max(seenHere) as pairBack, min(seenFirst) as pairFirst,"
        " max(seenLast) as pairLast by client, server",
        "fields pairSent + pairBack as pairMoved",
        f"stats sum(pairSent) as {SENT}, sum(pairBack) as {BACK}, sum(pairMoved) as {MOVED},"
        f" min(pairFirst) as {FIRST}, max(pairLast) as {LAST}{', ' if also else ''}{also}"
        f" by {', '.join(by)}",
    )


def ends(reply: str) -> str:
    """Stages that tell requests from replies (`leg`), and name `client`, `server` and `port`."""
    return pipeline(
        legs(reply),
        'fields if(leg = "reply", dstAddr, srcAddr) as client',
        'fields if(leg = "reply", srcAddr, dstAddr) as server',
    )


def client_and_server(row: Row) -> tuple[str, str]:
    """The addresses of both ends of a row that is grouped by `leg`."""
    source, target = row.text("srcAddr"), row.text("dstAddr")
    return (target, source) if row.text("leg") == "reply" else (source, target)


def between(client: Side, server: Side) -> str:
    """A stage that keeps conversations by conditions on the client's and the server's address.

    They are written over srcAddr and dstAddr: over the computed fields they would take far longer.
    """
    forth = f'(leg = "request" and {client("srcAddr")} and {server("dstAddr")})'
    back = f'(leg = "reply" and {client("dstAddr")} and {server("srcAddr")})'
    return f"filter {forth} or {back}"


# What a record sent to the server, and what it sent back to the client.
WAYS = 'fields if(leg = "reply", 0, bytes) as thereBytes, if(leg = "reply", bytes, 0) as hereBytes'


def answered(row: Row) -> bool:
    """Whether anything was sent back to the client."""
    return row.number(BACK_PACKETS) > 0


# `once.RULE` as a query keeps it: whoever owns an end records all of the packets, so the largest
# recording is the sender's or the receiver's where either of them has any.
ONCE = (
    "Packets that several interfaces recorded count once: at the one that recorded most of them,"
    " which is the sender's or the receiver's where those are logged."
)
COUNTED = (
    f"{ONCE} The server is the side with a known or low"
    " port, or else the one whose port is not one that clients are handed (32768 and up)."
)
NEEDS = (
    "srcAddr",
    "dstAddr",
    "srcPort",
    "dstPort",
    "protocol",
    "bytes",
    "packets",
    "action",
    "interfaceId",
)
