"""Tables of records into Parquet files, one a format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bot.engines.local.columns import IPV4, LINE, MESSAGE, NAME, TIME, pc, schema
from bot.engines.local.formats import Format
from bot.engines.local.segments import Part

_ROWS_IN_GROUP = 64 * 1024  # at least; small tables wait until so many have come together
# Numbers with few values are kept as references into a dictionary; others as differences.
_FEW_VALUES = ("version", "protocol", "tcpFlags", "trafficPath", "encryptionStatus")


class PartsWriter:
    """Writes what it is handed to a folder. Leaving it closes the files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[Format, _File] = {}

    def __enter__(self) -> PartsWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    def add(self, form: Format, table: pa.Table) -> None:
        """Add records of a format, in the columns of its schema."""
        file = self._files.get(form)
        if file is None:
            path = self._folder / f"{len(self._files)}.parquet"
            file = self._files[form] = _File(path, form)
        file.add(table)

    def parts(self) -> Iterator[Part]:
        for form, file in self._files.items():
            yield Part(form, file.path, file.rows, file.exact)


def copy_parts(parts: Iterable[Part], without: frozenset[str], writer: PartsWriter) -> None:
    """Hand the records of parts on, leaving out those of the files named in `without`."""
    for part in parts:
        with pq.ParquetFile(part.path) as file:
            kept = schema(part.form)
            for group in range(file.num_row_groups):
                table = file.read_row_group(group).cast(kept)
                if without:
                    names = table[NAME].cast(pa.string())
                    table = table.filter(pc.invert(pc.is_in(names, pa.array(sorted(without)))))
                writer.add(part.form, table)


class _File:
    def __init__(self, path: Path, form: Format) -> None:
        self.path = path
        self.rows = 0
        self.exact = True
        self._waiting: list[pa.Table] = []
        self._rows_waiting = 0
        self._writer = pq.ParquetWriter(path, schema(form), **_options(form))

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        self.exact = self.exact and table[MESSAGE].null_count == table.num_rows
        self._waiting.append(table)
        self._rows_waiting += table.num_rows
        if self._rows_waiting >= _ROWS_IN_GROUP:
            self._write()

    def _write(self) -> None:
        if self._waiting:
            table = self._waiting[0]
            if len(self._waiting) > 1:
                table = pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks()
            self._writer.write_table(table, row_group_size=max(1, table.num_rows))
        self._waiting, self._rows_waiting = [], 0

    def close(self) -> None:
        self._write()
        self._writer.close()


def _options(form: Format) -> dict[str, Any]:
    """How the columns are encoded: as measured by benchmarks/engine.py. Compressing what is encoded
    like this makes it hardly smaller and slower to read."""
    names = schema(form).names
    differences = (form.numbers | {TIME, LINE}) - set(_FEW_VALUES)
    return {
        "compression": "none",
        "use_dictionary": [n for n in names if n not in differences and not n.endswith(IPV4)],
        "column_encoding": {n: "DELTA_BINARY_PACKED" for n in names if n in differences},
        "write_statistics": ["start" if form.timed else TIME],
        "store_schema": False,
    }
