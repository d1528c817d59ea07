"""The bot over emulate's Web API: scopes, files, messages read back, the Home tab.

emulate knows neither slash commands nor response URLs, so the loopback Slack sends those.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.slack.app import build
from bot.slack.serving import http
from tests.slack import answers, engines, strict
from tests.slack.conftest import SHELF
from tests.slack.loopback import GRANTED, SECRET, Slack, running
from tests.thirdparty import places

# ruff: noqa: S310  # the addresses are our own

pytestmark = [
    pytest.mark.thirdparty,
    pytest.mark.timeout(90),
    pytest.mark.skipif(
        bool(places.missing(places.NODE, places.EMULATE)),
        reason=places.missing(places.NODE, places.EMULATE) or "",
    ),
]

TOKEN = "xoxb-flows"
READER = "xoxb-reader"
READS = "channels:read channels:history groups:read groups:history groups:write channels:manage"


@dataclass
class Emulate:
    """A running emulate; `api` asks it as the bot, or as somebody who reads along."""

    base: str

    def api(self, method: str, by: str = READER, **arguments: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.base}/api/{method}",
            urllib.parse.urlencode(arguments).encode(),
            {"Authorization": f"Bearer {by}"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return dict(json.load(response))

    def download(self, url: str) -> bytes:
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return bytes(response.read())

    def channel(self, name: str) -> str:
        found = self.api("conversations.list")["channels"]
        return str({channel["name"]: channel["id"] for channel in found}[name])

    def messages(self, channel: str) -> list[dict[str, Any]]:
        history = self.api("conversations.history", channel=channel)["messages"]
        return [message for message in history if message.get("blocks")]


@pytest.fixture(scope="module")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulate]:
    folder = tmp_path_factory.mktemp("emulate")
    tokens = {f"xoxb-without-{scope}": sorted(GRANTED - {scope}) for scope in GRANTED}
    seed = {
        "slack": {
            "strict_scopes": True,
            "team": {"name": "Example", "domain": "example"},
            "users": [
                {"name": name, "email": f"{name}@example.com"} for name in ("reader", "flows")
            ],
            "channels": [{"name": "network"}],
            "tokens": [
                {"token": TOKEN, "user": "flows", "scopes": sorted(GRANTED)},
                {"token": READER, "user": "reader", "scopes": READS.split()},
                *(
                    {"token": token, "user": "flows", "scopes": scopes}
                    for token, scopes in tokens.items()
                ),
            ],
        }
    }
    (folder / "seed.json").write_text(json.dumps(seed))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    script = str(places.EMULATE / "dist/index.js")
    options = ["--service", "slack", "--port", str(port), "--seed", "seed.json"]
    with (folder / "emulate.log").open("w") as log:
        command = [str(places.NODE), script, "start", *options]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for(port, folder / "emulate.log")
            yield Emulate(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def bot_over(emulate: Emulate, token: str = TOKEN) -> Iterator[Slack]:
    """The bot, and a loopback Slack that sends it commands."""
    with running() as sender:
        bot = build(
            ask=engines.quick,
            shelf=SHELF,
            png=answers.png,
            alt_text=answers.alt_text,
            source="demo",
            token=token,
            signing_secret=SECRET,
            zone=ZoneInfo("UTC"),
            base_url=f"{emulate.base}/api/",
            patience=30,
        )
        with http(bot.app, "127.0.0.1", 0) as sender.request_url:
            yield sender
        bot.desk.close()


def test_an_answer_with_its_chart_is_read_back(emulate: Emulate) -> None:
    channel = emulate.channel("network")
    before = len(emulate.messages(channel))
    with bot_over(emulate) as sender:
        assert sender.command("db-clients 5432 1h", channel=channel).status == 200
        sender.until(lambda: len(emulate.messages(channel)) > before)
    message = emulate.messages(channel)[0]
    assert "3 clients used PostgreSQL" in message["text"]
    strict.check(message["blocks"])
    [image] = [block for block in message["blocks"] if block["type"] == "image"]
    file = emulate.api("files.info", TOKEN, file=image["slack_file"]["id"])["file"]
    assert file["mimetype"] == "image/png"
    assert emulate.download(file["url_private"]) == answers.png(answers.bars(), answers.BERLIN)
    assert sender.told == []


@pytest.mark.parametrize(
    ("channel", "advice"),
    [("C0UNKNOWN", "`/invite @flows`"), ("archived", "`is_archived`")],
)
def test_where_slack_takes_no_message_the_asker_is_told(
    emulate: Emulate, channel: str, advice: str
) -> None:
    """emulate does not ask whether the bot is a member; the loopback Slack does."""
    if channel == "archived":
        channel = emulate.api("conversations.create", name="old")["channel"]["id"]
        assert emulate.api("conversations.archive", channel=channel)["ok"]
    with bot_over(emulate) as sender:
        sender.command("rejects", channel=channel)
        [told] = sender.until(lambda: sender.told)
    assert advice in told.words


@pytest.mark.parametrize("scope", ["files:write", "files:read"])
def test_without_a_scope_for_files_the_answer_is_whole(emulate: Emulate, scope: str) -> None:
    channel = emulate.channel("network")
    before = len(emulate.messages(channel))
    with bot_over(emulate, f"xoxb-without-{scope}") as sender:
        sender.command("db-clients 5432 1h", channel=channel)
        sender.until(lambda: len(emulate.messages(channel)) > before)
    words = strict.words(emulate.messages(channel)[0]["blocks"])
    assert "The chart is missing (Slack did not take it: missing_scope)" in words
    assert "10.0.1.2" in words


def test_without_the_scope_to_write_the_asker_is_told(emulate: Emulate) -> None:
    with bot_over(emulate, "xoxb-without-chat:write") as sender:
        sender.command("db-clients 5432 1h", channel=emulate.channel("network"))
        [told] = sender.until(lambda: sender.told)
    assert "missing_scope" in told.words
    assert "10.0.1.2" in told.words


def test_the_home_tab_is_taken(emulate: Emulate, caplog: pytest.LogCaptureFixture) -> None:
    found = emulate.api("users.list", TOKEN)["members"]
    members = {member["name"]: member["id"] for member in found}
    with bot_over(emulate) as sender:
        sender.open_home(members["reader"])
    assert "was not published" not in caplog.text


def _wait_for(port: int, log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"emulate did not start: {log.read_text()}")
