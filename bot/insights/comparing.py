"""Comparison, matching and membership, by Insights' idea of types.

The rules, where AWS's documentation is silent, as chosen:

- Anything compared with a missing value, a list or a map is false; so is `!=`.
- A number against a text compares numerically when the text is a number. When it is not, `=` and
  the orderings are false and `!=` is true, except that `-` (what a record writes for "none") makes
  `!=` false as well.
- Two texts are equal as texts, and ordered as numbers; where one is no number, the ordering is
  false. A field of the records counts as text.
- `not in` and `not like` are false for a missing value, as `!=` is.
"""

from __future__ import annotations

import re

from bot.insights.terms import (
    COMPOUND,
    NUMBERS,
    Kind,
    Term,
    number,
    quoted,
    scalar,
    text,
    text_literal,
)

_SQL = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CANONICAL = re.compile(r"0|-?[1-9][0-9]{0,17}")
_ORDER_OF_KINDS = (Kind.STORED, Kind.TEXT)


def compare(operator: str, left: Term, right: Term) -> str:
    """SQL of a comparison; NULL means false."""
    left, right = scalar(left), scalar(right)
    left, right = _as_word(left, right), _as_word(right, left)
    if {left.kind, right.kind} & {Kind.NOTHING, *COMPOUND}:
        return "false"
    if left.kind is right.kind is Kind.TIME:
        return f"{left.sql} {_SQL[operator]} {right.sql}"
    left, right = _as_number(left), _as_number(right)
    if left.kind in NUMBERS and right.kind in NUMBERS:
        return f"{left.sql} {_SQL[operator]} {right.sql}"
    if left.kind in NUMBERS or (left.kind is Kind.TEXT and right.kind is Kind.STORED):
        return compare(_FLIPPED[operator], right, left)
    if right.kind in NUMBERS:
        return _with_number(operator, left, right)
    if left.kind is Kind.STORED:
        if isinstance(right.literal, str):
            return _stored_with_text(operator, left, right.literal)
        if right.kind is Kind.STORED:
            return _both_stored(operator, left, right)
    return _texts(operator, Term(text(left), Kind.TEXT, literal=left.literal), right)


def _as_word(term: Term, other: Term) -> Term:
    """`true` and `false` stand for those words beside a text."""
    if isinstance(term.literal, bool) and other.kind is Kind.TEXT:
        return text_literal("true" if term.literal else "false")
    return term


def _as_number(term: Term) -> Term:
    return number(term) if term.kind in (Kind.TIME, Kind.TRUTH) else term


def _with_number(operator: str, left: Term, right: Term) -> str:
    sign = _SQL[operator]
    if left.kind is Kind.STORED:
        return f"{left.sql} {sign} {right.sql}"
    value = number(left).sql
    if operator != "!=":
        return f"{value} {sign} {right.sql}"
    known = "" if right.literal is not None else f" AND {right.sql} IS NOT NULL"
    return (
        f"CASE WHEN {value} IS NULL THEN {left.sql} <> '-'{known} ELSE {value} <> {right.sql} END"
    )


def _stored_with_text(operator: str, left: Term, literal: str) -> str:
    sign = _SQL[operator]
    dash = f"({left.sql} IS NULL AND {left.present})"
    if operator not in ("=", "!="):
        return f"{left.sql} {sign} {number(text_literal(literal)).sql}"
    if _CANONICAL.fullmatch(literal):
        same = f"{left.sql} {sign} {literal}"
        return same if operator == "=" else f"({same} OR {dash})"
    if literal == "-":
        return dash if operator == "=" else f"{left.sql} IS NOT NULL"
    return "false" if operator == "=" else left.present


def _both_stored(operator: str, left: Term, right: Term) -> str:
    plain = f"{left.sql} {_SQL[operator]} {right.sql}"
    here = f"{left.present} AND {right.present}"
    none = f"{left.sql} IS NULL", f"{right.sql} IS NULL"
    if operator == "!=":
        return f"({plain} OR (({none[0]}) <> ({none[1]}) AND {here}))"
    return f"({plain} OR ({none[0]} AND {none[1]} AND {here}))" if operator == "=" else plain


def _texts(operator: str, left: Term, right: Term) -> str:
    sign = _SQL[operator]
    if operator in ("=", "!="):
        return f"{left.sql} {sign} {text(right)}"
    a, b = number(left).sql, number(Term(text(right), Kind.TEXT, literal=right.literal)).sql
    return f"{a} {sign} {b}"


def contains(subject: Term, part: Term, *, negated: bool) -> str:
    """`like "text"`: part of the subject's text, case-sensitive, `%` and `_` as they are."""
    subject, part = scalar(subject), scalar(part)
    if {subject.kind, part.kind} & {Kind.NOTHING, *COMPOUND}:
        return "false"
    return f"{'NOT ' if negated else ''}contains({text(subject)}, {text(part)})"


def matches(subject: Term, pattern: str, *, negated: bool) -> str:
    """`like /regex/`, with a pattern that RE2 takes; it may match anywhere."""
    subject = scalar(subject)
    if subject.kind in (Kind.NOTHING, *COMPOUND):
        return "false"
    return f"{'NOT ' if negated else ''}regexp_matches({text(subject)}, {quoted(pattern)})"


def member(subject: Term, items: tuple[Term, ...], *, negated: bool) -> str:
    """`in [...]`: equal to one of them. `not in`: unequal to each."""
    subject = scalar(subject)
    plain = [item for item in items if _lists_with(subject, item)]
    values = ", ".join(str(item.literal) if _whole(item) else item.sql for item in plain)
    parts = [f"{subject.sql} {'NOT ' if negated else ''}IN ({values})"] if plain else []
    operator = "!=" if negated else "="
    parts += [compare(operator, subject, item) for item in items if item not in plain]
    if negated and not items:
        return "true"
    return "(" + (" AND " if negated else " OR ").join(parts or ["false"]) + ")"


def _whole(item: Term) -> bool:
    return isinstance(item.literal, int) and not isinstance(item.literal, bool)


def _lists_with(subject: Term, item: Term) -> bool:
    """Whether SQL's own IN means the same for this item."""
    if subject.kind is Kind.STORED:
        return _whole(item)
    return subject.kind is Kind.TEXT and isinstance(item.literal, str)
