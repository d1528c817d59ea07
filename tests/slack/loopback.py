"""A Slack of our own on the loopback interface, which is as strict as the real one.

It is a workspace with channels, people, files and response URLs behind a real HTTP server; it
sends signed requests (or Socket Mode envelopes) to the bot and refuses what Slack refuses: missing
scopes, blocks that break a rule, files used before they are processed, response URLs used up,
conversations the bot is not in. `fail` makes any method misbehave.
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.slack import strict
from tests.slack.listening import Server
from tests.slack.methods import Methods
from tests.slack.persons import Persons, signed
from tests.slack.workspace import (
    APP_TOKEN,
    BOT,
    ELSEWHERE,
    GRANTED,
    SCOPES,
    SECRET,
    TOKEN,
    Delivery,
    Fault,
    File,
    Form,
    Hook,
    Json,
    Refused,
    Told,
)

__all__ = [
    "APP_TOKEN",
    "ELSEWHERE",
    "GRANTED",
    "SCOPES",
    "SECRET",
    "TOKEN",
    "Delivery",
    "Json",
    "Slack",
    "running",
    "signed",
]


@dataclass
class Slack(Persons, Methods):
    """The workspace. Start it with `with running() as slack`."""

    base: str = ""
    clock: Callable[[], float] = time.monotonic
    scopes: frozenset[str] = GRANTED
    zones: dict[str, str | None] = field(default_factory=lambda: {"U1": "Europe/Berlin"})
    channels: dict[str, set[str]] = field(
        default_factory=lambda: {"C1": {BOT, "U1", "U2"}, "C2": {"U1"}, "D1": {BOT, "U1"}}
    )
    looks: int = 1  # files.info calls until a new file is processed
    per_second: int | None = None  # chat.postMessage a second and channel
    request_url: str = ""

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.calls: list[tuple[str, Json]] = []
        self.messages: dict[tuple[str, str], Json] = {}
        self.deleted: list[Json] = []
        self.told: list[Told] = []
        self.forms: dict[str, Form] = {}  # those that are open, by whom they are in front of
        self.triggers: dict[str, tuple[float, str]] = {}  # when each was issued, and to whom
        self.homes: dict[str, list[Json]] = {}
        self.files: dict[str, File] = {}
        self.hooks: dict[str, Hook] = {}
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.complaints: list[str] = []  # what a strict reader would object to
        self.sent: dict[str, deque[float]] = defaultdict(deque)
        self.sockets: list[Any] = []
        self.socket_url = ""
        self._serial = itertools.count(1)

    # -- looking --------------------------------------------------------------------------------

    def fail(self, method: str, kind: str, times: int = 1, retry_after: int = 1) -> None:
        """Let the next calls of a method go wrong."""
        self.faults[method].append(Fault(kind, times, retry_after))

    def until(self, true: Callable[[], Any], seconds: float = 10) -> Any:
        """Wait until something holds; fails with what there is to see when it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with self.changed:
                if true():
                    return true()
                self.changed.wait(0.02)  # what a test watches may change without a call to us
        raise AssertionError(
            f"waited {seconds} s in vain\ncalls: {[m for m, _ in self.calls]}\n"
            f"told: {[t.words for t in self.told]}\ncomplaints: {self.complaints}"
        )

    def in_channel(self, channel: str = "C1") -> list[Json]:
        """The messages that stand in a conversation, oldest first."""
        with self.lock:
            return [m for (c, _), m in sorted(self.messages.items()) if c == channel]

    def called(self, method: str) -> list[Json]:
        """What a method was called with, in order."""
        with self.lock:
            return [arguments for name, arguments in self.calls if name == method]

    # -- answering

    def api(self, method: str, token: str, arguments: Json) -> Json:
        """One Web API call. Raises `Refused`."""
        with self.changed:
            self.calls.append((method, arguments))
            self.changed.notify_all()
            self._authorize(method, token)
            answer = getattr(self, "_" + method.replace(".", "_"))(arguments)
            return {"ok": True, **answer}

    def _authorize(self, method: str, token: str) -> None:
        if method not in SCOPES:
            raise Refused("unknown_method", req_method=method)
        if token != (APP_TOKEN if method == "apps.connections.open" else TOKEN):
            raise Refused("invalid_auth")
        needed = SCOPES[method]
        if needed and needed not in self.scopes | {"connections:write"}:
            raise Refused("missing_scope", needed=needed, provided=",".join(sorted(self.scopes)))

    def check_message(self, arguments: Json, most: int = 50) -> list[Json]:
        """The blocks of a message, or `Refused`."""
        blocks = arguments.get("blocks") or []
        blocks = json.loads(blocks) if isinstance(blocks, str) else blocks
        text = arguments.get("text", "")
        if not text and not blocks:
            raise Refused("no_text")
        try:
            strict.check(blocks, most)
            strict.need(len(text) <= 40_000, "text too long")
            strict.mrkdwn_is_safe(text, "text")
        except strict.Invalid as error:
            self.complaints.append(str(error))
            raise Refused("invalid_blocks", errors=[str(error)]) from None
        if blocks and not text:
            self.complaints.append("blocks without a text for notifications")
        for n, block in enumerate(blocks):
            file = self.files.get(block["slack_file"]["id"]) if block["type"] == "image" else None
            if block["type"] == "image" and (not file or not file.complete or file.looks_left):
                where = f"invalid slack file [json-pointer:/blocks/{n}/slack_file/id]"
                raise Refused("invalid_blocks", errors=[where])
        return list(blocks)

    def respond(self, name: str, body: Json) -> tuple[int, str]:
        """A use of a response URL."""
        with self.changed:
            hook = self.hooks[name]
            age = self.clock() - hook.made
            if age > 30 * 60:
                return 404, "expired_url"
            hook.uses += 1
            if hook.uses > 5:
                return 404, "used_url"
            if body.get("response_type") != "ephemeral" or body.get("replace_original"):
                self.complaints.append("a response that others see, or that replaces a message")
            try:
                self._tell(hook.user, body, "response_url")
            except Refused as refused:
                return 400, refused.body["error"]
            return 200, "ok"

    def limited(self, method: str, arguments: Json) -> int | None:
        """Seconds until a call may be repeated, when it came too soon after others."""
        if method != "chat.postMessage" or self.per_second is None:
            return None
        with self.lock:
            now, recent = time.monotonic(), self.sent[arguments["channel"]]
            while recent and now - recent[0] >= 1:
                recent.popleft()
            if len(recent) >= self.per_second:
                return 1
            recent.append(now)
            return None

    def fault(self, method: str) -> Fault | None:
        with self.lock:
            for fault in self.faults[method]:
                if fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


@contextmanager
def running(**options: Any) -> Iterator[Slack]:
    """A workspace, while the context lasts."""
    slack = Slack(**options)
    server = Server(slack)
    slack.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield slack
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
