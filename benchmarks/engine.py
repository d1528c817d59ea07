"""Four questions over flow logs in S3 layout: the local engine beside what people use today.

`python -m benchmarks.engine` makes the data once (seeded), runs every contender that is installed,
each in a process of its own, checks that all answers agree, and prints a Markdown table. Peers are
in benchmarks/requirements.txt; mawk comes with the system. CPU seconds are the figure to trust on a
machine that others use too; memory is the largest resident set of a process.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import flowdata, peers
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.query import Query
from bot.model.window import Window

DAY = Window(flowdata.DAY - timedelta(hours=1), flowdata.DAY + timedelta(days=1))  # all records
HOUR = Window(flowdata.DAY + timedelta(hours=14), flowdata.DAY + timedelta(hours=15))
_SUBNETS = ", ".join(
    f'isIpv4InSubnet(srcAddr, "{network}"), "{name}"' for name, network in flowdata.SUBNETS.items()
)
TEXTS = {
    "a": "stats sum(bytes) as v by srcAddr as k | sort v desc | limit 20",
    "b": 'filter action = "REJECT" | stats count(*) as v by toMillis(bin(5m)) / 1000 as k',
    "c": "filter dstPort = 5432 | stats sum(bytes) as v by srcAddr as k | sort v desc | limit 100",
    "d": f'stats sum(bytes) as v by case({_SUBNETS}, "other") as k',
}
Answers = dict[str, dict[str, int]]


@dataclass
class Run:
    """What one contender came to. `seconds` is wall time as it measured itself, or as a whole."""

    name: str
    wall: float
    cpu: float
    memory: int  # bytes
    answers: Answers = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)  # seconds by what was timed
    share: float = 1.0  # of the data that it was given


# What runs in the children


def answers_of(engine: LocalEngine, window: Window) -> Answers:
    found: Answers = {}
    for name, text in TEXTS.items():
        rows = engine.run(Query(text, window), Watch()).rows
        found[name] = {row["k"]: row.number("v") for row in rows}
    return found


def timed(work: Callable[[], Any], times: int = 7) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def ours(folder: Path, cache: Path) -> dict[str, Any]:
    """All four over the whole day, as the process finds the cache."""
    with closing(LocalEngine(folder, cache=cache)) as engine:
        return {"answers": answers_of(engine, DAY)}


def again(folder: Path, cache: Path) -> dict[str, Any]:
    """All four over and over in one process, and one hour."""
    with closing(LocalEngine(folder, cache=cache)) as engine:
        found = answers_of(engine, DAY)
        times = {
            name: timed(lambda text=text: engine.run(Query(text, DAY), Watch()))  # type: ignore[misc]
            for name, text in TEXTS.items()
        }
        times["four"] = timed(lambda: answers_of(engine, DAY))
        times["hour"] = timed(lambda: engine.run(Query(TEXTS["a"], HOUR), Watch()), 21)
    return {"answers": found, "times": times}


def hour(folder: Path, cache: Path) -> dict[str, Any]:
    """One hour out of the day, first contact; imports are not counted."""
    from bot.engines.local import reading, writing  # noqa: F401, PLC0415
    from bot.insights import sql  # noqa: F401, PLC0415
    from bot.insights.parser import parse  # noqa: PLC0415

    parse(TEXTS["a"])  # loads the grammar
    with closing(LocalEngine(folder, cache=cache)) as engine:
        began = time.perf_counter()
        engine.run(Query(TEXTS["a"], HOUR), Watch())
        return {"times": {"hour": time.perf_counter() - began}}


MEASURES = {"ours": ours, "again": again, "hour": hour}


def child(name: str, folder: Path, cache: Path) -> None:
    if name in MEASURES:
        told = MEASURES[name](folder, cache)
    else:
        told = {"answers": peers.PEERS[name].answer(sorted(folder.rglob("*.log.gz")))}
    print(json.dumps(told))


# What runs them


def run(label: str, name: str, folder: Path, cache: Path, share: float = 1.0) -> Run:
    """Run a measure in a process of its own and take its use of the machine."""
    command = [sys.executable, "-m", "benchmarks.engine", "--child", name, str(folder), str(cache)]
    return measured(label, command, share)


def measured(label: str, command: list[str], share: float = 1.0, *, quiet: bool = False) -> Run:
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.DEVNULL if quiet else None
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{label}: {' '.join(command)} ended with {process.returncode}")
        out.seek(0)
        told = json.load(out)
    done = Run(label, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, share=share)
    done.answers, done.times = told.get("answers", {}), told.get("times", {})
    print(f"  {label}: {wall:.2f} s, {done.cpu:.2f} CPU s", file=sys.stderr)
    return done


def best(runs: int, make: Callable[[], Run]) -> Run:
    """The run with the least CPU: other users of the machine can only add to it."""
    return min((make() for _ in range(runs)), key=lambda each: each.cpu)


def cold(folder: Path, runs: int, name: str, label: str) -> Run:
    def once() -> Run:
        with tempfile.TemporaryDirectory() as cache:
            return run(label, name, folder, Path(cache))

    return best(runs, once)


def whole_process(folder: Path, cache: Path) -> Run:
    """`flows query` over the hour, warm, from its start to its end."""
    window = [f"--since={HOUR.start:%Y-%m-%dT%H:%M:%SZ}", f"--until={HOUR.end:%Y-%m-%dT%H:%M:%SZ}"]
    flows = [sys.executable, "-m", "bot", "query", TEXTS["a"], "--source", str(folder), *window]
    command = ["env", f"FLOWS_CACHE={cache}", "PYTHONDONTWRITEBYTECODE=", *flows, "--json"]
    return best(5, lambda: measured("ours: flows query, one hour, warm", command, quiet=True))


def few(folder: Path, target: Path, files: int) -> Path:
    """A folder with the first few files."""
    for path in sorted(folder.rglob("*.log.gz"))[:files]:
        shutil.copy(path, target)
    return target


def check(runs: list[Run], reference: Run) -> None:
    """Stop when an answer differs from the reference's."""
    for each in runs:
        for name, answer in each.answers.items():
            if answer != reference.answers[name]:
                sys.exit(f"{each.name} answers {name} differently from {reference.name}")


def peers_installed(wanted: set[str]) -> list[str]:
    found = []
    for name, peer in peers.PEERS.items():
        there = shutil.which(peer.needs) or importlib.util.find_spec(peer.needs)
        if not there:
            print(f"  {name}: {peer.needs} is not installed, left out", file=sys.stderr)
        elif not wanted or name in wanted:
            found.append(name)
    return found


def race(folder: Path, records: int, runs: int, wanted: set[str]) -> None:
    lines, rows = [], []
    with tempfile.TemporaryDirectory() as kept:
        cache = Path(kept)
        first = cold(folder, runs, "ours", "ours: four questions, cold, kept")
        run("warming", "ours", folder, cache)
        warm = best(runs, lambda: run("ours: the same in a new process", "ours", folder, cache))
        repeated = best(runs, lambda: run("ours: again", "again", folder, cache))
        single = cold(folder, runs, "hour", "ours: one hour, cold")
        query = whole_process(folder, cache)
        size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
        rows += [first, warm]
        for name in peers_installed(wanted):
            peer = peers.PEERS[name]
            if peer.share < 1:
                continue
            rows.append(run(name, name, folder, cache))
        check(rows[1:], first)
        rows += slow_ones(folder, wanted)
    lines.append(f"{records:,} records, {size_of(folder) / 1e6:,.0f} MB of gzip,")
    lines.append(f"kept in {size / 1e6:,.0f} MB. {platform.machine()}, {os.cpu_count()} cores,")
    lines.append(f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}.")
    print(" ".join(lines), "All answers agree.\n")
    print("| four questions, in a process of their own | wall s | CPU s | peak memory MB |")
    print("|---|---|---|---|")
    for each in rows:
        scaled = "" if each.share == 1 else f" (× {1 / each.share:.0f} from a part)"
        print(
            f"| {each.name}{scaled} | {each.wall / each.share:.2f} | {each.cpu / each.share:.2f}"
            f" | {each.memory / 1e6:.0f} |"
        )
    print("\n| ours | ms |\n|---|---|")
    for name in (*TEXTS, "four"):
        label = "all four" if name == "four" else f"question {name}"
        print(f"| {label}, again in the process | {repeated.times[name] * 1000:.0f} |")
    print(f"| one hour, again in the process | {repeated.times['hour'] * 1000:.1f} |")
    print(f"| one hour, cold | {single.times['hour'] * 1000:.0f} |")
    print(f"| `flows query` as a whole process, one hour, warm | {query.wall * 1000:.0f} |")
    print(f"| peak memory of the process that asks again, MB | {repeated.memory / 1e6:.0f} |")


def slow_ones(folder: Path, wanted: set[str]) -> list[Run]:
    """Peers that take minutes are given a part of the data, and ours the same to compare with."""
    found = []
    files = len(list(folder.rglob("*.log.gz")))
    for name in peers_installed(wanted):
        share = peers.PEERS[name].share
        if share == 1:
            continue
        count = max(1, round(files * share))
        with tempfile.TemporaryDirectory() as part, tempfile.TemporaryDirectory() as cache:
            few(folder, Path(part), count)
            found.append(run(name, name, Path(part), Path(cache), count / files))
            check(found[-1:], run("ours over the part", "ours", Path(part), Path(cache)))
    return found


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.log.gz"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3, help="of ours; the least CPU counts")
    parser.add_argument("--data", type=Path, help="folder for the made data, kept if given")
    parser.add_argument("--only", nargs="*", default=[], help="peers to run beside ours")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child[0], Path(options.child[1]), Path(options.child[2]))
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as own:
        folder = (options.data or Path(own)) / str(options.records)
        flowdata.make(folder, options.records)
        race(folder, options.records, options.runs, set(options.only))


if __name__ == "__main__":
    main()
