"""Colours of charts, written once. Light background; the colour-blind see different colours too.

Every fill has 3:1 against the background (WCAG 1.4.11), every text colour 4.5:1 (1.4.3). How far
fills are apart for normal sight, deuteranopia and protanopia is held by a test.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.model.chart import Series, Tone

BACKGROUND = "#ffffff"
INK = "#1b2430"  # titles, names, values
MUTED = "#5a6472"  # units, tick labels, footers
GRID = "#e3e6ea"
UNKNOWN = "#f3f4f6"  # where nothing is known …
UNKNOWN_HATCH = "#cdd2d8"  # … and the strokes over it

TONES: dict[Tone, str] = {
    Tone.ACCEPTED: "#1f6fb4",
    Tone.REJECTED: "#d17f00",
    Tone.ALARMING: "#b3123a",
    Tone.NOISE: "#8d939c",
    Tone.PLAIN: "#22344f",
}
# Categories that mean nothing in particular, side by side: the first is PLAIN's own colour.
CATEGORIES: tuple[str, ...] = (TONES[Tone.PLAIN], "#23a07a", "#4f97e0", "#6e5008", "#7a3fc4")

# Series of one tone besides each other: as they are, then darker, then lighter.
_SHADES: tuple[tuple[float, str], ...] = ((0, "#000000"), (0.45, "#000000"), (0.4, "#ffffff"))


_COLD, _WARM, _HOT = "#e4edf7", TONES[Tone.ACCEPTED], TONES[Tone.PLAIN]  # of cells: ever darker


def heat(share: float) -> str:
    """The colour of a cell `share` (0 to 1) as warm as the warmest; nothing has no colour."""
    if share <= 0:
        return UNKNOWN
    if share <= 0.5:
        return _mixed(_COLD, _WARM, share * 2)
    return _mixed(_WARM, _HOT, min(1.0, share * 2 - 1))


def colours(series: Sequence[Series]) -> tuple[str, ...]:
    """One colour for each of the series that share a panel."""
    seen: dict[Tone, int] = {}
    chosen = []
    for one in series:
        nth = seen[one.tone] = seen.get(one.tone, -1) + 1
        chosen.append(_plain(nth) if one.tone is Tone.PLAIN else _shade(TONES[one.tone], nth))
    return tuple(chosen)


def _plain(nth: int) -> str:
    lap, place = divmod(nth, len(CATEGORIES))
    return _shade(CATEGORIES[place], lap)


def _shade(colour: str, nth: int) -> str:
    amount, towards = _SHADES[nth % len(_SHADES)]
    return _mixed(colour, towards, amount)


def _mixed(colour: str, towards: str, amount: float) -> str:
    mixed = (
        round(int(colour[n : n + 2], 16) * (1 - amount) + int(towards[n : n + 2], 16) * amount)
        for n in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
