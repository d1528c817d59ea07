"""Insights text over flow-log files on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.engines.engine import Watch
from bot.engines.local.database import Database, Deadline
from bot.engines.local.discovery import Listing, as_text, discover
from bot.engines.local.keeping import sweep
from bot.engines.local.library import Holdings, Library, Turn
from bot.engines.local.notes import check_readable, notes
from bot.engines.local.rollups import Rollups
from bot.engines.local.segments import Segments
from bot.engines.local.tables import Tables
from bot.engines.local.view import relation
from bot.model.errors import EngineError
from bot.model.query import LARGEST_LIMIT, Query, Result, Row, Statistics
from bot.model.window import Window

if TYPE_CHECKING:
    from bot.insights.nodes import Pipeline
    from bot.insights.sql import Translation

_RETRIES = 3  # another process may remove what a query is about to read


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query runs: its SQL; how many files may hold some of the window, and how many are
    pruned by their names; what the former hold, in records and in bytes of log text."""

    sql: str
    files: int
    pruned: int
    records: int
    bytes: int
    notes: tuple[str, ...] = ()


class LocalEngine:
    """Runs Insights text over the files at or below a path.

    Files are read when a window first needs them and kept as Parquet in `cache`, or, without one,
    in a temporary folder that goes with the engine. `prepare` is called with each window before
    files are listed, and with a check that it calls often and that raises to stop it. `timeout` is
    in seconds and includes reading. `memory` is what DuckDB may use, `keep` how many bytes the
    cache may hold, for all sources together. `tables` is a folder of lookup tables, NAME.csv each.
    Stretches of at least `summed` records are kept summed up as well, by what questions group by.

    Scanned are all records of the files that may hold some of the window, with the bytes of their
    text; matched are, as AWS counts, the records that every filter let through.
    """

    name = "local files"

    def __init__(
        self,
        path: Path,
        *,
        source: str | None = None,
        prepare: Callable[[Window, Callable[[], None]], None] | None = None,
        cache: Path | None = None,
        tables: Path | None = None,
        timeout: float = 300.0,
        memory: str = "512MB",
        keep: int = 20 * 10**9,
        threads: int | None = None,
        summed: int = 100_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.source = as_text(str(path) if source is None else source)
        self._path = path
        self._prepare = prepare
        self._timeout = timeout
        self._clock = clock
        kept = _folder(cache, path) if cache else None
        self._own = tempfile.TemporaryDirectory(prefix="flows-")
        own = Path(self._own.name)
        if kept is None:
            kept = own / "read" / "files"
            kept.mkdir(parents=True)
        threads = threads or os.cpu_count() or 1
        sweep(kept.parent, clock().timestamp())
        self._library = Library(Segments(kept), threads, keep)
        looked_up = own / "tables"
        self._tables = Tables(tables, looked_up)
        self._database = Database(
            (kept, looked_up), memory=memory, threads=threads, spill=own / "spill"
        )
        self._rollups = Rollups(self._database, summed)
        self._preparing = threading.Lock()
        self._listing = Listing()

    def fields(self, window: Window, watch: Watch) -> frozenset[str]:
        """Insights names of the fields that records in the files of the window carry."""
        holdings = self._hold(window, watch, self._deadline())
        forms = {piece.part.form for piece in holdings.pieces}
        return frozenset(name for form in forms for name in form.names)

    def run(self, query: Query, watch: Watch) -> Result:
        """Run a query. Raises BadQuery, NotSupported, BadSource, EngineError or Cancelled."""
        from bot.insights.parser import parse  # noqa: PLC0415  (the grammar is slow to load)

        began = time.monotonic()
        pipeline = parse(query.text)
        self._check(pipeline, query)
        deadline = self._deadline()
        for _ in range(_RETRIES):
            holdings = self._hold(query.window, watch, deadline)
            translation = self._translation(
                pipeline, query, holdings, watch, deadline, make_rollups=True
            )
            try:
                rows = self._database.rows(translation.sql, watch, deadline)
                matched = self._database.count(translation.matched, watch, deadline)
            except FileNotFoundError:
                continue
            statistics = Statistics(
                matched,
                holdings.records,
                holdings.size,
                time.monotonic() - began,
            )
            return Result(
                translation.columns,
                tuple(_row(translation.columns, row) for row in rows),
                statistics,
                (*translation.notes, *notes(holdings)),
                truncated=len(rows) >= min(query.limit, LARGEST_LIMIT),
            )
        raise EngineError("files that were read keep vanishing", hint="Try again.")

    def explain(self, query: Query, watch: Watch) -> Explanation:
        """What `run` would do, without doing more than reading files that are new."""
        from bot.insights.parser import parse  # noqa: PLC0415

        pipeline = parse(query.text)
        self._check(pipeline, query)
        deadline = self._deadline()
        holdings = self._hold(query.window, watch, deadline)
        translation = self._translation(
            pipeline, query, holdings, watch, deadline, make_rollups=False
        )
        return Explanation(
            translation.sql,
            len(holdings.reports),
            holdings.ruled_out,
            holdings.records,
            holdings.size,
            translation.notes,
        )

    def link(self, query: Query) -> str | None:
        """None: files have no console."""
        return None

    def close(self) -> None:
        """Stop what runs and remove what was only kept for this engine."""
        self._database.close()
        self._own.cleanup()

    def _translation(
        self,
        pipeline: Pipeline,
        query: Query,
        holdings: Holdings,
        watch: Watch,
        deadline: Deadline,
        *,
        make_rollups: bool,
    ) -> Translation:
        from bot.insights.lookups import lookup_tables  # noqa: PLC0415
        from bot.insights.rollups import rollup  # noqa: PLC0415
        from bot.insights.sql import translate  # noqa: PLC0415

        check_readable(holdings, self.source)
        over = None
        if wanted := rollup(pipeline):
            over = self._rollups.relation(
                holdings.pieces, query.window, wanted, watch, deadline, make=make_rollups
            )
        over = over or relation(holdings.pieces, query.window, self.source)
        over = replace(over, name=self.source, size=holdings.size)
        tables = self._tables.named(lookup_tables(pipeline))
        return translate(pipeline, over, query, self._clock(), tables)

    def _check(self, pipeline: Pipeline, query: Query) -> None:
        """Refuse what is wrong whatever the files hold, before they are read."""
        from bot.insights.lookups import lookup_tables  # noqa: PLC0415
        from bot.insights.sql import check  # noqa: PLC0415

        tables = self._tables.named(lookup_tables(pipeline))
        check(pipeline, query, self._clock(), tables, self.source)

    def _deadline(self) -> Deadline:
        return Deadline(self._timeout, time.monotonic)

    def _hold(self, window: Window, watch: Watch, deadline: Deadline) -> Holdings:
        if self._prepare:
            with Turn(self._preparing, watch, deadline):
                self._prepare(window, lambda: _check(watch, deadline))
        watch.check()
        self._listing = listing = discover(self._path, self._listing)
        return self._library.hold(listing, window, watch, deadline)


def _check(watch: Watch, deadline: Deadline) -> None:
    watch.check()
    deadline.check()


def _row(columns: Sequence[str], values: Sequence[Any]) -> Row:
    return Row({c: v for c, v in zip(columns, values, strict=True) if v is not None})


def _folder(cache: Path, path: Path) -> Path:
    """Where what was read of one source is kept: by the path that it really is."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:32]
    folder = cache / "read" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(
            f"the cache cannot be used: {error.strerror or error}",
            where=str(folder),
            hint="Set FLOWS_CACHE to a folder that can be written.",
        ) from None
    return folder
