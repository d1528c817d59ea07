"""The order of `sort`: natural, so that `10.0.0.9` comes before `10.0.0.10`.

Ascending: what is no number comes before numbers. A text is a number when it is digits only; others
are compared in pieces, digits by length and then value, the rest by code point. Where AWS is
silent: a missing value comes first, and digits and other characters compare by code point.
"""

from __future__ import annotations

from bot.insights.terms import Kind, Term, text

ASCENDING = "ASC NULLS FIRST"
DESCENDING = "DESC NULLS LAST"


def sort_keys(term: Term) -> list[str]:
    """SQL expressions that sort as the term does, ascending with NULLs first."""
    if term.kind is Kind.STORED:
        return [term.sql] if term.present == "true" else [term.present, term.sql]
    if term.kind is Kind.TRUTH:
        return [f"({term.sql} IS TRUE)"]
    if term.kind is Kind.TEXT:
        return [natural(term.sql)]
    if term.kind in (Kind.LIST, Kind.MAP):
        return [natural(text(term))]
    return [term.sql]


_DOTTED = "[0-9]{1,9}([.][0-9]{1,9})+"


def natural(sql: str) -> str:
    """A text whose binary order is the natural order of the text `sql`.

    A run of digits becomes `0`, a character for its length, and the digits. Other pieces end in
    chr(1), which is below every character that could go on such a piece.
    """
    digits = f"ltrim({sql}, '0')"
    number = (
        f"chr(3) || chr(least(length({digits}) + 1, 50000)::INTEGER) || {digits} || chr(1) || {sql}"
    )
    # Addresses are many, and taken apart several times as fast without a regular expression.
    numbers = f"list_transform(string_split({sql}, '.'), lambda piece: {_run('piece')})"
    dotted = f"chr(2) || array_to_string({numbers}, '.' || chr(1))"
    pieces = f"regexp_extract_all({sql}, '[0-9]+|[^0-9]+')"
    is_run = "piece >= '0' AND piece < ':'"
    keyed = f"lambda piece: CASE WHEN {is_run} THEN {_run('piece')} ELSE piece || chr(1) END"
    return (
        f"CASE WHEN regexp_full_match({sql}, '[0-9]+') THEN {number}"
        f" WHEN regexp_full_match({sql}, '{_DOTTED}') THEN {dotted}"
        f" ELSE chr(2) || array_to_string(list_transform({pieces}, {keyed}), '') END"
    )


def _run(digits: str) -> str:
    return f"'0' || chr(least(length({digits}), 50000)::INTEGER) || {digits}"
