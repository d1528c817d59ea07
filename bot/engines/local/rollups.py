"""Records summed up by some of their fields, kept beside them for the questions that follow.

A rollup is made when a question can be answered from it and a segment lies in the question's window
as a whole; what sticks out at the edges of the window is read record by record. It is a file in the
segment's folder, put there whole, and goes with it. `bot.insights.rollups` says which questions.
"""

# ruff: noqa: S608  (every name is known, every value quoted; nothing comes from a query)

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bot.engines.engine import Watch
from bot.engines.local.database import Database, Deadline
from bot.engines.local.formats import Format
from bot.engines.local.segments import Part
from bot.engines.local.view import IPV4, Piece, alike, fields, read, stamped, text, within
from bot.insights.relation import Relation
from bot.insights.rollups import SLOT, SUMS, Rollup
from bot.model.errors import EngineError, TimedOut
from bot.model.window import Window

_WEIGHT = '"@records"'
_MOST = 16  # rollups of a part that are kept
_SUFFIX = ".rollup"


class Rollups:
    """Makes and finds rollups of parts that have at least `smallest` records."""

    def __init__(self, database: Database, smallest: int) -> None:
        self._database = database
        self._smallest = smallest

    def relation(
        self,
        pieces: Sequence[Piece],
        window: Window,
        wanted: Rollup,
        watch: Watch,
        deadline: Deadline,
        *,
        make: bool,
    ) -> Relation | None:
        """The records of the pieces, summed up where they can be; None where none can be.

        Without `make`, only rollups that are there already are used.
        Raises `Cancelled` or `TimedOut`.
        """
        forms = {piece.part.form for piece in pieces}
        form = forms.pop() if len(forms) == 1 else None
        if form is None or not form.timed or not {*wanted.keys, *wanted.sums} <= set(form.names):
            return None
        kept = {
            piece: self._kept(piece.part, wanted, watch, deadline, make=make)
            for piece in pieces
            if self._fits(piece)
        }
        summed = [path for path in kept.values() if path]
        if not summed:
            return None
        selects = [f"SELECT {_columns(form, wanted)} FROM {read(summed)}"]
        for group in alike(piece for piece in pieces if not kept.get(piece)):
            records = f"{read(p.part.path for p in group)}{within(form, group[0], window)}"
            selects.append(f"SELECT {_columns(form, wanted, '1')} FROM {records}")
        return Relation(f"({' UNION ALL '.join(selects)})", fields([form]), weight=_WEIGHT)

    def _fits(self, piece: Piece) -> bool:
        return piece.inside and not piece.without and piece.part.rows >= self._smallest

    def _kept(
        self, part: Part, wanted: Rollup, watch: Watch, deadline: Deadline, *, make: bool
    ) -> Path | None:
        """The part's rollup, made if need be; None when there is none."""
        slots = ["start"] if wanted.slots else []
        path = part.path.with_suffix(f".{'-'.join([*wanted.keys, *slots])}{_SUFFIX}")
        if path.exists():
            return path
        if not make or len(list(path.parent.glob(f"{part.path.stem}.*{_SUFFIX}"))) >= _MOST:
            return None
        unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        try:
            self._database.rows(_making(part, wanted, unfinished), watch, deadline)
            unfinished.replace(path)
        except TimedOut:
            raise
        except (OSError, EngineError):  # no room, or the segment was removed meanwhile
            return None
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
        return path


def _columns(form: Format, wanted: Rollup, weight: str = _WEIGHT) -> str:
    """What a row has: keys, sums, how many records it stands for, and when they started."""
    names = [f'"{name}"' for name in (*wanted.keys, *_numbers(form, wanted), *_sums(form))]
    moment = stamped('"start"' if wanted.slots else "NULL")
    return ", ".join([*names, f"{weight} AS {_WEIGHT}", f'{moment} AS "@timestamp"'])


def _making(part: Part, wanted: Rollup, path: Path) -> str:
    """What writes a rollup."""
    keys = [f'"{name}"' for name in wanted.keys]
    slots = [f'"start" - "start" % {SLOT}'] if wanted.slots else []
    columns = [
        *keys,
        *(f'{each} AS "start"' for each in slots),
        *(f'any_value("{name}") AS "{name}"' for name in _numbers(part.form, wanted)),
        *(f'sum("{name}")::BIGINT AS "{name}"' for name in _sums(part.form)),
        f"count(*) AS {_WEIGHT}",
    ]
    by = f" GROUP BY {', '.join([*keys, *slots])}" if keys or slots else ""
    select = f"SELECT {', '.join(columns)} FROM {read([part.path])}{by}"
    return f"COPY ({select}) TO {text(str(path))} (FORMAT parquet)"


def _sums(form: Format) -> list[str]:
    """All sums are kept, whichever is asked for first."""
    return [name for name in form.names if name in SUMS]


def _numbers(form: Format, wanted: Rollup) -> list[str]:
    """The columns that tell the addresses among the keys as numbers."""
    return [f"{name}{IPV4}" for name in wanted.keys if name in form.addresses]
