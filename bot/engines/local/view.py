"""The records of a window as a relation that queries run over."""

# ruff: noqa: S608  (every name and value is quoted here; nothing comes from a query)

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.engines.local.formats import DEFAULT, MISSING, Format
from bot.engines.local.segments import Part
from bot.insights.relation import Relation, Source, Stored
from bot.model.window import Window

# Columns of the Parquet files besides the fields; bot.engines.local.columns writes them.
MESSAGE, TIME, STREAM = "@message", "@time", "@logStream"
NAME, LINE, IPV4 = "@name", "@line", "@ipv4"
_FORMAT, _ORDER = "@format", "@order"
_POINTER = f'concat("{NAME}", \':\', "{LINE}")'
# Puts records of one instant in the same order every time; by hash, since names are long.
_TIE = f'hash("{NAME}", "{LINE}")'


@dataclass(frozen=True, slots=True)
class Piece:
    """A part to read, without the records of the files named in `without`. `inside` when all of
    its records are known to be in the window."""

    part: Part
    without: frozenset[str] = frozenset()
    inside: bool = False


def relation(pieces: Sequence[Piece], window: Window, log: str) -> Relation:
    """Records that started within the window; `log` is what `@log` says.

    A field that some formats have and others lack is NULL where it is lacking; `present` tells.
    """
    forms = list(dict.fromkeys(piece.part.form for piece in pieces))
    selects = [
        _select(number, form, group, window, log)
        for number, form in enumerate(forms)
        for group in alike(piece for piece in pieces if piece.part.form == form)
    ]
    if not selects:
        return Relation(_nothing(), fields([DEFAULT]))
    return Relation(f"({' UNION ALL BY NAME '.join(selects)})", fields(forms), f'"{_ORDER}"')


def alike(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces that one scan can read: those that are whole together, each other one by itself."""
    whole: dict[tuple[bool, bool], list[Piece]] = {}
    for piece in pieces:
        if piece.without:
            yield [piece]
        else:
            whole.setdefault((piece.part.exact, piece.inside), []).append(piece)
    yield from whole.values()


def _select(number: int, form: Format, group: list[Piece], window: Window, log: str) -> str:
    message = _written(form)
    if not all(piece.part.exact for piece in group):
        message = f'coalesce("{MESSAGE}", {message})'
    columns = [
        *(f'"{name}"' for name in form.names),
        *(f'"{name}{IPV4}"::BIGINT AS "{name}{IPV4}"' for name in form.addresses),
        f'{_time(form)} AS "@timestamp"',
        f'{message} AS "{MESSAGE}"',
        f'coalesce("{STREAM}", "{NAME}") AS "{STREAM}"',
        f'{text(log)} AS "@log"',
        f'{_POINTER} AS "@ptr"',
        f'{_TIE} AS "{_ORDER}"',
        f'{number} AS "{_FORMAT}"',
    ]
    records = f"{read(p.part.path for p in group)}{within(form, group[0], window)}"
    return f"SELECT {', '.join(columns)} FROM {records}"


def read(paths: Iterable[Path]) -> str:
    """A table expression of Parquet files."""
    return f"read_parquet([{', '.join(text(str(path)) for path in paths)}])"


def within(form: Format, piece: Piece, window: Window) -> str:
    """The condition on what is stored, so that whole row groups can be passed over."""
    conditions = []
    if not piece.inside:
        scale, column = (1, '"start"') if form.timed else (1000, f'"{TIME}"')
        start, end = (_ceiling(moment, scale) for moment in (window.start, window.end))
        conditions.append(f"{column} >= {start} AND {column} < {end}")
    if piece.without:
        names = ", ".join(text(name) for name in sorted(piece.without))
        conditions.append(f'"{NAME}" NOT IN ({names})')
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _ceiling(moment: datetime, scale: int) -> int:
    """Whole units since 1970, rounded up: exact for both ends of a half-open window."""
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * scale - (-moment.microsecond * scale // 1_000_000)


def _time(form: Format) -> str:
    return stamped('"start"') if form.timed else f'make_timestamp("{TIME}" * 1000)'


def stamped(seconds: str) -> str:
    """A TIMESTAMP of epoch seconds."""
    return f"make_timestamp({seconds}::BIGINT * 1000000)"


def _written(form: Format) -> str:
    """The record's line, written again from its columns."""
    parts = [
        f"coalesce(\"{name}\"::VARCHAR, '{MISSING}')" if name in form.numbers else f'"{name}"'
        for name in form.names
    ]
    return f"concat_ws(' ', {', '.join(parts)})"


def fields(forms: Sequence[Format]) -> dict[str, Source]:
    """The fields of records of some formats."""
    found = {
        "@timestamp": Source('"@timestamp"', Stored.TIME),
        MESSAGE: Source(f'"{MESSAGE}"', Stored.TEXT),
        STREAM: Source(f'"{STREAM}"', Stored.TEXT),
        "@log": Source('"@log"', Stored.TEXT),
        "@ptr": Source('"@ptr"', Stored.TEXT),
    }
    for name in dict.fromkeys(name for form in forms for name in form.names):
        having = [number for number, form in enumerate(forms) if name in form.names]
        present = "true"
        if len(having) < len(forms):
            present = f'"{_FORMAT}" IN ({", ".join(map(str, having))})'
        stored = Stored.NUMBER if name in forms[having[0]].numbers else Stored.TEXT
        address = name in forms[having[0]].addresses
        found[name] = Source(f'"{name}"', stored, present, f'"{name}{IPV4}"' if address else None)
    return found


def _nothing() -> str:
    """A relation with the default fields and no record."""
    columns = [
        f'NULL::{"BIGINT" if name in DEFAULT.numbers else "VARCHAR"} AS "{name}"'
        for name in DEFAULT.names
    ]
    columns += [f'NULL::BIGINT AS "{name}{IPV4}"' for name in DEFAULT.addresses]
    columns += ['NULL::TIMESTAMP AS "@timestamp"']
    columns += [f'NULL::VARCHAR AS "{name}"' for name in (MESSAGE, STREAM, "@log", "@ptr")]
    return f"(SELECT {', '.join(columns)} WHERE false)"


def text(value: str) -> str:
    """A literal."""
    return "'" + value.replace("'", "''") + "'"
