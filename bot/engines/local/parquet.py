"""Parquet files of flow logs, whatever their columns' spelling and types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from bot.engines.local.columns import Column, arange, pc
from bot.engines.local.formats import MISSING, Format
from bot.engines.local.naming import named_time
from bot.engines.local.reports import Tally
from bot.model.fields import BY_NAME

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_FEWEST_KNOWN = 2  # columns by which a Parquet file passes for a flow log
_ROWS = 128 * 1024
_NOTHING = ["", MISSING, "None", "null", "nan", "NaN"]  # how tools write a missing number as text


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of a file, with their row numbers from 1; with their times in milliseconds when the
    format holds no start."""

    form: Format
    fields: pa.Table
    rows: Column
    times: Column | None


def parquet_tables(tally: Tally) -> Iterator[Rows]:
    """The file's records, at most 131,072 at a time. What cannot be read goes to the tally."""
    row = 1
    try:
        with pq.ParquetFile(tally.file.path) as file:
            columns = _columns(file.schema_arrow)
            form = Format.of(columns)
            if not form.is_usable or sum(name in BY_NAME for name in form.names) < _FEWEST_KNOWN:
                tally.layout, tally.trouble = None, "Parquet, but not flow logs"
                return
            for batch in file.iter_batches(_ROWS, columns=columns):
                raw = pa.Table.from_batches([batch]).select(columns)
                yield _records(raw.rename_columns(list(form.names)), form, tally, row)
                row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        tally.layout = tally.layout if tally.records else None
        tally.trouble = f"its Parquet is damaged: {str(error).splitlines()[0][:120]}"


def _columns(schema: pa.Schema) -> list[str]:
    """The columns that can be fields of a record, in order."""
    return [
        field.name
        for field in schema
        if _NAME.fullmatch(field.name) and not pa.types.is_nested(field.type)
    ]


def _records(raw: pa.Table, form: Format, tally: Tally, row: int) -> Rows:
    columns = [_column(raw[name], name, form) for name in form.names]
    table = pa.table(columns, names=list(form.names))
    good = _good(raw, table, form)
    times = None if form.timed else _times(table, tally)
    if times is None and not form.timed:
        tally.trouble = "no time: neither a start nor an end column, nor a time in the file's name"
        good = pa.repeat(False, table.num_rows)
    rows = arange(row, row + table.num_rows)
    if good is None:
        return Rows(form, table, rows, times)
    for place in pc.indices_nonzero(pc.invert(good)).to_pylist():
        tally.lose(row + place, "a number or a time that is none")
    kept = None if times is None else times.filter(good)
    return Rows(form, table.filter(good), rows.filter(good), kept)


def _column(column: Column, name: str, form: Format) -> Column:
    if name not in form.numbers:
        return pc.fill_null(_text(column), MISSING)
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    if pa.types.is_integer(column.type):
        number = column.cast(pa.int64(), safe=False)
    else:
        text = pc.utf8_trim_whitespace(_text(column))
        plain = pc.match_substring_regex(text, r"^\d{1,18}(\.0)?$")
        number = pc.if_else(plain, pc.replace_substring(text, ".0", ""), None).cast(pa.int64())
    if name in ("start", "end"):  # some writers keep milliseconds
        number = pc.if_else(pc.greater_equal(number, 10**11), pc.divide(number, 1000), number)
    return number


def _text(column: Column) -> Column:
    return column.cast(pa.string())


def _good(raw: pa.Table, table: pa.Table, form: Format) -> Column | None:
    """Which rows are records; None when all are: numbers are numbers, and times are there."""
    good = None
    for name in form.numbers:
        column = table[name]
        fine = pc.is_valid(column)
        if name not in ("start", "end") and column.null_count:
            given = pc.fill_null(_text(raw[name]), MISSING)
            fine = pc.or_(fine, pc.is_in(given, pa.array(_NOTHING)))
        negative = pc.fill_null(pc.less(column, 0), False)
        fine = pc.and_not(fine, negative)
        if not pc.all(fine).as_py():
            good = fine if good is None else pc.and_(good, fine)
    return good


def _times(table: pa.Table, tally: Tally) -> Column | None:
    if "end" in table.column_names:
        return pc.multiply(table["end"], 1000)
    named = named_time(tally.file.name)
    if named is None:
        return None
    return pa.repeat(pa.scalar(int(named.timestamp() * 1000), pa.int64()), table.num_rows)
