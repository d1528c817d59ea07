"""Records inside envelopes: JSON events and the console's CSV. Each event becomes one line."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.engines.local.decoding import Broken
from bot.engines.local.layouts import BOM, console_columns
from bot.engines.local.lines import Lost, runs

_LARGEST_VALUE = 32 << 20  # characters of one JSON value; a batch of events is one value
_SKIP = re.compile(r"[\s,\[\]\x1e]*")
_MESSAGE = ("message", "_raw", "@message")
_TIME = ("timestamp", "@timestamp", "_time")
_STREAM = ("logStreamName", "logStream", "@logStream", "source")
_BATCH = ("logEvents", "events")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its record, the line it began on, its own time in milliseconds, its stream."""

    message: str
    number: int
    time: int | None = None
    stream: str | None = None


def csv_events(chunks: Iterable[bytes]) -> Iterator[Event | Lost]:
    """Events of a console CSV, in order."""
    columns = None
    for run in runs(chunks):
        if isinstance(run, Lost):
            yield run
            continue
        for number, raw in enumerate(run.text.split(b"\n")[:-1], run.number):
            line = raw.decode("utf-8", "replace").rstrip("\r")
            if columns is None:
                columns = console_columns(line)
            elif line.strip():
                yield _row(line, number, columns.message, columns.time)


def _row(line: str, number: int, message: int, time: int | None) -> Event | Lost:
    try:
        cells = next(csv.reader([line], strict=True))
        at = moment_ms(cells[time]) if time is not None else None
        return Event(cells[message], number, at)
    except (csv.Error, IndexError, StopIteration):
        return Lost(number, "not a row of the CSV")


def json_events(chunks: Iterable[bytes]) -> Iterator[Event | Lost]:
    """Events of an array, of lines, or of batches (`logEvents`, `events`), in order."""
    for number, value in _Values(chunks):
        if isinstance(value, Lost):
            yield value
        else:
            yield from _events(value, number, None)


def _events(value: Any, number: int, stream: str | None) -> Iterator[Event | Lost]:
    if not isinstance(value, dict):
        yield Lost(number, "JSON, but no event")
        return
    stream = next((str(value[key]) for key in _STREAM if value.get(key)), stream)
    batch = next((value[key] for key in _BATCH if isinstance(value.get(key), list)), None)
    if batch is not None:
        if value.get("messageType") != "CONTROL_MESSAGE":
            for inner in batch:
                yield from _events(inner, number, stream)
        return
    message = next((value[key] for key in _MESSAGE if isinstance(value.get(key), str)), None)
    if message is None:
        yield Lost(number, "a JSON event without message or _raw")
        return
    time = next((moment_ms(value[key]) for key in _TIME if key in value), None)
    yield Event(message.rstrip("\r\n"), number, time, stream)


def moment_ms(value: object) -> int | None:
    """An event's time in milliseconds: from a number of seconds or milliseconds, or ISO text."""
    try:
        if isinstance(value, str) and not re.fullmatch(r"\d+(\.\d+)?", value):
            when = datetime.fromisoformat(value)
            return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
        number = float(value) if isinstance(value, int | float | str) else 0.0
        return int(number if number >= 1e11 else number * 1000) if 0 < number < 1e14 else None
    except (ValueError, OverflowError):
        return None


class _Values:
    """The JSON values of a text, with the line each begins on; brackets around them are ignored.

    What is no JSON is left out up to the end of its line and told.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._place = 0
        self._number = 1
        self._ended = False
        self._broken: Lost | None = None

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        self._more()
        self._text = self._text.removeprefix(BOM.decode())
        while self._skip():
            number = self._number
            yield number, self._value()
        if self._broken:
            yield 0, self._broken

    def _more(self) -> bool:
        """Read on, by at least as much as is held, so that retries cost no more than twice."""
        if self._ended:
            return False
        parts, wanted = [self._text[self._place :]], max(1 << 16, len(self._text) - self._place)
        try:
            while wanted > 0:
                chunk = next(self._chunks, None)
                if chunk is None:
                    self._ended = True
                    break
                parts.append(self._utf8.decode(chunk))
                wanted -= len(chunk)
        except Broken as broken:
            self._ended = True
            self._broken = Lost(0, str(broken), lines=0)
        self._text, self._place = "".join(parts), 0
        return True

    def _skip(self) -> bool:
        """Go to the next value; False at the end."""
        while True:
            match = _SKIP.match(self._text, self._place)
            self._go(match.end() if match else self._place)
            if self._place < len(self._text):
                return True
            if not self._more():
                return False

    def _go(self, place: int) -> None:
        self._number += self._text.count("\n", self._place, place)
        self._place = place

    def _value(self) -> Any:
        while True:
            try:
                value, end = self._scan(self._text, self._place)
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._more():
                    continue
                return self._damaged("not JSON")
            except RecursionError:
                return self._damaged("JSON nested too deeply")
            self._go(end)
            return value

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        held = len(self._text) - self._place
        near_end = error.pos >= len(self._text) - 16 or error.msg.startswith("Unterminated")
        return near_end and held < _LARGEST_VALUE

    def _damaged(self, why: str) -> Lost:
        """Leave out the rest of the line, or up to the next object when the line goes on."""
        number = self._number
        end = self._text.find("\n", self._place)
        if end < 0:
            end = self._text.find("{", self._place + 1)
        self._go(end if end >= 0 else len(self._text))
        return Lost(number, why)
