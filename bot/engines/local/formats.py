"""The order of fields in a record, and how one line becomes values. The careful path: a line at a
time, with the reason when a line is no record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.model.fields import BY_NAME, DEFAULT_FORMAT, insights_name
from bot.model.writing import many

LARGEST_LINE = 1 << 20  # bytes; CloudWatch takes events of at most 1,024 KB
MISSING = "-"
_HEADERS = 64  # that are remembered
_ADDRESSES = ("srcAddr", "dstAddr", "pktSrcAddr", "pktDstAddr")
_LARGEST_NUMBER = 2**63 - 1
_MILLISECONDS_FROM = 10**11  # a time this large is no count of seconds: that would be year 5138
_TIME_LIMIT = 10**14
_WORD = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_GAP = re.compile(r"[ \t]+")
_TELLTALE = re.compile(r"eni-[0-9a-f]+|\d+\.\d+\.\d+\.\d+|ACCEPT|REJECT|NODATA|SKIPDATA")
_RECORDLIKE = re.compile(
    r"\d+|-|OK|IPv[46]|(?:eni|vpc|subnet|i|tgw)-[0-9a-f]+|" + _TELLTALE.pattern
)

Value = int | str | None


class BadRecord(ValueError):
    """A line that is no record of the format; the text says why."""


@dataclass(frozen=True)
class Format:
    """Insights names of the fields, in order."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, logs: Iterable[str]) -> Format:
        """The format of fields as a log, a header or a Parquet file spells them."""
        return cls(tuple(insights_name(log) for log in logs))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Insights names of those that hold whole numbers."""
        return frozenset(name for name in self.names if name in BY_NAME and BY_NAME[name].number)

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        """Insights names of those that hold an IP address."""
        return tuple(name for name in self.names if name in _ADDRESSES)

    @property
    def timed(self) -> bool:
        """Whether records say when they started."""
        return "start" in self.names

    @cached_property
    def is_usable(self) -> bool:
        """Whether every field has a name of its own. DuckDB does not tell case apart."""
        return len({name.lower() for name in self.names}) == len(self.names)

    def __str__(self) -> str:
        if self == DEFAULT:
            return "the default format"
        if self == TRANSIT_GATEWAY:
            return "the default Transit Gateway format"
        return f"a custom format of {len(self.names)} fields"


DEFAULT = Format.of(DEFAULT_FORMAT)
TRANSIT_GATEWAY = Format.of(
    (
        "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id"
        " tgw-dst-vpc-account-id tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id"
        " tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id"
        " tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start"
        " end log-status type packets-lost-no-route packets-lost-blackhole"
        " packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region flow-direction"
        " pkt-src-aws-service pkt-dst-aws-service"
    ).split()
)


def words(line: str) -> list[str]:
    """The words of a line, parted by runs of spaces and tabs (AWS's samples have double spaces)."""
    text = line.strip(" \t\r\n")
    return _GAP.split(text) if text else []


def header(line: str) -> Format | None:
    """The format a header line announces; None when the line is no header.

    Every word must look like a field's name and at least half must be known ones, so that fields of
    the future do not hide a header. A record always has a word that is no name: a number, an
    address, a dash.
    """
    names = words(line)
    if not names or not all(_WORD.fullmatch(name) for name in names):
        return None
    form = Format.of(names)
    return form if 2 * sum(name in BY_NAME for name in form.names) >= len(names) else None


class Headers:
    """Remembers the header lines it saw: thousands of files begin with the same one."""

    def __init__(self) -> None:
        self._seen: dict[str, Format] = {}

    def find(self, line: str) -> Format | None:
        """What `header` says."""
        form = self._seen.get(line)
        if form is None:
            form = header(line)
            if form is not None and len(self._seen) < _HEADERS:
                self._seen[line] = form
        return form


def headerless(line: str) -> Format | None:
    """The format of a record that stands without a header: one of the two default ones, or None.

    Only these have an order that can be known.
    """
    found = words(line)
    if len(found) == len(DEFAULT.names) and found[0] == "2":
        return DEFAULT
    if len(found) == len(TRANSIT_GATEWAY.names) and found[1].startswith("TransitGateway"):
        return TRANSIT_GATEWAY
    return None


def looks_custom(line: str) -> bool:
    """Whether a line smells of a flow log though its format cannot be known."""
    found = words(line)
    alike = sum(_RECORDLIKE.fullmatch(word) is not None for word in found)
    return 2 * alike >= len(found) and any(_TELLTALE.fullmatch(word) for word in found)


def values(line: str, form: Format) -> list[Value]:
    """The values of a record, in the format's order; None for a number that is missing.

    Times in milliseconds come out in seconds. Raises `BadRecord`.
    """
    found = words(line)
    if len(found) != len(form.names):
        raise BadRecord(f"{many(len(found), 'field')} where the format has {len(form.names)}")
    row: list[Value] = list(found)
    for place, (name, word) in enumerate(zip(form.names, found, strict=True)):
        if name in form.numbers:
            row[place] = _number(name, word)
    return row


def _number(name: str, word: str) -> int | None:
    if name in ("start", "end"):
        return _seconds(name, word)
    if word == MISSING:
        return None
    if not (word.isascii() and word.isdigit() and len(word) < 20 and int(word) <= _LARGEST_NUMBER):
        raise BadRecord(f"{name} is {word[:40]!r}, not a number")
    return int(word)


def _seconds(name: str, word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 20):
        raise BadRecord(f"{name} is {word[:40]!r}, not a time")
    number = int(word)
    if number >= _TIME_LIMIT:
        raise BadRecord(f"{name} is {word[:40]!r}, too large for a time")
    return number // 1000 if number >= _MILLISECONDS_FROM else number


def canonical(row: list[Value]) -> str:
    """The line that such values are normally written as: single spaces, plain numbers."""
    return " ".join(MISSING if value is None else str(value) for value in row)
