"""Forks couriers that can be killed: everything is imported once, then a worker is a fork away.

Reads commands, a line each, and answers each with a line: `start` forks a worker and says its
process id, `kill PID` ends one with SIGKILL and waits until it is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bot.model.message import Message
from bot.schedule.courier import Courier
from bot.store.deliveries import Deliveries
from bot.store.opening import Store, open_store


def now() -> datetime:
    return datetime.now(UTC)


class Loopback:
    """A channel behind HTTP, as Slack is."""

    def __init__(self, base: str) -> None:
        self._base = base

    def post(self, channel: str, message: Message, key: str) -> str:
        return self._call("post", key, {"text": message.headline})

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        return self._call("post", key, {"text": message.headline, "thread": timestamp})

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        self._call("edit", key, {"text": message.headline, "ts": timestamp})

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        return self._call("find", key, {}) or None

    def _call(self, method: str, key: str, body: dict[str, str]) -> str:
        address = f"{self._base}/{method}?key={quote(key)}"
        request = urllib.request.Request(address, json.dumps(body).encode(), method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return str(response.read().decode())


def work(store: Store, base: str, claim: float) -> None:
    """Deliver until killed."""
    store.engine.dispose(close=False)  # the parent's connections are not ours
    deliveries = Deliveries(store, timedelta(seconds=claim))
    courier = Courier(deliveries, Loopback(base), who=f"worker-{os.getpid()}", clock=now)
    while True:
        if not courier.deliver():
            time.sleep(0.005)


def serve(where: str, base: str, claim: float) -> None:
    store = open_store(where, lasting=False)
    Deliveries(store).claim("nobody", datetime(2000, 1, 1, tzinfo=UTC))  # its SQL is compiled once
    for line in sys.stdin:
        match line.split():
            case ["start"]:
                child = os.fork()
                if child == 0:
                    work(store, base, claim)
                sys.stdout.write(f"{child}\n")
                sys.stdout.flush()
            case ["kill", pid]:
                os.kill(int(pid), signal.SIGKILL)
                os.waitpid(int(pid), 0)
                sys.stdout.write("gone\n")
                sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.argv[1], sys.argv[2], float(sys.argv[3]))
