"""SQL values whose kind is known: what DuckDB casts by itself, Trino does not, or otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlglot import exp

EPOCH = "1970-01-01 00:00:00.000"


class Kind(StrEnum):
    INTEGER = "a whole number"  # BIGINT or INTEGER
    HUGE = "a large whole number"  # HUGEINT; DECIMAL(38, 0) in Trino
    REAL = "a decimal"  # DOUBLE
    DIGITS = "the digits of a decimal"  # a DOUBLE still: whoever reads the result writes it
    TEXT = "a text"
    TIME = "a time"
    DATE = "a date"
    TRUTH = "a truth"
    LIST = "a list of texts"
    LISTS = "a list of lists"
    JSON = "JSON"
    GROUPS = "the groups of a match"  # a struct in DuckDB, an array in Trino
    ROW = "a row"
    NULL = "nothing"


NUMBERS = (Kind.INTEGER, Kind.HUGE, Kind.REAL)
TYPES = {
    Kind.INTEGER: "BIGINT",
    Kind.HUGE: "DECIMAL(38, 0)",
    Kind.REAL: "DOUBLE",
    Kind.TEXT: "VARCHAR",
    Kind.TIME: "TIMESTAMP",
    Kind.DATE: "DATE",
    Kind.LIST: "ARRAY(VARCHAR)",
}


class Refused(Exception):
    """What Athena cannot be told exactly; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression in Trino's spelling, with the kind of its value."""

    sql: exp.Expr
    kind: Kind


def widest(kinds: set[Kind]) -> Kind:
    """The one kind that values of several kinds have together. Raises `Refused`."""
    known = kinds - {Kind.NULL}
    if len(known) <= 1:
        return next(iter(known), Kind.NULL)
    if known <= set(NUMBERS):
        return Kind.REAL if Kind.REAL in known else Kind.HUGE
    if known == {Kind.DIGITS, Kind.TEXT}:
        raise Refused("this is a decimal in some rows and a text in others, as min and max are")
    raise Refused(f"{' and '.join(sorted(known))} cannot stand for one another in Athena")


# Spelling


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function, spelled exactly like this."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(sql: exp.Expr, kind: Kind) -> exp.Expr:
    return exp.Cast(this=sql, to=exp.DataType.build(TYPES[kind], dialect="athena"))


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def whole(value: int) -> exp.Expr:
    return exp.Neg(this=whole(-value)) if value < 0 else exp.Literal.number(value)


def moment(value: str) -> exp.Expr:
    return cast(text(value), Kind.TIME)


def null_safe(sql: exp.Expr, subject: exp.Expr, otherwise: str) -> exp.Expr:
    """`sql`, and where that is NULL though the subject is not, a text."""
    there = exp.Not(this=exp.Is(this=subject.copy(), expression=exp.Null()))
    fallback = exp.Case(ifs=[exp.If(this=there, true=text(otherwise))])
    return call("coalesce", sql, fallback)


def all_of(*conditions: exp.Expr) -> exp.Expr:
    return exp.Paren(this=exp.and_(*conditions))
