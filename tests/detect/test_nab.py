"""The score of the Numenta Anomaly Benchmark, by what its definition says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import nab

WINDOW = [(200, 219)]
SERIES = nab.Labelled("one", tuple(nab.worth(400, WINDOW)), 1, ())


def flagged(*buckets: int) -> list[list[bool]]:
    return [[n in buckets for n in range(400)]]


def test_silence_is_0_and_the_first_bucket_of_every_window_is_100() -> None:
    assert nab.scaled([SERIES], flagged()) == 0
    assert nab.scaled([SERIES], flagged(200)) == pytest.approx(100)


def test_earlier_is_better_and_more_of_a_window_earns_nothing_more() -> None:
    late = nab.scaled([SERIES], flagged(218))
    assert 50 < late < nab.scaled([SERIES], flagged(205)) < 100
    assert nab.scaled([SERIES], flagged(200, 210, 219)) == pytest.approx(100)


def test_a_false_bucket_costs_an_eleventh_and_less_just_after_a_window() -> None:
    false = 100 * nab.FALSE / 2
    assert nab.scaled([SERIES], flagged(200, 150)) == pytest.approx(100 - false)
    assert nab.scaled([SERIES], flagged(200, 399)) == pytest.approx(100 - false)
    assert 100 - false < nab.scaled([SERIES], flagged(200, 222)) < 100


def test_the_first_buckets_do_not_count() -> None:
    assert nab.scaled([SERIES], flagged(200, 59)) == pytest.approx(100)
    assert nab.scaled([SERIES], flagged(200, 60)) < 100


def test_a_folder_is_read_and_what_is_not_there_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data" / "made").mkdir(parents=True)
    window = ["2026-06-03 01:00:00.000000", "2026-06-03 03:00:00.000000"]
    labels = {"made/one.csv": [window], "made/two.csv": []}
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(labels))
    lines = ["timestamp,value"]
    for hour in range(60):
        for minute in range(0, 60, 5):
            high = (hour, minute) in {(50, 0), (50, 5), (50, 10)}
            day = f"2026-06-{1 + hour // 24:02} {hour % 24:02}:{minute:02}:00"
            lines.append(f"{day},{900 if high else 20 + minute % 7}")
    (tmp_path / "data" / "made" / "one.csv").write_text("\n".join(lines) + "\n")
    [series] = nab.read(tmp_path)
    assert "made/two.csv: not there" in capsys.readouterr().err
    assert series.windows == 1
    once = nab.scaled([series], [nab.firsts(series.scores)])
    assert once > 50, "it is found in its window, which ends an hour after it"
    assert nab.best_limit([series])[0] >= once
