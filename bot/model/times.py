"""Moments and time zones as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.model.errors import BadWindow, FlowsError


class BadZone(FlowsError):
    """A name that no time zone has."""


def zone_named(name: str) -> ZoneInfo:
    """The zone with an IANA name. Raises `BadZone`, whatever is wrong with the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadZone(
            f"there is no time zone {name!r}", hint="Write one like Europe/Berlin or UTC."
        ) from None


def moment(text: str) -> datetime:
    """A moment written in ISO 8601 (UTC when it names no zone) or as epoch seconds.

    Raises `BadWindow` for anything else.
    """
    try:
        if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text.strip()):
            return datetime.fromtimestamp(float(text), UTC)
        when = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        raise BadWindow(
            f"{text!r} is not a time", hint="Write 2026-11-20T14:00:00Z or epoch seconds."
        ) from None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
