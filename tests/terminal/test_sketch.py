from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from bot.model.chart import Bars, Chart, Heatmap, Panel, Series, Timeline, Tone
from bot.terminal.sketch import ASCII, MOST_BARS, UNICODE, Blocks, sketch
from tests.terminal.answers import BARS, START, TIMELINE

BERLIN = ZoneInfo("Europe/Berlin")


def lines(chart: Chart, width: int = 80, blocks: Blocks = UNICODE) -> list[str]:
    return [line.plain for line in sketch(chart, BERLIN, width, blocks)]


def flows(*values: float | None) -> Timeline:
    times = tuple(START + timedelta(minutes=n) for n in range(len(values)))
    return Timeline("t", times, 60, (Panel("Flows", (Series("f", values),)),))


def test_nothing_little_much_and_unknown_are_told_apart() -> None:
    run = lines(flows(0.0, 1.0, 500.0, 1000.0, None), 36)[1]
    assert run == "  f  ▁▁▁▂▂▂▅▅▅███···  1\u2009000 at 14:03"


def test_when_several_bins_share_a_block_the_largest_shows() -> None:
    values = [0.0] * 500
    values[321] = 7.0
    run = lines(flows(*values))[1]
    assert run.count("█") == 1
    assert "7 at 19:21" in run


def test_all_panels_share_their_cells_and_the_clock_stands_below() -> None:
    _, first, second, _, third, clock = lines(TIMELINE)
    begin = first.index("▁")
    assert {second.index("▂"), third.index("▆"), clock.index("14:00")} == {begin}
    assert clock.strip() == "14:00 to 15:00, Europe/Berlin (CET)"


def test_series_of_a_panel_share_their_scale() -> None:
    _, alarming, quiet, *_ = lines(TIMELINE)
    assert "█" in alarming
    assert set(quiet) & set(UNICODE.levels) == {"▂"}


@pytest.mark.parametrize("values", [(), (None, None), (0.0, 0.0)])
def test_charts_without_values_are_drawn_too(values: tuple[float | None, ...]) -> None:
    told = lines(flows(*values))
    if values:
        assert ("not known" if values[0] is None else "nothing") in told[1]
    else:
        assert told == []


def test_bars_are_largest_first_and_their_parts_differ_without_colour() -> None:
    chart = Bars(
        "t", ("small", "large"), (Series("a", (1.0, 6.0)), Series("b", (1.0, 2.0))), unit="n"
    )
    key, first, second = lines(chart, 40)
    assert key == "n  █ a  ▓ b"
    assert first.startswith("  large  ")
    assert first.count("█") == pytest.approx(3 * first.count("▓"), abs=2)
    assert second.endswith(" 2")


def test_a_small_part_is_still_seen() -> None:
    chart = Bars("t", ("x",), (Series("a", (1e9,)), Series("b", (1.0,), Tone.ALARMING)))
    assert lines(chart)[1].count("▓") == 1


def test_bars_left_out_are_counted() -> None:
    chart = Bars(
        "t",
        tuple(map(str, range(15))),
        (Series("a", tuple(map(float, range(15)))),),
        rest="and 31 more",
    )
    drawn = lines(chart)
    assert len(drawn) == MOST_BARS + 2
    assert drawn[-1] == "  5 more bars; and 31 more"


@pytest.mark.parametrize("width", [60, 80, 300])
@pytest.mark.parametrize("blocks", [UNICODE, ASCII])
def test_no_line_is_wider_than_it_may_be(width: int, blocks: Blocks) -> None:
    long = replace(BARS, labels=("ein-sehr-langer-name-" * 9, "漢字" * 30))
    for chart in (TIMELINE, BARS, long):
        assert all(cell_len(line) <= min(width, 100) for line in lines(chart, width, blocks))


def test_ascii_blocks_are_ascii() -> None:
    for chart in (TIMELINE, replace(BARS, rest="")):
        drawn = "".join(lines(chart, 80, ASCII)).replace("\u2009", "")
        assert drawn.isascii()


def test_a_heat_map_is_a_line_for_each_row_with_its_largest_value() -> None:
    chart = Heatmap(
        "t", ("Mon", "Tuesday"), ("00", "01", "02"), ((1.0, 100.0, 0.0), (None, None, None)),
        unit="flows",
    )  # fmt: skip
    assert lines(chart) == [
        "flows",
        "  Mon      ▂▂▂▂████▁▁▁▁  100 at 01",
        "  Tuesday  ············  not known",
        "           00 to 02",
    ]
    empty = Heatmap("t", (), (), ())
    assert lines(empty) == [""]
