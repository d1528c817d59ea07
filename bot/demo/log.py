"""The flow log of one UTC day: who records what of a conversation, in which minute.

Every interface of the network is logged, in the default format, in intervals of a minute that begin
with the minute. A record therefore never leaves its minute, nor its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bot.demo import network
from bot.demo.draw import Amount, Draw
from bot.demo.network import Host
from bot.model.fields import DEFAULT_FORMAT

SLOT = 300  # seconds of records in a file
MINUTES = 1440
LAST_SECOND = 86399
HEADER = " ".join(DEFAULT_FORMAT)
ICMP, TCP, UDP = 1, 6, 17
_EPOCH = date(1970, 1, 1).toordinal()

Ends = tuple[str, int, str, int]  # source address and port, destination address and port


class Leg(NamedTuple):
    """What one interface records of one direction: addresses, ports and protocol as text."""

    interface_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Both directions; in each, the legs in the order that packets pass them."""

    requests: tuple[Leg, ...]
    replies: tuple[Leg, ...]


def conversation(
    client: Host | str,
    port: int,
    server: Host | str,
    server_port: int,
    *,
    nat_port: int = 0,
    protocol: int = TCP,
) -> Conversation:
    """A conversation between hosts of ours, or with an internet address.

    `nat_port` is the source port that the NAT gateway gives it, if it goes that way.
    """
    if isinstance(server, str) and isinstance(client, Host) and behind_nat(client, server):
        return _through_nat(client, port, server, server_port, nat_port)
    asking: Ends = (_address(client), port, _address(server), server_port)
    seen_by = [host for host in (client, server) if isinstance(host, Host)]
    return Conversation(
        tuple(_leg(host, asking, protocol) for host in seen_by),
        tuple(_leg(host, _turned(asking), protocol) for host in reversed(seen_by)),
    )


def behind_nat(host: Host, address: str) -> bool:
    """Whether the host reaches an internet address through the NAT gateway."""
    by_endpoint = host.subnet.s3_endpoint and address in network.S3
    return not (host.subnet.public or by_endpoint)


def _through_nat(client: Host, port: int, address: str, to: int, nat_port: int) -> Conversation:
    """The gateway's interface records both of its sides, each with its own address as one end."""
    nat = network.NAT
    asked: Ends = (client.address, port, address, to)
    inside: Ends = (client.address, port, nat.address, to)
    outside: Ends = (nat.address, nat_port, address, to)
    return Conversation(
        (_leg(client, asked), _leg(nat, inside), _leg(nat, outside)),
        (_leg(nat, _turned(outside)), _leg(nat, _turned(inside)), _leg(client, _turned(asked))),
    )


def _leg(host: Host, ends: Ends, protocol: int = TCP) -> Leg:
    src, src_port, dst, dst_port = ends
    return Leg(host.interface_id, f"{src} {dst} {src_port} {dst_port} {protocol}")


def _turned(ends: Ends) -> Ends:
    return ends[2], ends[3], ends[0], ends[1]


def _address(end: Host | str) -> str:
    return end if isinstance(end, str) else end.address


class DayLog:
    """Collects the day's records by the five-minute slot that their end lies in.

    Times are seconds of the day; what lasts beyond the day's last second is cut there.
    """

    def __init__(self, day: date) -> None:
        self.start = (day.toordinal() - _EPOCH) * 86400  # epoch seconds
        self.slots: list[list[str]] = [[] for _ in range(0, LAST_SECOND, SLOT)]
        self._heard = {host.interface_id: bytearray(MINUTES) for host in network.HOSTS}

    def talk(
        self, talk: Conversation, first: int, last: int, sent: Amount, replied: Amount
    ) -> None:
        """Packets both ways from second `first` to `last`, split over the minutes they touch."""
        self._pass(talk.requests, first, last, sent)
        self._pass(talk.replies, first, last, replied)

    def pass_by(self, legs: Iterable[Leg], first: int, last: int, amount: Amount) -> None:
        """Packets one way that nobody answers, accepted wherever they pass."""
        self._pass(legs, first, last, amount)

    def refuse(self, legs: tuple[Leg, ...], first: int, last: int, amount: Amount) -> None:
        """Packets that the last interface on their way rejects, and those before it let pass."""
        self._pass(legs[:-1], first, last, amount)
        self._pass(legs[-1:], first, last, amount, "REJECT")

    def _pass(
        self, legs: Iterable[Leg], first: int, last: int, amount: Amount, action: str = "ACCEPT"
    ) -> None:
        for begin, end, packets, size in split(first, min(last, LAST_SECOND), amount):
            times = f"{packets} {size} {self.start + begin} {self.start + end} {action} OK"
            slot, minute = self.slots[end // SLOT], begin // 60
            for interface_id, text in legs:
                self._heard[interface_id][minute] = 1
                slot.append(f"2 {network.ACCOUNT} {interface_id} {text} {times}")

    def note_silence(self, draw: Draw) -> None:
        """NODATA for every minute in which an interface recorded nothing. Comes last."""
        for interface_id, heard in self._heard.items():
            lag = draw.between(0, 9)
            for minute in range(MINUTES):
                if not heard[minute]:
                    first = minute * 60 + lag
                    self._without_data(interface_id, first, first + draw.between(25, 50), "NODATA")

    def note_skipped(self, host: Host, minute: int) -> None:
        """SKIPDATA: AWS could not record everything of that minute."""
        self._without_data(host.interface_id, minute * 60, minute * 60 + 59, "SKIPDATA")

    def _without_data(self, interface_id: str, first: int, last: int, status: str) -> None:
        self.slots[last // SLOT].append(
            f"2 {network.ACCOUNT} {interface_id} - - - - - - -"
            f" {self.start + first} {self.start + last} - {status}"
        )


def split(first: int, last: int, amount: Amount) -> Iterator[tuple[int, int, int, int]]:
    """Pieces (first, last, packets, bytes), none across a minute, that add up to `amount`.

    A minute for which no whole packet is left has no piece.
    """
    packets, size = amount
    if first // 60 == last // 60:
        yield first, last, packets, size
        return
    done, whole = 0, last - first + 1
    for minute in range(first // 60, last // 60 + 1):
        end = min(last, minute * 60 + 59)
        until = packets * (end + 1 - first) // whole
        if until > done:
            bytes_here = size * until // packets - size * done // packets
            yield max(first, minute * 60), end, until - done, bytes_here
        done = until
