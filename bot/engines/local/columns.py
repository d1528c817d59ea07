"""Lines into typed columns at once, and the proof that nothing was lost on the way.

The fast path takes a run of lines only when every one of them is a record written the normal way
(single spaces, plain numbers): then the line can be written again from its columns and need not be
kept. The proof is a sum. Each column's text can only be as long as what stood in the file or
shorter, so when the lengths add up to the length of the text, each line is what its columns say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from bot.engines.local.formats import LARGEST_LINE, MISSING, Format, Value

arange: Any = vars(pa)["arange"]  # missing from the stubs
pc: Any = pyarrow.compute  # its stubs refuse plain Python values
Column = Any  # an Arrow array, chunked or not

MESSAGE = "@message"  # only where it cannot be written from the columns; null otherwise
TIME = "@time"  # milliseconds; only in formats that hold no start
STREAM = "@logStream"  # only where it is not the file's name; null otherwise
NAME = "@name"  # of the file, below the source
LINE = "@line"  # its number in the file; with an envelope around it, the event's number
IPV4 = "@ipv4"  # after a field's name: its address as a number; null for other text
DICTIONARY = pa.dictionary(pa.int32(), pa.string())
_DATE = "@date"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"^{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}$"
_DATED = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"
_PARSING = pacsv.ParseOptions(
    delimiter=" ", quote_char=False, double_quote=False, escape_char=False
)


def schema(form: Format) -> pa.Schema:
    """Columns of records of a format, as they are kept."""
    kinds = {name: _type(name, form) for name in form.names} | dict.fromkeys(
        form.addresses, DICTIONARY
    )
    fields = [pa.field(name, kind) for name, kind in kinds.items()]
    fields += [pa.field(name + IPV4, pa.uint32()) for name in form.addresses]
    fields.append(pa.field(MESSAGE, pa.string()))
    if not form.timed:
        fields.append(pa.field(TIME, pa.int64()))
    fields += [pa.field(STREAM, DICTIONARY), pa.field(NAME, DICTIONARY), pa.field(LINE, pa.int64())]
    return pa.schema(fields)


def _type(name: str, form: Format) -> pa.DataType:
    return pa.int64() if name in form.numbers else pa.string()


def parsed(
    text: bytes, form: Format, *, dated: bool = False, version: int | None = None
) -> pa.Table | None:
    """The fields of every line of `text`, or None when one of them needs a closer look.

    A `dated` line has a time and a space before the record; `version` is what every record must
    have when nothing but that tells the format.
    """
    if not form.numbers or b"\r" in text or b"\t" in text or _has_hexadecimal(text):
        return None  # without numbers a header would pass for a record
    names = [_DATE, *form.names] if dated else list(form.names)
    types = {name: _type(name, form) for name in names}
    try:
        source: Any = pa.py_buffer(text)
        table = pacsv.read_csv(
            source,
            read_options=pacsv.ReadOptions(
                use_threads=False, column_names=names, block_size=len(text) + 1
            ),
            parse_options=_PARSING,
            convert_options=pacsv.ConvertOptions(
                column_types=types, null_values=[MISSING], strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    normal = (
        _times_fit(table, form)
        and (version is None or _is_always(table["version"], version))
        and length(table) == len(text)
        and (not dated or _dates_fit(table))
    )
    return table.select(list(form.names)) if normal else None


def _has_hexadecimal(text: bytes) -> bool:
    """Whether something might be taken for a hexadecimal number, which Arrow would read as one."""
    return (b"x" in text and b"0x" in text) or (b"X" in text and b"0X" in text)


def _times_fit(table: pa.Table, form: Format) -> bool:
    """Whether the times are whole seconds and none is missing."""
    for name in form.numbers & {"start", "end"}:
        column = table[name]
        if column.null_count or (pc.max(column).as_py() or 0) >= 10**11:
            return False
    return True


def _dates_fit(table: pa.Table) -> bool:
    return bool(pc.all(pc.match_substring_regex(table[_DATE], _DATED)).as_py())


def _is_always(column: Column, value: int) -> bool:
    bounds = pc.min_max(column).as_py()
    return column.null_count == 0 and bool(bounds["min"] == value == bounds["max"])


def length(table: pa.Table) -> int:
    """Bytes of the lines that the columns stand for, each with its newline; -1 when unsure."""
    total = table.num_rows * table.num_columns
    for column in table.columns:
        if pa.types.is_integer(column.type):
            size = _digits(column)
        else:
            lengths = pc.binary_length(column)
            size = int(pc.sum(lengths).as_py() or 0)
            if not size or pc.min(lengths).as_py() == 0 or pc.max(lengths).as_py() > LARGEST_LINE:
                return -1
        if size < 0:
            return -1
        total += size
    return total


def _digits(column: Column) -> int:
    """Characters of the numbers of a column; a missing one is a dash. -1 when one is negative."""
    bounds = pc.min_max(column).as_py()
    if bounds["min"] is None:
        return len(column)
    if bounds["min"] < 0:
        return -1
    shortest = len(str(bounds["min"]))
    total: int = len(column)
    total += (shortest - 1) * (len(column) - column.null_count)
    for digits in range(shortest, len(str(bounds["max"]))):
        total += int(pc.sum(pc.greater_equal(column, 10**digits)).as_py())
    return total


def table(
    form: Format,
    rows: Sequence[Sequence[Value]],
    messages: Sequence[str | None],
) -> pa.Table:
    """Fields of records that were read one by one, with their text where it is kept."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(form.names)
    arrays = [
        pa.array(values, _type(name, form))
        for name, values in zip(form.names, columns, strict=True)
    ]
    arrays.append(pa.array(messages, pa.string()))
    return pa.table(arrays, names=[*form.names, MESSAGE])


def finished(
    fields: pa.Table,
    form: Format,
    *,
    streams: Column,
    names: Column,
    lines: Column,
    times: Column | None,
) -> pa.Table:
    """The fields together with where each record comes from, in the columns of `schema`."""
    for name in form.addresses:
        encoded = _encoded(fields[name])
        numbers = ipv4_numbers(encoded.dictionary).take(encoded.indices)
        fields = fields.set_column(fields.column_names.index(name), name, encoded)
        fields = fields.append_column(name + IPV4, numbers)
    if MESSAGE not in fields.column_names:
        fields = fields.append_column(MESSAGE, pa.nulls(fields.num_rows, pa.string()))
    if times is not None:
        fields = fields.append_column(TIME, times)
    for name, column in ((STREAM, streams), (NAME, names), (LINE, lines)):
        fields = fields.append_column(name, column)
    kept = schema(form)
    return fields.select(kept.names).cast(kept)


def _encoded(column: Column) -> Column:
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def ipv4_numbers(words: Column) -> Column:
    """The 32-bit numbers of dotted IPv4 addresses without leading zeros; null for other words."""
    dotted = pc.match_substring_regex(words, _IPV4)
    found = _numbers(words.filter(dotted))
    # pa.array would do, and import numpy.ma, which takes longer than reading an hour's file
    values: Any = pa.py_buffer(cast(Any, found))
    numbers = pa.Array.from_buffers(pa.uint32(), len(found), [None, values])
    return pc.replace_with_mask(pa.nulls(len(words), pa.uint32()), dotted, numbers)


def _numbers(addresses: Column) -> NDArray[np.uint32]:
    """The same of addresses only, out of the bytes of all of them at once."""
    _, offsets, text = addresses.buffers()
    bounds = np.frombuffer(offsets, np.int32)[: len(addresses) + 1]
    digits = np.frombuffer(text or b"", np.uint8)[: bounds[-1]].astype(np.int64) - ord("0")
    dots = np.flatnonzero(digits == ord(".") - ord("0")).reshape(-1, 3)
    ends = np.column_stack([dots, bounds[1:]])
    lengths = ends - np.column_stack([bounds[:-1], dots + 1])
    octets = digits[ends - 1]
    for place in (1, 2):
        octets += np.where(lengths > place, 10**place * digits[ends - 1 - place], 0)
    numbers: NDArray[np.int64] = octets @ (256 ** np.arange(3, -1, -1))
    return numbers.astype(np.uint32)


def repeated(values: Sequence[object], counts: Sequence[int]) -> Column:
    """Each value as often as its count, held as a dictionary."""
    ends, total = [], 0
    for count in counts:
        total += count
        ends.append(total)
    places = pa.array(range(len(values)), pa.int32())
    runs: Any = pa.RunEndEncodedArray.from_arrays(pa.array(ends, pa.int32()), places)
    return pa.DictionaryArray.from_arrays(pc.run_end_decode(runs), pa.array(values))


def counted(ranges: Sequence[range]) -> Column:
    """The numbers of some ranges, one after the other."""
    return pa.chunked_array([arange(r.start, r.stop) for r in ranges])
