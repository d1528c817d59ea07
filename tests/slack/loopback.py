"""A Slack of our own on the loopback interface, which is as strict as the real one.

It is a workspace with channels, people, files and response URLs behind a real HTTP server; it
sends signed requests (or Socket Mode envelopes) to the bot and refuses what Slack refuses: missing
scopes, blocks that break a rule, files used before they are processed, response URLs used up,
conversations the bot is not in. `fail` makes any method misbehave.
"""

# ruff: noqa: N802, N815, S310  # methods are named as Slack names them; addresses are our own

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.slack import strict

TOKEN = "xoxb-loopback"
APP_TOKEN = "xapp-loopback"
SECRET = "loopback-signing-secret"
BOT = "U0BOT"
ACKNOWLEDGE_WITHIN = 3.0  # seconds

Json = dict[str, Any]

SCOPES = {  # the scope each method needs; "" for none
    "auth.test": "",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "conversations.history": "channels:history",
    "conversations.list": "channels:read",
    "conversations.replies": "channels:history",
    "views.publish": "",
    "apps.connections.open": "connections:write",
}
# What one method needs besides, in conversations that are not public.
ELSEWHERE = frozenset("groups:history groups:read im:history".split())
GRANTED = ELSEWHERE | frozenset(
    "channels:history channels:read commands chat:write files:write files:read users:read".split()
)


class Refused(Exception):
    """An `ok: false` answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}


@dataclass
class Fault:
    """One misbehaviour of one method."""

    kind: str  # an error name, "500", "429", "drop" (works, and the reply is lost), "html"
    times: int
    retry_after: int = 1


@dataclass
class File:
    name: str
    alt: str
    content: bytes = b""
    complete: bool = False
    looks_left: int = 0  # how many more files.info it takes until Slack has processed it


@dataclass
class Hook:
    """A response URL."""

    channel: str
    user: str
    made: float
    uses: int = 0


@dataclass
class Told:
    """Something only one person sees."""

    user: str
    text: str
    blocks: list[Json]
    by: str  # "ack", "response_url" or "ephemeral"

    @property
    def words(self) -> str:
        return f"{self.text}\n{strict.words(self.blocks)}"


@dataclass
class Delivery:
    """A request sent to the bot, and what came back."""

    status: int
    body: str
    seconds: float


@dataclass
class Slack:
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

    # -- sending --------------------------------------------------------------------------------

    def command(
        self, text: str, user: str = "U1", channel: str = "C1", trigger: str | None = None
    ) -> Delivery:
        """Somebody types the slash command."""
        form = {
            "command": "/flows",
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": channel,
            "team_id": "T1",
            "api_app_id": "A1",
            "response_url": self.hook(channel, user),
            "trigger_id": trigger or self.serial("trigger"),
        }
        delivery = self.send(form, "slash_commands")
        self._acknowledged(delivery, user)
        return delivery

    def press(
        self, button: Json, user: str = "U1", channel: str | None = "C1", trigger: str | None = None
    ) -> Delivery:
        """Somebody presses a button; on the Home tab `channel` is None."""
        action = {"type": "button", "text": button["text"]}
        action |= {"value": button["value"]} if "value" in button else {}
        return self._act(action | {"action_id": button["action_id"]}, user, channel, trigger)

    def choose(self, menu: Json, number: int, user: str = "U1", channel: str = "C1") -> Delivery:
        """Somebody chooses an option of a menu."""
        action = {"type": "static_select", "selected_option": menu["options"][number]}
        return self._act(action | {"action_id": menu["action_id"]}, user, channel, None)

    def _act(self, action: Json, user: str, channel: str | None, trigger: str | None) -> Delivery:
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1", "domain": "loopback"},
            "api_app_id": "A1",
            "trigger_id": trigger or self.serial("trigger"),
            "actions": [{"block_id": "b", "action_ts": f"{time.time():.6f}"} | action],
            "container": {"type": "message" if channel else "view"},
        }
        if channel:
            payload |= {
                "channel": {"id": channel, "name": "here"},
                "response_url": self.hook(channel, user),
            }
        return self.send(payload, "interactive")

    def open_home(
        self, user: str = "U1", tab: str = "home", event_id: str | None = None, retry: int = 0
    ) -> Delivery:
        """Somebody opens the app's Home (or Messages) tab."""
        payload = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": event_id or self.serial("Ev"),
            "event_time": int(time.time()),
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
            "event": {"type": "app_home_opened", "user": user, "channel": "D1", "tab": tab},
        }
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        return self.send(payload, "events_api", headers if retry else {})

    def send(self, payload: Json, kind: str, headers: dict[str, str] | None = None) -> Delivery:
        """Deliver to the bot: over a socket when one is open, else as a signed request."""
        if self.sockets:
            return self.sockets[-1].deliver(payload, kind)
        if kind == "events_api":
            body, content = json.dumps(payload), "application/json"
        else:
            form = {"payload": json.dumps(payload)} if kind == "interactive" else payload
            body, content = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        return self.post(body, signed(body) | {"Content-Type": content} | (headers or {}))

    def post(self, body: str, headers: dict[str, str]) -> Delivery:
        """One HTTP request to the bot, whatever its headers claim."""
        request = urllib.request.Request(self.request_url, body.encode(), headers, method="POST")
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return Delivery(status, text, time.monotonic() - began)

    def hook(self, channel: str, user: str) -> str:
        with self.lock:
            name = self.serial("hook")
            self.hooks[name] = Hook(channel, user, self.clock())
            return f"{self.base}/hook/{name}"

    def serial(self, prefix: str) -> str:
        return f"{prefix}{next(self._serial)}"

    def _acknowledged(self, delivery: Delivery, user: str) -> None:
        if delivery.status != 200 or delivery.seconds > ACKNOWLEDGE_WITHIN:
            self.note_told(Told(user, "operation_timeout", [], "slack"))
        elif delivery.body:
            body = json.loads(delivery.body)
            self.check_message(body)
            self.note_told(Told(user, body.get("text", ""), body.get("blocks") or [], "ack"))

    def note_told(self, told: Told) -> None:
        with self.changed:
            self.told.append(told)
            self.changed.notify_all()

    # -- answering ------------------------------------------------------------------------------

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

    def _conversation(self, channel: str) -> str:
        if channel.startswith("U"):
            return {"U1": "D1"}.get(channel, f"D{channel}")
        members = self.channels.get(channel)
        if members is None:
            raise Refused("channel_not_found")
        if BOT not in members:
            raise Refused("not_in_channel")
        return channel

    def _auth_test(self, _: Json) -> Json:
        return {
            "url": "https://loopback.slack.com/",
            "team": "Loopback",
            "user": "flows",
            "team_id": "T1",
            "user_id": BOT,
            "bot_id": "B1",
        }

    def _chat_postMessage(self, arguments: Json) -> Json:
        channel = self._conversation(arguments["channel"])
        blocks = self.check_message(arguments)
        if arguments.get("unfurl_links") or arguments.get("link_names"):
            self.complaints.append("links are unfurled or names linked")
        ts = f"{1_700_000_000 + next(self._serial)}.000100"
        self.messages[channel, ts] = {
            "ts": ts,
            "text": arguments.get("text", ""),
            "blocks": blocks,
            "edits": 0,
            "metadata": _metadata(arguments),
            "thread_ts": arguments.get("thread_ts"),
        }
        return {"channel": channel, "ts": ts}

    def _chat_update(self, arguments: Json) -> Json:
        message = self.messages.get((arguments["channel"], arguments["ts"]))
        if message is None:
            raise Refused("message_not_found")
        blocks = self.check_message(arguments)
        message |= {
            "text": arguments.get("text", ""),
            "blocks": blocks,
            "edits": message["edits"] + 1,
        }
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _conversations_history(self, arguments: Json) -> Json:
        channel, oldest = self._conversation(arguments["channel"]), arguments.get("oldest", "0")
        found = [m for m in self.in_channel(channel) if not m["thread_ts"]]
        return self._page([m for m in reversed(found) if float(m["ts"]) > float(oldest)], arguments)

    def _conversations_replies(self, arguments: Json) -> Json:
        channel, ts = self._conversation(arguments["channel"]), arguments["ts"]
        if (channel, ts) not in self.messages:
            raise Refused("thread_not_found")
        found = [m for m in self.in_channel(channel) if ts in (m["ts"], m["thread_ts"])]
        return self._page(found, arguments)

    def _conversations_list(self, arguments: Json) -> Json:
        found = [
            {"id": channel, "name": f"net-{channel.lower()}", "is_member": BOT in members}
            for channel, members in self.channels.items()
            if channel.startswith("C")
        ]
        return self._page(found, arguments, "channels")

    def _page(self, found: list[Json], arguments: Json, name: str = "messages") -> Json:
        """Two at a time, whatever the limit: callers must follow the cursor."""
        if name == "messages" and str(arguments.get("include_all_metadata", "")).lower() not in (
            "1",
            "true",
        ):
            found = [{k: v for k, v in one.items() if k != "metadata"} for one in found]
        start = int(arguments.get("cursor") or 0)
        after = str(start + 2) if start + 2 < len(found) else ""
        return {name: found[start : start + 2], "response_metadata": {"next_cursor": after}}

    def _chat_delete(self, arguments: Json) -> Json:
        message = self.messages.pop((arguments["channel"], arguments["ts"]), None)
        if message is None:
            raise Refused("message_not_found")
        self.deleted.append(message)
        return {}

    def _chat_postEphemeral(self, arguments: Json) -> Json:
        channel = self._conversation(arguments["channel"])
        if arguments["user"] not in self.channels[channel]:
            raise Refused("user_not_in_channel")
        self._tell(arguments["user"], arguments, "ephemeral")
        return {"message_ts": "1.1"}

    def _tell(self, user: str, arguments: Json, by: str) -> None:
        blocks = self.check_message(arguments)
        if any(block["type"] == "image" for block in blocks):
            raise Refused("invalid_blocks", errors=["files cannot be shared in an ephemeral"])
        self.note_told(Told(user, arguments.get("text", ""), blocks, by))

    def _users_info(self, arguments: Json) -> Json:
        user = arguments["user"]
        return {"user": {"id": user, "name": user.lower(), "tz": self.zones.get(user)}}

    def _views_publish(self, arguments: Json) -> Json:
        view = arguments["view"]
        view = json.loads(view) if isinstance(view, str) else view
        if set(view) != {"type", "blocks"} or view["type"] != "home":
            raise Refused("invalid_arguments")
        self.homes[arguments["user_id"]] = self.check_message({**view, "text": "home"}, 100)
        return {"view": {"id": "V1"}}

    def _files_getUploadURLExternal(self, arguments: Json) -> Json:
        name = self.serial("F")
        self.files[name] = File(arguments["filename"], arguments.get("alt_txt") or "")
        return {"file_id": name, "upload_url": f"{self.base}/upload/{name}"}

    def _files_completeUploadExternal(self, arguments: Json) -> Json:
        files = arguments["files"]
        files = json.loads(files) if isinstance(files, str) else files
        if arguments.get("channel_id") or arguments.get("channels"):
            self.complaints.append("a chart was shared as a file of its own")
        for one in files:
            file = self.files[one["id"]]
            if not file.content:
                raise Refused("file_not_found")
            file.complete, file.looks_left = True, self.looks
        return {"files": [{"id": one["id"], "title": one.get("title")} for one in files]}

    def _files_info(self, arguments: Json) -> Json:
        file = self.files.get(arguments["file"])
        if file is None or not file.complete:
            raise Refused("file_not_found")
        file.looks_left = max(0, file.looks_left - 1)
        kind = "" if file.looks_left else "image/png"
        return {"file": {"id": arguments["file"], "name": file.name, "mimetype": kind}}

    def _apps_connections_open(self, _: Json) -> Json:
        return {"url": self.socket_url}

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


def _metadata(arguments: Json) -> Json | None:
    metadata = arguments.get("metadata")
    return json.loads(metadata) if isinstance(metadata, str) else metadata


def signed(body: str, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers by which Slack signs a request."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


class Server(ThreadingHTTPServer):
    """HTTP in front of a `Slack`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, slack: Slack) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.slack = slack


class Handler(BaseHTTPRequestHandler):
    """/api/METHOD, /upload/FILE and /hook/NAME."""

    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, kind, name = self.path.split("/", 2)
        if kind == "upload":
            self.server.slack.files[name].content = body
            self._reply(200, "OK")
        elif kind == "hook":
            self._hook(name, json.loads(body))
        else:
            self._api(name, body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def _hook(self, name: str, body: Json) -> None:
        fault = self.server.slack.fault("response_url")
        if fault:
            self._reply(int(fault.kind), "fault", {"Retry-After": str(fault.retry_after)})
        else:
            self._reply(*self.server.slack.respond(name, body))

    def _api(self, target: str, body: bytes) -> None:
        slack, url = self.server.slack, urllib.parse.urlsplit(target)
        method = url.path
        arguments = self._arguments(url.query, body)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        fault = slack.fault(method)
        wait = slack.limited(method, arguments)
        if wait is not None or (fault and fault.kind == "429"):
            seconds = wait if wait is not None else fault.retry_after if fault else 1
            self._json({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})
        elif fault and fault.kind == "500":
            self._reply(500, "oops")
        elif fault and fault.kind == "html":
            self._reply(200, "<html>a proxy says hello</html>")
        elif fault and fault.kind != "drop":
            self._json({"ok": False, "error": fault.kind})
        else:
            self._answer(method, token, arguments, lost=fault is not None)

    def _answer(self, method: str, token: str, arguments: Json, *, lost: bool) -> None:
        slack = self.server.slack
        try:
            answer = slack.api(method, token, arguments)
        except Refused as refused:
            answer = refused.body
        if lost:
            self.close_connection = True  # it happened, and nobody hears of it
        else:
            self._json(answer)
        with slack.changed:
            slack.changed.notify_all()

    def _arguments(self, query: str, body: bytes) -> Json:
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return dict(json.loads(body or b"{}"))
        return dict(urllib.parse.parse_qsl(query)) | dict(urllib.parse.parse_qsl(body.decode()))

    def _json(self, body: Json, status: int = 200, headers: dict[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/json; charset=utf-8"}
        self._reply(status, json.dumps(body), kind | (headers or {}))

    def _reply(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


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
