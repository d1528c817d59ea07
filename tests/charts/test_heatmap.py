"""Heat maps as they are drawn: cells, their colours, and what is written about them."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.style import context
from matplotlib.text import Text
from PIL import Image

from bot.charts.drawing import figure, png
from bot.charts.palette import UNKNOWN, heat
from bot.charts.ruler import style
from bot.charts.values import Hottest, hottest, warmth
from bot.charts.words import LONGEST, alt_text
from bot.model.chart import Heatmap
from bot.model.table import Kind

UTC = ZoneInfo("UTC")
HOSTILE = "$\\frac{1}{0}$ <!channel> \x1b[31mred\x07 " + "x" * 300 + " 漢字 🔥"
HOURS = tuple(f"{hour:02}" for hour in range(24))
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEK = Heatmap(
    "Most bytes on Friday, 18:00–19:00: 4.50 GB an hour",
    DAYS,
    HOURS,
    tuple(
        tuple(None if day == 6 else 4.5e9 if (day, hour) == (4, 18) else 1e7 for hour in range(24))
        for day in range(7)
    ),
    Kind.BYTES,
    "bytes in an hour",
)
ZONES = Heatmap(
    "Half of it crosses zones",
    ("use1-az1", "use1-az2"),
    ("use1-az1", "use1-az2"),
    ((4e9, 1e9), (0.0, 2.5e6)),
    Kind.BYTES,
    "bytes",
)
CHARTS = {
    "week": WEEK,
    "zones": ZONES,
    "one cell": Heatmap("One", ("a",), ("b",), ((1.0,),)),
    "nothing": Heatmap("Nothing", ("a",), ("b",), ((0.0,),)),
    "unknown": Heatmap("Unknown", ("a",), ("b",), ((None,),)),
    "no cells": Heatmap("Nobody", (), (), ()),
    "hostile": Heatmap(HOSTILE, (HOSTILE,), (HOSTILE, ""), ((3.0, 2.0),), Kind.COUNT, HOSTILE),
    "too many": Heatmap(
        "Many", tuple(f"r{n}" for n in range(40)), tuple(f"c{n}" for n in range(60)),
        tuple(tuple(float(n * m) for m in range(60)) for n in range(40)),
    ),
}  # fmt: skip
EVERY = pytest.mark.parametrize("name", CHARTS)


@pytest.fixture(autouse=True)
def styled() -> Iterator[None]:
    with context(["default", style()]):
        yield


def drawn(chart: Heatmap) -> Figure:
    made = figure(chart, UTC)
    FigureCanvasAgg(made).draw()
    return made


def words(made: Figure) -> list[str]:
    return [text.get_text() for text in made.findobj(Text) if isinstance(text, Text)]


def cells(made: Figure) -> list[Rectangle]:
    found = [patch for patch in made.findobj(Rectangle) if isinstance(patch, Rectangle)]
    return [patch for patch in found if patch is not made.patch]


@EVERY
def test_every_heat_map_is_a_png_1200_pixels_wide(name: str) -> None:
    picture = Image.open(BytesIO(png(CHARTS[name], UTC)))
    assert picture.width == 1200
    assert 150 <= picture.height <= 1600


@EVERY
def test_no_text_lies_over_another_or_off_the_page(name: str) -> None:
    made = drawn(CHARTS[name])
    texts = [t for t in made.findobj(Text) if isinstance(t, Text) and t.get_text().strip()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for text, box in boxes:
        assert box.x0 >= -1, text
        assert box.x1 <= made.bbox.width + 1, text
        assert box.y0 >= -1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        over_x = min(first.x1, second.x1) - max(first.x0, second.x0)
        over_y = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert over_x <= 1 or over_y <= 4, (one, other)


def test_the_largest_is_darkest_the_unknown_hatched_the_rest_still_seen() -> None:
    colours = [to_hex(cell.get_facecolor()) for cell in cells(drawn(WEEK))]
    assert colours.count(heat(1.0)) == 2  # the cell, and the end of the key
    assert heat(warmth(1e7, 4.5e9)) in colours
    assert len([cell for cell in cells(drawn(WEEK)) if cell.get_hatch()]) == 24


def test_what_is_written() -> None:
    told = words(drawn(WEEK))
    assert {*DAYS, *HOURS, "bytes in an hour", "most: 4.50 GB (Friday, 18)"} <= set(told)
    assert "4.5 GB" in told
    assert {"4 GB", "1 GB", "2.5 MB"} <= set(words(drawn(ZONES)))
    assert "9 more rows and 12 more columns not drawn" in words(drawn(CHARTS["too many"]))
    assert "nothing in this window" in words(drawn(CHARTS["nothing"]))


def test_colours_grow_darker() -> None:
    def light(colour: str) -> int:
        return sum(int(colour[n : n + 2], 16) for n in (1, 3, 5))

    shades = [light(heat(n / 20)) for n in range(1, 21)]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 20
    assert heat(0) == UNKNOWN
    assert heat(7) == heat(1)


def test_the_hottest_cell() -> None:
    assert hottest(WEEK) == Hottest(4, 18, 4.5e9)
    assert hottest(CHARTS["unknown"]) is None
    with pytest.raises(ValueError, match="one value for each"):
        hottest(Heatmap("t", ("a",), ("b", "c"), ((1.0,),)))


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (-1, 0), (25, 0.5), (100, 1)])
def test_warmth_is_the_root_of_a_share(value: float, expected: float) -> None:
    assert warmth(value, 100) == expected
    assert warmth(value, 0) == 0


def test_words() -> None:
    assert alt_text(ZONES, UTC) == (
        "Half of it crosses zones. A heat map of 2 rows by 2 columns, bytes."
        " use1-az1: most at use1-az1, 4.00 GB. use1-az2: most at use1-az2, 2.50 MB."
    )
    assert "Not known: 24 cells." in alt_text(WEEK, UTC)
    assert alt_text(CHARTS["nothing"], UTC).endswith("Nothing in any cell.")
    assert alt_text(CHARTS["unknown"], UTC).endswith("Nothing is known.")
    assert alt_text(CHARTS["no cells"], UTC).endswith("A heat map without cells.")


def test_hostile_words_fit() -> None:
    told = alt_text(CHARTS["hostile"], UTC)
    assert len(told) <= LONGEST
    assert "\x1b" not in told


def test_names_without_room_side_by_side_are_turned_and_all_there() -> None:
    names = tuple(f"application-{n:02}" for n in range(16))
    cells = tuple(tuple(float(n + m) for m in range(16)) for n in range(16))
    texts = drawn(Heatmap("t", names, names, cells)).texts
    turned = [text.get_text() for text in texts if text.get_rotation() == 90]
    assert turned == list(names)
