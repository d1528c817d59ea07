"""One message in a conversation, from placeholder to answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.model.query import Progress
from bot.slack import limits
from bot.slack.blocks.progress import looking_blocks, progress_text, waiting_blocks
from bot.slack.blocks.text import Block
from bot.slack.clients import CALL_ERRORS, Clients, problem
from bot.slack.request import Request

logger = logging.getLogger(__name__)

_BARRED = frozenset(
    """not_in_channel channel_not_found is_archived restricted_action no_permission
    restricted_action_read_only_channel restricted_action_thread_only_channel
    restricted_action_non_threadable_channel cannot_reply_to_message messages_tab_disabled
    access_denied""".split()
)


class Barred(Exception):
    """Slack does not take messages here; `reason` is its name for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Post:
    """Safe to use from several threads. Whoever `claim`s it first has the last word.

    The placeholder appears unless the answer comes first: a mistyped line is told to the asker
    alone, without a message that appears to everybody and vanishes again.
    """

    def __init__(
        self, clients: Clients, request: Request, slash: str, clock: Callable[[], float]
    ) -> None:
        self._clients = clients
        self._request = request
        self._slash = slash
        self._clock = clock
        self._channel = request.channel
        self._ts: str | None = None
        self._shown_at = clock()
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._running = False

    @property
    def shown(self) -> bool:
        """Whether a message stands in the conversation."""
        return self._ts is not None

    def claim(self) -> bool:
        """Whether the caller is first to end this post, and so is the one to say how it ended."""
        with self._lock:
            first = not self._over.is_set()
            self._over.set()
            return first

    def placeholder(self, ahead: int, patience: float) -> None:
        """Show that the question was taken, unless it is over within `patience` seconds.

        Raises `Barred` where the bot may not post; any other failure leaves no placeholder.
        """
        if self._over.wait(patience if ahead == 0 else 0):
            return
        blocks = (
            waiting_blocks(self._request, self._slash, ahead)
            if ahead and not self._running
            else looking_blocks(self._request, self._slash)
        )
        self._unless_over(self._clients.once, "Looking…", blocks)

    def started(self) -> None:
        """The question has come to the head of the line."""
        self._running = True
        if self.shown:
            blocks = looking_blocks(self._request, self._slash)
            self._unless_over(self._clients.brief, "Looking…", blocks)

    def due(self) -> bool:
        """Whether it is time to show progress again; the caller then does."""
        now = self._clock()
        if not self.shown or now - self._shown_at < limits.PROGRESS_SECONDS:
            return False
        self._shown_at = now
        return True

    def progress(self, progress: Progress) -> None:
        """Show how far the query is."""
        seconds = self._clock() - self._request.at
        blocks = looking_blocks(self._request, self._slash, progress, seconds)
        text = f"Looking… {progress_text(progress, seconds)}"
        self._unless_over(self._clients.brief, text, blocks)

    def put(self, text: str, blocks: Sequence[Block]) -> None:
        """Make this the message. Raises `Barred`, or what the call raised."""
        with self._lock:
            self._put(self._clients.once, text, blocks)

    def withdraw(self) -> None:
        """Take the message back; where Slack refuses, leave a line in its place."""
        with self._lock:
            if self._ts is None:
                return
            try:
                self._clients.steady.chat_delete(channel=self._channel, ts=self._ts)
                self._ts = None
            except CALL_ERRORS as error:
                logger.warning("a placeholder could not be deleted: %s", problem(error))
                self._put(self._clients.once, "No answer; the asker was told why.", [])

    def _unless_over(self, client: WebClient, text: str, blocks: Sequence[Block]) -> None:
        with self._lock:
            if self._over.is_set():
                return
            try:
                self._put(client, text, blocks)
            except CALL_ERRORS as error:
                logger.warning("progress could not be shown: %s", problem(error))

    def _put(self, new: WebClient, text: str, blocks: Sequence[Block]) -> None:
        """`new` posts when there is no message yet; an update can be repeated safely."""
        fields: dict[str, Any] = {
            "text": text,
            "blocks": list(blocks),
            "parse": "none",
            "link_names": False,
        }
        if self._ts is not None:
            client = new if new is self._clients.brief else self._clients.steady
            client.chat_update(channel=self._channel, ts=self._ts, **fields)
            return
        try:
            sent = new.chat_postMessage(
                channel=self._channel, unfurl_links=False, unfurl_media=False, **fields
            )
        except SlackApiError as error:
            if problem(error) in _BARRED:
                raise Barred(problem(error)) from None
            raise
        self._channel, self._ts = str(sent["channel"]), str(sent["ts"])
