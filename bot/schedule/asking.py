"""How the scheduler asks questions: as people do, by lines."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer


class Ask(Protocol):
    """Answers one line, as people's lines are answered. Raises `FlowsError`."""

    def __call__(
        self, line: str, *, zone: ZoneInfo, watch: Watch, now: datetime | None = None
    ) -> Answer: ...
