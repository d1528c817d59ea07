"""Several charts on one page, three in a row: each as it is drawn alone, rows as high as needed."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Rectangle

from bot.charts import bars, heatmap, timeline
from bot.charts.palette import GRID, INK, MUTED
from bot.charts.ruler import POINTS, Ruler
from bot.charts.sheet import MARGIN, WIDTH, Spot, whole
from bot.model.chart import Bars, Dashboard, Heatmap, Timeline

COLUMNS = 3
EDGE = 14.0  # left and right of all columns
BETWEEN = 10.0  # rows
TITLE = 22.0
HEAD = 58.0

Part = Timeline | Bars | Heatmap


def drawn(chart: Dashboard, zone: ZoneInfo) -> Figure:
    """The charts as one figure: in a row all are as high as the one that needs most."""
    columns = max(1, min(COLUMNS, len(chart.charts)))
    rows = [chart.charts[n : n + columns] for n in range(0, len(chart.charts), columns)]
    needs = [[_height(one, zone) for one in row] for row in rows]
    heights = [max(row) + BETWEEN for row in needs]
    width, height = columns * WIDTH + 2 * EDGE, HEAD + sum(heights) + (0 if rows else 80)
    figure = whole(width, height)
    _put_head(figure, chart, width, height)
    grid = GridSpec(
        len(rows) + 1,
        columns + 2,
        figure,
        width_ratios=[EDGE, *[WIDTH] * columns, EDGE],
        height_ratios=[HEAD, *heights] if rows else [1],
    )
    for n, row in enumerate(rows):
        for m, one in enumerate(row):
            page = figure.add_subfigure(grid[n + 1, m + 1])
            extra = heights[n] - needs[n][m]
            _draw(one, zone, Spot(page, figure, heights[n], extra - BETWEEN))
    _put_rules(figure, columns, heights, width, height)
    return figure


def _draw(chart: Part, zone: ZoneInfo, spot: Spot | None = None) -> Figure:
    if isinstance(chart, Bars):
        return bars.drawn(chart, zone, spot)
    if isinstance(chart, Heatmap):
        return heatmap.drawn(chart, zone, spot)
    return timeline.drawn(chart, zone, spot)


def _height(chart: Part, zone: ZoneInfo) -> float:
    """What the chart takes alone, in points."""
    return float(_draw(chart, zone).get_figheight()) * POINTS


def _put_head(figure: Figure, chart: Dashboard, width: float, height: float) -> None:
    text = Ruler().fit(chart.title, TITLE, width - 2 * (EDGE + MARGIN), bold=True)
    figure.text(
        (EDGE + MARGIN) / width,
        1 - (HEAD / 2 + 2) / height,
        text or "nothing in this window",
        fontsize=TITLE,
        color=INK if text else MUTED,
        fontweight="bold",
        va="center_baseline",
    )


def _put_rules(
    figure: Figure, columns: int, heights: Sequence[float], width: float, height: float
) -> None:
    """Thin lines between the charts."""
    inner = EDGE + MARGIN
    lines = []
    top = HEAD
    for row in heights:
        lines.append((inner, top - 1, width - 2 * inner, 1.0))
        for n in range(1, columns):
            lines.append((EDGE + n * WIDTH - 0.5, top + MARGIN, 1.0, row - 2 * MARGIN))
        top += row
    for left, above, wide, tall in lines:
        place = left / width, 1 - (above + tall) / height
        line = Rectangle(place, wide / width, tall / height, facecolor=GRID, linewidth=0)
        line.set_transform(figure.transFigure)
        figure.add_artist(line)
