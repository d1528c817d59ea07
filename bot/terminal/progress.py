"""How far a query has come, on one line of standard error, when somebody is looking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.model.query import Progress
from bot.model.writing import short_count, size


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """Yield what hears a query's progress; silent unless standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  (slow to import)

    with Console(stderr=True).status("asking …") as status:
        yield lambda told: status.update(_line(told))


def _line(told: Progress) -> str:
    read = told.statistics
    if not read.records_scanned:
        return f"{told.status} …"
    return (
        f"{told.status} … {short_count(read.records_scanned)} records,"
        f" {size(read.bytes_scanned)} read"
    )
