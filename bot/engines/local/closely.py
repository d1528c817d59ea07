"""Lines read one at a time: slower, and able to say what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.engines.local.blocks import Block, Reading
from bot.engines.local.events import moment_ms
from bot.engines.local.formats import (
    LARGEST_LINE,
    BadRecord,
    Format,
    Value,
    canonical,
    headerless,
    looks_custom,
    values,
    words,
)
from bot.engines.local.layouts import CUSTOM, DATED_LINE
from bot.engines.local.lines import TOO_LONG
from bot.engines.local.naming import named_time


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `place` is its place within the block; `message` only where it is not canonical.

    `time` is in milliseconds, and only where the format holds no start.
    """

    place: int
    values: list[Value]
    message: str | None
    time: int | None


def adopt(reading: Reading, form: Format) -> None:
    """Have the lines that follow be read in the format a header line told."""
    reading.form, reading.headed = form, True


def records(block: Block) -> Iterator[tuple[Format, list[Record]]]:
    """The block's records, in runs that share a format. Damaged lines go to the file's tally."""
    run: list[Record] = []
    form = block.reading.form
    for place, raw in enumerate(block.text.split(b"\n")[:-1]):
        record = _record_or_none(block, place, raw)
        if form != block.reading.form:
            if run and form:
                yield form, run
            run, form = [], block.reading.form
        if record is not None:
            run.append(record)
    if run and form:
        yield form, run


def _record_or_none(block: Block, place: int, raw: bytes) -> Record | None:
    try:
        return _record(block, place, _text(raw))
    except BadRecord as bad:
        block.reading.tally.lose(block.number(place), str(bad))
        return None


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST_LINE:
        raise BadRecord(TOO_LONG)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRecord("not UTF-8 text") from None


def _record(block: Block, place: int, line: str) -> Record | None:
    reading = block.reading
    time = block.events[place].time if block.events else None
    if not line.strip():
        return None
    if reading.dated:
        dated = DATED_LINE.fullmatch(line)
        if not dated:
            raise BadRecord("no time before the record")
        time, line = moment_ms(dated[1]), dated[2]
    if form := reading.headers.find(line):
        if not form.is_usable:
            raise BadRecord("a header line that names a field twice")
        adopt(reading, form)
        return None
    form = _form(reading, line)
    row = values(line, form)
    if not form.timed:
        time = _time(form, row, time, reading.tally.file.name)
    return Record(place, row, None if canonical(row) == line else line, time)


def _form(reading: Reading, line: str) -> Format:
    """The format the line is in. Without a header only the default ones can be known."""
    form = reading.form
    if reading.headed and form:
        return form
    told = headerless(line)
    if told:
        reading.form = told
        return told
    if form and len(words(line)) != len(form.names):
        values(line, form)  # says how many fields there are, and should be
    raise BadRecord(CUSTOM if looks_custom(line) else "not a record")


def _time(form: Format, row: list[Value], time: int | None, name: str) -> int:
    """When a record without a start was: as its envelope, its end, or its file's name says."""
    if time is not None:
        return time
    if "end" in form.names:
        end = row[form.names.index("end")]
        if isinstance(end, int):
            return end * 1000
    named = named_time(name)
    if named is None:
        raise BadRecord("no time: neither start nor end in its format, nor one in the file's name")
    return int(named.timestamp() * 1000)
