"""A pane of glass between the bot and local-slack.

local-slack takes every message and its page draws few kinds of blocks: not an image that is a
`slack_file`, no table, no rich text, and it shows `&lt;` where Slack shows `<`. The glass passes
every call on as it is, except that it writes those in what the page does draw: an image by address,
and lines of text in a fixed-width font. What goes through a response URL does not pass the glass.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.slack import strict

# ruff: noqa: S310  # the addresses are our own

Json = dict[str, Any]


class Glass(ThreadingHTTPServer):
    """Serves /api/METHOD by asking `behind`; `complaints` are broken rules of Block Kit."""

    daemon_threads = True

    def __init__(self, behind: str, token: str) -> None:
        super().__init__(("127.0.0.1", 0), Pane)
        self.behind = behind
        self.token = token
        self.complaints: list[str] = []

    def address(self, file: str) -> str:
        """Where the page can fetch an uploaded file."""
        request = urllib.request.Request(
            f"{self.behind}/api/files.info",
            urllib.parse.urlencode({"file": file}).encode(),
            {"Authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return str(json.load(response)["file"]["permalink"])

    def drawn(self, block: Json) -> list[Json]:
        """The block in kinds that the page draws."""
        if block["type"] == "image":
            url = self.address(block["slack_file"]["id"])
            return [{"type": "image", "image_url": url, "alt_text": block["alt_text"]}]
        if block["type"] == "table":
            return [fixed(aligned(block))]
        if block["type"] == "rich_text":
            return [fixed(block["elements"][0]["elements"][0]["text"])]
        return [plainly(block)]

    def seen(self, body: Json) -> Json:
        """A message or view as the page shall see it."""
        if body.get("view"):
            return {**body, "view": self.seen(body["view"])}
        blocks = body.get("blocks")
        if not blocks:
            return body
        try:
            strict.check(blocks, 100 if body.get("type") == "home" else 50)
        except strict.Invalid as error:
            self.complaints.append(str(error))
        return {**body, "blocks": [drawn for block in blocks for drawn in self.drawn(block)]}


class Pane(BaseHTTPRequestHandler):
    server: Glass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            body = json.dumps(self.server.seen(json.loads(body or b"{}"))).encode()
        headers = {"Content-Type": kind, "Authorization": self.headers.get("Authorization", "")}
        request = urllib.request.Request(self.server.behind + self.path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, answer = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def plainly(block: Json) -> Json:
    """The block with its entities written out, but for those that would make a mention."""
    text = json.dumps(block)
    for entity, sign in (("&lt;(?![@#!h])", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = re.sub(entity, sign, text)
    return dict(json.loads(text))


def fixed(text: str) -> Json:
    """Lines of inline code whose spaces the page does not run together."""
    lines = [line.replace("`", "'").replace(" ", "\u00a0") for line in text.split("\n")]
    shown = "\n".join(f"`{line}`" for line in lines if line)
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown}}


def aligned(block: Json) -> str:
    """The rows of a table block as one text, columns lined up as the block asks."""
    rows = [[cell["text"].replace("\u2009", " ") for cell in row] for row in block["rows"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    right = [setting["align"] == "right" for setting in block["column_settings"]]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        )
        for row in rows
    )


@contextmanager
def glass(behind: str, token: str) -> Iterator[Glass]:
    """The pane in front of a local-slack, while the context lasts."""
    server = Glass(behind, token)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
