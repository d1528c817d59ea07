"""Which AWS service an address belongs to, by the ranges that AWS publishes.

A snapshot of AWS's ip-ranges.json is part of the package: dated, and trimmed of every prefix whose
answer a wider one gives already, which changes no answer. A full ip-ranges.json can stand in for
it. The longest prefix wins; of several services under one prefix a specific one wins over EC2, and
EC2 over AMAZON. Source of the rules: AWS's general reference, "AWS IP address ranges".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from importlib.resources import files
from ipaddress import collapse_addresses, ip_network
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bot.model.errors import BadSource, FlowsError
from bot.model.prefixes import Prefixes, Range
from bot.model.published import AwsRange
from bot.model.writing import many

PACKAGED = "aws_ranges.txt"
PUBLISHED = "https://ip-ranges.amazonaws.com/ip-ranges.json"
FRESH = timedelta(days=1)  # AWS changes them a few times a week
PATIENCE = 5.0  # seconds
LARGEST = 64 * 1024 * 1024  # bytes; the real file has about 3 MB
GLOBAL = "GLOBAL"  # the Region of ranges that are announced everywhere
AMAZON, EC2 = "AMAZON", "EC2"

Listed = tuple[Range, AwsRange]


class AwsRanges:
    """Look-up in published ranges. `dated` says of when they are, in AWS's own words."""

    def __init__(self, listed: Iterable[Listed], dated: str) -> None:
        self.dated = dated
        self._prefixes = Prefixes(_best(listed).items())

    def find(self, address: str) -> AwsRange | None:
        return self._prefixes.only_at(address)


class Later:
    """Ranges that are read when the first address is asked about: reading them takes 0.2 s.

    With a `clock` they are read again, from wherever `read` has them, when a day has passed.
    """

    def __init__(
        self, read: Callable[[], AwsRanges], clock: Callable[[], datetime] | None = None
    ) -> None:
        self._read = read
        self._clock = clock
        self._ranges: AwsRanges | None = None
        self._at: datetime | None = None
        self._lock = threading.Lock()

    @property
    def dated(self) -> str:
        return self._current().dated

    def find(self, address: str) -> AwsRange | None:
        return self._current().find(address)

    def _current(self) -> AwsRanges:
        with self._lock:
            if self._ranges is None or self._is_old():
                self._ranges = self._read()
                self._at = self._clock() if self._clock else None
            return self._ranges

    def _is_old(self) -> bool:
        return bool(self._clock and self._at and self._clock() - self._at >= FRESH)


def packaged() -> AwsRanges:
    """The snapshot that is part of the package."""
    text = (files("bot.network") / PACKAGED).read_text(encoding="ascii")
    return AwsRanges(_parsed(text), _dated(text))


def read(path: Path) -> AwsRanges:
    """A full ip-ranges.json. Raises `BadSource` that says what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadSource("too large for ip-ranges.json", where=str(path))
        return from_json(path.read_bytes(), where=str(path))
    except OSError as error:
        raise BadSource(
            f"AWS's address ranges cannot be read: {error.strerror}",
            where=str(path),
            hint=f"Save {PUBLISHED} there.",
        ) from None


def refreshed(path: Path, fetch: Callable[[], bytes]) -> AwsRanges:
    """Fetch an ip-ranges.json and keep it at `path`; what is no such document replaces nothing.

    Raises `BadSource`, and whatever `fetch` raises.
    """
    text = fetch()
    found = from_json(text, where=PUBLISHED)
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_bytes(text)
        partial.replace(path)
    except OSError as error:
        raise BadSource(
            f"AWS's address ranges cannot be kept: {error.strerror}", where=str(path)
        ) from None
    return found


def kept_fresh(path: Path, fetch: Callable[[], bytes], clock: Callable[[], datetime]) -> AwsRanges:
    """The ranges at `path`, fetched anew when they were fetched a day ago or earlier.

    Where that fails the kept ones stay in use for another day, or else the packaged ones: `dated`
    tells how old they are.
    """
    try:
        if clock() - datetime.fromtimestamp(path.stat().st_mtime, UTC) < FRESH:
            return read(path)
    except (FileNotFoundError, BadSource):
        pass
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return refreshed(path, fetch)
    except (FlowsError, OSError):
        pass
    try:
        return read(path)
    except BadSource:
        return packaged()


def download(address: str = PUBLISHED, patience: float = PATIENCE) -> bytes:
    """The document at an address. Raises `BadSource`."""
    try:
        with urlopen(address, timeout=patience) as answer:  # noqa: S310  (the caller's own address)
            text: bytes = answer.read(LARGEST + 1)
    except (OSError, HTTPException, ValueError) as error:
        raise BadSource(f"AWS's address ranges cannot be had: {error}", where=address) from None
    if len(text) > LARGEST:
        raise BadSource("too large for ip-ranges.json", where=address)
    return text


def from_json(text: bytes | str, where: str) -> AwsRanges:
    """Ranges of an ip-ranges.json. Raises `BadSource`."""
    try:
        document = json.loads(text)
        listed = [*_entries(document, "prefixes", "ip_prefix")]
        listed += _entries(document, "ipv6_prefixes", "ipv6_prefix")
        dated = str(document.get("createDate") or document.get("syncToken") or "an unknown date")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadSource(f"not AWS's ip-ranges.json: {error}", where=where) from None
    if not listed:
        raise BadSource("no address range in it", where=where)
    return AwsRanges(listed, dated)


def trimmed(listed: Iterable[Listed]) -> dict[AwsRange, list[Range]]:
    """The fewest prefixes that give the same answers, by service and Region, in order."""
    best = _best(listed)
    kept: dict[AwsRange, dict[int, list[Range]]] = {}
    for prefix, found in best.items():
        if _around(prefix, best) != found:
            kept.setdefault(found, {}).setdefault(prefix.version, []).append(prefix)
    order = sorted(kept, key=lambda found: (found.service, found.region))
    return {
        found: [p for _, same in sorted(kept[found].items()) for p in _joined(same, found, best)]
        for found in order
    }


def written(listed: Iterable[Listed], header: str) -> str:
    """The text of a snapshot: comments, then a line for each service and Region."""
    comments = "".join(f"# {line}\n" for line in header.splitlines())
    return comments + "".join(
        f"{found.service} {found.region} {' '.join(map(str, prefixes))}\n"
        for found, prefixes in trimmed(listed).items()
    )


def _entries(document: Mapping[str, Any], key: str, name: str) -> Iterable[Listed]:
    for entry in document.get(key, ()):
        yield ip_network(entry[name]), AwsRange(str(entry["service"]), str(entry["region"]))


def _parsed(text: str) -> Iterable[Listed]:
    for line in text.splitlines():
        if not line.startswith("#"):
            service, region, *prefixes = line.split()
            found = AwsRange(service, region)
            for prefix in prefixes:
                yield ip_network(prefix), found


def aged(dated: str, now: datetime) -> str:
    """Of when ranges are, and how long ago that was: `2026-10-26 (30 days ago)`."""
    day = dated[:10]
    try:
        days = (now - datetime.fromisoformat(day).replace(tzinfo=UTC)).days
    except ValueError:
        return day
    return f"{day} ({many(days, 'day')} ago)" if days >= 0 else day


def _dated(text: str) -> str:
    lines = (line.removeprefix("# dated: ") for line in text.splitlines() if "# dated: " in line)
    return next(lines, "an unknown date")


def _best(listed: Iterable[Listed]) -> dict[Range, AwsRange]:
    best: dict[Range, AwsRange] = {}
    for prefix, found in listed:
        known = best.get(prefix)
        if known is None or _rank(found) < _rank(known):
            best[prefix] = found
    return best


def _rank(found: AwsRange) -> tuple[int, str, str]:
    order = {AMAZON: 2, EC2: 1}
    return order.get(found.service, 0), found.service, found.region


def _around(prefix: Range, best: Mapping[Range, AwsRange]) -> AwsRange | None:
    """The answer of the next wider prefix."""
    for length in range(prefix.prefixlen - 1, 0, -1):
        found = best.get(prefix.supernet(new_prefix=length))
        if found is not None:
            return found
    return None


def _joined(prefixes: list[Range], found: AwsRange, best: Mapping[Range, AwsRange]) -> list[Range]:
    """Neighbours as one, unless what they make together has another answer of its own."""
    joined: list[Range] = list(collapse_addresses(prefixes))  # type: ignore[type-var]
    return joined if all(best.get(p, found) == found for p in joined) else sorted(prefixes)
