"""A chart as PNG."""

from __future__ import annotations

import threading
from io import BytesIO
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.model.chart import Bars, Chart, Dashboard, Heatmap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib keeps its settings and fonts once for the whole process, and several threads draw
# slower than one: a drawing at a time.
_ONE_AT_A_TIME = threading.Lock()


def png(chart: Chart, zone: ZoneInfo) -> bytes:
    """The chart, 1200 pixels wide (a dashboard: each column), its times in `zone`.

    Safe to call from several threads.

    Raises ValueError when a series has not one value for each bin or label.
    """
    from matplotlib.style import context  # noqa: PLC0415  # takes 0.7 s; most answers never draw

    from bot.charts.ruler import style  # noqa: PLC0415

    picture = BytesIO()
    with _ONE_AT_A_TIME, context(["default", style()]):
        figure(chart, zone).savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()


def figure(chart: Chart, zone: ZoneInfo) -> Figure:
    """The chart as a figure, for who has set the style and wants another format than PNG."""
    if isinstance(chart, Dashboard):
        from bot.charts.dashboard import drawn as dashboard  # noqa: PLC0415

        return dashboard(chart, zone)
    if isinstance(chart, Bars):
        from bot.charts.bars import drawn as bars  # noqa: PLC0415

        return bars(chart, zone)
    if isinstance(chart, Heatmap):
        from bot.charts.heatmap import drawn as heatmap  # noqa: PLC0415

        return heatmap(chart, zone)
    from bot.charts.timeline import drawn as timeline  # noqa: PLC0415

    return timeline(chart, zone)
