"""One panel of a timeline: heading, axis from zero, series as steps, names at their side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from bot.charts.frame import Bins, Frame
from bot.charts.palette import BACKGROUND, GRID, INK, MUTED, UNKNOWN, UNKNOWN_HATCH, colours
from bot.charts.ruler import Ruler
from bot.charts.scale import steps, tick
from bot.charts.sheet import (
    HEADING,
    LABEL,
    LINE,
    MARGIN,
    SMALL,
    SWATCH,
    SWATCH_GAP,
    WIDTH,
    Sheet,
    name_width,
)
from bot.charts.values import envelope, folded, peak
from bot.model.chart import Panel, Series
from bot.model.table import Kind
from bot.model.writing import many, written

MOST_SERIES = 6  # names that fit beside the lowest panel
WIDEST_NAME = 112.0
HEADING_HEIGHT = HEADING * LINE + 5
NAME_GAP = 8.0
_ROW = LABEL * LINE
_TICK_HEIGHT = 20.0  # the least between two gridlines


class Heading:
    """Title and unit on one line, from the left margin; a single series shows its colour here."""

    def __init__(self, panel: Panel, left_out: int, hues: Sequence[str], ruler: Ruler) -> None:
        self.colour = hues[0] if len(hues) == 1 else None
        self.left = MARGIN + (SWATCH + SWATCH_GAP if self.colour else 0)
        room = WIDTH - MARGIN - self.left
        self.title = ruler.fit(_title(panel), HEADING, room * 0.62, bold=True)
        self.unit_left = self.left
        if self.title:
            self.unit_left += ruler.width(self.title, HEADING, bold=True) + 6
        self.unit = ruler.fit(_unit(panel, left_out), SMALL, WIDTH - MARGIN - self.unit_left)
        self.right = self.unit_left + ruler.width(self.unit, SMALL)

    def put(self, sheet: Sheet, top: float) -> None:
        middle = top + HEADING * LINE / 2
        if self.colour:
            sheet.block(MARGIN, middle - SWATCH / 2, SWATCH, SWATCH, self.colour)
        sheet.text(self.left, middle, self.title, size=HEADING, bold=True)
        sheet.text(self.unit_left, middle, self.unit, size=SMALL, colour=MUTED)


class PanelDrawing:
    """A panel that knows what room it needs beside its plot before it is put on a sheet."""

    def __init__(self, panel: Panel, bins: Bins, ruler: Ruler, height: float) -> None:
        self.panel, left_out = folded(panel, MOST_SERIES)
        self.bins, self.ruler, self.height = bins, ruler, height
        self.outline = envelope(self.panel)
        self.peak = peak(self.outline)
        highest = self.peak.value if self.peak else 0
        room = 1 - (LABEL * LINE + 4) / height  # what the label of the peak leaves
        self.top = highest / room if highest > 0 else 1.0
        self.steps = steps(self.top, panel.kind, max(1, int(height / _TICK_HEIGHT)))
        self.colours = colours(self.panel.series)
        self.heading = Heading(self.panel, left_out, self.colours, ruler)

    @property
    def left_room(self) -> float:
        """Points taken by the labels of the axis."""
        return max(self.ruler.width(text, LABEL) for text in self._tick_texts()) + 5

    @property
    def right_room(self) -> float:
        """Points taken by the names of the series; a single one is named in the heading."""
        if len(self.panel.series) < 2:
            return 0.0
        names = [self._name(one) for one in self.panel.series]
        return NAME_GAP + max(name_width(self.ruler, name) for name in names)

    def put(self, sheet: Sheet, frame: Frame, top: float, lines: Sequence[float]) -> Axes:
        """The plot and what is written in and beside it; nothing is written across `lines`."""
        area = sheet.axes(frame.left, top, frame.width, self.height)
        area.set_xlim(frame.start.timestamp(), frame.end.timestamp())
        area.set_ylim(0, self.top)
        area.set_xticks([])
        area.set_yticks(self.steps, self._tick_texts())
        area.hlines(self.steps[1:], *area.get_xlim(), color=GRID, linewidth=0.6, zorder=0)
        area.axhline(0, color=MUTED, linewidth=0.8, zorder=4, clip_on=False)
        self._put_series(area)
        self._put_unknown(area, frame)
        if len(self.panel.series) > 1:
            self._put_names(sheet, frame.right + NAME_GAP, top)
        self._put_levels(area, frame)
        self._put_peak(area, frame, lines)
        return area

    def _tick_texts(self) -> list[str]:
        return [tick(step, self.panel.kind) for step in self.steps]

    def _name(self, series: Series) -> str:
        return self.ruler.fit(series.name or "(no name)", LABEL, WIDEST_NAME)

    def _put_series(self, area: Axes) -> None:
        floor = [0.0] * len(self.bins.places)
        for series, colour in zip(self.panel.series, self.colours, strict=True):
            run = self.bins.run(series.values)
            if not run:
                continue
            if not self.panel.stacked:
                area.stairs(run, self.bins.edges, baseline=None, color=colour, linewidth=1.6)
                continue
            roof = [low + value for low, value in zip(floor, run, strict=True)]
            area.stairs(
                roof, self.bins.edges, baseline=floor, fill=True, color=colour, linewidth=0.3
            )
            floor = _risen(floor, roof)

    def _put_unknown(self, area: Axes, frame: Frame) -> None:
        outline = self.outline or (None,) * len(self.bins.places)
        for start, end in self.bins.unknown(outline):
            area.axvspan(
                start.timestamp(), end.timestamp(), facecolor=UNKNOWN, edgecolor=UNKNOWN_HATCH,
                hatch="////", linewidth=0, zorder=1,
            )  # fmt: skip
            if frame.x(end) - frame.x(start) > self.ruler.width("no data", SMALL) + 8:
                self._say(area, (start.timestamp() + end.timestamp()) / 2, "no data")

    def _put_levels(self, area: Axes, frame: Frame) -> None:
        """Lines along the panel, each named at the side where the peak is not."""
        for level in self.panel.levels:
            if not 0 < level.value <= self.top:
                continue
            left = self.peak is None or self.bins.places.index(self.peak.place) * 2 > len(
                self.bins.places
            )
            area.axhline(
                level.value, color=INK, linewidth=0.9, linestyle=(0, (1, 2)), zorder=5,
                path_effects=[halo()],
            )  # fmt: skip
            area.annotate(
                self.ruler.fit(level.label, LABEL, frame.width / 3),
                (0 if left else 1, level.value), xytext=(3 if left else -3, 2),
                xycoords=area.get_yaxis_transform(), textcoords="offset points", fontsize=LABEL,
                color=INK, ha="left" if left else "right", va="bottom", zorder=6,
                path_effects=[halo()],
            )  # fmt: skip

    def _put_peak(self, area: Axes, frame: Frame, lines: Sequence[float]) -> None:
        """The largest value and its time, above it and within the plot."""
        if self.peak is None or (self.panel.stacked and self.panel.kind is Kind.SHARE):
            return  # parts of a whole always reach 100 %
        if self.peak.value <= 0:
            self._say(area, sum(area.get_xlim()) / 2, "nothing in this window")
            return
        place = self.bins.places.index(self.peak.place)
        at = sum(self.bins.edges[place : place + 2]) / 2
        start = datetime.fromtimestamp(self.bins.edges[place], UTC)
        text = f"{written(self.peak.value, self.panel.kind, frame.zone)} at {frame.called(start)}"
        half = self.ruler.width(text, LABEL) / 2 + 1
        middle = frame.x(datetime.fromtimestamp(at, UTC))
        x = clear_of(lines, middle, half, frame.left, frame.right)
        area.annotate(
            text, (at, self.peak.value), xytext=((x - frame.left) / frame.width, 3),
            xycoords="data", textcoords=("axes fraction", "offset points"), fontsize=LABEL,
            color=INK, ha="center", va="bottom", zorder=6, path_effects=[halo()],
        )  # fmt: skip

    def _say(self, area: Axes, at: float, text: str) -> None:
        area.text(
            at, self.top / 2, text, fontsize=SMALL, color=MUTED, ha="center", va="center",
            zorder=5, path_effects=[halo()],
        )  # fmt: skip

    def _put_names(self, sheet: Sheet, left: float, top: float) -> None:
        """The names in the order of the series, each as near to its own as the others allow."""
        wanted = [top + self.height * (1 - height / self.top) for height in self._heights()]
        places = spread(wanted, _ROW, top + _ROW / 2, top + self.height - _ROW / 2)
        for series, colour, middle in zip(self.panel.series, self.colours, places, strict=True):
            sheet.name(left, middle, self._name(series), colour)

    def _heights(self) -> list[float]:
        """Where each series is at the end of the window; of stacked ones the middle of its band."""
        floor, heights = 0.0, []
        for series in self.panel.series:
            run = [value for value in self.bins.run(series.values) if not math.isnan(value)]
            last = run[-1] if run else 0.0
            heights.append(floor + last / 2 if self.panel.stacked else last)
            floor += last if self.panel.stacked else 0.0
        return heights


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, `gap` or more apart, from `low` to `high` if there is room."""
    order = sorted(range(len(wanted)), key=lambda n: (wanted[n], -n))
    places = [0.0] * len(wanted)
    least = low
    for n in order:
        places[n] = max(wanted[n], least)
        least = places[n] + gap
    most = high
    for n in reversed(order):
        places[n] = min(places[n], most)
        most = places[n] - gap
    return places


def clear_of(lines: Sequence[float], wanted: float, half: float, low: float, high: float) -> float:
    """The middle nearest to `wanted` of a text `half` as wide to either side, off all lines."""
    inside = min(max(wanted, low + half), high - half)
    beside = [line + side * (half + 3) for line in lines for side in (-1, 1)]
    fits = [
        middle
        for middle in (inside, *beside)
        if low + half <= middle <= high - half
        and not any(middle - half < line < middle + half for line in lines)
    ]
    return min(fits, key=lambda middle: abs(middle - wanted), default=inside)


def _title(panel: Panel) -> str:
    """The panel's title, with the name of a single series unless the title says it already."""
    if len(panel.series) != 1 or panel.series[0].name.casefold() in panel.title.casefold():
        return panel.title
    return ": ".join(filter(None, (panel.title, panel.series[0].name)))


def _unit(panel: Panel, left_out: int) -> str:
    unit = "" if panel.unit.casefold() == panel.title.casefold() else panel.unit
    missing = f"({many(left_out, 'smaller one')} not drawn)" if left_out else ""
    return " ".join(filter(None, (unit, missing)))


def _risen(floor: Sequence[float], roof: Sequence[float]) -> list[float]:
    """What the next series stands on: an unknown value lifts nothing."""
    return [low if math.isnan(high) else high for low, high in zip(floor, roof, strict=True)]


def halo() -> withStroke:
    """A rim of background, so that what lies over colour can be seen."""
    return withStroke(linewidth=2.2, foreground=BACKGROUND)
