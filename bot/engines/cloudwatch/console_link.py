"""The address that opens a query in the CloudWatch console.

AWS does not document it. The encoding is that of several generators that are in use: an object is
`~(key~value…)`, a string starts with a quote that is never closed, and whatever is not a letter, a
digit or one of `-._` is written `*hh`, a byte of UTF-8 at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bot.engines.cloudwatch.seconds import Seconds

Value = str | bool | int | Sequence[str]

# Partitions have consoles of their own; everything else is the commercial one.
_CONSOLES = (("cn-", "console.amazonaws.cn"), ("us-gov-", "console.amazonaws-us-gov.com"))
_CONSOLE = "console.aws.amazon.com"


def console_link(region: str, log_groups: tuple[str, ...], span: Seconds, text: str) -> str:
    """Opens Logs Insights with the text over the log groups, the times absolute and in UTC."""
    console = next((host for start, host in _CONSOLES if region.startswith(start)), _CONSOLE)
    detail = _object(
        {
            "end": _time(span.last),
            "start": _time(span.first),
            "timeType": "ABSOLUTE",
            "tz": "UTC",
            "editorString": text,
            "isLiveTail": False,
            "source": log_groups,
        }
    )
    return (
        f"https://{region}.{console}/cloudwatch/home?region={region}"
        f"#logsV2:logs-insights$3FqueryDetail$3D{detail}"
    )


def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _object(members: Mapping[str, Value]) -> str:
    return f"~({'~'.join(f'{key}~{_value(value)}' for key, value in members.items())})"


def _value(value: Value) -> str:
    if isinstance(value, str):
        return "'" + re.sub(r"[^A-Za-z0-9._-]", _escaped, value)
    if isinstance(value, bool | int):
        return str(value).lower()
    return f"(~{'~'.join(map(_value, value))})"


def _escaped(character: re.Match[str]) -> str:
    # A lone surrogate has no bytes; it is no text either, and becomes a question mark.
    return "".join(f"*{byte:02x}" for byte in character[0].encode(errors="replace"))
