"""Whose a host, a range or a port is: a small YAML file.

    hosts:
      db-a1: data            # a name, an instance id, an interface id or an address
      app-*: shop            # or a pattern over names
    ranges:
      10.20.20.0/24: data
    ports:
      5432: data             # a port, `8000-8010`, or a name such as postgres
    scanners:
      10.20.10.90: vulnerability scanner   # an address or a range that may scan, and who it is

A host beats a range, the longest range beats a shorter one, and any range beats a port.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar

import yaml

from bot.model.errors import BadSettings
from bot.model.prefixes import Prefixes, Range
from bot.network.ports import ports_named

LARGEST = 4 * 1024 * 1024  # bytes
SECTIONS = ("hosts", "ranges", "ports", "scanners")
MOST_COMPLAINTS = 20  # at once
_T = TypeVar("_T")


@dataclass(frozen=True)
class Teams:
    """Teams by host (name, id or address, lower case), pattern, range and port; known scanners."""

    hosts: Mapping[str, str] = field(default_factory=dict)
    patterns: tuple[tuple[str, str], ...] = ()
    ranges: Prefixes[str] = field(default_factory=lambda: Prefixes(()))
    ports: Mapping[int, str] = field(default_factory=dict)
    zones: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)  # ranges by their team
    scanners: Mapping[Range, str] = field(default_factory=dict)  # who may scan, and who that is

    def of(self, address: str, names: Iterable[str] = (), port: int | None = None) -> str:
        """The team of an address that has these names and ids; empty when nobody's."""
        known = [address, *(name.lower() for name in names if name)]
        for name in known:
            if name in self.hosts:
                return self.hosts[name]
        for pattern, team in self.patterns:
            if any(fnmatchcase(name, pattern) for name in known):
                return team
        return self.ranges.only_at(address) or (self.ports.get(port, "") if port else "")


def read_teams(path: Path) -> Teams:
    """The file of teams. Raises `BadSettings` that names every wrong line at once."""
    try:
        if path.stat().st_size > LARGEST:
            raise BadSettings("too large for a file of teams", where=str(path))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise BadSettings(f"the file of teams cannot be read: {reason}", where=str(path)) from None
    return teams(text, where=str(path))


def teams(text: str, where: str = "teams") -> Teams:
    """Teams out of YAML. Raises `BadSettings` that names every wrong line at once."""
    try:
        # Nodes rather than values: they know their lines, and an alias is not copied out.
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadSettings(f"not YAML: {_problem(error)}", where=where) from None
    reading = _Reading()
    sections = {} if root is None or _is_empty(root) else reading.sections(root)
    if reading.wrong:
        raise BadSettings(
            "; ".join(reading.wrong[:MOST_COMPLAINTS]),
            where=where,
            hint="Write hosts:, ranges:, ports: or scanners:, each with lines like db-a1: data.",
        )
    return _built(sections)


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null")


def _problem(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "nested too deeply or not text"
    return f"line {mark.line + 1}: {what}" if mark is not None else str(what)


def _built(sections: Mapping[str, list[tuple[str, str]]]) -> Teams:
    hosts = [(name.lower(), team) for name, team in sections.get("hosts", [])]
    ranges = [(ip_network(name, strict=False), team) for name, team in sections.get("ranges", [])]
    zones: dict[str, tuple[Range, ...]] = {}
    for network, team in reversed(_first_only(ranges).items()):
        zones[team] = (*zones.get(team, ()), network)
    return Teams(
        zones=zones,
        scanners=_first_only(
            [(ip_network(name, strict=False), who) for name, who in sections.get("scanners", [])]
        ),
        hosts={_address(name): team for name, team in hosts if not _is_pattern(name)},
        patterns=tuple((name, team) for name, team in hosts if _is_pattern(name)),
        ranges=Prefixes(_first_only(ranges).items()),
        ports={
            port: team
            for name, team in reversed(sections.get("ports", []))
            for port in ports_of(name)
        },
    )


class _Reading:
    """Walks the document's nodes and collects what is wrong, by line."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def sections(self, root: yaml.Node) -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        for name, node, line in self._entries(root, "the file"):
            if name not in SECTIONS:
                self.wrong.append(f"line {line}: {name!r} is none of {', '.join(SECTIONS)}")
            elif not _is_empty(node):
                found[name] = list(self._teams(name, node))
        return found

    def _teams(self, section: str, node: yaml.Node) -> Iterable[tuple[str, str]]:
        check = {"hosts": _bad_host, "ranges": _bad_range, "ports": _bad_ports}.get(
            section, _bad_range
        )
        for name, value, line in self._entries(node, section):
            complaint = check(name)
            if complaint:
                self.wrong.append(f"line {line}: {complaint}")
            elif not isinstance(value, yaml.ScalarNode) or not value.value.strip():
                self.wrong.append(f"line {line}: {name} has no name after it")
            else:
                yield name, " ".join(value.value.split())

    def _entries(self, node: yaml.Node, place: str) -> Iterable[tuple[str, yaml.Node, int]]:
        """Name, value and line of a mapping's entries; a name that comes twice is wrong."""
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line + 1
            self.wrong.append(f"line {line}: {place} is no list of NAME: TEAM")
            return
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.wrong.append(f"line {line}: a name must be one word")
            elif key.value in seen:
                self.wrong.append(f"line {line}: {key.value} stands twice in {place}")
            else:
                seen.add(key.value)
                yield key.value, value, line


def ports_of(text: str) -> tuple[int, ...]:
    """The ports that `5432`, `8000-8010` or `postgres` means; empty for anything else."""
    first, dash, last = text.strip().partition("-")
    if first.isdecimal() and (not dash or last.isdecimal()) and len(text) <= 11:
        low, high = int(first), int(last or first)
        return tuple(range(low, high + 1)) if 0 <= low <= high <= 65535 else ()
    return ports_named(text)


def _bad_host(name: str) -> str:
    return "" if name.strip() else "a host needs a name"


def _bad_range(name: str) -> str:
    try:
        ip_network(name, strict=False)
    except ValueError:
        return f"{name!r} is no range such as 10.0.3.0/24"
    return ""


def _bad_ports(name: str) -> str:
    return "" if ports_of(name) else f"{name!r} is no port, 8000-8010 or a service's name"


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _address(name: str) -> str:
    """An address in its usual spelling; any other name as it is."""
    try:
        return str(ip_address(name))
    except ValueError:
        return name


def _first_only(ranges: list[tuple[Range, _T]]) -> dict[Range, _T]:
    """10.0.0.1/8 and 10.0.0.0/8 are one range: the first line counts."""
    return dict(reversed(ranges))
