"""Values into query text: Insights has no bound parameters, so each is written by its kind."""

from __future__ import annotations

import re
import string
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from bot.model.errors import FlowsError
from bot.model.window import Period

Address = IPv4Address | IPv6Address | IPv4Network | IPv6Network
Value = int | str | Address | Period | tuple["Value", ...] | list["Value"]


class Unquotable(FlowsError):
    """A value that cannot be written as exactly one literal of a query."""


def fill(template: str, /, **values: Value) -> str:
    """A template with each `{name}` replaced by its value, quoted; `{{` and `}}` are braces.

    Whole numbers come out as digits, text and addresses in quotes, tuples and lists in brackets, a
    period as Insights spells it. Raises `Unquotable` for what has no such form; a placeholder that
    is unknown or stands inside quotes is a mistake of the template and raises ValueError.
    """
    parts = []
    for before, name, spec, conversion in string.Formatter().parse(template):
        parts.append(before)
        if name is None:
            continue
        if spec or conversion or name not in values:
            raise ValueError(f"the template has no value for {{{name}}}")
        if _open_quote("".join(parts)):
            raise ValueError(f"{{{name}}} stands inside quotes; it brings its own")
        parts.append(literal(values[name]))
    return "".join(parts)


def literal(value: Value) -> str:
    """One literal of the language. Raises `Unquotable`."""
    if isinstance(value, bool):
        raise Unquotable("a yes or no cannot be written into a query")
    if isinstance(value, int):
        if value < 0 or value >= 10**18:
            raise Unquotable(f"{value} cannot be written as one number")
        return str(int(value))
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, Address):
        return _text(str(value))
    if isinstance(value, Period):
        return _period(value)
    return _array(value)


def is_quotable(value: Value) -> bool:
    """Whether `literal` can write the value: a name out of the logs may be anything."""
    try:
        return bool(literal(value))
    except Unquotable:
        return False


def pipeline(*lines: str | None) -> str:
    """Commands joined into a query, one a line; None is a command left out."""
    return "\n| ".join(line for line in lines if line is not None)


def _text(value: str) -> str:
    # AWS does not document escapes in strings, so none are written: text needs a quote it lacks.
    if "\\" in value or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in value):
        raise Unquotable(
            f"{value[:60]!r} holds a character that cannot be written into a query",
            hint="Leave out backslashes and control characters.",
        )
    for quote in ('"', "'"):
        if quote not in value:
            return f"{quote}{value}{quote}"
    raise Unquotable(
        f"{value[:60]!r} holds both kinds of quotes", hint="Leave out one kind of quotes."
    )


def _period(value: Period) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,3}(ms|s|m|h|d|w|mo|q|y)", value.text):
        raise Unquotable(f"{value.text[:60]!r} is no period")
    return value.text


def _array(values: tuple[Value, ...] | list[Value]) -> str:
    if not values or any(isinstance(value, tuple | list | Period) for value in values):
        raise Unquotable("a list in a query holds numbers and texts, at least one")
    return f"[{', '.join(literal(value) for value in values)}]"


def _open_quote(text: str) -> bool:
    """Whether a text ends inside a quoted string."""
    return bool(re.search(r"['\"]", re.sub(r"\"[^\"]*\"|'[^']*'|#[^\n]*", "", text)))
