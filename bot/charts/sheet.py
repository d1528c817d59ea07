"""A page of fixed width, measured in points from its top left corner."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from bot.charts.palette import BACKGROUND, INK, MUTED, UNKNOWN, UNKNOWN_HATCH
from bot.charts.ruler import POINTS, Ruler

# 432 points at 200 dots an inch are 1200 pixels. Slack shows them some 500 wide, so that a point
# is about a pixel there: text below 8 points could not be read.
WIDTH = 432.0
DPI = 200
MARGIN = 12.0
TITLE, HEADING, LABEL, SMALL = 12.5, 9.0, 8.5, 8.0
LINE = 1.3  # height of a line of text over its size
SWATCH = 7.0  # the coloured square before a name
SWATCH_GAP = 4.0


@dataclass(frozen=True)
class Spot:
    """A part of a larger page that a chart is drawn into: `WIDTH` wide and `height` high.

    `extra` is by how much it is higher than the chart needs.
    """

    page: SubFigure
    figure: Figure
    height: float
    extra: float


class Sheet:
    """A page `height` points high, on which things are put by their place in points.

    It is a figure of its own, or a spot on a larger one, which has a height already.
    """

    def __init__(self, height: float, spot: Spot | None = None) -> None:
        self.height = spot.height if spot else height
        self.figure = spot.figure if spot else whole(WIDTH, height)
        self.page: Figure | SubFigure = spot.page if spot else self.figure

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """A bare plotting area."""
        bottom = self.height - top - height
        area = self.page.add_axes(
            (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        )
        area.set_facecolor(BACKGROUND)
        area.tick_params(length=0, pad=4, labelsize=LABEL, labelcolor=MUTED)
        for spine in area.spines.values():
            spine.set_visible(False)
        return area

    def text(
        self,
        left: float,
        middle: float,
        text: str,
        *,
        size: float = LABEL,
        colour: str = INK,
        bold: bool = False,
        align: str = "left",
        turned: bool = False,
    ) -> None:
        """One line of text, its middle at `middle`; `left` is its end or centre by `align`.

        `turned` text is read from below: `left` is its middle, and it hangs from `middle`.
        """
        self.page.text(
            left / WIDTH,
            1 - middle / self.height,
            text,
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            ha="center" if turned else align,
            va="top" if turned else "center_baseline",
            rotation=90 if turned else 0,
        )

    def block(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        """A filled rectangle."""
        self.page.add_artist(
            Rectangle(
                (left / WIDTH, 1 - (top + height) / self.height),
                width / WIDTH,
                height / self.height,
                transform=self.page.transSubfigure,
                facecolor=colour,
                linewidth=0,
            )
        )

    def unknown(self, left: float, top: float, width: float, height: float) -> None:
        """A rectangle of which nothing is known: hatched."""
        self.page.add_artist(
            Rectangle(
                (left / WIDTH, 1 - (top + height) / self.height),
                width / WIDTH,
                height / self.height,
                transform=self.page.transSubfigure,
                facecolor=UNKNOWN,
                edgecolor=UNKNOWN_HATCH,
                hatch="////",
                linewidth=0,
            )
        )

    def name(self, left: float, middle: float, text: str, colour: str, size: float = LABEL) -> None:
        """A coloured square and a name."""
        self.block(left, middle - SWATCH / 2, SWATCH, SWATCH, colour)
        self.text(left + SWATCH + SWATCH_GAP, middle, text, size=size)


def whole(width: float, height: float) -> Figure:
    """An empty figure; sizes in points."""
    return Figure(figsize=(width / POINTS, height / POINTS), dpi=DPI, facecolor=BACKGROUND)


def name_width(ruler: Ruler, text: str, size: float = LABEL) -> float:
    """What `Sheet.name` takes."""
    return SWATCH + SWATCH_GAP + ruler.width(text, size)


class Title:
    """The finding, as a sentence over the whole width, in up to three lines."""

    def __init__(self, ruler: Ruler, text: str) -> None:
        self.lines = ruler.wrap(text, TITLE, WIDTH - 2 * MARGIN, 3, bold=True) if text else []
        self.height = len(self.lines) * TITLE * LINE

    def put(self, sheet: Sheet, top: float) -> None:
        for n, line in enumerate(self.lines):
            sheet.text(MARGIN, top + (n + 0.5) * TITLE * LINE, line, size=TITLE, bold=True)
