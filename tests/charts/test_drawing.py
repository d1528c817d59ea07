"""Charts as they are drawn: what is written on them, where, and what is not."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import combinations
from zoneinfo import ZoneInfo

import matplotlib as mpl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle, StepPatch
from matplotlib.style import context
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

from bot.charts.drawing import figure, png
from bot.charts.palette import CATEGORIES, TONES
from bot.charts.ruler import style
from bot.model.chart import Bars, Chart, Mark, Panel, Series, Timeline, Tone
from bot.model.table import Kind

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 19, 23, tzinfo=UTC)
HOSTILE = "$\\frac{1}{0}$ <!channel> \x1b[31mred\x07 " + "x" * 300 + " 漢字 🔥 \u202egnp.exe"


def times(count: int, seconds: int, start: datetime = START) -> tuple[datetime, ...]:
    return tuple(start + timedelta(seconds=n * seconds) for n in range(count))


def values(count: int, scale: float = 1.0) -> tuple[float | None, ...]:
    return tuple(float(n * 7 % 11 * scale) for n in range(count))


DAY = times(96, 900)
ALARM = tuple(400.0 if 58 <= n < 62 else 0.0 for n in range(96))
REJECTS = Timeline(
    "1 600 flows from the web tier to PostgreSQL were rejected between 14:30 and 15:30, after the"
    " deploy",
    DAY,
    900,
    (
        Panel(
            "Inside the network",
            (
                Series("inside to inside", ALARM, Tone.ALARMING),
                Series("inside going out", values(96, 0.1), Tone.REJECTED),
            ),
            Kind.COUNT,
            "rejected flows",
        ),
        Panel(
            "From the internet",
            (Series("scan noise", values(96, 20), Tone.NOISE),),
            Kind.COUNT,
            "rejected flows",
        ),
    ),
    (Mark(DAY[57] + timedelta(minutes=13), "deploy of web"),),
)
CATEGORY_NAMES = ("in one zone", "across zones", "internet", "S3", "peered VPC", "VPN", "unknown")
BYTES = Timeline(
    "Traffic doubled",
    times(48, 1800, START - timedelta(hours=4)),
    1800,
    (
        Panel(
            "Bytes by category",
            tuple(Series(name, values(48, 1e8)) for name in CATEGORY_NAMES),
            Kind.BYTES,
            "bytes",
        ),
    ),
)


def one_panel(count: int, seconds: int, start: datetime, *series: Series) -> Timeline:
    return Timeline("Title", times(count, seconds, start), seconds, (Panel("Flows", series),))


def bars(count: int) -> Bars:
    return Bars(
        "Who sends most",
        tuple(f"10.0.{n}.{n * 37 % 250}" for n in range(count)),
        (
            Series("accepted", tuple(1e9 / (n + 1) for n in range(count)), Tone.ACCEPTED),
            Series("rejected", tuple(1e7 * (n % 3) for n in range(count)), Tone.REJECTED),
        ),
        Kind.BYTES,
        "bytes",
        "and 31 more",
    )


CHARTS: dict[str, Chart] = {
    "rejects": REJECTS,
    "bytes by category": BYTES,
    "lines": replace(
        BYTES, panels=(replace(BYTES.panels[0], series=BYTES.panels[0].series[:4], stacked=False),)
    ),
    "week": one_panel(168, 3600, START, Series("flows", values(168))),
    "autumn night": one_panel(
        50, 900, datetime(2026, 10, 24, 22, tzinfo=UTC), Series("flows", values(50))
    ),
    "quarter of an hour": one_panel(15, 60, START, Series("flows", values(15))),
    "one bin": one_panel(1, 60, START, Series("flows", (3.0,))),
    "zeros": one_panel(15, 60, START, Series("flows", (0.0,) * 15)),
    "unknown": one_panel(15, 60, START, Series("flows", (None,) * 15)),
    "three panels": replace(REJECTS, panels=(*REJECTS.panels, REJECTS.panels[1])),
    "many marks": replace(
        REJECTS, marks=tuple(Mark(DAY[n], f"change {n}") for n in (3, 40, 41, 42, 93, 95))
    ),
    "no bins": Timeline("No records", (), 60, ()),
    "one bar": bars(1),
    "three bars": bars(3),
    "twenty bars": bars(20),
    "too many bars": bars(40),
    "no bars": Bars("Nobody", (), ()),
    "hostile bars": Bars(
        HOSTILE, (HOSTILE, "$a_b$", ""), (Series(HOSTILE, (3.0, 2.0, 1.0)),), Kind.COUNT, HOSTILE
    ),
    "hostile timeline": Timeline(
        HOSTILE,
        DAY,
        900,
        (
            Panel(
                HOSTILE,
                (Series("$x^2$", ALARM), Series(HOSTILE, values(96)), Series("", values(96))),
                Kind.COUNT,
                HOSTILE,
            ),
        ),
        (Mark(DAY[40], HOSTILE),),
    ),
}

Draw = Callable[[Chart], Figure]


@pytest.fixture
def draw() -> Iterator[Draw]:
    """Draws with the style of charts, down to the pixels: what is wrong with text shows here."""

    def drawn(chart: Chart) -> Figure:
        made = figure(chart, BERLIN)
        FigureCanvasAgg(made).draw()
        return made

    with context(["default", style()]):
        yield drawn


def shown(made: Figure) -> list[Text]:
    found = made.findobj(Text)
    return [text for text in found if isinstance(text, Text) and text.get_text().strip()]


def words(made: Figure) -> list[str]:
    return [text.get_text() for text in shown(made)]


def boxes(made: Figure) -> list[tuple[str, Bbox]]:
    return [(text.get_text(), text.get_window_extent()) for text in shown(made)]


def fills(made: Figure) -> list[StepPatch]:
    return [patch for axes in made.axes for patch in axes.patches if isinstance(patch, StepPatch)]


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_a_png_1200_pixels_wide(name: str) -> None:
    picture = Image.open(BytesIO(png(CHARTS[name], BERLIN)))
    assert picture.format == "PNG"
    assert picture.width == 1200
    assert 200 <= picture.height <= 1400
    assert picture.getpixel((2, 2))[:3] == (255, 255, 255)  # type: ignore[index]


@pytest.mark.parametrize("name", CHARTS)
def test_no_text_lies_over_another_or_off_the_page(name: str, draw: Draw) -> None:
    made = draw(CHARTS[name])
    page = made.bbox
    found = boxes(made)
    assert found
    for text, box in found:
        assert box.x0 >= -1, text
        assert box.y0 >= -1, text
        assert box.x1 <= page.width + 1, text
        assert box.y1 <= page.height + 1, text
    for (one, first), (other, second) in combinations(found, 2):
        over_x = min(first.x1, second.x1) - max(first.x0, second.x0)
        over_y = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert over_x <= 1 or over_y <= 4, (one, other)  # boxes include what hangs below a line


@pytest.mark.parametrize("name", CHARTS)
def test_the_smallest_text_is_still_read_at_500_pixels(name: str, draw: Draw) -> None:
    made = draw(CHARTS[name])
    for text in shown(made):
        pixels = text.get_fontsize() / 72 * made.dpi * 500 / made.bbox.width
        assert pixels >= 9, text.get_text()


def test_panels_have_axes_from_zero_and_name_their_unit(draw: Draw) -> None:
    made = draw(REJECTS)
    assert len(made.axes) == 2
    for axes in made.axes:
        assert axes.get_ylim()[0] == 0
        assert axes.get_xlim() == (DAY[0].timestamp(), DAY[-1].timestamp() + 900)
    assert made.axes[0].get_ylim() != made.axes[1].get_ylim()
    assert words(made).count("rejected flows") == 2
    assert {"Inside the network", "From the internet: scan noise"} <= set(words(made))


def test_the_title_is_one_bold_sentence_from_the_left_margin(draw: Draw) -> None:
    made = draw(REJECTS)
    title = [text for text in shown(made) if text.get_fontsize() > 12]
    assert " ".join(text.get_text() for text in title) == REJECTS.title
    assert len({round(text.get_window_extent().x0 / 10) for text in title}) == 1
    assert all(text.get_fontweight() == "bold" for text in title)


def test_the_peak_is_written_with_its_time_in_the_zone(draw: Draw) -> None:
    assert any("401" in text and "at 14:" in text for text in words(draw(REJECTS)))
    week = words(draw(CHARTS["week"]))
    assert any(text.startswith("10 at Fri 20 Nov ") for text in week)


def test_the_zone_and_the_day_are_named(draw: Draw) -> None:
    footer = "Fri 20 Nov 2026  ·  Europe/Berlin (CET)  ·  one step is 15 min"
    assert footer in words(draw(REJECTS))
    over_midnight = words(draw(BYTES))
    assert "Fri 20 Nov" in over_midnight
    assert any(text.startswith("Thu 19 Nov – Fri 20 Nov 2026") for text in over_midnight)


def test_the_night_the_clocks_go_back_is_marked(draw: Draw) -> None:
    written = words(draw(CHARTS["autumn night"]))
    assert "02:00 clocks change: CEST → CET" in written
    assert any("Europe/Berlin (CEST → CET)" in text for text in written)


def test_a_mark_is_a_line_through_every_panel_at_its_moment(draw: Draw) -> None:
    made = draw(REJECTS)
    assert "14:28 deploy of web" in words(made)
    at = REJECTS.marks[0].at.timestamp()
    for axes in made.axes:
        dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert [list(line.get_xdata()) for line in dashed] == [[at, at]]  # type: ignore[arg-type]


def test_marks_outside_the_window_are_left_out(draw: Draw) -> None:
    late = replace(REJECTS, marks=(Mark(DAY[-1] + timedelta(days=1), "too late"),))
    assert not any("too late" in text for text in words(draw(late)))


def test_tones_are_drawn_in_their_colours(draw: Draw) -> None:
    colours = [mpl.colors.to_hex(patch.get_facecolor()) for patch in fills(draw(REJECTS))]
    assert colours == [TONES[Tone.ALARMING], TONES[Tone.REJECTED], TONES[Tone.NOISE]]


def test_series_are_stacked_and_small_ones_folded_into_one(draw: Draw) -> None:
    made = draw(BYTES)
    assert "2 others" in words(made)
    stack = fills(made)
    assert len(stack) == 6
    top = stack[-1].get_data().values
    assert top == pytest.approx([7 * (value or 0) for value in values(48, 1e8)])
    assert mpl.colors.to_hex(stack[0].get_facecolor()) == CATEGORIES[0]


def test_names_stand_beside_their_bands_in_the_same_order(draw: Draw) -> None:
    middles = {text: box.y0 for text, box in boxes(draw(BYTES))}
    heights = [middles[name] for name in (*CATEGORY_NAMES[:5], "2 others")]
    assert heights == sorted(heights)


def test_unknown_values_are_gaps_and_not_zeros(draw: Draw) -> None:
    series = Series("flows", (1.0, None, None, None, None, None, 2.0, float("nan"), 3.0))
    made = draw(one_panel(9, 60, START, series))
    (patch,) = fills(made)
    drawn = patch.get_data().values
    assert [math.isfinite(value) for value in drawn] == [
        True, False, False, False, False, False, True, False, True,
    ]  # fmt: skip
    hatched = [p for p in made.axes[0].patches if isinstance(p, Rectangle) and p.get_hatch()]
    assert [(p.get_x(), p.get_width()) for p in hatched] == [
        (START.timestamp() + 60, 300),
        (START.timestamp() + 420, 60),
    ]
    assert "no data" in words(made)


def test_bins_that_were_not_given_are_gaps_too(draw: Draw) -> None:
    holed = tuple(at for n, at in enumerate(times(6, 60)) if n not in {2, 3})
    chart = Timeline("t", holed, 60, (Panel("Flows", (Series("f", (1.0,) * 4),)),))
    (patch,) = fills(draw(chart))
    edges = [START.timestamp() + 60 * n for n in (0, 1, 2, 4, 5, 6)]
    assert list(patch.get_data().edges) == edges


def test_zeros_say_nothing_happened_and_unknowns_that_nothing_is_known(draw: Draw) -> None:
    assert "nothing in this window" in words(draw(CHARTS["zeros"]))
    assert "no data" in words(draw(CHARTS["unknown"]))
    assert "nothing in this window" not in words(draw(CHARTS["unknown"]))
    assert "no data" in words(draw(CHARTS["no bins"]))
    assert "nothing in this window" in words(draw(CHARTS["no bars"]))


def test_bars_are_largest_first_with_their_values(draw: Draw) -> None:
    chart = Bars("t", ("small", "large"), (Series("s", (1e3, 4.5e6)),), Kind.BYTES, "bytes sent")
    found = dict(boxes(draw(chart)))
    assert found["large"].y0 > found["small"].y0
    assert found["4.50 MB"].y0 == pytest.approx(found["large"].y0, abs=6)
    assert found["4.50 MB"].x0 > found["1.00 kB"].x0
    assert "bytes sent" in found


def test_bars_begin_at_zero_and_are_as_long_as_their_values(draw: Draw) -> None:
    chart = Bars("t", ("a", "b"), (Series("s", (100.0, 25.0), Tone.ACCEPTED),))
    wanted = mpl.colors.to_rgba(TONES[Tone.ACCEPTED])
    drawn = [
        patch
        for patch in draw(chart).findobj(Rectangle)
        if isinstance(patch, Rectangle) and patch.get_facecolor() == wanted
    ]
    assert len({patch.get_x() for patch in drawn}) == 1
    assert drawn[0].get_width() == pytest.approx(4 * drawn[1].get_width())


def test_stacked_bars_name_their_parts(draw: Draw) -> None:
    assert {"accepted", "rejected", "and 31 more"} <= set(words(draw(bars(3))))


def test_bars_that_are_not_drawn_are_counted(draw: Draw) -> None:
    assert "and 31 more; 15 more bars not drawn" in words(draw(bars(40)))


def test_dollars_are_dollars(draw: Draw) -> None:
    made = draw(CHARTS["hostile bars"])
    assert "$a_b$" in words(made)
    assert not any(text.get_parse_math() or text.get_usetex() for text in shown(made))
    picture = BytesIO()
    made.savefig(picture, format="svg")
    assert "$a_b$" in picture.getvalue().decode()


def test_what_the_font_lacks_is_a_box_and_ends_of_long_names_stay(draw: Draw) -> None:
    written = "".join(words(draw(CHARTS["hostile timeline"])))
    assert "漢" not in written
    assert "🔥" not in written
    assert "□□ □ gnp.exe" in written
    assert "\x1b" not in written
    assert "\u202e" not in written
    assert "…" in written


def test_the_settings_of_the_process_neither_matter_nor_change() -> None:
    chart = CHARTS["one bar"]
    plain = png(chart, BERLIN)
    with mpl.rc_context({"text.usetex": True, "font.size": 40, "figure.dpi": 10}):
        before = dict(mpl.rcParams)
        assert png(chart, BERLIN) == plain
        assert dict(mpl.rcParams) == before


def test_many_threads_draw_the_same_pictures() -> None:
    wanted = {name: png(CHARTS[name], BERLIN) for name in ("one bar", "one bin")}
    names = ["one bar", "one bin"] * 4
    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(lambda name: png(CHARTS[name], BERLIN), names))
    assert drawn == [wanted[name] for name in names]


def test_a_series_that_lacks_values_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        png(one_panel(3, 60, START, Series("a", (1.0,)), Series("b", (1.0,) * 3)), BERLIN)


def test_drawing_never_loads_pyplot() -> None:
    code = (
        "import sys; from zoneinfo import ZoneInfo; from bot.charts.drawing import png;"
        "from bot.model.chart import Bars; png(Bars('t', (), ()), ZoneInfo('UTC'));"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
