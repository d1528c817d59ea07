"""Listening to Slack until the process is asked to end."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from cheroot.wsgi import Server
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.errors import SlackApiError

from bot.model.errors import BadSettings
from bot.slack.app import Bot
from bot.slack.clients import CALL_ERRORS, problem

PATH = "/slack/events"
THREADS = 8  # they only acknowledge
MOST_HEADER = 64 * 1024
MOST_BODY = 1024 * 1024  # Slack's largest payloads are far smaller
GRACE = 20.0  # seconds for telling people at the end; orchestrators kill after thirty

logger = logging.getLogger(__name__)


def serve(bot: Bot, *, app_token: str | None, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: by Socket Mode with an app-level token, else by signed HTTP.

    Then running queries are stopped and their askers told. A second signal ends at once.
    """
    end = threading.Event()
    with _signals(end):
        listening = socket_mode(bot.app, app_token) if app_token else http(bot.app, host, port)
        with listening as where:
            logger.info("%s listens: %s", bot.desk.slash, where)
            end.wait()
        logger.info("ending: running questions are stopped, their askers told")
        close(bot, GRACE)


def close(bot: Bot, grace: float) -> bool:
    """Close the desk, waiting at most `grace` seconds. Returns whether everybody was told."""
    closing = threading.Thread(target=bot.desk.close, name="closing", daemon=True)
    closing.start()
    closing.join(grace)
    if closing.is_alive():
        logger.warning("not everybody could be told within %s s", grace)
    return not closing.is_alive()


@contextmanager
def http(app: App, host: str, port: int) -> Iterator[str]:
    """Signed requests on `host`:`port` (0 chooses a port), while the context lasts. Yields the URL.

    Raises `BadSettings` when the address cannot be listened on.
    """
    server = Server((host, port), SlackRequestHandler(app, PATH), numthreads=THREADS)
    server.expiration_interval = 0.1  # how long it may take to notice that it shall stop
    server.max_request_header_size = MOST_HEADER
    server.max_request_body_size = MOST_BODY
    server.error_log = _log_server_error  # type: ignore[method-assign]
    try:
        server.prepare()
    except OSError as error:
        raise BadSettings(
            f"cannot listen on {host}:{port}: {error}",
            hint="Set FLOWS_HTTP_HOST and FLOWS_HTTP_PORT.",
        ) from None
    thread = threading.Thread(target=server.serve, name="http")
    thread.start()
    try:
        yield f"http://{host}:{server.bind_addr[1]}{PATH}"
    finally:
        server.stop()
        thread.join()


@contextmanager
def socket_mode(app: App, app_token: str) -> Iterator[str]:
    """A Socket Mode connection, renewed whenever Slack asks, while the context lasts.

    Raises `BadSettings` when Slack does not accept the token.
    """
    handler = SocketModeHandler(app, app_token)
    try:
        handler.client.connect()
    except SlackApiError as error:
        handler.client.close()
        raise BadSettings(
            f"Slack does not accept the app-level token: {problem(error)}",
            hint="Set SLACK_APP_TOKEN to a token (xapp-…) with the scope connections:write.",
        ) from None
    except CALL_ERRORS as error:
        handler.client.close()
        raise BadSettings(f"Slack cannot be reached: {error}", hint="Check the network.") from None
    try:
        yield "Socket Mode"
    finally:
        handler.client.close()


@contextmanager
def _signals(end: threading.Event) -> Iterator[None]:
    """Let the first SIGTERM or SIGINT set `end`; the handlers from before take the second."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ended(_number: int, _frame: FrameType | None) -> None:
        restore()
        end.set()

    for number in before:
        signal.signal(number, ended)
    try:
        yield
    finally:
        restore()


def _log_server_error(msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
    logger.log(level, "%s", msg, exc_info=traceback)
