"""How wide text is on the page, and what of it the font can draw."""

from __future__ import annotations

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties, findfont, get_font

from bot.charts.lettering import ELLIPSIS, one_line

FONT = "DejaVu Sans"  # comes with matplotlib, so a chart looks the same everywhere
MISSING = "\u25a1"  # a box, for what the font cannot draw
POINTS = 72  # an inch


class Ruler:
    """Measures text of the chart font; widths and sizes are in points."""

    def __init__(self) -> None:
        self._renderer = RendererAgg(8, 8, POINTS * 4)  # type: ignore[no-untyped-call]
        self._glyphs = get_font(findfont(FontProperties(family=FONT))).get_charmap()

    def drawable(self, text: str) -> str:
        """`text` on one line, with a box for every character the font lacks."""
        return "".join(c if ord(c) in self._glyphs else MISSING for c in one_line(text))

    def width(self, text: str, size: float, *, bold: bool = False) -> float:
        font = FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")
        measured = self._renderer.get_text_width_height_descent
        width, _, _ = measured(text, font, ismath=False)  # type: ignore[no-untyped-call]
        return float(width) / 4

    def fit(self, text: str, size: float, room: float, *, bold: bool = False) -> str:
        """`text`, drawable; without its middle where it is wider than `room`."""
        text = self.drawable(text)
        if self.width(text, size, bold=bold) <= room:
            return text
        few, many = 1, len(text)
        while many - few > 1:
            kept = (few + many) // 2
            fits = self.width(_middle_out(text, kept), size, bold=bold) <= room
            few, many = (kept, many) if fits else (few, kept)
        return _middle_out(text, few)

    def wrap(
        self, text: str, size: float, room: float, most: int, *, bold: bool = False
    ) -> list[str]:
        """`text` in at most `most` lines no wider than `room`, broken between words.

        The lines are about as long as one another: no word stands alone in the last.
        """
        lines = self._broken(text, size, room, bold=bold)
        narrow, wide = room / 2, room
        while len(lines) > 1 and wide - narrow > size:
            middle = (narrow + wide) / 2
            fits = len(self._broken(text, size, middle, bold=bold)) <= len(lines)
            narrow, wide = (narrow, middle) if fits else (middle, wide)
        lines = self._broken(text, size, wide, bold=bold)
        if len(lines) > most:
            rest = " ".join(lines[most - 1 :])
            lines[most - 1 :] = [self.fit(rest, size, room, bold=bold)]
        return lines

    def _broken(self, text: str, size: float, room: float, *, bold: bool) -> list[str]:
        lines: list[str] = []
        for word in self.drawable(text).split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, size, bold=bold) <= room:
                lines[-1] = longer
            else:
                lines.append(self.fit(word, size, room, bold=bold))
        return lines


def _middle_out(text: str, kept: int) -> str:
    tail = kept // 2
    return text[: kept - tail] + ELLIPSIS + (text[-tail:] if tail else "")


def style() -> dict[str, object]:
    """matplotlib's settings for a drawing; nothing in text is a formula."""
    return {
        "font.family": FONT,
        "text.parse_math": False,
        "text.usetex": False,
        "axes.unicode_minus": False,
        "hatch.linewidth": 0.6,
        "svg.fonttype": "none",
        "path.simplify": True,
    }
