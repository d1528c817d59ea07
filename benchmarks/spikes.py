"""How well spikes are found, and at what cost.

`python -m benchmarks.spikes [FOLDER]` prints a Markdown table: on made series with incidents that
took no part in choosing any limit, and the time and memory of one update of ten thousand series.
Given a folder with a scorer (`evaluate.py`), its generator (`gen.py`) and labelled series
(`series/`), it has them judge too: the labelled ones through the command line with the scorer's
test against looking ahead, and sets made from seeds that were held out.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bot.detect.detector import Detector
from bot.detect.stream import HEADER
from tests.detect.series import PER_DAY, START, STEP, made

HELD_OUT = (88001, 88002, 88003, 88004, 88005)  # seeds for gen.py
SERIES = 60  # of each
OWN_SEEDS = range(1000, 1020)
OWN_LEVELS = (0.7, 5, 40, 300, 1500)
MANY = 10_000
COMMAND = f"{sys.executable} -m bot detect spike"


@dataclass(frozen=True)
class Result:
    """Shares of incidents, false alerts a series and week, buckets to a ramp's alert."""

    name: str
    incidents: int
    weeks: float
    recall: float
    false: float
    prompt: float
    ramp: float

    def row(self) -> str:
        return (
            f"| {self.name} | {self.incidents} in {self.weeks:.0f} | {self.recall:.3f} |"
            f" {self.false:.3f} | {self.prompt:.3f} | {self.ramp:.0f} |"
        )


def own() -> Result:
    """Series of this project's own model, all at once."""
    series = [made(seed, level) for seed in OWN_SEEDS for level in OWN_LEVELS]
    detector = Detector(len(series))
    table = np.column_stack([one.values for one in series])
    alert = np.array([detector.update(START + STEP * n, row).alert for n, row in enumerate(table)])
    delays: dict[str, list[float]] = {"burst": [], "plateau": [], "climb": []}
    false = 0
    for number, one in enumerate(series):
        for incident in one.incidents:
            hits = np.flatnonzero(alert[incident.first : incident.last + 3, number])
            delays[incident.kind].append(float(hits[0]) if len(hits) else np.inf)
        false += _messages(np.flatnonzero(alert[:, number] & one.quiet()))
    every = np.array([delay for of_kind in delays.values() for delay in of_kind])
    climbs = np.array(delays["climb"])
    weeks = sum(one.quiet().sum() for one in series) / (7 * PER_DAY)
    return Result(
        f"own model, {len(series)} series",
        len(every),
        weeks,
        float(np.isfinite(every).mean()),
        false / weeks,
        float((np.array(delays["burst"]) <= 1).mean()),
        float(climbs[np.isfinite(climbs)].mean()),
    )


def _messages(buckets: np.ndarray) -> int:
    """Alerts as messages: at most one an hour."""
    count, last = 0, -12
    for bucket in buckets:
        if bucket - last >= 12:
            count, last = count + 1, bucket
    return count


def public(folder: Path) -> Result:
    """The labelled series, through the command line."""
    how = ["--data", str(folder / "series"), "--cmd", COMMAND, "--causal", "2"]
    return _judged("public, by the command line", folder, how)


def held_out(folder: Path) -> Result:
    """Sets made from other seeds, through the detector of many series."""
    with tempfile.TemporaryDirectory() as made_there:
        data, found = Path(made_there, "data"), Path(made_there, "found")
        data.mkdir()
        found.mkdir()
        labels = {}
        for seed in HELD_OUT:
            part = Path(made_there, str(seed))
            _python(folder / "gen.py", "--seed", seed, "--series", SERIES, "--out", part)
            for name, label in json.loads((part / "labels.json").read_text()).items():
                labels[f"{seed}-{name}"] = label
                (part / name).rename(data / f"{seed}-{name}")
        (data / "labels.json").write_text(json.dumps(labels))
        _score(sorted(data.glob("*.csv")), found)
        how = ["--data", str(data), "--scores", str(found)]
        return _judged(f"held out, {len(labels)} series", folder, how)


def _score(files: list[Path], found: Path) -> None:
    """Run all series side by side, and write what each would have printed."""
    rows = [dict(list(csv.reader(file.open()))[1:]) for file in files]
    detector = Detector(len(files))
    lines: list[list[str]] = [[HEADER] for _ in files]
    for stamp in sorted({stamp for row in rows for stamp in row}):
        values = [float(row.get(stamp, "nan")) for row in rows]
        at = datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()
        reading = detector.update(at, values)
        for n, row in enumerate(rows):
            if stamp in row:
                score = reading.score[n]
                lines[n].append(f"{stamp},{int(reading.alert[n])},{score:.4f}")
    for file, text in zip(files, lines, strict=True):
        (found / file.name).write_text("\n".join(text) + "\n")


def _judged(name: str, folder: Path, how: list[str]) -> Result:
    with tempfile.TemporaryDirectory() as there:
        out = Path(there, "figures.json")
        _python(folder / "evaluate.py", *how, "--json", out)
        figures = json.loads(out.read_text())
    assert figures["causal_failures"] == 0, "it looked ahead"
    of = figures["own"]
    return Result(
        name,
        of["incidents"],
        of["series_weeks"],
        of["recall"],
        of["fa_week"],
        of["prompt"],
        of["delay_ramp"],
    )


def _python(script: Path, *arguments: object) -> None:
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(script), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def microseconds(updates: int = 40) -> float:
    """Processor time of one update of one series, amortised over many; the median of the rounds."""
    random = np.random.default_rng(1)
    levels = np.exp(random.uniform(-2, 7, MANY))
    detector = Detector(MANY)
    spent = []
    for n in range(updates):
        values = random.poisson(levels).astype(float)
        start = time.process_time()
        detector.update(START + STEP * n, values)
        spent.append(time.process_time() - start)
    return float(np.median(spent)) / MANY * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="with evaluate.py, gen.py and series/")
    folder = parser.parse_args().folder
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.processor() or platform.machine()},", end=" ")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}\n")
    print("| series | incidents in series-weeks | recall | false alerts / series-week |", end="")
    print(" within 5 min | buckets to a ramp |\n|---|---|---|---|---|---|")
    if folder is None or not (folder / "evaluate.py").exists():
        print("| (no folder with a scorer was given) | | | | | |")
    else:
        print(public(folder).row(), flush=True)
        print(held_out(folder).row(), flush=True)
    print(own().row())
    size = len(Detector().state.to_bytes()[0])
    print(
        f"\n{microseconds():.1f} µs an update amortised over {MANY} series; {size} bytes a series"
    )


if __name__ == "__main__":
    main()
