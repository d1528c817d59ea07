"""A line that somebody asked in Slack, and where the answer belongs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Request:
    """`id` is ours. `channel` takes the answer; a user's id there means a direct message.

    `response_url` reaches the asker alone, five times in half an hour; a button on the Home tab
    has none. `at` is when the line arrived, in seconds of the monotonic clock.
    """

    id: str
    line: str
    user: str
    channel: str
    response_url: str | None
    at: float

    @property
    def direct(self) -> bool:
        """Whether the answer goes to the asker's direct messages by their own id."""
        return self.channel == self.user
