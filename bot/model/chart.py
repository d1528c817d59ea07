"""Charts as descriptions: what is to be seen, not how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.table import Kind


class Tone(StrEnum):
    """What a series means, hence how it is coloured; colours differ for the colour-blind too."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ALARMING = "alarming"  # the thing the headline is about
    NOISE = "noise"  # present, expected, in the background
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Series:
    """One named run of values, one per bin or per bar. None is unknown, and drawn as a gap."""

    name: str
    values: tuple[float | None, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line across the chart."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Level:
    """A value worth a line along the panel ("p95 3.2 MB"). `label` says it all."""

    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that share one vertical axis; `unit` names it ("rejected flows")."""

    title: str
    series: tuple[Series, ...]
    kind: Kind = Kind.COUNT
    unit: str = ""
    stacked: bool = True
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """Values over time: panels above one another under one time axis.

    `title` is the finding in words. `times` are the starts of the bins, `bin_seconds` their length.
    """

    title: str
    times: tuple[datetime, ...]
    bin_seconds: int
    panels: tuple[Panel, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """Values by name, largest first: one horizontal bar a label, series stacked within it.

    `title` is the finding in words; `rest` a footnote about what is not drawn ("and 31 more").
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: Kind = Kind.COUNT
    unit: str = ""
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Values by two names: one cell a row and column, darker for more. None is unknown.

    `title` is the finding in words; `values` hold one tuple a row, with one value a column.
    """

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    kind: Kind = Kind.COUNT
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Several charts in one picture, three in a row, in reading order.

    `title` is what they say together; each keeps its own.
    """

    title: str
    charts: tuple[Timeline | Bars | Heatmap, ...]


Chart = Timeline | Bars | Heatmap | Dashboard
