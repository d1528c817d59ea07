"""When records started, as far as names of files and folders tell. Always too wide, never too
narrow: what a name excludes is never read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.model.window import Window

# A delivered file is named by a five-minute slot and holds records whose end lies in it. Nothing
# says which edge of the slot is named, so both neighbours count. A record starts up to one
# aggregation interval before its end, and its times may lag the packets by a minute.
_SLOT = timedelta(minutes=5)
_INTERVAL = timedelta(minutes=10)
_LAG = timedelta(minutes=1)
# Folders may be dated by arrival instead: Firehose holds records back for up to 15 minutes, and
# delivery itself is late at times.
_ARRIVAL = timedelta(hours=1)

_FILE = re.compile(r"_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_")
_HIVE = re.compile(r"(?:^|/)year=(\d{4})/month=(\d\d?)/day=(\d\d?)(?:/hour=(\d\d?))?/")
_DATED = re.compile(r"(?:^|/)(\d{4})/(\d\d)/(\d\d)(?:/(\d\d))?/")
_EXPORTED = re.compile(r"/\d{6}\.gz$")  # the folders above are dated by the export, not the data


@dataclass(frozen=True, slots=True)
class Span:
    """Between which moments records started. `end` is excluded."""

    start: datetime
    end: datetime

    def touches(self, window: Window) -> bool:
        return self.start < window.end and window.start < self.end


def named_span(name: str) -> Span | None:
    """The span that a path relative to the source tells of, or None when it tells of none."""
    try:
        if match := _FILE.search(name):
            slot = datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
            return Span(slot - _SLOT - _INTERVAL - _LAG, slot + 2 * _SLOT)
        if (match := _HIVE.search(name) or _DATED.search(name)) and not _EXPORTED.search(name):
            return _folder_span(*match.groups())
    except (ValueError, OverflowError):  # digits that are no date
        return None
    return None


def _folder_span(year: str, month: str, day: str, hour: str | None) -> Span:
    start = datetime(int(year), int(month), int(day), int(hour or 0), tzinfo=UTC)
    length = timedelta(hours=1) if hour else timedelta(days=1)
    return Span(start - _ARRIVAL - _INTERVAL, start + length + _SLOT)


def named_time(name: str) -> datetime | None:
    """The moment a delivered file is named by; for records that hold no time themselves."""
    match = _FILE.search(name)
    try:
        return datetime(*(int(part) for part in match.groups()), tzinfo=UTC) if match else None  # type: ignore[misc,arg-type]
    except ValueError:
        return None
