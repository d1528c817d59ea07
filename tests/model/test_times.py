from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.model.errors import BadWindow
from bot.model.times import BadZone, moment, zone_named


@pytest.mark.parametrize(
    "text",
    ["2026-11-20T14:00:00Z", "2026-11-20T15:00:00+01:00", "2026-11-20 14:00", "1795183200"],
)
def test_moments_in_every_spelling(text: str) -> None:
    assert moment(text) == datetime(2026, 11, 20, 14, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01", "9" * 30, "-1", "1e9", "NaN"])
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadWindow, match="is not a time"):
        moment(text)


@pytest.mark.parametrize("name", ["Mars/Base", "", "../../etc/passwd", "a\0b"])
def test_no_zone_by_that_name(name: str) -> None:
    with pytest.raises(BadZone, match="no time zone"):
        zone_named(name)
