"""The Bolt app, put together from parts that are handed in."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from slack_bolt import App, BoltResponse

from bot.model.chart import Chart
from bot.model.command import Command
from bot.slack.channel import SlackChannel
from bot.slack.clients import Sleep, bot_name, open_clients
from bot.slack.deliveries import Deliveries
from bot.slack.desk import Ask, Desk, Orders
from bot.slack.endings import Endings
from bot.slack.home import Home
from bot.slack.listeners import actions, commands, forms, home
from bot.slack.people import People
from bot.slack.pictures import Pictures
from bot.slack.pool import Pool

SLACK_API = "https://slack.com/api/"
WAITING = 100  # questions that may wait in line
CALL_THREADS = 8
CALLS_WAITING = 2_000
PATIENCE = 0.4  # seconds: an answer that is quicker needs no placeholder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bot:
    """The app that listens, the desk behind it, which must be closed at the end, and the channel
    by which the bot speaks by itself.
    """

    app: App
    desk: Desk
    channel: SlackChannel


def build(
    *,
    ask: Ask,
    shelf: Sequence[Command],
    png: Callable[[Chart, ZoneInfo], bytes],
    alt_text: Callable[[Chart, ZoneInfo], str],
    source: str,
    token: str,
    zone: ZoneInfo,
    signing_secret: str = "",
    base_url: str = SLACK_API,
    slash: str = "/flows",
    workers: int = 8,
    waiting: int = WAITING,
    patience: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
    sleep: Sleep = time.sleep,
    new_id: Callable[[], str] = lambda: secrets.token_hex(4),
    orders: Callable[[SlackChannel], Orders] | None = None,
) -> Bot:
    """The bot for one workspace. Calls `auth.test`; raises `BadSettings` when that fails.

    `ask` answers lines, `workers` of them at the same time, and must be safe to call from several
    threads. `orders` makes what obeys lines about what the bot says by itself. `zone` is for
    people whose own zone Slack does not say. `clock` is monotonic seconds.
    """
    clients = open_clients(token, base_url, sleep)
    name = bot_name(clients.steady)
    pictures = Pictures(clients.steady, png, alt_text, sleep)
    own_pictures = Pictures(clients.brief, png, alt_text, sleep)
    channel = SlackChannel(clients.brief, own_pictures, lambda: datetime.now(UTC))
    desk = Desk(
        ask=ask,
        clients=clients,
        people=People(clients.steady, zone, clock),
        endings=Endings(pictures, slash, name, sleep),
        questions=Pool(workers, waiting, "question"),
        calls=Pool(CALL_THREADS, CALLS_WAITING, "slack"),
        slash=slash,
        clock=clock,
        sleep=sleep,
        new_id=new_id,
        patience=patience,
        orders=orders(channel) if orders else None,
    )
    # Listeners only hand over, so they run in the thread that answers Slack: Bolt's own pool of
    # five would be the narrowest place (`process_before_response` bypasses it).
    with _hushed(logging.getLogger("slack_bolt.App")):
        app = App(
            client=clients.steady, signing_secret=signing_secret, process_before_response=True
        )
    app.middleware(Deliveries(clock).middleware)
    app.error(_unforeseen)
    commands.register(app, desk)
    actions.register(app, desk)
    forms.register(app, desk)
    home.register(app, desk, Home(clients.steady, shelf, slash, source))
    return Bot(app, desk, channel)


@contextmanager
def _hushed(bolt: logging.Logger) -> Iterator[None]:
    """Bolt reads SLACK_BOT_TOKEN itself, and warns that the client it was given wins."""

    def nothing(_record: logging.LogRecord) -> bool:
        return False

    bolt.addFilter(nothing)  # its level is of no use: Bolt sets that anew
    try:
        yield
    finally:
        bolt.removeFilter(nothing)


def _unforeseen(error: Exception) -> BoltResponse:
    """A listener broke: the log has all of it, Slack nothing but a status."""
    logger.error("a listener broke", exc_info=error)
    return BoltResponse(status=500, body="")
