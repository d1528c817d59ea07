"""What only the asker is to see."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from slack_sdk.webhook import WebhookClient

from bot.slack import limits
from bot.slack.blocks.text import Block
from bot.slack.clients import (
    CALL_ERRORS,
    TIMEOUT,
    Clients,
    Sleep,
    problem,
    when_limited,
)
from bot.slack.request import Request

logger = logging.getLogger(__name__)


class Private:
    """Tells the asker of one request, by the first way that works.

    The response URL works even where the bot is not a member; then an ephemeral message; then a
    direct message, which is also the only way to somebody who pressed a button on the Home tab.
    """

    def __init__(
        self, clients: Clients, request: Request, clock: Callable[[], float], sleep: Sleep
    ) -> None:
        self._clients = clients
        self._request = request
        self._clock = clock
        self._sleep = sleep
        self._uses = 0
        self._lock = threading.Lock()

    def tell(self, text: str, blocks: Sequence[Block] = ()) -> None:
        """Never raises: when no way works, with the blocks or without, the log says so."""
        for shown in [list(blocks), []] if blocks else [[]]:
            for way in (self._respond, self._ephemeral, self._direct):
                try:
                    if way(text, shown):
                        return
                except CALL_ERRORS as error:
                    logger.warning("%s failed: %s", way.__name__.strip("_"), problem(error))
        logger.error("%s could not be told: %s", self._request.user, text)

    def _respond(self, text: str, blocks: list[Block]) -> bool:
        url = self._usable_url()
        if url is None:
            return False
        client = WebhookClient(url, timeout=TIMEOUT, retry_handlers=[when_limited(self._sleep)])
        response = client.send(
            text=text, blocks=blocks or None, response_type="ephemeral", replace_original=False
        )
        if response.status_code != 200:
            logger.warning("the response URL answered %s", response.status_code)
        return response.status_code == 200

    def _usable_url(self) -> str | None:
        age = self._clock() - self._request.at
        with self._lock:
            if age >= limits.RESPONSE_URL_SECONDS or self._uses >= limits.RESPONSE_URL_USES:
                return None
            self._uses += 1
        return self._request.response_url

    def _ephemeral(self, text: str, blocks: list[Block]) -> bool:
        if self._request.direct:
            return False
        self._clients.steady.chat_postEphemeral(
            channel=self._request.channel, user=self._request.user, text=text, blocks=blocks or None
        )
        return True

    def _direct(self, text: str, blocks: list[Block]) -> bool:
        self._clients.once.chat_postMessage(
            channel=self._request.user,
            text=text,
            blocks=blocks or None,
            unfurl_links=False,
            unfurl_media=False,
        )
        return True
