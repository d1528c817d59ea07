"""Workers are killed with SIGKILL, again and again: every message arrives exactly once."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.model.message import About, Message
from bot.model.table import Column, Table
from bot.schedule.courier import Owing
from bot.store.deliveries import Deliveries
from bot.store.opening import Store

KILLS = {"postgresql": 200, "sqlite": 80}
CLAIM = 2.0  # seconds; far longer than a delivery takes, so that only the dead lose theirs
WORKERS = Path(__file__).with_name("workers.py")


@dataclass
class Journal:
    """What arrived: posts by key in order, and the latest edit of each."""

    posts: list[str] = field(default_factory=list)
    edits: dict[str, str] = field(default_factory=dict)
    looked: list[bool] = field(default_factory=list)  # for posts of the dead: whether one was there
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str, key: str, body: str) -> str:
        with self.lock:
            if method == "post":
                self.posts.append(key)
                return f"ts{len(self.posts)}"
            if method == "edit":
                self.edits[key] = body
                return "ok"
            self.looked.append(key in self.posts)
            return f"ts{self.posts.index(key) + 1}" if key in self.posts else ""


@contextmanager
def listening(journal: Journal) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the worker died while it sent
            url = urlsplit(self.path)
            answer = journal.take(url.path[1:], parse_qs(url.query)["key"][0], body.decode())
            try:
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer.encode())
            except OSError:
                pass  # it died before it heard

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def farm(where: str, base: str) -> Iterator[Callable[[str], str]]:
    arguments = [sys.executable, str(WORKERS), where, base, str(CLAIM)]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": root},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask(line: str) -> str:
        stdin.write(f"{line}\n")
        stdin.flush()
        return stdout.readline().strip()

    with process:
        yield ask
        process.stdin.close()


def message(number: int) -> Message:
    details = (Table("t", (Column("c", "C"),), (("x",),)),) if number % 3 == 0 else ()
    return Message(f"m{number}", About.WARNING, "open", f"message {number}", tables=details)


def owe(owing: Owing, number: int, at: datetime) -> list[str]:
    """A message, some with details in the thread, some edited twice; the keys of what is posted."""
    one, day = message(number), timedelta(days=1)
    owing.post(one, "C1", at, day)
    key = f"m{number}@C1"
    if number % 5 == 0:
        for state in ("high", "resolved"):
            at += timedelta(milliseconds=1)
            changed = Message(one.key, one.about, state, f"message {number} {state}")
            owing.edit(changed, "C1", at, day)
    return [key, f"{key}/details"] if one.has_details else [key]


@pytest.mark.parametrize("replicas", [1, 2])
def test_killed_at_random_every_message_arrives_once(
    address: str,
    open_again: Callable[[], Store],
    replicas: int,
    record_property: Callable[[str, object], None],
) -> None:
    store, journal, luck = open_again(), Journal(), random.Random(replicas)
    deliveries = Deliveries(store)
    owing, serial = Owing(deliveries), itertools.count(1)
    expected: list[str] = []
    with listening(journal) as base, farm(address, base) as ask:
        workers = [ask("start") for _ in range(replicas)]
        for _ in range(KILLS[store.engine.dialect.name]):
            for _ in range(2):
                expected += owe(owing, next(serial), datetime.now(UTC))
            time.sleep(luck.uniform(0, 0.03))
            unlucky = luck.randrange(replicas)
            assert ask(f"kill {workers[unlucky]}") == "gone"
            workers[unlucky] = ask("start")
        end = time.monotonic() + 60
        while deliveries.open_count() and time.monotonic() < end:
            time.sleep(0.05)
        for worker in workers:
            ask(f"kill {worker}")
    record_property("looked for", len(journal.looked))
    record_property("found", sum(journal.looked))
    assert deliveries.open_count() == 0
    assert {key: n for key, n in Counter(journal.posts).items() if n > 1} == {}
    assert set(journal.posts) == set(expected)
    edited = [number for number in range(1, next(serial)) if number % 5 == 0]
    assert {key for key, text in journal.edits.items() if "resolved" in text} == {
        f"m{number}@C1" for number in edited
    }
