"""One word → the value of an argument, by what the argument takes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_network

from bot.ask.words import shown
from bot.model.answer import Argument as Value
from bot.model.answer import Network
from bot.model.command import Argument, Takes
from bot.model.errors import BadLine
from bot.network import ports

MOST_PORTS = 256
MOST_COUNT = 100_000
_PORTS = re.compile(r"([0-9]{1,9})(?:[-–]([0-9]{1,9}))?")


Hosts = Callable[[str], Sequence[str]]


def value(word: str, argument: Argument, hosts: Hosts | None = None) -> Value:
    """The value a word stands for. Raises `BadLine` for a word that stands for none."""
    match argument.takes:
        case Takes.PORTS:
            return port_numbers(word)
        case Takes.NETWORK:
            return network(word, hosts)
        case Takes.COUNT:
            return _count(word)
        case Takes.CHOICE:
            return _choice(word, argument.choices)
        case Takes.REST | Takes.WINDOW:
            return word


def near(word: str, known: Iterable[str]) -> str:
    """`Did you mean …?` when a known word is like this one, else nothing."""
    found = difflib.get_close_matches(word.lower(), list(known), n=2, cutoff=0.6)
    return f"Did you mean {' or '.join(found)}?" if found else ""


def port_numbers(word: str) -> tuple[int, ...]:
    """`5432`, `8000-8010`, `postgres`, and several of them with commas → numbers in order."""
    found: set[int] = set()
    for part in word.split(","):
        first, last = _port_range(part)
        named = ports.ports_named(part)
        found.update(named or range(first, min(last, first + MOST_PORTS) + 1))
        if len(found) > MOST_PORTS:
            raise BadLine(f"{shown(word)} is too many ports", hint=f"Ask for {MOST_PORTS} at most.")
    return tuple(sorted(found))


def network(word: str, hosts: Hosts | None = None) -> Network:
    """An address, a range or a known host → network; bits behind the prefix are dropped."""
    try:
        if "%" in word:  # fe80::1%eth0: flow logs record no zone
            raise ValueError(word)
        return ip_network(word.strip("[]"), strict=False)
    except ValueError:
        if hosts is not None and "/" not in word:
            return ip_network(hosts(word)[0])
        raise BadLine(
            f"{shown(word)} is not an address or a range", hint="Write 10.0.3.5 or 10.0.0.0/16."
        ) from None


def _port_range(part: str) -> tuple[int, int]:
    """First and last number; (0, 0) for a name. Raises `BadLine` for what is neither."""
    match = _PORTS.fullmatch(part)
    if match is None:
        if ports.ports_named(part):
            return 0, 0
        hint = near(part, ports.names()) or "Write a number, a range like 8000-8010, or a name."
        raise BadLine(f"{shown(part)} is not a port", hint=hint)
    first = int(match[1])
    last = int(match[2] or first)
    if not 0 < first <= last <= 65535:
        raise BadLine(f"{shown(part)} is not a port", hint="Ports go from 1 to 65535.")
    return first, last


def _count(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", word) or not 0 < int(word) <= MOST_COUNT:
        raise BadLine(f"{shown(word)} is not a number of things", hint=f"Write 1 to {MOST_COUNT}.")
    return int(word)


def _choice(word: str, choices: tuple[str, ...]) -> str:
    plain = word.lower()
    if not choices or plain in choices:
        return plain
    raise BadLine(
        f"{shown(word)} is not one of {', '.join(choices)}", hint=near(plain, choices) or None
    )
