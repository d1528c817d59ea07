"""Values over time: panels above one another, each with its own axis, under one clock."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bot.charts import clock
from bot.charts.frame import Bins, Frame
from bot.charts.palette import BACKGROUND, GRID, INK, MUTED
from bot.charts.panel import HEADING_HEIGHT, PanelDrawing, halo
from bot.charts.ruler import Ruler
from bot.charts.sheet import LABEL, LINE, MARGIN, SMALL, WIDTH, Sheet, Spot, Title
from bot.model.chart import Mark, Timeline
from bot.model.writing import duration

PANEL_HEIGHTS = (128.0, 74.0, 60.0)  # of one, each of two, each of more
MOST_MARKS = 8
_ROW = LABEL * LINE
_BETWEEN = 10.0
_TICK_ROOM = 46.0  # from one label of the clock to the next
_FOOT = SMALL * LINE + MARGIN


def drawn(chart: Timeline, zone: ZoneInfo, spot: Spot | None = None) -> Figure:
    """The chart as a figure whose height grows with its panels, or on a spot of a larger one."""
    ruler = Ruler()
    title = Title(ruler, chart.title)
    extent = clock.extent(chart)
    if extent is None or not chart.panels:
        return _empty(title, spot)
    height = PANEL_HEIGHTS[min(len(chart.panels), len(PANEL_HEIGHTS)) - 1]
    height += spot.extra / len(chart.panels) if spot else 0
    bins = Bins.of(chart)
    panels = [PanelDrawing(panel, bins, ruler, height) for panel in chart.panels]
    frame = Frame(
        *extent,
        zone,
        left=MARGIN + max(panel.left_room for panel in panels),
        right=WIDTH - MARGIN - max(4, *(panel.right_room for panel in panels)),
    )
    marks = _Marks(chart.marks, frame, ruler, panels[0].heading.right)
    return _laid_out(title, panels, marks, frame, bin_seconds=chart.bin_seconds, spot=spot)


def _laid_out(
    title: Title,
    panels: Sequence[PanelDrawing],
    marks: _Marks,
    frame: Frame,
    *,
    bin_seconds: int,
    spot: Spot | None,
) -> Figure:
    head = MARGIN + title.height + 6
    body = sum(HEADING_HEIGHT + panel.height + _BETWEEN for panel in panels) - _BETWEEN
    ticks = clock.ticks(frame.start, frame.end, frame.zone, int(frame.width / _TICK_ROOM))
    clock_rows = 2 if any(tick.day for tick in ticks) else 1
    sheet = Sheet(head + marks.height + body + clock_rows * _ROW + 10 + _FOOT, spot)
    title.put(sheet, MARGIN)
    top = head
    for n, panel in enumerate(panels):
        panel.heading.put(sheet, top)
        top += HEADING_HEIGHT + (marks.height if n == 0 else 0)
        area = panel.put(sheet, frame, top, marks.lines)
        marks.put_lines(area, panel.height, top - head if n == 0 else 0)
        for tick in ticks:
            area.axvline(tick.at.timestamp(), color=GRID, linewidth=0.6, zorder=0)
        top += panel.height + _BETWEEN
    marks.put_labels(sheet, head)
    _put_clock(sheet, frame, ticks, top - _BETWEEN)
    _put_footer(sheet, frame, bin_seconds)
    return sheet.figure


def _put_clock(sheet: Sheet, frame: Frame, ticks: Sequence[clock.Tick], top: float) -> None:
    for tick in ticks:
        x = frame.x(tick.at)
        sheet.text(x, top + 4 + _ROW / 2, tick.label, colour=MUTED, align="center")
        sheet.text(x, top + 4 + 1.5 * _ROW, tick.day, colour=INK, bold=True, align="center")


def _put_footer(sheet: Sheet, frame: Frame, bin_seconds: int) -> None:
    first, last = (at.astimezone(frame.zone) for at in (frame.start, frame.last))
    days = clock.day(first)
    if clock.crosses_midnight(frame.start, frame.end, frame.zone):
        days += f" – {clock.day(last)}"
    zone = clock.zone_name(frame.start, frame.end, frame.zone)
    text = f"{days} {last.year}  ·  {zone}  ·  one step is {duration(bin_seconds)}"
    sheet.text(MARGIN, sheet.height - MARGIN - SMALL / 2, text, size=SMALL, colour=MUTED)


def _empty(title: Title, spot: Spot | None) -> Figure:
    sheet = Sheet(MARGIN + title.height + 120, spot)
    title.put(sheet, MARGIN)
    sheet.text(WIDTH / 2, MARGIN + title.height + 55, "no data", colour=MUTED, align="center")
    return sheet.figure


class _Marks:
    """Labelled moments: lines through all panels, labels in rows from the first heading down."""

    def __init__(
        self, marks: Sequence[Mark], frame: Frame, ruler: Ruler, heading_right: float
    ) -> None:
        given = [mark for mark in marks if frame.start <= mark.at <= frame.end][:MOST_MARKS]
        shifts = clock.shifts(frame.start, frame.end, frame.zone)
        self.marks = sorted([*given, *shifts], key=lambda mark: mark.at)
        self.lines = [frame.x(mark.at) for mark in self.marks]
        self.texts = [
            ruler.fit(f"{frame.called(mark.at)} {mark.label}", LABEL, WIDTH * 0.55)
            for mark in self.marks
        ]
        self.spans = [
            _beside(line, ruler.width(text, LABEL))
            for line, text in zip(self.lines, self.texts, strict=True)
        ]
        self.rows = packed(self.spans, (0, heading_right + 8))

    @property
    def height(self) -> float:
        """Points taken below the heading."""
        return max(self.rows) * _ROW if any(self.rows) else 0.0

    def put_lines(self, area: Axes, height: float, above: float) -> None:
        """Through a panel of `height`; up to the labels' rows where these begin `above` it."""
        for mark, row in zip(self.marks, self.rows, strict=True):
            up = (above - (row + 0.1) * _ROW) / height if above else 0
            area.plot(
                [mark.at.timestamp()] * 2, [0, 1 + up], transform=area.get_xaxis_transform(),
                color=INK, linewidth=0.9, linestyle=(0, (3, 2)), clip_on=False, zorder=5,
                path_effects=[halo()],
            )  # fmt: skip

    def put_labels(self, sheet: Sheet, top: float) -> None:
        """The labels, on ground of their own: a line to a label further up may pass here."""
        for text, (left, right), row in zip(self.texts, self.spans, self.rows, strict=True):
            sheet.block(left + 2, top + row * _ROW, right - left - 4, _ROW, BACKGROUND)
            sheet.text(left + 4, top + (row + 0.5) * _ROW, text)


def _beside(line: float, width: float) -> tuple[float, float]:
    """From where to where a label takes room: right of its line, or left where the page ends."""
    left = line if line + width + 8 <= WIDTH - MARGIN else line - width - 8
    return left, left + width + 8


def packed(spans: Sequence[tuple[float, float]], taken: tuple[float, float]) -> list[int]:
    """For each span the first row with room for it; in the first row, `taken` is taken."""
    rows: list[list[tuple[float, float]]] = [[taken]]
    places = []
    for span in spans:
        free = (n for n, row in enumerate(rows) if not any(_meet(span, one) for one in row))
        place = next(free, len(rows))
        rows += [[]] if place == len(rows) else []
        rows[place].append(span)
        places.append(place)
    return places


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
