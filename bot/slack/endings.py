"""How a question can end, and who is told: the conversation an answer, its asker the rest."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.errors import FlowsError
from bot.slack.blocks.answer import answer_blocks, notification
from bot.slack.blocks.failure import barred_blocks, broken_blocks, failure_blocks
from bot.slack.blocks.progress import stopped_blocks
from bot.slack.blocks.text import Block, cut_escaped
from bot.slack.clients import CALL_ERRORS, Sleep, problem
from bot.slack.pictures import Gallery, Pictures
from bot.slack.post import Barred, Post
from bot.slack.private import Private
from bot.slack.request import Request

FOR_THE_ASKER_ALONE = frozenset({"help"})  # commands whose answers would only fill a channel
BLOCK_RETRIES = (1.0, 2.0, 4.0)  # pauses after `invalid slack file`

logger = logging.getLogger(__name__)


@dataclass
class Live:
    """A question that was taken and is not over. `why` is there once it is stopped: mrkdwn."""

    request: Request
    post: Post
    private: Private
    watch: Watch
    why: str | None = None


class Endings:
    """Each method ends a question; where it has ended already, nothing is said again."""

    def __init__(self, pictures: Pictures, slash: str, name: str, sleep: Sleep) -> None:
        self._pictures = pictures
        self._slash = slash
        self._name = name
        self._sleep = sleep

    def answered(self, live: Live, answer: Answer) -> None:
        """Post the answer. Raises `Barred` where the bot may not post."""
        if answer.question.command in FOR_THE_ASKER_ALONE and not live.request.direct:
            self._alone(live, answer)
            return
        gallery = self._pictures.hang(answer)
        if not live.post.claim():
            return
        try:
            self._put(live, answer, gallery)
        except CALL_ERRORS as error:
            logger.error("an answer could not be posted: %s", problem(error))
            remark = f"Slack did not take this answer for the conversation: {problem(error)}"
            live.private.tell(notification(answer), self._blocks(live, answer, remarks=[remark]))

    def stopped(self, live: Live) -> None:
        """Say so in the placeholder's place, or to the asker when there is none."""
        if not live.post.claim():
            return
        text = f"No answer: {live.why or 'it was stopped'}."
        blocks = stopped_blocks(live.request, self._slash, text)
        if not live.post.shown:
            live.private.tell(text, blocks)
            return
        try:
            live.post.put(text, blocks)
        except CALL_ERRORS as error:
            logger.warning("a stopped question still looks running: %s", problem(error))
            live.private.tell(text, blocks)

    def failed(self, live: Live, error: FlowsError) -> None:
        """Tell the asker what is wrong, where, and what to try."""
        if live.post.claim():
            blocks = failure_blocks(error, live.request.line, self._slash)
            live.private.tell(cut_escaped(str(error), 1000), blocks)
            _withdraw(live.post)

    def broken(self, live: Live) -> None:
        """Tell the asker that it is a bug, with the reference that the log has. No details."""
        reference = live.request.id
        logger.exception("question %s broke: %r", reference, live.request.line)
        if not live.post.claim() and live.why:
            return  # it was stopped and its asker told; what is left of it fell over
        blocks = broken_blocks(reference, live.request.line, self._slash)
        live.private.tell(f"Something broke on my side (reference {reference}).", blocks)
        _withdraw(live.post)

    def barred(self, live: Live, reason: str) -> None:
        """Tell the asker that the bot may not post there, and how to change that."""
        blocks = barred_blocks(reason, self._name, live.request.line, self._slash)
        live.private.tell(f"I may not post here ({reason}).", blocks)

    def _alone(self, live: Live, answer: Answer) -> None:
        if live.post.claim():
            _withdraw(live.post)
            live.private.tell(notification(answer), self._blocks(live, answer))

    def _put(self, live: Live, answer: Answer, gallery: Gallery) -> None:
        """The answer with its charts; without them, or as bare text, where Slack refuses blocks."""
        remarks = list(gallery.remarks)
        if gallery.pictures:
            if self._put_pictures(live, answer, gallery):
                return
            remarks = [
                self._pictures.missing(chart, answer.question.zone, "Slack would not show it")
                for chart in answer.charts
            ]
        try:
            live.post.put(notification(answer), self._blocks(live, answer, remarks=remarks))
        except CALL_ERRORS as error:
            if problem(error) not in ("invalid_blocks", "msg_blocks_too_long"):
                raise
            logger.error("Slack refused the blocks of an answer: %s", error)
            live.post.put(notification(answer), [])

    def _put_pictures(self, live: Live, answer: Answer, gallery: Gallery) -> bool:
        """Whether Slack took the charts; a file that it has not digested yet is tried again."""
        blocks = self._blocks(live, answer, gallery)
        for pause in (*BLOCK_RETRIES, None):
            try:
                live.post.put(notification(answer), blocks)
                return True
            except CALL_ERRORS as error:
                if problem(error) != "invalid_blocks":
                    raise
                logger.warning("Slack refused blocks with a chart: %s", error)
                if pause is None or "slack file" not in str(error):
                    return False
                self._sleep(pause)
        return False

    def _blocks(
        self,
        live: Live,
        answer: Answer,
        gallery: Gallery | None = None,
        remarks: Sequence[str] = (),
    ) -> list[Block]:
        hung = gallery or Gallery()
        said = [*hung.remarks, *remarks]
        return answer_blocks(answer, live.request, self._slash, hung.pictures, said)


def _withdraw(post: Post) -> None:
    try:
        post.withdraw()
    except (Barred, *CALL_ERRORS) as error:
        logger.warning("a placeholder stays behind: %s", problem(error))
