"""What reading a file came to: kept beside what was read, told with every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.engines.local.discovery import Identity, SourceFile
from bot.engines.local.layouts import Layout

SAMPLES = 3  # damaged lines of a file that are named


@dataclass(frozen=True, slots=True)
class Report:
    """One file as it was read. Times are epoch seconds of the first and last start, both included.

    No `layout` means that it was not read, for the reason in `trouble`; with a layout, `trouble` is
    what ended the reading early.
    """

    name: str
    identity: Identity
    layout: Layout | None
    records: int = 0
    size: int = 0  # bytes of log text
    first: int | None = None
    last: int | None = None
    nodata: int = 0
    skipdata: int = 0
    damaged: int = 0  # lines
    samples: tuple[tuple[int, str], ...] = ()  # (line, why) of the first of them
    trouble: str = ""
    formats: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Raises KeyError, TypeError or ValueError when `data` is not what `to_json` gave."""
        layout = None if data["layout"] is None else Layout(data["layout"])
        samples = tuple((int(line), str(why)) for line, why in data["samples"])
        return cls(
            **{
                **data,
                "identity": Identity(**data["identity"]),
                "layout": layout,
                "samples": samples,
                "formats": tuple(data["formats"]),
            }
        )


@dataclass
class Tally:
    """A report in the making."""

    file: SourceFile
    layout: Layout | None = None
    records: int = 0
    size: int = 0
    first: int | None = None
    last: int | None = None
    nodata: int = 0
    skipdata: int = 0
    damaged: int = 0
    samples: list[tuple[int, str]] = field(default_factory=list)
    trouble: str = ""
    formats: list[str] = field(default_factory=list)

    def lose(self, number: int, why: str) -> None:
        """Count a damaged line."""
        self.damaged += 1
        if len(self.samples) < SAMPLES:
            self.samples.append((number, why))

    def count(self, records: int, first: int, last: int, nodata: int, skipdata: int) -> None:
        """Count records that were read."""
        self.records += records
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self.nodata += nodata
        self.skipdata += skipdata

    def note_format(self, form: str) -> None:
        if form not in self.formats:
            self.formats.append(form)

    def report(self) -> Report:
        return Report(
            self.file.name,
            self.file.identity,
            self.layout,
            self.records,
            self.size,
            self.first,
            self.last,
            self.nodata,
            self.skipdata,
            self.damaged,
            tuple(self.samples),
            self.trouble,
            tuple(self.formats),
        )
