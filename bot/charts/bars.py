"""Values by name: horizontal bars, the largest on top, each with its value at its end."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from bot.charts.palette import MUTED, colours
from bot.charts.ruler import Ruler
from bot.charts.sheet import LABEL, LINE, MARGIN, SMALL, WIDTH, Sheet, Spot, Title, name_width
from bot.charts.values import known, ranked, sums
from bot.model.chart import Bars
from bot.model.writing import many, written

MOST_BARS = 25  # more could not be read at the width Slack shows
WIDEST_LABEL = WIDTH * 0.4
WIDEST_NAME = 150.0
_PITCHES = ((4, 30.0), (8, 24.0), (14, 19.0), (MOST_BARS, 16.0))  # of up to so many bars
_THICKNESS = 0.68  # of a bar, in pitches
_LEAST = 1.2  # points of a part that is not nothing
_ROW = SMALL * LINE * 1.15
_BETWEEN_NAMES = 14.0


def drawn(chart: Bars, zone: ZoneInfo, spot: Spot | None = None) -> Figure:
    """The chart as a figure whose height grows with its bars, or on a spot of a larger one."""
    ruler = Ruler()
    title, key, bars = (
        Title(ruler, chart.title),
        _Key(chart, ruler),
        _Bars(chart, zone, ruler, spot),
    )
    rest = ruler.fit(bars.rest(), SMALL, WIDTH - 2 * MARGIN)
    top = MARGIN + title.height + 6
    below = top + key.height
    sheet = Sheet(below + bars.height + (_ROW + 6 if rest else 0) + MARGIN, spot)
    title.put(sheet, MARGIN)
    key.put(sheet, top)
    bars.put(sheet, below)
    sheet.text(MARGIN, sheet.height - MARGIN - SMALL / 2, rest, size=SMALL, colour=MUTED)
    return sheet.figure


class _Bars:
    """The bars with their labels and values."""

    def __init__(self, chart: Bars, zone: ZoneInfo, ruler: Ruler, spot: Spot | None) -> None:
        self.chart = chart
        self.order = ranked(chart)[:MOST_BARS]
        self.left_out = len(chart.labels) - len(self.order)
        self.pitch = next(pitch for most, pitch in _PITCHES if len(self.order) <= most)
        if spot:
            self.pitch = min(self.pitch + spot.extra / max(1, len(self.order)), 1.6 * self.pitch)
        self.height = max(1, len(self.order)) * self.pitch
        self.totals = sums(chart.series)
        self.colours = colours(chart.series)
        self.labels = [
            ruler.fit(chart.labels[n], LABEL, WIDEST_LABEL) or "(no name)" for n in self.order
        ]
        self.values = [written(self.totals[n], chart.kind, zone) for n in self.order]
        widest = max((ruler.width(text, LABEL) for text in self.labels), default=0)
        room = max((ruler.width(text, LABEL, bold=True) for text in self.values), default=0)
        self.left = MARGIN + widest + 7
        self.full = WIDTH - MARGIN - room - 5 - self.left
        self.largest = max((self.totals[n] or 0 for n in self.order), default=0) or 1

    def rest(self) -> str:
        """The footnote: what the description leaves out, and what the drawing does."""
        own = f"{many(self.left_out, 'more bar')} not drawn" if self.left_out else ""
        return "; ".join(filter(None, (self.chart.rest, own)))

    def put(self, sheet: Sheet, top: float) -> None:
        if not self.order:
            text = "nothing in this window"
            sheet.text(WIDTH / 2, top + self.height / 2, text, colour=MUTED, align="center")
            return
        for row, place in enumerate(self.order):
            middle = top + (row + 0.5) * self.pitch
            sheet.text(self.left - 7, middle, self.labels[row], align="right")
            end = self._put_bar(sheet, place, middle)
            sheet.text(end + 5, middle, self.values[row], bold=True)
        sheet.block(self.left - 0.8, top, 0.8, self.height, MUTED)

    def _put_bar(self, sheet: Sheet, place: int, middle: float) -> float:
        """The parts of one bar, side by side; where it ends."""
        thickness = self.pitch * _THICKNESS
        end = self.left
        for series, colour in zip(self.chart.series, self.colours, strict=True):
            value = known(series.values[place]) or 0
            length = max(_LEAST, value / self.largest * self.full) if value > 0 else 0.0
            if length:
                sheet.block(end, middle - thickness / 2, length, thickness, colour)
            end += length
        return end


class _Key:
    """What the bars measure, and which colour is which where they have several parts."""

    def __init__(self, chart: Bars, ruler: Ruler) -> None:
        self.rows: list[list[tuple[float, str, str]]] = []
        room = WIDTH - 2 * MARGIN
        self.unit = ruler.fit(chart.unit, SMALL, room)
        if len(chart.series) < 2:
            self.rows = [[]] if self.unit else []
            return
        left = ruler.width(self.unit, SMALL) + _BETWEEN_NAMES if self.unit else 0
        self.rows.append([])
        for series, colour in zip(chart.series, colours(chart.series), strict=True):
            name = ruler.fit(series.name or "(no name)", SMALL, WIDEST_NAME)
            width = name_width(ruler, name, SMALL)
            if left and left + width > room:
                self.rows.append([])
                left = 0
            self.rows[-1].append((left, name, colour))
            left += width + _BETWEEN_NAMES

    @property
    def height(self) -> float:
        return len(self.rows) * _ROW + 6 if self.rows else 0.0

    def put(self, sheet: Sheet, top: float) -> None:
        sheet.text(MARGIN, top + _ROW / 2, self.unit, size=SMALL, colour=MUTED)
        for n, row in enumerate(self.rows):
            for left, name, colour in row:
                sheet.name(MARGIN + left, top + (n + 0.5) * _ROW, name, colour, SMALL)
