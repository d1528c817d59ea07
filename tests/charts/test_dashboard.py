"""Dashboards as they are drawn: every chart whole, apart from the others, and told in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.style import context
from matplotlib.text import Text
from PIL import Image

from bot.charts.drawing import figure, png
from bot.charts.ruler import style
from bot.charts.words import LONGEST, alt_text
from bot.model.chart import Bars, Dashboard, Heatmap, Panel, Series, Timeline
from bot.model.table import Kind

ZONE = ZoneInfo("UTC")
START = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = "$\\frac{1}{0}$ <!channel> \x1b[31mred\x07 " + "x" * 300 + " 漢字 🔥"


def timeline(panels: int = 1, title: str = "More at noon") -> Timeline:
    times = tuple(START + timedelta(minutes=n) for n in range(60))
    series = tuple(Series(f"part {n}", tuple(float(m * n) for m in range(60))) for n in (1, 2))
    return Timeline(title, times, 60, tuple(Panel(f"P{n}", series) for n in range(panels)))


def bars(number: int = 5, title: str = "One is largest") -> Bars:
    labels = tuple(f"host-{n}" for n in range(number))
    values = tuple(float(n + 1) for n in range(number))
    return Bars(title, labels, (Series("sent", values), Series("got", values)), Kind.COUNT, "flows")


def cells(size: int = 4, title: str = "Most is in a corner") -> Heatmap:
    names = tuple(f"subnet-{n}" for n in range(size))
    values = tuple(tuple(float(n * m) for m in range(size)) for n in range(size))
    return Heatmap(title, names, names, values, Kind.BYTES, "bytes")


DASHBOARDS = {
    "six": Dashboard("All", (timeline(), timeline(2), bars(), cells(), bars(12), bars(2))),
    "four": Dashboard("Two rows", (timeline(3), bars(), cells(12), timeline())),
    "one": Dashboard("One", (bars(),)),
    "none": Dashboard("", ()),
    "empty": Dashboard("Empty", (Timeline("none", (), 60, ()), bars(0), Heatmap("no", (), (), ()))),
    "hostile": Dashboard(HOSTILE, (bars(3, HOSTILE), timeline(1, HOSTILE), cells(2, HOSTILE))),
}
EVERY = pytest.mark.parametrize("name", DASHBOARDS)


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with context(["default", style()]):
        yield


def drawn(chart: Dashboard) -> Figure:
    made = figure(chart, ZONE)
    FigureCanvasAgg(made).draw()
    return made


@EVERY
def test_every_dashboard_is_a_png_of_whole_columns(name: str) -> None:
    picture = Image.open(BytesIO(png(DASHBOARDS[name], ZONE)))
    columns = max(1, min(3, len(DASHBOARDS[name].charts)))
    edges = 78  # pixels, both together
    assert abs(picture.width - columns * 1200 - edges) <= 2
    assert picture.height < 3000


@EVERY
def test_no_text_lies_over_another_or_off_the_page(name: str) -> None:
    made = drawn(DASHBOARDS[name])
    texts = [t for t in made.findobj(Text) if isinstance(t, Text) and t.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.x1 <= made.bbox.width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= made.bbox.height + 1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        over_x = min(first.x1, second.x1) - max(first.x0, second.x0)
        over_y = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert over_x <= 1 or over_y <= 4, (one, other)


def test_every_chart_is_there_in_reading_order() -> None:
    made = drawn(DASHBOARDS["six"])
    places = {
        text.get_text(): text.get_window_extent()
        for text in made.findobj(Text)
        if isinstance(text, Text)
    }
    assert "All" in places
    first, last = places["P0"], places["Most is in a corner"]
    assert first.y0 > last.y1  # the first row stands over the second
    assert len(made.subfigs) == 6


def test_a_chart_alone_is_drawn_as_ever() -> None:
    assert Image.open(BytesIO(png(bars(), ZONE))).width == 1200


@EVERY
def test_it_is_told_in_words(name: str) -> None:
    chart = DASHBOARDS[name]
    told = alt_text(chart, ZONE)
    assert len(told) <= LONGEST
    assert "\x1b" not in told
    if name == "six":
        assert told.startswith("All. A picture of 6 charts. More at noon. More at noon. One is")
        assert "A bar chart of 5 bars" in told
