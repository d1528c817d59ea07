"""The Home tab, published for whoever opens it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from slack_sdk import WebClient

from bot.model.command import Command
from bot.slack.blocks.home import home_blocks
from bot.slack.clients import CALL_ERRORS, problem

logger = logging.getLogger(__name__)


class Home:
    """What the bot can do, over which logs."""

    def __init__(
        self, client: WebClient, commands: Sequence[Command], slash: str, source: str
    ) -> None:
        self._client = client
        self._commands = commands
        self._slash = slash
        self._source = source

    def publish(self, user: str, freshness: str | None) -> None:
        """Show the tab to one person; when Slack refuses, the log says so."""
        blocks = home_blocks(self._commands, self._slash, self._source, freshness)
        try:
            self._client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})
        except CALL_ERRORS as error:
            logger.warning("the Home tab of %s was not published: %s", user, problem(error))
