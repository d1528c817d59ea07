"""What the parser stumbled over, in words: what stands there, what could, what was meant."""

from __future__ import annotations

import re
from typing import cast

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from bot.insights.vocabulary import VERBS, did_you_mean, verb
from bot.model.errors import BadQuery, NotSupported

_WORDS = {
    "NAME": "a field",
    "ALIAS": "a name",
    "STRING": "a quoted string",
    "NUMBER": "a number",
    "PERIOD": "a period such as 5m",
    "REGEX": "a regular expression between slashes",
    "COMPARE": "a comparison",
    "MATCHES": "=~",
    "PIPE": "|",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": "a comma",
    "$END": "the end",
}
_OPERANDS = {"NAME", "NUMBER", "STRING", "PERIOD", "LPAR"}
_SIGNS = {"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "CARET"}
_OPEN = {'"': "this quote is never closed", "'": "this quote is never closed"} | {
    "`": "this backtick is never closed",
    "/": "this regular expression is never closed",
}

# Words of other languages, and how it is said here.
_ELSEWHERE = {
    "&": "Write and.",
    ">": "Unequal is written !=.",
    "*": "Name the fields.",
    "between": "Write a >= 1 and a <= 2.",
    "descending": "Write desc.",
    "ascending": "Write asc.",
    "having": "Write | filter … after stats.",
    "is": "Write isPresent(…) or not isPresent(…).",
    "{": "Fill in what stands in {{…}} first.",
}


def complaint(error: UnexpectedInput, text: str) -> BadQuery:
    """The error to raise for what lark could not read."""
    start, end, expected = _place(error, text)
    word = text[start:end]
    if "FIELDS" in expected:
        return _not_a_command(text, start, end)
    if not word:
        what = "the query is empty" if not text.strip() else "the query ends too early"
        return BadQuery(what, text=text, start=start, end=end, hint=_hint(expected))
    unread = isinstance(error, UnexpectedCharacters)
    if text[start] in _OPEN and (unread or (text[start] == "/" and "REGEX" in expected)):
        return BadQuery(_OPEN[text[start]], text=text, start=start, end=end)
    if re.match(r"\(\s*(source\b|fields\b|filter\b)", text[start:], re.IGNORECASE):
        return NotSupported("a subquery does not run here", text=text, start=start, end=start + 1)
    if word.lower() == "xml" and "REGEX" in expected:
        return NotSupported("parse … XML does not run here", text=text, start=start, end=end)
    hint = _meant(word, expected) or _hint(expected)
    return BadQuery(f"unexpected {_shown(word)}", text=text, start=start, end=end, hint=hint)


def _place(error: UnexpectedInput, text: str) -> tuple[int, int, set[str]]:
    if isinstance(error, UnexpectedToken):
        token = error.token
        expected = set(error.accepts or error.expected)
        if token.type == "$END":
            return len(text), len(text), expected
        start = token.start_pos or 0
        return start, start + len(_word_at(text, start)), expected
    if isinstance(error, UnexpectedCharacters):
        start = cast(int, error.pos_in_stream)
        return start, start + len(_word_at(text, start)), set(error.allowed or ())
    return len(text), len(text), set()


def _word_at(text: str, start: int) -> str:
    found = re.match(r"[@\w.]+|\S", text[start:])
    return found[0] if found else ""


def _shown(word: str) -> str:
    return f"“{word}”" if word.isprintable() else f"character U+{ord(word[0]):04X}"


def _not_a_command(text: str, start: int, end: int) -> BadQuery:
    word = text[start:end]
    known = verb(word)
    if not word or word == "|":
        what = "a command is missing here" if text.strip() else "the query is empty"
        doubled = text[max(start - 1, 0) : end] == "||"
        hint = "Where || is meant, write or." if doubled else "Begin with fields or stats."
        return BadQuery(what, text=text, start=start, end=end, hint=hint)
    if known is not None and known.refused:
        return NotSupported(
            f"{known.name} does not run here: {known.refused}",
            text=text,
            start=start,
            end=end,
        )
    names = [name for each in VERBS if not each.refused for name in (each.name, *each.aliases)]
    return BadQuery(
        f"there is no command {_shown(word)}",
        text=text,
        start=start,
        end=end,
        hint=did_you_mean(word, names) or f"Commands are {', '.join(names)}.",
    )


def _meant(word: str, expected: set[str]) -> str | None:
    """What another language's word is called in this one."""
    if word.lower() == "as" and "MULTI" in expected:
        return "Groups name the fields: (?<name>…)."
    return _ELSEWHERE.get(word.lower())


def _hint(expected: set[str]) -> str | None:
    if expected >= _OPERANDS:
        return "A field, a value or a function belongs here."
    words = sorted(_WORDS.get(name, name.lower()) for name in expected - _SIGNS)
    return f"Expected {', '.join(words)}." if words else None
