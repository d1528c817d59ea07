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


def natural(sql: str) -> str:
    """A text whose binary order is the natural order of the text `sql`.

    A run of digits becomes `0`, a character for its length, and the digits. Other pieces end in
    chr(1), which is below every character that could go on such a piece.
    """
    digits = f"ltrim({sql}, '0')"
    run = "'0' || chr(least(length(piece), 50000)::INTEGER) || piece"
    pieces = f"regexp_extract_all({sql}, '[0-9]+|[^0-9]+')"
    keyed = (
        f"lambda piece: CASE WHEN piece[1] BETWEEN '0' AND '9' THEN {run} ELSE piece || chr(1) END"
    )
    return (
        f"CASE WHEN regexp_full_match({sql}, '[0-9]+')"
        f" THEN chr(3) || chr(least(length({digits}) + 1, 50000)::INTEGER) || {digits} || chr(1)"
        f" || {sql}"
        f" ELSE chr(2) || array_to_string(list_transform({pieces}, {keyed}), '') END"
    )
