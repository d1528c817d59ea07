"""A value in SQL: what kind it is, and how it looks as text, as a number, as a moment.

Insights keeps discovered fields as text with a numeric view. Here a field keeps its typed column,
and the other views are written only where a query needs them, so that `dstPort = 443` stays a plain
comparison of integers.

SQL NULL is Insights' missing value, except that a NULL truth is false.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    STORED = "stored"  # a NUMBER field of the records: BIGINT, NULL where the record has `-`
    INTEGER = "integer"  # BIGINT
    HUGE = "huge"  # HUGEINT
    REAL = "real"  # DOUBLE
    TEXT = "text"  # VARCHAR
    TIME = "time"  # TIMESTAMP in UTC
    TRUTH = "truth"  # BOOLEAN, where NULL is false
    LIST = "list"  # VARCHAR[]
    MAP = "map"  # JSON: a map, a list, or a plain value out of one
    NOTHING = "nothing"  # missing in every row


NUMBERS = (Kind.INTEGER, Kind.HUGE, Kind.REAL)
COMPOUND = (Kind.LIST, Kind.MAP)
_DECIMAL = r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?"
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Term:
    """SQL of one kind. `present` matters for STORED; `literal` is what a query spells out; `ipv4`
    is the number of a dotted IPv4 address, for fields that keep it."""

    sql: str
    kind: Kind
    present: str = "true"
    literal: str | int | float | bool | None = None
    ipv4: str | None = None


NOTHING = Term("CAST(NULL AS VARCHAR)", Kind.NOTHING)


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def text_literal(text: str) -> Term:
    return Term(quoted(text), Kind.TEXT, literal=text)


def number_literal(value: int | float) -> Term:
    if isinstance(value, int) and abs(value) <= _LARGEST_INTEGER:
        return Term(f"CAST({value} AS BIGINT)", Kind.INTEGER, literal=value)
    return Term(f"CAST('{float(value)!r}' AS DOUBLE)", Kind.REAL, literal=value)


def truth(sql: str) -> Term:
    return Term(f"({sql})", Kind.TRUTH)


def widest(kinds: set[Kind]) -> Kind:
    """The kind that numbers of several kinds are combined in."""
    return next((kind for kind in (Kind.REAL, Kind.HUGE) if kind in kinds), Kind.INTEGER)


def numeric(text: str) -> float | None:
    """The number that a text is; the rule of `number` for what is known beforehand."""
    return float(text) if re.fullmatch(_DECIMAL, text) else None


def number(term: Term) -> Term:
    """The numeric view: INTEGER, HUGE or REAL; NULL for what is no number."""
    if term.kind in NUMBERS:
        return term
    if term.kind is Kind.STORED:
        return Term(term.sql, Kind.INTEGER)
    if term.kind is Kind.TRUTH:
        return Term(f"CAST({term.sql} IS TRUE AS BIGINT)", Kind.INTEGER)
    if term.kind is Kind.TIME:
        return Term(f"epoch_ms({term.sql})", Kind.INTEGER)
    if isinstance(term.literal, str):
        value = numeric(term.literal)
        return Term("CAST(NULL AS DOUBLE)", Kind.REAL) if value is None else number_literal(value)
    if term.kind is Kind.MAP:
        return number(scalar(term))
    if term.kind is Kind.TEXT:
        # DuckDB's cast alone also takes `inf`, blanks around and underscores within.
        cast = f"TRY_CAST({term.sql} AS DOUBLE)"
        sql = f"CASE WHEN regexp_full_match({term.sql}, '{_DECIMAL}') THEN {cast} END"
        return Term(f"({sql})", Kind.REAL)
    return Term("CAST(NULL AS DOUBLE)", Kind.REAL)


def text(term: Term) -> str:
    """The text view, which is also how a result prints. NULL when missing."""
    match term.kind:
        case Kind.TEXT:
            return term.sql
        case Kind.STORED:
            shown = f"coalesce(CAST({term.sql} AS VARCHAR), '-')"
            if term.present == "true":
                return shown
            return f"CASE WHEN {term.present} THEN {shown} END"
        case Kind.INTEGER | Kind.HUGE:
            return f"CAST({term.sql} AS VARCHAR)"
        case Kind.REAL:
            return _decimal(term.sql)
        case Kind.TIME:
            return f"strftime({term.sql}, '%Y-%m-%d %H:%M:%S.%g')"
        case Kind.TRUTH:
            return f"CASE WHEN {term.sql} THEN '1' ELSE '0' END"
        case Kind.LIST:
            return f"CAST(to_json({term.sql}) AS VARCHAR)"
        case Kind.MAP:
            return f"({term.sql} ->> '$')"
        case Kind.NOTHING:
            return term.sql


def _decimal(sql: str) -> str:
    """How a decimal prints: the shortest digits that read back the same, never an exponent.

    Whole numbers print without a point; from 1e15 on without decimals; below 1e-4 with at most 20
    of them. What is no finite number is missing.
    """
    return (
        f"CASE WHEN NOT isfinite({sql}) THEN NULL"
        f" WHEN abs({sql}) >= 1e15 THEN format('{{:.0f}}', {sql})"
        f" WHEN {sql} = trunc({sql}) THEN CAST(CAST({sql} AS BIGINT) AS VARCHAR)"
        f" WHEN abs({sql}) < 1e-4 THEN rtrim(rtrim(format('{{:.20f}}', {sql}), '0'), '.')"
        f" ELSE CAST({sql} AS VARCHAR) END"
    )


def scalar_text(term: Term) -> str:
    """The text view for functions and comparisons, to which lists and maps are missing."""
    if term.kind is Kind.LIST:
        return NOTHING.sql
    if term.kind is Kind.MAP:
        return f"CASE WHEN json_type({term.sql}) NOT IN ('OBJECT', 'ARRAY') THEN {text(term)} END"
    return text(term)


def scalar(term: Term) -> Term:
    """A value out of JSON as text, since it may be a plain one; other terms as they are."""
    return Term(f"({scalar_text(term)})", Kind.TEXT) if term.kind is Kind.MAP else term


def moment(term: Term) -> str:
    """A TIMESTAMP: a time as it is, a number as milliseconds since 1970."""
    if term.kind is Kind.TIME:
        return term.sql
    if term.kind in (Kind.NOTHING, Kind.LIST):
        return "CAST(NULL AS TIMESTAMP)"
    return f"TRY(epoch_ms(TRY_CAST({number(term).sql} AS BIGINT)))"


def holds(term: Term) -> str:
    """A condition: NULL and false both mean no. A number holds unless it is 0, text when `true`."""
    if term.kind is Kind.TRUTH:
        return term.sql
    if term.kind is Kind.TEXT:
        return f"({term.sql} = 'true' OR {number(term).sql} <> 0)"
    if term.kind in (Kind.STORED, *NUMBERS):
        return f"({number(term).sql} <> 0)"
    return "false"


def present(term: Term) -> str:
    """Whether a record has the value at all; `-` counts, and so does the empty string."""
    if term.kind is Kind.STORED:
        return term.present
    if term.kind is Kind.TRUTH:
        return "true"
    if term.kind is Kind.NOTHING:
        return "false"
    return f"({term.sql} IS NOT NULL)"


def group_keys(term: Term) -> list[str]:
    """What to group by so that equal values, and only those, come together."""
    if term.kind is Kind.STORED and term.present != "true":
        return [term.sql, term.present]
    return [f"({term.sql} IS TRUE)"] if term.kind is Kind.TRUTH else [term.sql]
