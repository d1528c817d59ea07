"""What of the language Athena does not run, and why. `docs/insights.md` shows these tables.

Names are those of `bot.insights`' tables: commands, functions, aggregations and operators.
"""

from __future__ import annotations

from collections.abc import Mapping

_JSON = "Athena writes and reads JSON in ways of its own"
_ESCAPES = "Athena escapes other characters"
_BESIDE = "its tables lie beside the bot, where Athena cannot read them"

COMMANDS: Mapping[str, str] = {
    "SOURCE": "the table is named by the source of the bot",
    "cidrlookup": _BESIDE,
    "estimate": "Athena says what a query read when it has run",
    "expand": _JSON,
    "fillmissing": "rows that are not there cannot be made in Athena so far",
    "json": _JSON,
    "lookup": _BESIDE,
    "outlier": "Athena's percentiles over all rows are approximate",
    "unnest": _JSON,
}
FUNCTIONS: Mapping[str, str] = {
    "base64decode": "Athena replaces what is no text instead of leaving it out",
    "decToHex": "large and negative numbers differ",
    "hexToAscii": "Athena replaces what is no text instead of leaving it out",
    "hexToDec": "Athena has no such conversion that leaves out what is no number",
    "jsonArrayContains": _JSON,
    "jsonArraySize": _JSON,
    "jsonParse": _JSON,
    "jsonStringify": _JSON,
    "parseDate": "Athena reads dates by other rules",
    "urldecode": _ESCAPES,
    "urlencode": _ESCAPES,
}
# What runs, but not however it is used.
PARTS: Mapping[str, str] = {
    "addtotals": "not with `col=true`: rows are not made",
    "fromMillis": "not of a decimal: halves are rounded otherwise",
    "like, not like, =~": "the rule for regular expressions holds",
    "max": "not of a text: it may be a decimal in some rows",
    "min": "not of a text: it may be a decimal in some rows",
    "parse": "not `csv`, `logfmt` or `multi`, and no group that repeats",
    "regexReplace": "not of what can match nothing",
    "round": "to digits that are spelled out",
    "split": "by a text that is spelled out and not empty",
}
RULES: tuple[str, ...] = (
    "`@ptr` is refused, and `@message` of a table that does not say its format.",
    "A decimal within a text (`concat(bytes / 3, …)`), as a group or beside a text is refused:"
    " Athena writes decimals otherwise. A result that is a decimal is written as everywhere.",
    "An element of a list (`x[1]`) is refused.",
    "Flags such as `(?i)`, `\\b`, and Unicode and POSIX classes in regular expressions are refused:"
    " Athena's engine is not RE2.",
    "A statement longer than 262,144 bytes is refused; that is Athena's limit.",
)
