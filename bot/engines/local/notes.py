"""What there is to say about the files a query ran over, one line a matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.engines.local.layouts import Layout
from bot.engines.local.library import Holdings
from bot.engines.local.reports import Report
from bot.model.errors import BadSource
from bot.model.writing import count, many

_NAMED = 3  # files or lines that are named before the rest is only counted


def notes(holdings: Holdings) -> tuple[str, ...]:
    """What was read and what was not, records without flows, damage."""
    return (
        *_layouts(holdings),
        *_damaged(holdings.reports),
        *_troubles(holdings),
    )


def check_readable(holdings: Holdings, source: str) -> None:
    """Raise `BadSource` when there is nothing that could be read."""
    if not holdings.files:
        what = "no files in the folder"
        if holdings.troubles:
            what = f"no files that can be read: {_some(_pairs(holdings.troubles))}"
        raise BadSource(what, where=source, hint="Give a folder with flow-log files.")
    reports = holdings.reports
    if holdings.ruled_out or any(report.layout for report in reports) or not reports:
        return
    why = _some([f"{r.name}: {r.trouble}" for r in reports])
    among = f"no flow logs among {len(reports)} files: " if len(reports) > 1 else ""
    raise BadSource(among + why, where=source, hint=_HINT)


_HINT = "docs/logs.md lists what is recognised."


def _layouts(holdings: Holdings) -> Iterator[str]:
    kinds: Counter[tuple[Layout, str]] = Counter()
    for report in holdings.reports:
        if report.layout and report.layout is not Layout.EMPTY:
            form = " and ".join(report.formats) or "no records"
            kinds[report.layout, form] += 1
    told = [f"{many(n, 'file')} of {layout} ({form})" for (layout, form), n in kinds.most_common()]
    read = f"read {', '.join(told)}" if told else "no file may hold records of the window"
    if holdings.ruled_out:
        read += f"; {many(holdings.ruled_out, 'file')} left out by the time in their names"
    lost = [(sum(r.nodata for r in holdings.reports), "NODATA")]
    lost += [(sum(r.skipdata for r in holdings.reports), "SKIPDATA")]
    if any(number for number, _ in lost):
        among = " and ".join(f"{count(number)} {kind}" for number, kind in lost if number)
        read += f"; {among} records among them"
    yield read


def _damaged(reports: Sequence[Report]) -> Iterator[str]:
    damaged = [report for report in reports if report.damaged and report.layout]
    if damaged:
        lines = sum(report.damaged for report in damaged)
        samples = [f"{r.name} line {line}: {why}" for r in damaged for line, why in r.samples]
        yield (
            f"{many(lines, 'damaged line')} in {many(len(damaged), 'file')} skipped:"
            f" {_some(samples, lines)}"
        )


def _troubles(holdings: Holdings) -> Iterator[str]:
    cut = [f"{r.name}: {r.trouble}" for r in holdings.reports if r.trouble and r.layout]
    if cut:
        yield f"{many(len(cut), 'file')} read in part: {_some(cut)}"
    skipped = [f"{r.name}: {r.trouble}" for r in holdings.reports if not r.layout]
    skipped += _pairs(holdings.troubles)
    if skipped:
        yield f"{many(len(skipped), 'file')} not read: {_some(skipped)}"


def _pairs(troubles: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name}: {why}" for name, why in troubles]


def _some(texts: Sequence[str], total: int | None = None) -> str:
    rest = (len(texts) if total is None else total) - min(len(texts), _NAMED)
    return "; ".join(texts[:_NAMED]) + (f"; and {count(rest)} more" if rest else "")
