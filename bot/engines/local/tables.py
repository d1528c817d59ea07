"""Lookup tables: `NAME.csv` in a folder is the table NAME of `lookup` and `cidrlookup`."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from bot.engines.local.discovery import as_text
from bot.insights.relation import LookupTable
from bot.model.errors import BadSource

LARGEST_TABLE = 10_000_000  # bytes; AWS's own limit


class Tables:
    """The tables of a folder. What a query names is written to `kept`, where DuckDB may read it.

    A table is read again when its file changes. UTF-8, comma-separated, names in the first line.
    """

    def __init__(self, folder: Path | None, kept: Path) -> None:
        self._folder = folder
        self._kept = kept

    def named(self, names: Collection[str]) -> dict[str, LookupTable]:
        """Those of the tables that there are. Raises `BadSource` for one that cannot be read."""
        if self._folder is None or not names:
            return {}
        try:
            files = {path.stem: path for path in self._folder.iterdir() if path.suffix == ".csv"}
        except OSError as error:
            raise BadSource(
                f"the folder of lookup tables cannot be read: {error.strerror or error}",
                where=as_text(str(self._folder)),
                hint="FLOWS_TABLES names it.",
            ) from None
        return {name: self._table(files[name]) for name in names if name in files}

    def _table(self, path: Path) -> LookupTable:
        content = _content(path)
        header, rows = _rows(path, content)
        kept = self._kept / f"{hashlib.sha256(content).hexdigest()}.parquet"
        if not kept.exists():
            self._kept.mkdir(parents=True, exist_ok=True)
            _write(kept, len(header), rows)
        sql = "read_parquet('{}')".format(str(kept).replace("'", "''"))
        return LookupTable(sql, {name: f'"c{n}"' for n, name in enumerate(header)}, '"n"')


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_TABLE + 1)
    except OSError as error:
        raise _bad(path, f"this lookup table cannot be read: {error.strerror or error}") from None
    if len(content) > LARGEST_TABLE:
        raise _bad(path, f"a lookup table has at most {LARGEST_TABLE // 1_000_000} MB")
    return content


def _rows(path: Path, content: bytes) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and rows with a cell for each."""
    try:
        text = content.decode("utf-8-sig")
        header, *rows = [row for row in csv.reader(text.splitlines(keepends=True)) if row]
    except UnicodeDecodeError:
        raise _bad(path, "this lookup table is not UTF-8") from None
    except csv.Error as error:
        raise _bad(path, f"this lookup table is not CSV: {error}") from None
    except ValueError:
        raise _bad(path, "this lookup table is empty") from None
    names = [name.strip() for name in header]
    if not all(names) or len(set(names)) < len(names):
        raise _bad(path, "each column of a lookup table has a name of its own, in the first line")
    for number, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise _bad(path, f"row {number} has {len(row)} cells, not {len(names)}")
    return names, rows


def _bad(path: Path, what: str) -> BadSource:
    return BadSource(what, where=as_text(str(path)))


def _write(path: Path, width: int, rows: list[list[str]]) -> None:
    import pyarrow as pa  # noqa: PLC0415  (slow to load, and seldom needed)
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = {f"c{n}": pa.array([row[n] for row in rows], pa.string()) for n in range(width)}
    numbers = pa.array(range(len(rows)), pa.int64())
    unfinished = path.with_suffix(f".{os.getpid()}")
    pq.write_table(pa.table({**columns, "n": numbers}), unfinished)
    unfinished.replace(path)
