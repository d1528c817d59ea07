"""Where messages go, as the scheduler sees it. Slack is one such place, a terminal another."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.model.message import Message


class Channel(Protocol):
    """Posts messages. Every method raises `Undelivered` when the place does not take it.

    A message that was posted is known by its timestamp there, a text. `key` travels with it
    unseen, so that `find` can say later whether it arrived.
    """

    def post(self, channel: str, message: Message, key: str) -> str:
        """Post a message; its timestamp."""
        ...

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        """Put a message in the place of one that was posted."""
        ...

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        """Post a message's details into the thread of one that was posted; their timestamp."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        """The timestamp of what was posted with `key` at or after `since`; None when nothing was.

        `thread` is the timestamp of the message whose thread it would be in.
        """
        ...
