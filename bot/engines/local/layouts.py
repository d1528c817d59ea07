"""Which layout a file has, told from how its text begins."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import StrEnum

from bot.engines.local.formats import Format, Headers, headerless, looks_custom

BOM = b"\xef\xbb\xbf"
_LINES_LOOKED_AT = 20
_FEWEST_WORDS = 4  # of a header that is not the first line, where prose may look like one
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z"
DATED_LINE = re.compile(rf"({_TIME}) +(\S.*)", re.DOTALL)
_MESSAGE_COLUMNS = ("message", "@message")
_TIME_COLUMNS = ("timestamp", "@timestamp")


class Layout(StrEnum):
    """How records lie in a file; the value is how people are told."""

    DELIVERED = "text with a header line"
    BARE = "bare records without a header line"
    EXPORTED = "CloudWatch export"
    CONSOLE = "CSV with a message column"
    EVENTS = "JSON events"
    PARQUET = "Parquet"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a file's beginning told: no layout means it is not read, and `why`."""

    layout: Layout | None
    form: Format | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a console CSV keeps the record and the event's time."""

    message: int
    time: int | None


UNKNOWN = Look(None, why="not flow logs")
CUSTOM = (
    "records of a custom format without a header line: which field is which cannot be known"
    " (read the log from CloudWatch, or from S3 where files keep their header)"
)


def look(start: bytes, headers: Headers) -> Look:
    """Tell the layout from the first bytes of the decompressed file."""
    text = start.removeprefix(BOM).decode("utf-8", "replace").lstrip()
    if not text:
        return Look(Layout.EMPTY)
    if text[0] in "[{":
        return Look(Layout.EVENTS)
    lines = text.split("\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]
    lines = [line.rstrip("\r") for line in lines if line.strip()]
    if console_columns(lines[0]):
        return Look(Layout.CONSOLE)
    for place, line in enumerate(lines):
        found = _line(line, headers, _FEWEST_WORDS if place else 1)
        if found.layout:
            return found
    if any(looks_custom(line) for line in lines):
        return Look(None, why=CUSTOM)
    return UNKNOWN


def _line(line: str, headers: Headers, fewest: int) -> Look:
    dated = DATED_LINE.fullmatch(line)
    if dated:
        record = dated[2]
        form = headers.find(record) or headerless(record)
        return Look(Layout.EXPORTED, form) if form or looks_custom(record) else UNKNOWN
    form = headers.find(line)
    if form and len(form.names) >= fewest:
        return Look(Layout.DELIVERED) if form.is_usable else UNKNOWN
    if form := headerless(line):
        return Look(Layout.BARE, form)
    return UNKNOWN


def console_columns(line: str) -> Columns | None:
    """Where the columns are, when `line` is the head of a console CSV."""
    names = [name.strip().lower() for name in next(csv.reader([line[:4096]]), [])]
    message = next((names.index(name) for name in _MESSAGE_COLUMNS if name in names), None)
    if message is None:
        return None
    return Columns(message, next((names.index(n) for n in _TIME_COLUMNS if n in names), None))
