"""What was read, kept as Parquet, and known again by the identity of the files it came from.

A segment is a folder with Parquet files, one a format, and a manifest. It is written beside its
place and moved there whole, so that readers in other processes see all of it or nothing, without a
lock. It is never changed afterwards. What is known of a file counts only while the file on disk has
the identity it was read with.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engines.local.formats import Format
from bot.engines.local.reports import Report

if TYPE_CHECKING:
    from bot.engines.local.discovery import SourceFile
    from bot.engines.local.writing import PartsWriter

_VERSION = 2  # of the manifest and the columns; what another version wrote is not read
_MANIFEST = "manifest.json"
DONE, WRITING = "segment-", "writing-"


@dataclass(frozen=True, slots=True)
class Part:
    """Records of one format in a Parquet file. `exact` when no record's text had to be kept."""

    form: Format
    path: Path
    rows: int
    exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Files that were read together; `@name` in the parts is the name in a report."""

    folder: Path
    parts: tuple[Part, ...]
    reports: tuple[Report, ...]

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)


class Segments:
    """The segments in one folder. Not safe for threads: who owns it guards it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._by_name: dict[str, Segment] = {}

    def look(self) -> list[Segment]:
        """The segments that are there now. The largest come first, so that of two that hold a file
        every process prefers the same."""
        found = {}
        for folder in sorted(self.folder.glob(f"{DONE}*")):
            segment = self._by_name.get(folder.name) or _loaded(folder)
            if segment:
                found[folder.name] = segment
        self._by_name = found
        return sorted(found.values(), key=lambda segment: (-segment.rows, segment.folder.name))

    def forget(self, segment: Segment) -> None:
        """Remove a segment. Queries that have begun to read it finish undisturbed."""
        self._by_name.pop(segment.folder.name, None)
        shutil.rmtree(segment.folder, ignore_errors=True)

    def write(self, files: Sequence[SourceFile], check: Callable[[], None]) -> Segment:
        """Read files and keep what they hold. When `check` raises, nothing is kept."""
        from bot.engines.local.reading import read_files  # noqa: PLC0415  (Arrow is slow to import)

        return self._made(lambda writer: read_files(files, writer.add, check))

    def join(self, segments: Sequence[tuple[Segment, frozenset[str]]]) -> Segment:
        """Make one segment of several, each without the files named with it, and forget them."""
        from bot.engines.local.writing import copy_parts  # noqa: PLC0415

        def copy(writer: PartsWriter) -> list[Report]:
            for segment, without in segments:
                copy_parts(segment.parts, without, writer)
            return [r for s, without in segments for r in s.reports if r.name not in without]

        joined = self._made(copy)
        for segment, _ in segments:
            self.forget(segment)
        return joined

    def _made(self, fill: Callable[[PartsWriter], list[Report]]) -> Segment:
        from bot.engines.local.writing import PartsWriter  # noqa: PLC0415

        folder = Path(tempfile.mkdtemp(prefix=WRITING, dir=self.folder))
        try:
            with PartsWriter(folder) as writer:
                reports = fill(writer)
            _save(folder / _MANIFEST, tuple(writer.parts()), reports)
            done = folder.with_name(folder.name.replace(WRITING, DONE, 1))
            folder.rename(done)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        parts = (Part(p.form, done / p.path.name, p.rows, p.exact) for p in writer.parts())
        segment = Segment(done, tuple(parts), tuple(reports))
        self._by_name[done.name] = segment
        return segment


def _save(path: Path, parts: Sequence[Part], reports: Sequence[Report]) -> None:
    document = {
        "version": _VERSION,
        "parts": [
            {"file": p.path.name, "fields": p.form.names, "rows": p.rows, "exact": p.exact}
            for p in parts
        ],
        "reports": [report.to_json() for report in reports],
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def _loaded(folder: Path) -> Segment | None:
    """The segment in a folder; None when it is not one, or is another version's."""
    try:
        document: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            return None
        parts = tuple(
            Part(
                Format(tuple(p["fields"])),
                folder / Path(p["file"]).name,
                int(p["rows"]),
                bool(p["exact"]),
            )
            for p in document["parts"]
        )
        return Segment(folder, parts, tuple(map(Report.from_json, document["reports"])))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
