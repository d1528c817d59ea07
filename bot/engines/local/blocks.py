"""Stretches of record lines with all that is known about where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bot.engines.local.decoding import PARQUET, Broken, chunks
from bot.engines.local.discovery import as_text
from bot.engines.local.events import Event, csv_events, json_events
from bot.engines.local.formats import Format, Headers
from bot.engines.local.layouts import Layout, look
from bot.engines.local.lines import Lost, runs
from bot.engines.local.reports import Tally

_EVENTS_AT_ONCE = 8192


@dataclass
class Reading:
    """A file being read: `form` is the format that its next line is in, as far as is known."""

    tally: Tally
    headers: Headers
    form: Format | None = None
    headed: bool = False  # whether a header line told the format

    @property
    def dated(self) -> bool:
        return self.tally.layout is Layout.EXPORTED

    @property
    def stream(self) -> str | None:
        """The log stream: the folder that an export task made for it. Other files have none."""
        return as_text(Path(self.tally.file.path).parent.name) if self.dated else None


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one file, each with its newline. `places` counts them within the file.

    Lines out of envelopes come with their `events`; then it is these that are counted.
    """

    reading: Reading
    text: bytes
    places: range
    events: Sequence[Event] | None = None

    def after(self, lines: int, size: int) -> Block:
        """The block without its first `lines`, which are `size` bytes."""
        events = None if self.events is None else self.events[lines:]
        return Block(self.reading, self.text[size:], self.places[lines:], events)

    def number(self, index: int) -> int:
        """The number of the line in the file, for people who look for it."""
        return self.places[index] if self.events is None else self.events[index].number

    def halves(self) -> tuple[Block, Block]:
        """Both halves, cut between lines. There must be more than one line."""
        size = self.text.rfind(b"\n", 0, len(self.text) // 2) + 1
        if not size:
            size = self.text.index(b"\n", len(self.text) // 2) + 1
        lines = self.text.count(b"\n", 0, size)
        events = None if self.events is None else self.events[:lines]
        first = Block(self.reading, self.text[:size], self.places[:lines], events)
        return first, self.after(lines, size)


def is_parquet(reading: Reading) -> bool:
    """Whether the file begins as Parquet does. A file that cannot be opened does not."""
    try:
        with Path(reading.tally.file.path).open("rb") as file:
            return file.read(len(PARQUET)) == PARQUET
    except OSError:
        return False


def blocks(reading: Reading, check: Callable[[], None] = lambda: None) -> Iterator[Block]:
    """The file's lines in order. What cannot be read goes to the tally.

    `check` is called with every chunk of the file and may raise to stop.
    """
    text = _checked(chunks(Path(reading.tally.file.path)), check)
    try:
        start = next(text, b"")
    except Broken as broken:
        reading.tally.trouble = str(broken)
        return
    seen = look(start[: 1 << 16], reading.headers)
    reading.tally.layout, reading.form = seen.layout, seen.form
    if seen.layout is None:
        reading.tally.trouble = seen.why
        return
    whole = chain((start,), text)
    if seen.layout is Layout.EVENTS:
        yield from _of_events(reading, json_events(whole))
    elif seen.layout is Layout.CONSOLE:
        yield from _of_events(reading, csv_events(whole))
    else:
        for run in runs(whole):
            if isinstance(run, Lost):
                _lose(reading.tally, run)
            else:
                lines = range(run.number, run.number + run.lines)
                yield Block(reading, _unix(run.text), lines)


def _checked(text: Iterator[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    for chunk in text:
        check()
        yield chunk


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n") if b"\r" in text else text


def _lose(tally: Tally, lost: Lost) -> None:
    if lost.lines:
        tally.lose(lost.number, lost.why)
    else:
        tally.trouble = lost.why


def _of_events(reading: Reading, events: Iterator[Event | Lost]) -> Iterator[Block]:
    batch: list[Event] = []
    done = 0
    for event in events:
        if isinstance(event, Lost):
            _lose(reading.tally, event)
        elif "\n" in event.message:
            reading.tally.lose(event.number, "an event of more than one line")
        else:
            batch.append(event)
        if len(batch) == _EVENTS_AT_ONCE:
            yield _block(reading, batch, done)
            done += len(batch)
            batch = []
    if batch:
        yield _block(reading, batch, done)


def _block(reading: Reading, events: list[Event], done: int) -> Block:
    text = "".join(f"{event.message}\n" for event in events).encode("utf-8", "replace")
    return Block(reading, text, range(done + 1, done + 1 + len(events)), events)
