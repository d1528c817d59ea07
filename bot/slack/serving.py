"""Listening to Slack until the process is asked to end."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from cheroot.wsgi import Server
from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.model.errors import BadSettings
from bot.slack.app import Bot
from bot.slack.clients import CALL_ERRORS, problem

PATH = "/slack/events"
THREADS = 8  # they only acknowledge
BACKLOG = 512  # connections the kernel holds for us; with cheroot's 5 a burst is reset
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
    handler = SlackRequestHandler(app, PATH)
    server = Server((host, port), handler, numthreads=THREADS, request_queue_size=BACKLOG)
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
    client = PromptClient(app_token, app.logger, web_client=app.client)

    def handle(_client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        send_response(client, request, run_bolt_app(app, request), began)

    client.socket_mode_request_listeners.append(handle)
    try:
        client.connect()
        yield "Socket Mode"
    except SlackApiError as error:
        raise BadSettings(
            f"Slack does not accept the app-level token: {problem(error)}",
            hint="Set SLACK_APP_TOKEN to a token (xapp-…) with the scope connections:write.",
        ) from None
    except CALL_ERRORS as error:
        raise BadSettings(f"Slack cannot be reached: {error}", hint="Check the network.") from None
    finally:
        client.close()


class PromptClient(SocketModeClient):
    """Leaves a connection at once, also when Slack asks for that, several times a day.

    The client of the SDK goes on waiting for words from the old connection, up to three seconds:
    the very time in which a command that comes over the new one must be acknowledged.
    """

    def connect(self) -> None:
        super().connect()
        session = self.current_session
        if session is None:
            return
        close = session.close

        def close_at_once() -> None:
            with suppress(OSError):
                if session.sock is not None:
                    session.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
            close()

        session.close = close_at_once  # type: ignore[method-assign]


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
