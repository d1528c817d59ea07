"""How the detector does on the Numenta Anomaly Benchmark, unchanged.

`python -m benchmarks.nab FOLDER` takes a folder in that benchmark's layout — `data/GROUP/NAME.csv`
with `timestamp,value`, and `labels/combined_windows.json` — and prints the score of its standard
profile (Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms", 2015): a window found
earns up to 1, the earlier the more; a bucket in no window costs up to 0.11, less just after one; a
window missed costs 1; the sum is scaled so that silence is 0 and finding everything at once is 100.
The first 15 % of a series, 750 buckets at most, do not count.

Three ways to read the output are scored: the alerts as they are, only the first bucket of each, and
the one threshold on the score that is best over all series, as the benchmark itself chooses.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.detect.detector import ALERT
from bot.detect.stream import spikes
from bot.model.times import moment

FALSE, MISSED = 0.11, 1.0  # weights of the standard profile; a window found weighs 1
PROBATION, LONGEST_PROBATION = 0.15, 750  # share of a series, and buckets


@dataclass(frozen=True)
class Labelled:
    """What a bucket is worth when it is flagged: the window it lies in, or None, and the score."""

    name: str
    worth: tuple[tuple[int | None, float], ...]
    windows: int
    scores: tuple[float, ...]

    def earned(self, flagged: Sequence[bool]) -> float:
        """The sum for one series."""
        best = dict.fromkeys(range(self.windows), -MISSED)
        false = 0.0
        probation = min(PROBATION * len(self.worth), LONGEST_PROBATION)
        for n, (window, worth) in enumerate(self.worth):
            if n < probation or not flagged[n]:
                continue
            if window is None:
                false += worth
            else:
                best[window] = max(best[window], worth)
        return false + sum(best.values())


def sigmoid(position: float) -> float:
    """From 1 before a window's end to −1 after it; `position` is in lengths of the window."""
    return 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0 if position <= 3.0 else -1.0


def worth(count: int, windows: Sequence[tuple[int, int]]) -> list[tuple[int | None, float]]:
    """What each of `count` buckets is worth; `windows` are first and last buckets, in order."""
    found: list[tuple[int | None, float]] = []
    for n in range(count):
        inside = next((k for k, (first, last) in enumerate(windows) if first <= n <= last), None)
        before = [(first, last) for first, last in windows if last < n]
        if inside is not None:
            first, last = windows[inside]
            position = -(last - n + 1) / (last - first + 1)
            found.append((inside, sigmoid(position) / sigmoid(-1.0)))
        elif before:
            first, last = before[-1]
            found.append((None, FALSE * sigmoid((n - last) / max(last - first, 1))))
        else:
            found.append((None, -FALSE))
    return found


def read(folder: Path) -> list[Labelled]:
    """Every labelled series that is there, judged by the detector."""
    labels = json.loads((folder / "labels" / "combined_windows.json").read_text())
    found = []
    for name, windows in sorted(labels.items()):
        path = folder / "data" / name
        if not path.exists():
            print(f"{name}: not there, left out", file=sys.stderr)
            continue
        lines = path.read_text().splitlines()
        out = list(csv.DictReader(spikes(lines, lambda text: print(text, file=sys.stderr))))
        times = [moment(row["timestamp"]) for row in out]
        ends = [(moment(first), moment(last)) for first, last in windows]
        places = [
            (sum(t < first for t in times), sum(t <= last for t in times) - 1)
            for first, last in ends
        ]
        scores = tuple(float(row["score"]) for row in out)
        found.append(Labelled(name, tuple(worth(len(out), places)), len(places), scores))
    return found


def scaled(series: Sequence[Labelled], flagged: Sequence[Sequence[bool]]) -> float:
    """The benchmark's score: 0 for silence, 100 for every window found at its first bucket."""
    windows = sum(one.windows for one in series)
    earned = sum(one.earned(flags) for one, flags in zip(series, flagged, strict=True))
    return 100.0 * (earned + MISSED * windows) / ((1.0 + MISSED) * windows)


def firsts(scores: Sequence[float], limit: float = ALERT) -> list[bool]:
    """The first bucket of each run that reaches the limit."""
    high = [score >= limit for score in scores]
    return [now and not before for now, before in zip(high, [False, *high], strict=False)]


def best_limit(series: Sequence[Labelled]) -> tuple[float, float]:
    """The score and the limit that are best over all series."""
    limits = sorted({round(score, 2) for one in series for score in one.scores if score > 0})
    step = max(1, len(limits) // 200)
    tried = [
        (scaled(series, [[s >= limit for s in one.scores] for one in series]), limit)
        for limit in limits[::step]
    ]
    return max(tried, default=(0.0, math.inf))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with data/ and labels/combined_windows.json")
    series = read(parser.parse_args().folder)
    if not any(one.windows for one in series):
        sys.exit("no labelled series is there")
    print(f"{len(series)} series, {sum(one.windows for one in series)} windows\n")
    print("| what is read | score, standard profile |\n|---|---|")
    alerts = scaled(series, [[s >= ALERT for s in one.scores] for one in series])
    print(f"| every bucket that alerts | {alerts:.1f} |")
    once = scaled(series, [firsts(one.scores) for one in series])
    print(f"| the first bucket of each alert | {once:.1f} |")
    best, limit = best_limit(series)
    print(f"| the best threshold on the score, {limit:.2f} | {best:.1f} |")


if __name__ == "__main__":
    main()
