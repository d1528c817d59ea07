"""Charts into Slack: drawn, uploaded, and waited for until Slack can show them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from bot.model.answer import Answer
from bot.model.chart import Chart
from bot.slack import limits
from bot.slack.blocks.answer import Picture
from bot.slack.blocks.text import cut
from bot.slack.clients import CALL_ERRORS, Sleep, problem

# Pauses before each look at a file that is still processed: 12 s in all.
LOOKS = (0.2, 0.3, 0.5, 1.0, 1.0, 2.0, 3.0, 4.0)
MOST_CHARTS = 5

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Slack took the file and has not processed it in time."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The charts of one answer that Slack has, and a remark for each that it has not."""

    pictures: tuple[Picture, ...] = ()
    remarks: tuple[str, ...] = ()


class Pictures:
    """Draws one chart at a time (threads only slow it down) and uploads it, in no channel."""

    def __init__(
        self,
        client: WebClient,
        png: Callable[[Chart, ZoneInfo], bytes],
        alt_text: Callable[[Chart, ZoneInfo], str],
        sleep: Sleep,
    ) -> None:
        self._client = client
        self._png = png
        self._alt_text = alt_text
        self._sleep = sleep
        self._drawing = threading.Lock()

    def hang(self, answer: Answer) -> Gallery:
        """Upload the answer's charts. Never raises: what fails becomes a remark."""
        return self.hang_all(answer.charts, answer.question.zone)

    def hang_all(self, charts: Sequence[Chart], zone: ZoneInfo) -> Gallery:
        """Upload charts. Never raises: what fails becomes a remark."""
        pictures: list[Picture] = []
        remarks: list[str] = []
        for chart in charts[:MOST_CHARTS]:
            try:
                pictures.append(self._hung(chart, zone))
            except Exception as error:  # drawing is another part's; an answer must survive it
                logger.warning("no chart: %s", problem(error), exc_info=not _expected(error))
                remarks.append(self.missing(chart, zone, _why(error)))
        return Gallery(tuple(pictures), tuple(remarks))

    def missing(self, chart: Chart, zone: ZoneInfo, why: str) -> str:
        """What to say instead of a chart: why there is none, and what it would have shown."""
        try:
            shown = self._alt_text(chart, zone)
        except Exception:
            logger.exception("a chart cannot be described")
            shown = chart.title
        return f"The chart is missing ({why}). It would show: {shown}"

    def _hung(self, chart: Chart, zone: ZoneInfo) -> Picture:
        alt = cut(self._alt_text(chart, zone), limits.ALT_TEXT)
        with self._drawing:
            image = self._png(chart, zone)
        uploaded = self._client.files_upload_v2(
            content=image, filename="chart.png", title=cut(chart.title, 200), alt_txt=alt
        )
        file = str(uploaded["files"][0]["id"])
        self._wait_for(file)
        return Picture(file, alt)

    def _wait_for(self, file: str) -> None:
        """Using a file before its `mimetype` is known fails with `invalid slack file`."""
        for pause in LOOKS:
            if (self._client.files_info(file=file).get("file") or {}).get("mimetype"):
                return
            self._sleep(pause)
        raise NotReady


def _expected(error: Exception) -> bool:
    return isinstance(error, (NotReady, *CALL_ERRORS))


def _why(error: Exception) -> str:
    if isinstance(error, NotReady):
        return "Slack is still processing it"
    if isinstance(error, CALL_ERRORS):
        return f"Slack did not take it: {problem(error)}"
    return "it could not be drawn"
