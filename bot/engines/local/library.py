"""What of a source has been read, and reading what a window needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.engines.engine import Watch
from bot.engines.local.database import Deadline
from bot.engines.local.discovery import Listing, SourceFile
from bot.engines.local.keeping import shrink, use
from bot.engines.local.reports import Report
from bot.engines.local.segments import Segment, Segments
from bot.engines.local.view import Piece
from bot.model.errors import Cancelled, EngineError
from bot.model.query import Progress, Statistics
from bot.model.window import Window

_SMALLEST_GROUP = 4 << 20  # bytes on disk that are worth a thread and a segment of their own
_LARGEST_GROUP = 32 << 20
_SMALL = 128 * 1024  # records below which a segment is small
_ATTEMPTS = 3  # another process may remove what was just read
_MANY = 8  # small segments that are joined into one


@dataclass(frozen=True)
class Holdings:
    """What a window's records are read from. `reports` are those of the files that may hold some;
    `unread` counts files whose name rules them out."""

    pieces: tuple[Piece, ...]
    reports: tuple[Report, ...]
    files: int
    ruled_out: int
    troubles: tuple[tuple[str, str], ...]

    @property
    def records(self) -> int:
        return sum(report.records for report in self.reports)

    @property
    def size(self) -> int:
        """Bytes of log text."""
        return sum(report.size for report in self.reports)


@dataclass
class _Known:
    """Where each file that was read stands, and which files of a segment count no longer."""

    places: dict[str, tuple[Segment, Report]] = field(default_factory=dict)
    stale: dict[Segment, frozenset[str]] = field(default_factory=dict)


class Library:
    """Reads files as windows need them and keeps what was read. Safe for threads."""

    def __init__(self, segments: Segments, threads: int, limit: int) -> None:
        self._segments = segments
        self._threads = threads
        self._limit = limit
        self._reading = threading.Lock()  # held for as long as files are read
        self._looking = threading.Lock()  # held for a moment

    def hold(self, listing: Listing, window: Window, watch: Watch, deadline: Deadline) -> Holdings:
        """Read what the window needs and is not known yet. Raises `Cancelled` or `TimedOut`."""
        wanted = [f for f in listing.files if f.span is None or f.span.touches(window)]
        known = self._known(listing.files)
        for _ in range(_ATTEMPTS):
            if all(file.name in known.places for file in wanted):
                break
            with Turn(self._reading, watch, deadline):
                known = self._read_unknown(listing, wanted, watch, deadline)
        else:
            raise EngineError("what was read keeps vanishing from the cache", hint="Try again.")
        seen = [known.places[file.name] for file in wanted]
        for folder in {segment.folder for segment, _ in seen}:
            use(folder)
        return Holdings(
            tuple(_pieces(seen, known, window)),
            tuple(report for _, report in seen),
            len(listing.files),
            len(listing.files) - len(wanted),
            tuple(listing.troubles),
        )

    def _read_unknown(
        self, listing: Listing, wanted: Sequence[SourceFile], watch: Watch, deadline: Deadline
    ) -> _Known:
        known = self._known(listing.files)  # another thread may have read them meanwhile
        unknown = [file for file in wanted if file.name not in known.places]
        if unknown:
            self._read(unknown, watch, deadline)
            self._tidy(self._known(listing.files), {file.name for file in wanted})
            known = self._known(listing.files)
        return known

    def _known(self, files: Sequence[SourceFile]) -> _Known:
        """What is known of the files as they are now. A file that two processes read at the same
        time counts once."""
        now = {file.name: file.identity for file in files}
        known = _Known()
        with self._looking:
            segments = self._segments.look()
        for segment in segments:
            good = {
                report.name: (segment, report)
                for report in segment.reports
                if report.name not in known.places and now.get(report.name) == report.identity
            }
            known.places |= good
            names = {report.name for report in segment.reports}
            known.stale[segment] = frozenset(names - good.keys())
        return known

    def _tidy(self, known: _Known, wanted: set[str]) -> None:
        """Forget what counts no longer, join small segments once there are many, and keep the cache
        within its limit."""
        live = {segment for segment, _ in known.places.values()}
        for segment in known.stale.keys() - live:
            self._segments.forget(segment)
        small = [(s, known.stale[s]) for s in live if s.rows < _SMALL]
        if len(small) >= _MANY:
            first = {segment: name for name, (segment, _) in reversed(known.places.items())}
            self._segments.join(sorted(small, key=lambda pair: first[pair[0]]))
            return
        needed = {s.folder for name, (s, _) in known.places.items() if name in wanted}
        shrink(self._segments.folder.parent, self._limit, frozenset(needed))

    def _read(self, files: Sequence[SourceFile], watch: Watch, deadline: Deadline) -> None:
        failed = threading.Event()
        told = _Told(watch)

        def check() -> None:
            watch.check()
            deadline.check()
            if failed.is_set():
                raise Cancelled("reading was stopped")

        def read(group: Sequence[SourceFile]) -> None:
            try:
                told.add(self._segments.write(group, check))
            except OSError as error:
                failed.set()
                raise _full(self._segments.folder, error) from None
            except BaseException:
                failed.set()
                raise

        groups = list(_groups(files, self._threads))
        if len(groups) == 1:
            read(groups[0])
            return
        with ThreadPoolExecutor(self._threads, "reading") as pool:
            futures = [pool.submit(read, group) for group in groups]
        errors = [error for future in futures if (error := future.exception())]
        for error in sorted(errors, key=lambda error: str(error) == "reading was stopped"):
            raise error


def _full(folder: Path, error: OSError) -> EngineError:
    return EngineError(
        f"what was read cannot be kept: {error.strerror or error}",
        where=str(folder),
        hint="Make room there, or set FLOWS_CACHE to another folder.",
    )


class Turn:
    """The lock, waited for only as long as the query may take."""

    def __init__(self, lock: threading.Lock, watch: Watch, deadline: Deadline) -> None:
        self._lock = lock
        self._watch = watch
        self._deadline = deadline

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=0.1):
            self._watch.check()
            self._deadline.check()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Told:
    """Tells the watch how far reading has come."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._done = Statistics()
        self._lock = threading.Lock()

    def add(self, segment: Segment) -> None:
        with self._lock:
            for report in segment.reports:
                self._done += Statistics(records_scanned=report.records, bytes_scanned=report.size)
            self._watch.progress(Progress(self._done, "Reading files"))


def _groups(files: Sequence[SourceFile], threads: int) -> Iterator[list[SourceFile]]:
    """Runs of files to be read together, large enough to be worth it and enough for all threads."""
    total = sum(file.identity.size for file in files)
    target = min(_LARGEST_GROUP, max(_SMALLEST_GROUP, total // threads + 1))
    group: list[SourceFile] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.identity.size
        if size >= target:
            yield group
            group, size = [], 0
    if group:
        yield group


def _pieces(
    seen: Sequence[tuple[Segment, Report]], known: _Known, window: Window
) -> Iterator[Piece]:
    """Parts of the segments in which a file has records that may be in the window."""
    start, end = window.start.timestamp(), window.end.timestamp()
    for segment in {segment: None for segment, report in seen if _overlaps(report, start, end)}:
        inside = all(_within(report, start, end) for report in segment.reports)
        for part in segment.parts:
            yield Piece(part, known.stale[segment], inside)


def _overlaps(report: Report, start: float, end: float) -> bool:
    if report.first is None or report.last is None:
        return False
    return report.first < end and report.last + 1 > start  # to whole seconds, rounded down


def _within(report: Report, start: float, end: float) -> bool:
    if report.first is None or report.last is None:
        return True
    return report.first >= start and report.last + 1 <= end
