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
from dataclasses import dataclass
from importlib.resources import files
from ipaddress import collapse_addresses, ip_network
from pathlib import Path
from typing import Any, Protocol

from bot.model.errors import BadSource, FlowsError
from bot.model.prefixes import Prefixes, Range

PACKAGED = "aws_ranges.txt"
PUBLISHED = "https://ip-ranges.amazonaws.com/ip-ranges.json"
LARGEST = 64 * 1024 * 1024  # bytes; the real file has about 3 MB
GLOBAL = "GLOBAL"  # the Region of ranges that are announced everywhere
AMAZON, EC2 = "AMAZON", "EC2"

# What customers put their own things behind: an address there says nothing about a service of AWS.
CUSTOMERS = frozenset({EC2, "CLOUDFRONT", "CLOUDFRONT_ORIGIN_FACING", "GLOBALACCELERATOR"})


@dataclass(frozen=True, slots=True)
class AwsRange:
    """`service` and `region` as AWS spells them: S3, us-east-1."""

    service: str
    region: str

    @property
    def is_service(self) -> bool:
        """Whether a service of AWS itself answers there, not a customer's host."""
        return self.service not in CUSTOMERS


Listed = tuple[Range, AwsRange]


class AwsRanges:
    """Look-up in published ranges. `dated` says of when they are, in AWS's own words."""

    def __init__(self, listed: Iterable[Listed], dated: str) -> None:
        self.dated = dated
        self._prefixes = Prefixes(_best(listed).items())

    def find(self, address: str) -> AwsRange | None:
        return self._prefixes.only_at(address)


class Finder(Protocol):
    """Whatever can say whose an address is."""

    def find(self, address: str) -> AwsRange | None: ...


class Later:
    """Ranges that are read when the first address is asked about: reading them takes 0.2 s."""

    def __init__(self, read: Callable[[], AwsRanges]) -> None:
        self._read = read
        self._ranges: AwsRanges | None = None
        self._lock = threading.Lock()

    def find(self, address: str) -> AwsRange | None:
        with self._lock:
            if self._ranges is None:
                self._ranges = self._read()
        return self._ranges.find(address)


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


def opened(path: Path | None) -> tuple[AwsRanges, str | None]:
    """The ranges at `path`, else the packaged ones; and why it is those, when `path` failed."""
    if path is None:
        return packaged(), None
    try:
        return read(path), None
    except FlowsError as error:
        ranges = packaged()
        return ranges, f"{error} AWS's ranges of {ranges.dated} are used instead."


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
