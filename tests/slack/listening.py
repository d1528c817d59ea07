"""HTTP in front of the loopback workspace."""

# ruff: noqa: N815  # the handler has methods of the standard library's names

from __future__ import annotations

import json
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.slack.workspace import Json, Refused


class Server(ThreadingHTTPServer):
    """HTTP in front of a `Slack`."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, slack: Any) -> None:
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
