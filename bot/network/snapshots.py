"""The network as it was: snapshots in a folder, and the latest one kept fresh in the background.

A snapshot's file is named for the time in which the network was seen to be so, from the first to
the last look: `20261120T140000Z-20261120T180000Z.json.gz`. A look that finds nothing changed only
moves the end.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.model import writing
from bot.model.answer import Note, Topic
from bot.model.changes import Changes
from bot.model.errors import BadSource, FlowsError
from bot.model.inventory import Inventory
from bot.network.changes import Recorded
from bot.network.cloudtrail import Trail
from bot.network.documents import LARGEST_FILE, Documents, inventory

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"(\d{8}T\d{6}Z)-(\d{8}T\d{6}Z)\.json\.gz")
MOST_LOADED = 8  # snapshots of one folder in memory; ten thousand interfaces are about 50 MB
FRESH = timedelta(minutes=15)
NO_EVENTS = Changes(unread="the inventory has no lookup-events.json")
NOT_ASKED = Changes(unread="CloudTrail is not asked")


@dataclass(frozen=True, slots=True)
class Span:
    """A snapshot's file, and from when to when the network was seen to be as it says."""

    path: Path
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Then:
    """The network at a moment. `certain`: a snapshot speaks for that very moment."""

    inventory: Inventory
    certain: bool


class Snapshots:
    """The history in one folder. Files that are no snapshots are passed over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[datetime, Inventory] = {}  # by the first look, which names do not change

    def spans(self) -> list[Span]:
        """Every snapshot, oldest first."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except OSError:
            return []
        return [span for name in names if (span := _span(self.folder / name)) is not None]

    def keep(self, documents: Documents, taken: datetime) -> Inventory:
        """Put a look into the history, and give its inventory. Raises `BadSource`."""
        now = taken.astimezone(UTC).replace(microsecond=0)
        found = replace(inventory(documents), taken=now)
        spans = self.spans()
        last = spans[-1] if spans else None
        try:
            if last is not None and last.first <= now and self._same(last, found):
                last.path.replace(self.folder / _name(last.first, max(now, last.last)))
            else:
                self._write(documents, self.folder / _name(now, now))
        except OSError as error:
            raise BadSource(
                f"the snapshot cannot be kept: {error.strerror}", where=str(self.folder)
            ) from None
        return found

    def latest(self) -> Inventory | None:
        """The newest readable snapshot, as of its last look; None where there is none."""
        for span in reversed(self.spans()):
            found = self._try(span)
            if found is not None:
                return replace(found, taken=span.last)
        return None

    def at(self, moment: datetime) -> Then | None:
        """The network at a moment; None where there is no history.

        Before the first look and between two that differ, it is the nearest earlier one (or the
        first), and not certain.
        """
        spans = self.spans()
        earlier = [span for span in spans if span.first <= moment]
        for span in (*reversed(earlier), *(s for s in spans if s not in earlier)):
            found = self._try(span)
            if found is not None:
                certain = span.first <= moment <= span.last
                return Then(replace(found, taken=span.last), certain)
        return None

    def forget(self, before: datetime) -> int:
        """Delete snapshots whose last look was before a moment; how many. Raises `BadSource`."""
        old = [span for span in self.spans() if span.last < before]
        try:
            for span in old:
                span.path.unlink(missing_ok=True)
        except OSError as error:
            raise BadSource(
                f"old snapshots cannot be deleted: {error.strerror}", where=str(self.folder)
            ) from None
        return len(old)

    def _same(self, span: Span, found: Inventory) -> bool:
        before = self._try(span)
        return before is not None and replace(before, taken=found.taken) == found

    def _try(self, span: Span) -> Inventory | None:
        """A damaged file must not hide the others."""
        found = self._loaded.get(span.first)
        if found is None:
            try:
                found = _read(span.path)
            except FlowsError:
                return None
            if len(self._loaded) >= MOST_LOADED:
                self._loaded.clear()
            self._loaded[span.first] = found
        return found

    def _write(self, documents: Documents, path: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        text = json.dumps(documents, default=str).encode()
        partial.write_bytes(gzip.compress(text, 6, mtime=0))
        partial.replace(path)


class Still:
    """The network as one snapshot has it, for good: a file, a folder, the demo, or nothing.

    `then` gives the network of another moment, where it is known; `recorded` the changes of rules.
    """

    def __init__(
        self,
        found: Inventory | None,
        clock: Callable[[], datetime],
        *,
        recorded: Recorded | None = None,
        then: Callable[[datetime], Inventory] | None = None,
    ) -> None:
        self._found = found
        self._clock = clock
        self._recorded = recorded
        self._then = then

    @property
    def past(self) -> Snapshots | None:
        return None

    def current(self, wait: float = 0, at: datetime | None = None) -> Inventory | None:
        return self._then(at) if self._then and at else self._found

    def changes(self, resources: Iterable[str], since: datetime, now: datetime) -> Changes:
        return self._recorded.changes(resources, since, now) if self._recorded else NO_EVENTS

    def notes(self, at: datetime) -> tuple[Note, ...]:
        if self._found is None:
            return ()
        if self._then:  # it is known for every moment
            words = age_words(replace(self._found, taken=at), at)
        else:
            words = age_words(self._found, self._clock())
        return (Note(Topic.METHOD, words), *poorer(self._found))


class Network:
    """The network as it is now, near enough: never older than need be, and never waited for twice.

    `describe` asks EC2; it runs in `executor`, one at a time. What could be read stays in use when
    it fails.
    """

    def __init__(
        self,
        describe: Callable[[], Documents],
        *,
        clock: Callable[[], datetime],
        executor: Executor,
        snapshots: Snapshots | None = None,
        fresh: timedelta = FRESH,
        trail: Trail | None = None,
    ) -> None:
        self._describe = describe
        self._clock = clock
        self._executor = executor
        self._snapshots = snapshots
        self._fresh = fresh
        self._trail = trail
        self._lock = threading.Lock()
        self._running: Future[None] | None = None
        self._tried: datetime | None = None
        self._loaded = False
        self._inventory: Inventory | None = None
        self.failure: FlowsError | None = None  # of the last look

    @property
    def past(self) -> Snapshots | None:
        return self._snapshots

    def changes(self, resources: Iterable[str], since: datetime, now: datetime) -> Changes:
        return self._trail.changes(resources, since) if self._trail else NOT_ASKED

    def current(self, wait: float = 0, at: datetime | None = None) -> Inventory | None:
        """What is known, at once; a look is started when it is old.

        With nothing known yet, waits up to `wait` seconds for the first look; None until then.
        """
        with self._lock:
            if not self._loaded:
                self._loaded = True
                self._inventory = self._snapshots.latest() if self._snapshots else None
            if self._is_old() and (self._running is None or self._running.done()):
                self._tried = self._clock()
                self._running = self._executor.submit(self._look)
            running = self._running
        if self._inventory is None and running is not None and wait > 0:
            _wait(running, wait)
        return self._inventory

    def notes(self, at: datetime) -> tuple[Note, ...]:
        """What an answer says about the network it used: its age, what it lacks, what failed."""
        found = self._inventory
        if found is None:
            why = f": {self.failure}" if self.failure else ""
            return (Note(Topic.COVERAGE, f"The network could not be read yet{why}"),)
        notes = [Note(Topic.FRESHNESS, age_words(found, self._clock()))]
        notes += poorer(found)
        if self.failure is not None:
            notes.append(Note(Topic.CAUTION, f"The network was not read again: {self.failure}"))
        return tuple(notes)

    def _is_old(self) -> bool:
        known = self._inventory.taken if self._inventory else None
        since = max((t for t in (known, self._tried) if t is not None), default=None)
        return since is None or self._clock() - since >= self._fresh

    def _look(self) -> None:
        try:
            found = self._read()
        except FlowsError as error:
            self.failure = error
            return
        self._inventory, self.failure = found, None

    def _read(self) -> Inventory:
        documents, now = self._describe(), self._clock()
        found = replace(inventory(documents), taken=now)
        if self._snapshots is not None:
            self._snapshots.keep(documents, now)
        return found


def age_words(found: Inventory, now: datetime) -> str:
    """`Names and rules as of 2026-11-20 14:00 UTC (12 min ago).`"""
    if found.taken is None:
        return "Names and rules are from files that do not say when they were taken."
    taken = found.taken.astimezone(UTC)
    ago = writing.duration(max(0.0, (now - taken).total_seconds()))
    return f"Names and rules as of {taken:%Y-%m-%d %H:%M} UTC ({ago} ago)."


def poorer(found: Inventory) -> list[Note]:
    """One note on what could not be read, and what that makes poorer."""
    if not found.missing:
        return []
    said = "; ".join(f"{why} without {action}" for action, why in found.missing.items())
    return [Note(Topic.COVERAGE, f"Not everything may be read: {said}.")]


def _wait(running: Future[None], seconds: float) -> None:
    try:
        running.result(timeout=seconds)
    except TimeoutError:
        return


def _name(first: datetime, last: datetime) -> str:
    return f"{first:{_STAMP}}-{last:{_STAMP}}.json.gz"


def _span(path: Path) -> Span | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        first, last = (datetime.strptime(t, _STAMP).replace(tzinfo=UTC) for t in found.groups())
    except ValueError:
        return None
    return Span(path, first, last)


def _read(path: Path) -> Inventory:
    try:
        with gzip.open(path) as stream:
            text = stream.read(LARGEST_FILE + 1)
        if len(text) > LARGEST_FILE:
            raise BadSource("too large for a snapshot", where=str(path))
        return inventory(json.loads(text), where=str(path))
    except (OSError, EOFError, zlib.error, ValueError, AttributeError, RecursionError) as error:
        raise BadSource(f"no snapshot: {error}", where=str(path)) from None
