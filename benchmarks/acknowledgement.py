"""Sixty commands at the same moment, each of which takes five seconds to answer.

`python -m benchmarks.acknowledgement` sends them as signed requests over real HTTP to the real bot,
counts acknowledgements and answers, and prints a Markdown table. The people who ask and the Slack
that is answered run in a process of their own, so that their work is not measured with the bot's;
they share the machine with it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from statistics import quantiles
from typing import Any
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.slack.app import build
from bot.slack.serving import http
from tests.slack import answers
from tests.slack.loopback import SECRET, TOKEN, Delivery, running

GOAL = 0.100  # seconds, ninety-ninth percentile


@dataclass(frozen=True)
class Seen:
    """What the people saw: seconds to each acknowledgement, and how many answers came."""

    seconds: list[float]
    refused: int
    answered: int
    last_answer: float


def people(pipe: Connection, commands: int) -> None:
    """The other process: a workspace, and `commands` people who all press return at once."""
    with running() as slack:
        pipe.send(slack.base)
        slack.request_url = pipe.recv()
        start = threading.Barrier(commands)

        def ask(n: int) -> Delivery:
            start.wait()
            return slack.command(f"line {n}", channel="C1")

        began = time.monotonic()
        with ThreadPoolExecutor(commands) as typing:
            sent = list(typing.map(ask, range(commands)))

        def answered() -> int:
            return sum("PostgreSQL" in message["text"] for message in slack.in_channel("C1"))

        while answered() + len(slack.told) < commands and time.monotonic() - began < 300:
            time.sleep(0.05)
        refused = sum(delivery.status != 200 for delivery in sent) + len(slack.told)
        seconds = [delivery.seconds for delivery in sent]
        pipe.send(Seen(seconds, refused, answered(), time.monotonic() - began))
        pipe.recv()


def measure(commands: int, takes: float, workers: int) -> Seen:
    """Run the bot here, over the workspace there."""

    def ask(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        watch.wait(takes)
        return answers.full(line)

    here, there = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(target=people, args=(there, commands))
    other.start()
    options: dict[str, Any] = {"ask": ask, "png": answers.png, "alt_text": answers.alt_text}
    bot = build(
        **options,
        shelf=(),
        source="benchmark",
        token=TOKEN,
        signing_secret=SECRET,
        zone=ZoneInfo("UTC"),
        base_url=f"{here.recv()}/api/",
        workers=workers,
    )
    with http(bot.app, "127.0.0.1", 0) as url:
        here.send(url)
        seen: Seen = here.recv()
        here.send("done")
    bot.desk.close()
    other.join()
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--commands", type=int, default=60)
    parser.add_argument("--takes", type=float, default=5.0, help="seconds each answer takes")
    parser.add_argument("--workers", type=int, default=8)
    given = parser.parse_args()
    load = os.getloadavg()[0]
    seen = measure(given.commands, given.takes, given.workers)
    cuts = quantiles(seen.seconds, n=100, method="inclusive")
    p50, p99 = cuts[49], cuts[98]
    print(f"| {given.commands} commands at once, {given.takes:g} s each | |")
    print("|---|---|")
    print(f"| acknowledged | {given.commands - seen.refused} of {given.commands} |")
    print(f"| time to acknowledge, p50 | {p50 * 1000:.0f} ms |")
    print(f"| time to acknowledge, p99 | {p99 * 1000:.0f} ms (goal: {GOAL * 1000:.0f} ms) |")
    print(f"| answered | {seen.answered} of {given.commands} |")
    print(f"| last answer, with {given.workers} workers | {seen.last_answer:.0f} s |")
    machine = f"{os.cpu_count()} cores, load {load:.1f} before, Python {platform.python_version()}"
    print(f"| machine | {machine} |")
    if seen.refused or seen.answered < given.commands:
        raise SystemExit("commands were lost")


if __name__ == "__main__":
    main()
