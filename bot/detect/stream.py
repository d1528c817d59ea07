"""CSV `timestamp,value` in, CSV `timestamp,alert,score` out, line by line.

A line that cannot be judged still gets its line: alert 0, score 0. An empty value (also `nan`,
`null`, `none`, `-`) is unknown, as a missing line is. What else is wrong is told, and the stream
goes on: a value that is no number, a time not after the one before. Only a header without the two
columns and a time that cannot be read end it, because everything after them would be guesswork.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator

from bot.detect.detector import ALERT, Detector
from bot.model.errors import BadWindow, FlowsError
from bot.model.times import moment

TIME, VALUE = "timestamp", "value"
HEADER = "timestamp,alert,score"
MOST_TOLD = 20  # lines told one by one; the rest is counted
_UNKNOWN = {"", "nan", "null", "none", "na", "n/a", "-"}


class BadSeries(FlowsError):
    """A series of which nothing can be made."""


def spikes(lines: Iterable[str], tell: Callable[[str], None]) -> Iterator[str]:
    """Judge one series as it arrives: a line out for each line in, before the next is read.

    Lines come and go without regard to line ends; blank ones are passed over. `tell` hears what is
    wrong with a line. Raises `BadSeries`.
    """
    rows = ((number, _fields(line)) for number, line in enumerate(lines, 1) if line.strip())
    number, header = next(rows, (1, []))
    time_at, value_at = _columns(header, number)
    yield HEADER
    detector, last, complaints = Detector(), -math.inf, _Complaints(tell)
    for number, row in rows:
        text = row[time_at].strip() if time_at < len(row) else ""
        time = _time(text, number)
        value = _value(row[value_at] if value_at < len(row) else "", number, complaints)
        if time <= last:
            complaints.add(f"line {number}: {text} is not after the line before; taken as unknown")
            value = math.nan
        score = float(detector.update(time, [value]).score[0])
        last = max(last, time)
        yield f"{_quoted(text)},{int(score >= ALERT)},{score:.4f}"
    complaints.close()


class _Complaints:
    """Tells what is wrong with the first lines, and how many more there were."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._count = 0

    def add(self, text: str) -> None:
        self._count += 1
        if self._count <= MOST_TOLD:
            self._tell(text)

    def close(self) -> None:
        if self._count > MOST_TOLD:
            self._tell(f"and {self._count - MOST_TOLD} more lines like these")


def _fields(line: str) -> list[str]:
    return next(csv.reader([line.rstrip("\r\n")]), [])


def _columns(header: list[str], number: int) -> tuple[int, int]:
    names = [name.strip().lstrip("\ufeff").lower() for name in header]
    try:
        return names.index(TIME), names.index(VALUE)
    except ValueError:
        raise BadSeries(
            f"the header names no {TIME} and {VALUE}",
            where=f"line {number}",
            hint=f"Begin with the line {TIME},{VALUE}.",
        ) from None


def _time(text: str, number: int) -> float:
    """Epoch seconds of an ISO 8601 time (UTC when it names no zone), epoch seconds or milliseconds.

    Thirteen digits are milliseconds.
    """
    try:
        if re.fullmatch(r"\d{13}", text):
            return int(text) / 1000.0
        return moment(text).timestamp()
    except BadWindow:
        raise BadSeries(
            f"{text[:40]!r} is not a time",
            where=f"line {number}",
            hint="Write 2026-11-20T14:00:00Z or epoch seconds.",
        ) from None


def _value(text: str, number: int, complaints: _Complaints) -> float:
    if text.strip().lower() in _UNKNOWN:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isfinite(value):
        return value
    complaints.add(f"line {number}: {text.strip()[:40]!r} is not a number; taken as unknown")
    return math.nan


def _quoted(text: str) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([text])
    return out.getvalue()
