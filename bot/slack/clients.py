"""Web API clients that differ in what they try again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from http.client import RemoteDisconnected
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry import HttpRequest, HttpResponse, RetryHandler, RetryState

from bot.model.errors import BadSettings

TIMEOUT = 10  # seconds for one call
LIMIT_RETRIES = 8
DOUBT_RETRIES = 2
LONGEST_WAIT = 60  # seconds that one Retry-After is obeyed at most

Sleep = Callable[[float], None]

# What a failed call raises: an answer that says no, or no usable answer at all.
CALL_ERRORS = (SlackClientError, OSError)


class WaitsByArgument(RetryHandler):
    """Waits between attempts by a function that is handed in; the SDK's handlers just sleep."""

    def __init__(self, sleep: Sleep, retries: int) -> None:
        super().__init__(max_retry_count=retries)
        self._sleep = sleep

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        state.next_attempt_requested = True
        self._sleep(self._pause(state, response))
        state.increment_current_attempt()

    def _pause(self, state: RetryState, response: HttpResponse | None) -> float:
        return float(self.interval_calculator.calculate_sleep_duration(state.current_attempt))


class WhenLimited(WaitsByArgument):
    """After 429, waits as long as Retry-After says, and a little more by chance."""

    def _can_retry(self, *, response: HttpResponse | None = None, **_: object) -> bool:
        return response is not None and response.status_code == 429

    def _pause(self, state: RetryState, response: HttpResponse | None) -> float:
        return min(_retry_after(response), LONGEST_WAIT) + random.random() / 4  # noqa: S311


class WhenInDoubt(WaitsByArgument):
    """After a server error or a lost connection: Slack may have done it, or not."""

    def _can_retry(
        self,
        *,
        response: HttpResponse | None = None,
        error: Exception | None = None,
        **_: object,
    ) -> bool:
        if response is not None:
            return response.status_code >= 500
        return isinstance(error, URLError | ConnectionError | RemoteDisconnected)


@dataclass(frozen=True, slots=True)
class Clients:
    """`steady` for calls that may be repeated: rate limits, server errors, lost connections.

    `once` waits for rate limits only: a `chat.postMessage` repeated after a lost reply would post
    twice. `brief` never tries again: progress that cannot be shown now is not worth showing later.
    """

    steady: WebClient
    once: WebClient
    brief: WebClient


def open_clients(token: str, base_url: str, sleep: Sleep) -> Clients:
    """Clients for one workspace. `base_url` is the address of the Web API."""
    address = base_url.rstrip("/") + "/"  # the SDK puts the method right behind it
    limited, doubtful = when_limited(sleep), WhenInDoubt(sleep, DOUBT_RETRIES)

    def client(handlers: list[RetryHandler]) -> WebClient:
        return WebClient(token, base_url=address, timeout=TIMEOUT, retry_handlers=handlers)

    return Clients(client([limited, doubtful]), client([limited]), client([]))


def when_limited(sleep: Sleep) -> WhenLimited:
    return WhenLimited(sleep, LIMIT_RETRIES)


def bot_name(client: WebClient) -> str:
    """The bot's name in its workspace. Raises `BadSettings` when Slack does not take the token."""
    try:
        return str(client.auth_test()["user"])
    except SlackApiError as error:
        raise BadSettings(
            f"Slack does not accept the bot token: {problem(error)}",
            hint="Set SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-…) of the installed app.",
        ) from None
    except CALL_ERRORS as error:
        raise BadSettings(
            f"Slack cannot be reached: {error}", where=client.base_url, hint="Check the network."
        ) from None


def problem(error: Exception) -> str:
    """The name Slack gives to what was wrong (`not_in_channel`), or the kind of failure."""
    if isinstance(error, SlackApiError):
        response = error.response
        if hasattr(response, "get"):
            return str(response.get("error") or f"status {response.status_code}")
    return type(error).__name__


def _retry_after(response: HttpResponse | None) -> float:
    headers = response.headers if response else {}
    for name, values in headers.items():
        if name.lower() == "retry-after":
            value = values[0] if isinstance(values, list) else values
            return float(value) if str(value).isdigit() else 1.0
    return 1.0
