"""Files into tables of records, many small files at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from bot.engines.local import columns
from bot.engines.local.blocks import Block, Reading, blocks, is_parquet
from bot.engines.local.closely import adopt, records
from bot.engines.local.columns import Column, pc
from bot.engines.local.discovery import SourceFile
from bot.engines.local.events import Event
from bot.engines.local.formats import DEFAULT, LARGEST_LINE, Format, Headers, headerless
from bot.engines.local.layouts import CUSTOM, UNKNOWN, Layout
from bot.engines.local.lines import RUN
from bot.engines.local.naming import named_time
from bot.engines.local.parquet import parquet_tables
from bot.engines.local.reports import Report, Tally

Sink = Callable[[Format, pa.Table], None]
_LARGEST = RUN * 5 // 4  # bytes of text of several files that are parsed at once
_READ_CLOSELY = 4096  # bytes of a block below which one odd line has all of them read one by one


def read_files(
    files: Iterable[SourceFile], sink: Sink, check: Callable[[], None] = lambda: None
) -> list[Report]:
    """Read files and hand their records to `sink`, a table of one format at a time.

    `check` is called between steps of at most a fraction of a second, and may raise to stop.
    """
    reader, readings, headers = _Reader(sink, check), [], Headers()
    for file in files:
        check()
        reading = Reading(Tally(file), headers)
        readings.append(reading)
        if is_parquet(reading):
            _read_parquet(reading, sink, check)
            continue
        for block in blocks(reading, check):
            reader.add(block)
    reader.flush()
    for reading in readings:
        _judge(reading.tally)
    return [reading.tally.report() for reading in readings]


def _judge(tally: Tally) -> None:
    """Say of a file without a single record what it is, rather than count its lines as damaged."""
    if tally.records or not tally.samples:
        return
    if tally.samples[0][1] == CUSTOM:
        tally.layout, tally.trouble = None, CUSTOM
    elif tally.layout in (Layout.EVENTS, Layout.CONSOLE):
        tally.layout, tally.trouble = None, UNKNOWN.why


def _read_parquet(reading: Reading, sink: Sink, check: Callable[[], None]) -> None:
    reading.tally.layout = Layout.PARQUET
    for table in parquet_tables(reading.tally):
        check()
        reading.tally.size += max(0, columns.length(table.fields))
        count = table.fields.num_rows
        _Batch([(reading, count)], table.form, table.fields, table.times, table.rows).hand_to(sink)


class _Reader:
    """Puts blocks of small files together, so that each file costs little."""

    def __init__(self, sink: Sink, check: Callable[[], None]) -> None:
        self._sink = sink
        self._check = check
        self._pending: list[Block] = []
        self._size = 0

    def add(self, block: Block) -> None:
        self._check()
        block.reading.tally.size += len(block.text)
        block = _begun(block)
        if not block.text:
            return
        if self._pending and not self._goes_along(block):
            self.flush()
            block = _begun(block)
        self._pending.append(block)
        self._size += len(block.text)
        if self._size >= RUN:
            self.flush()

    def _goes_along(self, block: Block) -> bool:
        """Whether it can be parsed in one go with what waits. Two blocks of one file cannot: the
        first may hold a header that changes what the second means."""
        first, last, new = self._pending[0], self._pending[-1].reading, block.reading
        old = first.reading
        alike = (old.form, old.dated, old.headed) == (new.form, new.dated, new.headed)
        fits = self._size + len(block.text) <= _LARGEST
        return fits and alike and last is not new and block.events is first.events is None

    def flush(self) -> None:
        together, self._pending, self._size = self._pending, [], 0
        if len(together) > 1 and self._at_once(together):
            return
        for block in together:
            self._parse(block)

    def _parse(self, block: Block) -> None:
        self._check()
        block = _begun(block)
        if not block.text or self._at_once([block]):
            return
        if len(block.text) <= _READ_CLOSELY or len(block.places) == 1:
            self._closely(block)
        else:
            for half in block.halves():
                self._parse(half)

    def _at_once(self, together: list[Block]) -> bool:
        self._check()
        reading = together[0].reading
        form = reading.form
        if form is None:
            return False
        counted = [(block.reading, len(block.places)) for block in together]
        fields = columns.parsed(
            together[0].text if len(together) == 1 else b"".join(b.text for b in together),
            form,
            dated=reading.dated,
            version=2 if form == DEFAULT and not reading.headed else None,
        )
        if fields is None or fields.num_rows != sum(count for _, count in counted):
            return False
        times = None if form.timed else _times(together, fields)
        if times is None and not form.timed:
            return False
        lines = columns.counted([block.places for block in together])
        _Batch(counted, form, fields, times, lines, together[0].events).hand_to(self._sink)
        return True

    def _closely(self, block: Block) -> None:
        for form, run in records(block):
            fields = columns.table(form, [r.values for r in run], [r.message for r in run])
            times = None if form.timed else pa.array([r.time for r in run], pa.int64())
            events = None if block.events is None else [block.events[r.place] for r in run]
            lines = pa.array([block.places[r.place] for r in run], pa.int64())
            _Batch([(block.reading, len(run))], form, fields, times, lines, events).hand_to(
                self._sink
            )


def _begun(block: Block) -> Block:
    """The block without the header lines at its beginning, which tell its format."""
    while block.text:
        end = block.text.index(b"\n") + 1
        line = block.text[: min(end, LARGEST_LINE)].decode("utf-8", "replace")
        form = block.reading.headers.find(line.rstrip())
        if form is not None and form.is_usable:
            adopt(block.reading, form)
        elif line.strip() or form is not None:
            if block.reading.form is None:
                block.reading.form = headerless(line)
            return block
        block = block.after(1, end)
    return block


def _times(together: list[Block], fields: pa.Table) -> Column | None:
    """Times of records without a start, or None when they must be looked up one by one."""
    if together[0].events is not None or together[0].reading.dated:
        return None
    if "end" in fields.column_names:
        return pc.multiply(fields["end"], 1000)
    named = [named_time(block.reading.tally.file.name) for block in together]
    if None in named:
        return None
    return columns.repeated(
        [int(when.timestamp() * 1000) for when in named if when],
        [len(block.places) for block in together],
    ).cast(pa.int64())


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of one format out of one or several files, in the files' order; `counted` has how
    many of each. `times` are there when the format holds no start, `events` for their streams."""

    counted: Sequence[tuple[Reading, int]]
    form: Format
    fields: pa.Table
    times: Column | None
    lines: Column
    events: Sequence[Event] | None = None

    def hand_to(self, sink: Sink) -> None:
        """Count the records of each file and hand the finished table on."""
        if not self.fields.num_rows:
            return
        self._count()
        counts = [count for _, count in self.counted]
        table = columns.finished(
            self.fields,
            self.form,
            streams=self._streams(counts),
            names=columns.repeated([r.tally.file.name for r, _ in self.counted], counts),
            lines=self.lines,
            times=self.times,
        )
        sink(self.form, table)

    def _streams(self, counts: list[int]) -> Column:
        if self.events is None:
            streams = [reading.stream for reading, _ in self.counted]
            if not any(streams):
                return pa.nulls(sum(counts), columns.DICTIONARY)
            return columns.repeated(streams, counts)
        streams = [event.stream for event in self.events]
        return pa.array(streams, pa.string()).dictionary_encode()

    def _count(self) -> None:
        seconds = self.fields["start"] if self.form.timed else pc.divide(self.times, 1000)
        status: Column = self.fields["logStatus"] if "logStatus" in self.form.names else None
        lost = status is not None and pc.any(pc.not_equal(status, "OK")).as_py()
        place = 0
        for reading, count in self.counted:
            bounds = pc.min_max(seconds.slice(place, count)).as_py()
            kinds = [_times_seen(status.slice(place, count), kind) if lost else 0 for kind in _LOST]
            reading.tally.count(count, bounds["min"], bounds["max"], *kinds)
            reading.tally.note_format(str(self.form))
            place += count


_LOST = ("NODATA", "SKIPDATA")


def _times_seen(column: Column, value: str) -> int:
    return int(pc.sum(pc.equal(column, value)).as_py() or 0)
