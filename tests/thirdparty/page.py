"""`flows serve` in front of local-slack, and a person at its page: end to end, with screenshots.

`python -m tests.thirdparty.page --out DIR` writes the screenshots to DIR and prints as JSON what
was seen. Everything runs in a network namespace of its own; nothing listens outside it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.thirdparty import places
from tests.thirdparty.glass import glass

PORT = 3100
HTTP_PORT = 3200
REQUEST_URL = f"http://127.0.0.1:{HTTP_PORT}/slack/events"
BASE = f"http://127.0.0.1:{PORT}"
BOT_TOKEN, APP_TOKEN, SECRET = "xoxb-page", "xapp-page", "page-secret"

# What is done at the page, and seen under which name; `--steps FILE` does something else.
STEPS: list[list[Any]] = [
    ["goTo", "network"],
    ["type", "/flows db-clients 5432 1h"],
    ["wait", "talked to port 5432"],
    ["picture", None],
    ["pause", 500],
    ["shoot", "db-clients.png"],
    ["shootLast", "db-clients-message.png"],
    ["read", "db-clients"],
    ["press", "Ask again"],
    ["pause", 4000],
    ["read", "again"],
    ["type", "/flows rejects 1h"],
    ["wait", "rejected"],
    ["pause", 6000],
    ["picture", None],
    ["shootLast", "rejects-message.png"],
    ["read", "rejects"],
    ["type", "/flows rejets 1h"],
    ["wait", "Did you mean"],
    ["shoot", "mistyped.png"],
    ["read", "mistyped"],
    ["type", "/flows help"],
    ["wait", "Only you"],
    ["pause", 2000],
    ["shoot", "help.png"],
    ["read", "help"],
    ["goTo", "🏠"],
    ["pause", 1500],
    ["shoot", "home.png"],
    ["read", "home"],
]


def config(mode: str) -> dict[str, Any]:
    return {
        "workspace": {"name": "Example", "domain": "example", "teamId": "T01TEST"},
        "apps": [
            {
                "appId": "A01APP",
                "botUserId": "U0BOT",
                "botName": "flows",
                "botToken": BOT_TOKEN,
                "appToken": APP_TOKEN,
                "signingSecret": SECRET,
                "mode": mode,
            }
            | (
                {"requestUrl": f"http://127.0.0.1:{HTTP_PORT}/slack/events"}
                if mode == "events"
                else {}
            )
        ],
        "users": [
            {"id": "U1", "name": "on-call", "real_name": "On-call", "tz": "Europe/Berlin"},
            {"id": "U2", "name": "network-team", "real_name": "Network team", "tz": "Asia/Tokyo"},
        ],
        "channels": [
            {"id": "C1", "name": "network", "members": ["U1", "U2", "U0BOT"]},
        ],
    }


@contextmanager
def local_slack(folder: Path, mode: str) -> Iterator[None]:
    """local-slack on port `PORT`, while the context lasts."""
    (folder / "config.json").write_text(json.dumps(config(mode)))
    options = {"--config": "config.json", "--port": str(PORT), "--base-host": "127.0.0.1"}
    command = [str(places.LOCAL_SLACK), *(word for pair in options.items() for word in pair)]
    with (folder / "local-slack.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            until(lambda: listening(PORT), "local-slack does not listen")
            yield
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def serving(folder: Path, api: str, mode: str, source: str) -> Iterator[dict[str, Any]]:
    """`flows serve`, ended by SIGTERM; the yielded dictionary then has its exit code and log."""
    settings = {
        "FLOWS_SOURCE": source,
        "FLOWS_CACHE": str(folder / "cache"),  # a demo made now, as on a first day
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "FLOWS_SLACK_API": api,
        "FLOWS_HTTP_PORT": str(HTTP_PORT),
    }
    settings |= (
        {"SLACK_APP_TOKEN": APP_TOKEN} if mode == "socket" else {"SLACK_SIGNING_SECRET": SECRET}
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FLOWS_", "SLACK_"))}
    ended: dict[str, Any] = {}
    with (folder / "flows.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve"],
            cwd=places.ROOT,
            env=environment | settings,
            stdout=log,
            stderr=log,
        )
        try:
            until(
                lambda: " listens: " in (folder / "flows.log").read_text(), "flows does not listen"
            )
            yield ended
        finally:
            process.send_signal(signal.SIGTERM)
            ended["exit"] = process.wait(40)
            ended["log"] = (folder / "flows.log").read_text()


def listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(true: Callable[[], bool], otherwise: str) -> None:
    """Wait until something holds, half a minute at most."""
    end = time.monotonic() + 30
    while not true():
        if time.monotonic() > end:
            raise SystemExit(otherwise)
        time.sleep(0.1)


def person(steps: list[list[Any]], out: Path) -> dict[str, Any]:
    """Have the steps done in a browser. Returns what was seen."""
    placed = [[do, str(out / what) if do.startswith("shoot") else what] for do, what in steps]
    words = [places.NODE, Path(__file__).with_name("page.mjs"), places.PLAYWRIGHT]
    done = subprocess.run(
        [*map(str, words), str(places.chromium()), BASE],
        input=json.dumps(placed),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        return {"error": done.stderr}
    return dict(json.loads(done.stdout))


def inside(out: Path, mode: str, source: str, steps: list[list[Any]]) -> dict[str, Any]:
    """All of it, in the network this process has."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        stack.enter_context(local_slack(folder, mode))
        pane = stack.enter_context(glass(BASE, BOT_TOKEN))
        api = f"http://127.0.0.1:{pane.server_port}/api/"
        with serving(folder, api, mode, source) as ended:
            seen = person(steps, out)
        return {"seen": seen, "complaints": pane.complaints, **ended}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the screenshots")
    parser.add_argument("--mode", choices=("socket", "events"), default="socket")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--steps", type=Path, help="JSON of other steps than the usual ones")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not given.inside:
        words = [sys.executable, "-m", "tests.thirdparty.page", *sys.argv[1:], "--inside"]
        raise SystemExit(subprocess.run([*places.apart(), *words], check=False).returncode)
    given.out.mkdir(parents=True, exist_ok=True)
    steps = json.loads(given.steps.read_text()) if given.steps else STEPS
    result = inside(given.out.resolve(), given.mode, given.source, steps)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
