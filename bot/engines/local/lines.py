"""Chunks of text cut into runs of whole lines of bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bot.engines.local.decoding import Broken
from bot.engines.local.formats import LARGEST_LINE
from bot.engines.local.layouts import BOM

_NEWLINE = ord("\n")
RUN = 12 << 20  # bytes of text that are worth parsing at once


@dataclass(frozen=True, slots=True)
class Run:
    """Whole lines, each with its newline. `number` is the first one's, counted from 1."""

    text: bytes
    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A line that was not kept (`lines` 1), or trouble with the file as a whole (0)."""

    number: int
    why: str
    lines: int = 1


class _Cutter:
    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._number = 1
        self._skipping = False

    def take(self, chunk: bytes) -> Iterator[Run | Lost]:
        """Add a chunk; yield a run when enough has come together."""
        if self._skipping:
            end = chunk.find(b"\n")
            if end < 0:
                return
            chunk = chunk[end + 1 :]
            self._skipping = False
            self._number += 1
        self._held.append(chunk)
        self._size += len(chunk)
        if self._size >= RUN:
            yield from self._cut()

    def _cut(self) -> Iterator[Run | Lost]:
        if len(self._held) > 1 and b"\n" not in self._held[-1]:
            self._held = [b"".join(self._held)]
        last = self._held.pop() if self._held else b""
        end = last.rfind(b"\n") + 1
        rest = last[end:]
        # Only the last chunk is cut: a copy of the whole run would double what reading needs.
        self._held.append(last[:end])
        if text := b"".join(self._held):
            self._held.clear()
            yield from self._run(text)
        if len(rest) > LARGEST_LINE:
            yield Lost(self._number, TOO_LONG)
            self._skipping = True
            rest = b""
        self._held, self._size = [rest], len(rest)

    def _run(self, text: bytes) -> Iterator[Run]:
        lines = int(np.count_nonzero(np.frombuffer(text, np.uint8) == _NEWLINE))  # fast
        yield Run(text, self._number, lines)
        self._number += lines

    def finish(self, *, whole: bool) -> Iterator[Run | Lost]:
        """What is left. A last line without a newline is whole only when the file is."""
        yield from self._cut()
        rest = b"".join(self._held)
        if rest and whole:
            yield from self._run(rest + b"\n")
        elif rest:
            yield Lost(self._number, "the line breaks off")


TOO_LONG = "a line longer than 1 MiB"


def runs(chunks: Iterable[bytes]) -> Iterator[Run | Lost]:
    """Runs of about 12 MiB. Where the bytes break off, what came before is kept and the loss told.

    Lines end in LF or CR LF; the CR is no part of a record.
    """
    cutter, first, whole = _Cutter(), True, True
    try:
        for chunk in chunks:
            yield from cutter.take(chunk.removeprefix(BOM) if first else chunk)
            first = False
    except Broken as broken:
        whole = False
        yield from cutter.finish(whole=False)
        yield Lost(0, str(broken), lines=0)
    if whole:
        yield from cutter.finish(whole=True)
