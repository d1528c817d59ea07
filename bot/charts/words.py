"""A chart in words: what somebody who cannot see it needs to know. No matplotlib."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.charts import clock
from bot.charts.lettering import one_line
from bot.charts.values import ADDITIVE, envelope, hottest, known, peak, ranked, sums, total
from bot.model.chart import Bars, Chart, Dashboard, Heatmap, Panel, Series, Timeline
from bot.model.writing import duration, many, written

LONGEST = 2000  # Slack's limit of an image's alternative text
_NAME = 80  # characters of one name
_TITLE = 300
MOST_BARS = 20
MOST_SERIES = 8
MOST_ROWS = 20


def alt_text(chart: Chart, zone: ZoneInfo) -> str:
    """The finding and its numbers, most important first, in at most 2000 characters.

    Sentences that do not fit are left out whole.
    """
    told = _told(chart, zone)
    text = _sentence(one_line(chart.title, _TITLE) or "A chart without a title")
    for part in told:
        if len(text) + 1 + len(part) > LONGEST:
            break
        text = f"{text} {part}"
    return text


def _told(chart: Chart, zone: ZoneInfo) -> Iterator[str]:
    if isinstance(chart, Dashboard):
        return _dashboard(chart, zone)
    if isinstance(chart, Bars):
        return _bars(chart, zone)
    return _heatmap(chart, zone) if isinstance(chart, Heatmap) else _timeline(chart, zone)


def _dashboard(chart: Dashboard, zone: ZoneInfo) -> Iterator[str]:
    """Every finding first, then what each chart has to tell."""
    yield f"A picture of {many(len(chart.charts), 'chart')}."
    for one in chart.charts:
        yield _sentence(one_line(one.title, _TITLE) or "A chart without a title")
    for one in chart.charts:
        yield from _told(one, zone)


def _timeline(chart: Timeline, zone: ZoneInfo) -> Iterator[str]:
    extent = clock.extent(chart)
    if extent is None or not chart.panels:
        yield "A timeline without data."
        return
    start, end = extent
    several = clock.crosses_midnight(start, end, zone)
    until = clock.moment(end, zone, with_day=several)
    until = "24:00" if until == "00:00" else until
    span = f"{clock.moment(start, zone, with_day=several)}–{until}"
    day = "" if several else f"{clock.day(start.astimezone(zone))}, "
    place = clock.zone_name(start, end, zone)
    yield f"A timeline, {day}{span} {place}, in steps of {duration(chart.bin_seconds)}."
    for panel in chart.panels:
        yield from _panel(panel, chart, zone, several)
    for mark in chart.marks:
        label = one_line(mark.label, _NAME)
        yield f"Marked at {clock.moment(mark.at, zone, with_day=several)}: {label}."


def _panel(panel: Panel, chart: Timeline, zone: ZoneInfo, several: bool) -> Iterator[str]:
    outline = envelope(panel)
    unit = "" if panel.unit.casefold() in panel.title.casefold() else panel.unit
    head = one_line(", ".join(filter(None, (panel.title, unit))), _NAME) or "Panel"
    parts = [_run(one, panel, chart, zone, several) for one in panel.series[:MOST_SERIES]]
    if (more := len(panel.series) - MOST_SERIES) > 0:
        parts.append(f"and {more} more")
    if panel.stacked and len(panel.series) > 1:
        whole = Series("together", outline)
        parts.insert(0, _run(whole, panel, chart, zone, several))
    parts += [f"a line at {one_line(level.label, _NAME)}" for level in panel.levels]
    unknown = sum(known(value) is None for value in outline)
    if unknown and panel.series:
        parts.append(f"no data in {unknown} of {many(len(outline), 'step')}")
    yield _sentence(f"{head}: {'; '.join(parts) or 'nothing'}")


def _run(one: Series, panel: Panel, chart: Timeline, zone: ZoneInfo, several: bool) -> str:
    name = one_line(one.name, _NAME) or "(no name)"
    highest, whole = peak(one.values), total(one.values)
    if highest is None or whole is None:
        return f"{name} unknown"
    if highest.value == 0:
        return f"{name} nothing"
    at = clock.moment(chart.times[highest.place], zone, with_day=several)
    most = f"at most {written(highest.value, panel.kind, zone)} at {at}"
    if panel.stacked and panel.kind in ADDITIVE:
        return f"{name} {written(whole, panel.kind, zone)} in all, {most}"
    return f"{name} {most}"


def _bars(chart: Bars, zone: ZoneInfo) -> Iterator[str]:
    totals = sums(chart.series)
    order = ranked(chart)
    if not order:
        yield "A bar chart without bars."
        return
    unit = one_line(chart.unit, _NAME)
    yield f"A bar chart of {many(len(order), 'bar')}{f', {unit}' if unit else ''}."
    for place in order[:MOST_BARS]:
        label = one_line(chart.labels[place], _NAME) or "(no name)"
        yield f"{label}: {written(totals[place], chart.kind, zone)}{_parts(chart, place, zone)}."
    if len(order) > MOST_BARS:
        yield f"{many(len(order) - MOST_BARS, 'smaller bar')} besides."
    if chart.rest:
        yield _sentence(one_line(chart.rest, _TITLE))


def _heatmap(chart: Heatmap, zone: ZoneInfo) -> Iterator[str]:
    found = hottest(chart)
    if not chart.rows or not chart.columns:
        yield "A heat map without cells."
        return
    size = f"{many(len(chart.rows), 'row')} by {many(len(chart.columns), 'column')}"
    unit = one_line(chart.unit, _NAME)
    yield f"A heat map of {size}{f', {unit}' if unit else ''}."
    if found is None or found.value <= 0:
        yield "Nothing is known." if found is None else "Nothing in any cell."
        return
    unknown = sum(known(value) is None for row in chart.values for value in row)
    if unknown:
        yield f"Not known: {many(unknown, 'cell')}."
    for name, row in zip(chart.rows[:MOST_ROWS], chart.values, strict=False):
        if (most := peak(row)) and most.value > 0:
            where = one_line(chart.columns[most.place], _NAME)
            value = written(most.value, chart.kind, zone)
            yield f"{one_line(name, _NAME) or '(no name)'}: most at {where}, {value}."


def _parts(chart: Bars, place: int, zone: ZoneInfo) -> str:
    """What a bar of several parts is made of; parts that are nothing are not worth a word."""
    if len(chart.series) < 2:
        return ""
    parts = [
        f"{one_line(one.name, _NAME) or '(no name)'} {written(value, chart.kind, zone)}"
        for one in chart.series
        if (value := known(one.values[place]))
    ]
    return f" ({', '.join(parts)})" if parts else ""


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
