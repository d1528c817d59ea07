"""A bot over a loopback Slack."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model.answer import Answer
from bot.model.command import Argument, Command, Takes
from bot.slack.app import Bot, build
from bot.slack.serving import http
from tests.slack import answers, engines
from tests.slack.loopback import SECRET, TOKEN, Slack, running

UTC = ZoneInfo("UTC")


def never(*_: Any) -> Answer:
    raise AssertionError("the shelf's commands are not run here")


SHELF = (
    Command(
        "db-clients",
        "Who talks to a database",
        never,
        ("db-clients 5432 1h", "db-clients postgres on 10.0.2.10"),
        (
            Argument("port", Takes.PORTS, "port or name", required=True),
            Argument("host", Takes.NETWORK, "the server", keyword="on"),
        ),
    ),
    Command("rejects", "What was <rejected> & where from", never, ("rejects 1h",)),
)


@dataclass
class House:
    """The bot and its Slack; `start` builds the bot with whatever a test wants different."""

    slack: Slack
    stack: ExitStack
    bot: Bot | None = None

    def showing(self) -> bool:
        """Whether every question that is taken has its placeholder, and the bot knows of it."""
        assert self.bot is not None
        live = list(self.bot.desk._live.values())
        return bool(live) and all(one.post.shown for one in live)

    def idle(self) -> bool:
        """Whether no question is being answered."""
        assert self.bot is not None
        return not self.bot.desk._live

    def start(self, ask: Callable[..., Answer] | None = None, **options: Any) -> Slack:
        serial = itertools.count(1)
        given: dict[str, Any] = {
            "ask": ask or engines.quick,
            "shelf": SHELF,
            "png": answers.png,
            "alt_text": answers.alt_text,
            "source": "cloudwatch://eu-west-1/flow-logs",
            "token": TOKEN,
            "signing_secret": SECRET,
            "zone": UTC,
            "base_url": f"{self.slack.base}/api/",
            "workers": 4,
            "patience": 30.0,  # no placeholder unless a test asks for one
            "sleep": lambda seconds: None,
            "new_id": lambda: f"id{next(serial)}",
        }
        self.bot = build(**given | options)
        self.stack.callback(self.bot.desk.close)
        self.slack.request_url = self.stack.enter_context(http(self.bot.app, "127.0.0.1", 0))
        return self.slack


@pytest.fixture
def house() -> Iterator[House]:
    with running() as slack, ExitStack() as stack:
        yield House(slack, stack)
        stack.close()
        assert slack.complaints == []
