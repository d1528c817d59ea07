"""DuckDB in memory, locked down: it reads folders of ours and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from bot.engines.engine import Watch
from bot.model.errors import EngineError, TimedOut

_REMEMBERED = 256  # counts
_AGAIN = 0.02  # seconds between interrupts: one that comes before a query has begun is lost


class Deadline:
    """When a query must be done. `clock` counts seconds, from anywhere."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def left(self) -> float:
        return self._end - self._clock()

    def check(self) -> None:
        """Raise `TimedOut` when it has passed."""
        if self.left <= 0:
            raise TimedOut(
                f"the query took longer than {self._seconds:g} s and was stopped",
                hint="Ask about a shorter window.",
            )


class Database:
    """Runs SQL for several threads at once, each on a cursor of its own."""

    def __init__(self, readable: Sequence[Path], *, memory: str, threads: int, spill: Path) -> None:
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(spill),
                "max_temp_directory_size": "8GB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "preserve_insertion_order": False,
            },
        )
        folders = ", ".join("'{}/'".format(str(f).replace("'", "''")) for f in readable)
        for setting in (
            f"allowed_directories = [{folders}]",
            "parquet_metadata_cache = true",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")
        self._counts: dict[str, int] = {}

    def rows(self, sql: str, watch: Watch, deadline: Deadline) -> list[tuple[Any, ...]]:
        """The rows of a query.

        Raises `Cancelled` or `TimedOut` when it is stopped, `EngineError` when it fails, and
        `FileNotFoundError` when what it reads was removed meanwhile.
        """
        with self._connection.cursor() as cursor, _guarded(cursor, watch, deadline):
            try:
                rows: list[tuple[Any, ...]] = cursor.execute(sql).fetchall()
                return rows
            except duckdb.InterruptException:
                watch.check()
                deadline.check()
                raise EngineError("the query was interrupted") from None
            except duckdb.IOException as error:
                raise FileNotFoundError(str(error)) from None
            except duckdb.OutOfMemoryException:
                raise EngineError(
                    "the query needs more memory than it may have",
                    hint="Ask about a shorter window, or group by fewer fields.",
                ) from None
            except duckdb.Error as error:
                raise EngineError(f"the query failed: {str(error).splitlines()[0]}") from None

    def count(self, sql: str, watch: Watch, deadline: Deadline) -> int:
        """The one number that `sql` yields. What it was before is remembered: the files it names
        never change."""
        count = self._counts.get(sql)
        if count is None:
            count = int(self.rows(sql, watch, deadline)[0][0])
            if len(self._counts) >= _REMEMBERED:
                self._counts.clear()
            self._counts[sql] = count
        return count

    def close(self) -> None:
        self._connection.interrupt()
        self._connection.close()


@contextmanager
def _guarded(cursor: duckdb.DuckDBPyConnection, watch: Watch, deadline: Deadline) -> Iterator[None]:
    """Interrupt the cursor when the watch is stopped or the deadline passes."""
    wake, done = threading.Event(), threading.Event()

    def guard() -> None:
        wake.wait(max(0.0, deadline.left))
        while not done.wait(_AGAIN):
            cursor.interrupt()

    watch.check()
    deadline.check()
    watch.on_stop(wake.set)
    thread = threading.Thread(target=guard, name="query guard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        wake.set()
        thread.join()
