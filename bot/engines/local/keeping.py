"""Keeping the cache within bounds: what was used least recently goes first."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bot.engines.local.segments import DONE, WRITING

_ABANDONED = 24 * 3600.0  # seconds after which a half-written segment has no writer any more


def use(folder: Path) -> None:
    """Note that a segment is used now."""
    with suppress(OSError):
        os.utime(folder)


def sweep(cache: Path, now: float) -> None:
    """Remove what writers that died left behind. `now` is in epoch seconds."""
    for folder in cache.glob(f"*/{WRITING}*"):
        with suppress(OSError):
            if folder.stat().st_mtime < now - _ABANDONED:
                shutil.rmtree(folder, ignore_errors=True)


def shrink(cache: Path, limit: int, needed: frozenset[Path]) -> None:
    """Remove segments of any source until all are within `limit` bytes; never those `needed`."""
    segments = sorted(_segments(cache))
    total = sum(size for _, size, _ in segments)
    for _, size, folder in segments:
        if total <= limit:
            return
        if folder not in needed:
            shutil.rmtree(folder, ignore_errors=True)
            total -= size


def _segments(cache: Path) -> Iterator[tuple[float, int, Path]]:
    """When each was last used, its size in bytes, its folder."""
    for folder in cache.glob(f"*/{DONE}*"):
        with suppress(OSError):
            size = sum(file.stat().st_size for file in folder.iterdir())
            yield folder.stat().st_mtime, size, folder
