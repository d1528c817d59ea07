"""Charts drawn with characters: a line of blocks a series, a row of blocks a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.text import Text

from bot.charts import clock
from bot.charts.lettering import middle
from bot.charts.values import folded, hottest, known, peak, ranked, sums, warmth
from bot.model.chart import Bars, Chart, Dashboard, Heatmap, Panel, Series, Timeline, Tone
from bot.model.writing import many, written
from bot.terminal.text import safe

WIDEST = 100  # cells, however wide the terminal is
MOST_SERIES = 6
MOST_BARS = 10
_NAME = 28
_STYLES = {
    Tone.ACCEPTED: "blue",
    Tone.REJECTED: "yellow",
    Tone.ALARMING: "bold red",
    Tone.NOISE: "bright_black",
    Tone.PLAIN: "cyan",
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """The characters to draw with.

    The first of `levels` is nothing, so that little can be told from nothing. Parts of a bar have
    `fills` of their own, so that they can be told apart without colours.
    """

    levels: str
    unknown: str
    fills: str


UNICODE = Blocks("▁▂▃▄▅▆▇█", "·", "█▓▒░")
ASCII = Blocks("_.:-=+*#", "?", "#=-.")


def sketch(chart: Chart, zone: ZoneInfo, width: int, blocks: Blocks = UNICODE) -> Iterator[Text]:
    """The chart, line by line, `width` cells wide at most, without its title."""
    room = min(width, WIDEST)
    if isinstance(chart, Dashboard):
        return _dashboard(chart, zone, room, blocks)
    if isinstance(chart, Bars):
        return _bars(chart, zone, room, blocks)
    if isinstance(chart, Heatmap):
        return _heatmap(chart, zone, room, blocks)
    return _timeline(chart, zone, room, blocks)


def _dashboard(chart: Dashboard, zone: ZoneInfo, room: int, blocks: Blocks) -> Iterator[Text]:
    for number, one in enumerate(chart.charts):
        if number:
            yield Text()
        yield Text(safe(one.title), "bold")
        yield from sketch(one, zone, room, blocks)


def _timeline(chart: Timeline, zone: ZoneInfo, room: int, blocks: Blocks) -> Iterator[Text]:
    """Lines of all panels begin and end at the same cells, under which the clock stands."""
    extent = clock.extent(chart)
    if extent is None:
        return
    panels = [folded(panel, MOST_SERIES) for panel in chart.panels]
    runs = [(panel, one) for panel, _ in panels for one in panel.series]
    names = max((cell_len(_name(one.name)) for _, one in runs), default=0)
    peaks = max((cell_len(_peak(one, panel, chart, zone)) for panel, one in runs), default=0)
    left = max(8, room - names - peaks - 6)
    for panel, left_out in panels:
        yield _heading(panel, left_out)
        values = [known(value) or 0 for one in panel.series for value in one.values]
        for one in panel.series:
            line = Text(f"  {_padded(_name(one.name), names)}  ")
            drawn = _run(one.values, max(values, default=0), left, blocks)
            line.append(drawn, _STYLES[one.tone])
            yield line.append(f"  {_peak(one, panel, chart, zone)}")
    several = clock.crosses_midnight(*extent, zone)
    start, end = (clock.moment(at, zone, with_day=several) for at in extent)
    told = f"{start} to {'24:00' if end == '00:00' else end}, {clock.zone_name(*extent, zone)}"
    yield Text(" " * (names + 4) + told, "dim")


def _heading(panel: Panel, left_out: int) -> Text:
    heading = Text(safe(panel.title), "bold")
    if panel.unit and panel.unit.casefold() not in panel.title.casefold():
        heading.append(f"  {safe(panel.unit)}", "not bold dim")
    if left_out:
        heading.append(f"  ({many(left_out, 'smaller one')} not drawn)", "not bold dim")
    return heading


def _peak(one: Series, panel: Panel, chart: Timeline, zone: ZoneInfo) -> str:
    highest, extent = peak(one.values), clock.extent(chart)
    if highest is None or extent is None:
        return "not known"
    if highest.value <= 0:
        return "nothing"
    several = clock.crosses_midnight(*extent, zone)
    at = clock.moment(chart.times[highest.place], zone, with_day=several)
    return f"{written(highest.value, panel.kind, zone)} at {at}"


def _run(values: Sequence[float | None], highest: float, room: int, blocks: Blocks) -> str:
    """A block for as many values as must share one (the largest counts), or some for each value."""
    together = max(1, -(-len(values) // room))
    peaks = [peak(values[n : n + together]) for n in range(0, len(values), together)]
    wide = min(4, room // max(1, len(peaks)))
    return "".join(
        _level(found.value, highest, blocks) * wide if found else blocks.unknown * wide
        for found in peaks
    )


def _level(value: float, highest: float, blocks: Blocks) -> str:
    if value <= 0:
        return blocks.levels[0]
    return blocks.levels[max(1, round(value / highest * (len(blocks.levels) - 1)))]


def _bars(chart: Bars, zone: ZoneInfo, room: int, blocks: Blocks) -> Iterator[Text]:
    """A line for each of the largest bars, its parts one after another."""
    order, totals = ranked(chart), sums(chart.series)
    shown = order[:MOST_BARS]
    names = {n: _name(chart.labels[n]) for n in shown}
    values = {n: written(totals[n], chart.kind, zone) for n in shown}
    widest = max(map(cell_len, names.values()), default=0)
    left = max(8, room - widest - max(map(cell_len, values.values()), default=0) - 6)
    largest = max((totals[n] or 0 for n in shown), default=0) or 1
    yield _key(chart, blocks)
    for n in shown:
        line = Text(f"  {_padded(names[n], widest)}  ")
        for place, one in enumerate(chart.series):
            share = max(0.0, known(one.values[n]) or 0) / largest
            drawn = _fill(place, blocks) * max(round(share * left), 1 if share else 0)
            line.append(drawn, _STYLES[one.tone])
        yield line.append(f" {values[n]}")
    more = many(len(order) - MOST_BARS, "more bar") if len(order) > MOST_BARS else ""
    if rest := "; ".join(filter(None, (more, safe(chart.rest)))):
        yield Text(f"  {rest}", "dim")


def _heatmap(chart: Heatmap, zone: ZoneInfo, room: int, blocks: Blocks) -> Iterator[Text]:
    """A line for each row, some characters for each column, and where its largest value is."""
    found = hottest(chart)
    most = found.value if found else 0.0
    names = [_name(name) for name in chart.rows]
    widest = max(map(cell_len, names), default=0)
    peaks = [_row_peak(row, chart, zone) for row in chart.values]
    left = max(8, room - widest - max(map(cell_len, peaks), default=0) - 6)
    yield Text(safe(chart.unit), "dim")
    for name, row, told in zip(names, chart.values, peaks, strict=True):
        line = Text(f"  {_padded(name, widest)}  ")
        warm = [None if value is None else warmth(value, most) for value in map(known, row)]
        drawn = _run(warm, 1.0, left, blocks)
        yield line.append(drawn, _STYLES[Tone.PLAIN]).append(f"  {told}")
    if chart.columns:
        ends = f"{_name(chart.columns[0])} to {_name(chart.columns[-1])}"
        yield Text(" " * (widest + 4) + ends, "dim")


def _row_peak(row: Sequence[float | None], chart: Heatmap, zone: ZoneInfo) -> str:
    most = peak(row)
    if most is None:
        return "not known"
    if most.value <= 0:
        return "nothing"
    return f"{written(most.value, chart.kind, zone)} at {_name(chart.columns[most.place])}"


def _key(chart: Bars, blocks: Blocks) -> Text:
    """The unit, and which part of a bar is which."""
    key = Text(safe(chart.unit), "dim")
    if len(chart.series) > 1:
        for place, one in enumerate(chart.series):
            key.append("  ").append(_fill(place, blocks), f"not dim {_STYLES[one.tone]}")
            key.append(f" {_name(one.name)}")
    return key


def _fill(place: int, blocks: Blocks) -> str:
    return blocks.fills[place % len(blocks.fills)]


def _name(text: str) -> str:
    """A name of at most `_NAME` cells; some characters take two."""
    whole, most = safe(text).strip(), _NAME
    while cell_len(middle(whole, most)) > _NAME:
        most -= 1
    return middle(whole, most) or "(no name)"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
