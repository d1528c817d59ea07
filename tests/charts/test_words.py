from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.charts.words import LONGEST, alt_text
from bot.model.chart import Bars, Level, Mark, Panel, Series, Timeline, Tone
from bot.model.table import Kind

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 20, 13, tzinfo=UTC)


def timeline(*panels: Panel, bins: int = 4, marks: tuple[Mark, ...] = ()) -> Timeline:
    times = tuple(START + timedelta(minutes=15 * n) for n in range(bins))
    return Timeline("Rejects rose at 14:30", times, 900, panels, marks)


def test_a_timeline_says_its_finding_its_span_and_its_peaks() -> None:
    chart = timeline(
        Panel(
            "Inside",
            (
                Series("to inside", (0.0, 3.0, 1240.0, 2.0), Tone.ALARMING),
                Series("going out", (1.0, 0.0, 0.0, 0.0), Tone.REJECTED),
            ),
            Kind.COUNT,
            "rejected flows",
        ),
        marks=(Mark(START + timedelta(minutes=28), "deploy"),),
    )
    assert alt_text(chart, BERLIN) == (
        "Rejects rose at 14:30."
        " A timeline, Fri 20 Nov, 14:00–15:00 Europe/Berlin (CET), in steps of 15 min."
        " Inside, rejected flows: together 1\u2009246 in all, at most 1\u2009240 at 14:30;"
        " to inside 1\u2009245 in all, at most 1\u2009240 at 14:30;"
        " going out 1 in all, at most 1 at 14:00."
        " Marked at 14:28: deploy."
    )


def test_a_level_is_told() -> None:
    chart = timeline(Panel("All", (Series("all", (1.0, 2.0)),), levels=(Level(1.9, "p95 2"),)))
    assert "a line at p95 2." in alt_text(chart, BERLIN)


def test_values_that_cannot_be_added_have_a_peak_only() -> None:
    lines = Panel("Clients", (Series("accepted", (5.0, None, 7.0, 1.0)),), stacked=False)
    told = alt_text(timeline(lines), BERLIN)
    assert "accepted at most 7 at 14:30" in told
    assert "in all" not in told
    assert "no data in 1 of 4 steps" in told


def test_nothing_and_not_known_are_told_apart() -> None:
    told = alt_text(
        timeline(Panel("A", (Series("a", (0.0,) * 4),)), Panel("B", (Series("b", (None,) * 4),))),
        BERLIN,
    )
    assert "A: a nothing." in told
    assert "B: b unknown; no data in 4 of 4 steps." in told


def test_bars_are_told_largest_first_with_their_parts() -> None:
    chart = Bars(
        "Two clients",
        ("10.0.1.5", "10.0.2.7"),
        (Series("in", (1e6, 3e6)), Series("out", (0.0, 1e6))),
        Kind.BYTES,
        "bytes",
        "and 31 more",
    )
    assert alt_text(chart, BERLIN) == (
        "Two clients. A bar chart of 2 bars, bytes."
        " 10.0.2.7: 4.00 MB (in 3.00 MB, out 1.00 MB). 10.0.1.5: 1.00 MB (in 1.00 MB)."
        " and 31 more."
    )


def test_charts_without_data_say_so() -> None:
    assert alt_text(Bars("No clients", (), ()), BERLIN) == "No clients. A bar chart without bars."
    assert alt_text(timeline(bins=0), BERLIN).endswith("A timeline without data.")


def test_the_text_fits_and_ends_with_a_sentence_whatever_the_names() -> None:
    name = "\x1b[31m$\\frac{1}{0}$ " + "x" * 4000
    series = tuple(Series(name, (1.0,) * 4) for _ in range(40))
    panels = [Panel(name, series, Kind.COUNT, name)] * 5
    bars = Bars(name, (name,) * 4, series, Kind.COUNT, name, name)
    for chart in (timeline(*panels), bars):
        told = alt_text(chart, BERLIN)
        assert len(told) <= LONGEST
        assert told.endswith((".", "…"))
        assert "\x1b" not in told
    assert "at most 1" in alt_text(timeline(*panels), BERLIN)


def test_words_do_not_load_matplotlib() -> None:
    code = "import sys, bot.charts.words, bot.charts.drawing; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
