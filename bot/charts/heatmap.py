"""Values by two names: a grid of cells, darker for more, with what a colour means above it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from matplotlib.figure import Figure

from bot.charts.palette import BACKGROUND, INK, MUTED, heat
from bot.charts.ruler import Ruler
from bot.charts.scale import tick
from bot.charts.sheet import LABEL, LINE, MARGIN, SMALL, WIDTH, Sheet, Spot, Title
from bot.charts.values import hottest, known, warmth
from bot.model.chart import Heatmap
from bot.model.writing import many, written

MOST_ROWS, MOST_COLUMNS = 31, 48  # more could not be read at the width Slack shows
WIDEST_LABEL = WIDTH * 0.25
TALLEST_NAME = 96.0  # of a column
_ROW = SMALL * LINE * 1.15
_GAP = 1.0  # between cells
_WIDEST_CELL = 96.0
_TALLEST_CELL = 30.0
_RAMP = 90.0  # width of the colour key
_STEPS = 30  # of its colours
_DARK = 0.45  # from this warmth, text on a cell is light


def drawn(chart: Heatmap, zone: ZoneInfo, spot: Spot | None = None) -> Figure:
    """The chart as a figure whose height grows with its rows, or on a spot of a larger one."""
    ruler = Ruler()
    title, key, grid = (
        Title(ruler, chart.title),
        _Key(chart, zone, ruler),
        _Grid(chart, ruler, spot),
    )
    rest = ruler.fit(grid.rest(), SMALL, WIDTH - 2 * MARGIN)
    top = MARGIN + title.height + 6
    below = top + key.height
    sheet = Sheet(below + grid.height + (_ROW + 4 if rest else 0) + MARGIN, spot)
    title.put(sheet, MARGIN)
    key.put(sheet, top)
    grid.put(sheet, below)
    sheet.text(MARGIN, sheet.height - MARGIN - SMALL / 2, rest, size=SMALL, colour=MUTED)
    return sheet.figure


class _Key:
    """What is measured, which colour is how much, and where the largest value is."""

    height = 2 * _ROW + 8

    def __init__(self, chart: Heatmap, zone: ZoneInfo, ruler: Ruler) -> None:
        self.ruler = ruler
        found = hottest(chart)
        self.ticks: list[str] = []  # at the beginning, the middle and the end of the colours
        if found and found.value > 0:
            self.ticks = ["0", tick(found.value / 4, chart.kind), tick(found.value, chart.kind)]
        self.unit = ruler.fit(chart.unit, SMALL, WIDTH - 3 * MARGIN - _RAMP * 1.5)
        self.most = "nothing in this window"
        if found and found.value > 0:
            place = ", ".join((chart.rows[found.row], chart.columns[found.column]))
            self.most = f"most: {written(found.value, chart.kind, zone)} ({place})"
        self.most = ruler.fit(self.most, SMALL, WIDTH - 3 * MARGIN - _RAMP * 1.5)

    def put(self, sheet: Sheet, top: float) -> None:
        middle = top + _ROW / 2
        sheet.text(MARGIN, middle, self.unit, size=SMALL, colour=MUTED)
        sheet.text(MARGIN, top + 1.5 * _ROW, self.most, size=SMALL, bold=True)
        if self.ticks:
            self._put_colours(sheet, middle)

    def _put_colours(self, sheet: Sheet, middle: float) -> None:
        right = WIDTH - MARGIN - self.ruler.width(self.ticks[-1], SMALL) / 2
        left, step = right - _RAMP, _RAMP / _STEPS
        for n in range(_STEPS):
            sheet.block(left + n * step, middle - 4, step + 0.2, 8, heat((n + 1) / _STEPS))
        for n, text in enumerate(self.ticks):
            at = left + _RAMP * n / 2
            sheet.text(at, middle + _ROW, text, size=SMALL, colour=MUTED, align="center")


class _Grid:
    """The cells with the names of their rows and columns."""

    def __init__(self, chart: Heatmap, ruler: Ruler, spot: Spot | None) -> None:
        self.chart, self.ruler = chart, ruler
        self.rows = chart.rows[:MOST_ROWS]
        self.columns = [ruler.drawable(name) for name in chart.columns[:MOST_COLUMNS]]
        found = hottest(chart)
        self.largest = found.value if found and found.value > 0 else 1.0
        self.names = [ruler.fit(name, LABEL, WIDEST_LABEL) for name in self.rows]
        widest = max((ruler.width(name, LABEL) for name in self.names), default=0)
        self.left = MARGIN + widest + 7
        room = WIDTH - MARGIN - self.left
        self.width = min(_WIDEST_CELL, room / max(1, len(self.columns)))
        self.tall = min(_TALLEST_CELL, max(14.0, self.width))
        if spot and self.rows:
            self.tall = min(self.tall + spot.extra / len(self.rows), 2 * self.tall)
        self.widest = max((ruler.width(name, SMALL) for name in self.columns), default=0)
        # Names that have no room side by side are turned; numbers may leave some out instead.
        self.turned = self.widest + 4 > 2 * self.width
        foot = min(self.widest, TALLEST_NAME) + 3 if self.turned else _ROW
        self.height = len(self.rows) * self.tall + foot + 3

    def rest(self) -> str:
        """The footnote: what of the description is not drawn."""
        rows, columns = len(self.chart.rows) - MOST_ROWS, len(self.chart.columns) - MOST_COLUMNS
        parts = [many(rows, "more row")] if rows > 0 else []
        parts += [many(columns, "more column")] if columns > 0 else []
        return f"{' and '.join(parts)} not drawn" if parts else ""

    def put(self, sheet: Sheet, top: float) -> None:
        for n, name in enumerate(self.names):
            middle = top + (n + 0.5) * self.tall
            sheet.text(self.left - 7, middle, name, align="right")
            for m in range(len(self.columns)):
                self._put_cell(sheet, known(self.chart.values[n][m]), m, middle)
        below = top + len(self.rows) * self.tall + 3
        if self.turned:
            self._put_turned(sheet, below)
        else:
            self._put_columns(sheet, below + _ROW / 2)

    def _put_cell(self, sheet: Sheet, value: float | None, column: int, middle: float) -> None:
        left, top = self.left + column * self.width, middle - self.tall / 2
        wide, tall = self.width - _GAP, self.tall - _GAP
        if value is None:
            sheet.unknown(left, top, wide, tall)
            return
        share = warmth(value, self.largest)
        sheet.block(left, top, wide, tall, heat(share))
        text = tick(value, self.chart.kind) if value else ""
        if text and self.ruler.width(text, SMALL) < wide - 4:
            colour = BACKGROUND if share >= _DARK else INK
            sheet.text(left + wide / 2, middle - _GAP / 2, text, size=SMALL, colour=colour,
                       align="center")  # fmt: skip

    def _put_turned(self, sheet: Sheet, top: float) -> None:
        for n, name in enumerate(self.columns):
            text = self.ruler.fit(name, SMALL, TALLEST_NAME)
            centre = self.left + (n + 0.5) * self.width - _GAP / 2
            sheet.text(centre, top, text, size=SMALL, colour=MUTED, turned=True)

    def _put_columns(self, sheet: Sheet, middle: float) -> None:
        """As many names as have room: each, or every second."""
        step = 1 if self.widest + 4 <= self.width else 2
        for n, name in enumerate(self.columns):
            if n % step == 0:
                text = self.ruler.fit(name, SMALL, step * self.width - 2)
                centre = self.left + (n + 0.5) * self.width - _GAP / 2
                sheet.text(centre, middle, text, size=SMALL, colour=MUTED, align="center")
