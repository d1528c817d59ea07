from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.detect.detector import Detector
from bot.detect.stream import MOST_TOLD, BadSeries, spikes
from tests.detect.series import STEP, made

START = 1_780_272_000


def told(*lines: str) -> tuple[list[str], list[str]]:
    """What comes out, and what is said besides."""
    said: list[str] = []
    return list(spikes(lines, said.append)), said


def test_a_line_comes_out_for_each_that_goes_in_before_the_next_is_read() -> None:
    read = []

    def lines() -> Iterator[str]:
        for line in ("timestamp,value\n", "1780272000,4\n", "1780272300,5\n"):
            read.append(line)
            yield line

    out = spikes(lines(), lambda _: None)
    assert next(out) == "timestamp,alert,score"
    assert next(out) == "1780272000,0,0.0000"
    assert len(read) == 2
    assert next(out) == "1780272300,0,0.0000"


def test_it_says_what_the_detector_says() -> None:
    series = made(2, 40, days=10)
    detector = Detector()
    wanted, lines = [], ["timestamp,value"]
    for n, value in enumerate(series.values):
        score = float(detector.update(START + STEP * n, [value]).score[0])
        wanted.append(f"{START + STEP * n},{int(score >= 1)},{score:.4f}")
        lines.append(f"{START + STEP * n},{value}")
    out, said = told(*lines)
    assert out[1:] == wanted
    assert any(",1," in line for line in out)
    assert said == []


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-06-01 00:00:00",
        "2026-06-01T00:00:00Z",
        "2026-06-01T02:00:00+02:00",
        "2026-06-01T00:00:00.5",
        "1780272000",
        "1780272000.25",
        "1780272000000",
    ],
)
def test_times_are_read_as_people_write_them_and_come_back_as_they_were(stamp: str) -> None:
    out, said = told("timestamp,value", f"{stamp},4", "2026-06-01T00:05:00Z,3")
    assert out[1] == f"{stamp},0,0.0000"
    assert said == []


def test_the_header_may_have_other_columns_order_and_capitals() -> None:
    out, said = told("\ufeffhost,Value, Timestamp", '"a,b",4,1780272000', "c,5,1780272300")
    assert [line.split(",")[0] for line in out[1:]] == ["1780272000", "1780272300"]
    assert said == []


@pytest.mark.parametrize("value", ["", "nan", "NULL", "-", " "])
def test_an_empty_value_is_unknown_and_nothing_to_speak_of(value: str) -> None:
    out, said = told("timestamp,value", f"1780272000,{value}", "1780272300,3")
    assert out[1] == "1780272000,0,0.0000"
    assert said == []


def test_a_value_that_is_no_number_is_unknown_and_told() -> None:
    out, said = told("timestamp,value", "1780272000,many", "1780272300,inf", "1780272600")
    assert len(out) == 4
    assert said == [
        "line 2: 'many' is not a number; taken as unknown",
        "line 3: 'inf' is not a number; taken as unknown",
    ]


def test_a_time_that_is_not_later_is_unknown_and_told() -> None:
    out, said = told("timestamp,value", "1780272300,3", "1780272000,900", "1780272300,900")
    assert out[2:] == ["1780272000,0,0.0000", "1780272300,0,0.0000"]
    assert [line.split(":")[0] for line in said] == ["line 3", "line 4"]


def test_complaints_come_to_an_end() -> None:
    _, said = told("timestamp,value", *["1780272000,3"] * (MOST_TOLD + 11))
    assert len(said) == MOST_TOLD + 1
    assert said[-1] == "and 10 more lines like these"


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ([], "line 1"),
        (["1780272000,4"], "line 1"),
        (["", "time,count"], "line 2"),
        (["timestamp,value", "1780272000,3", "yesterday,4"], "line 3"),
        (["timestamp,value", ",4"], "line 2"),
        (["timestamp,value", '"1780272000,3'], "line 2"),
    ],
)
def test_what_cannot_be_read_ends_it_with_its_line(lines: list[str], where: str) -> None:
    with pytest.raises(BadSeries) as caught:
        told(*lines)
    assert where in str(caught.value)
    assert "\n" not in str(caught.value)


def test_blank_lines_are_passed_over() -> None:
    out, said = told("timestamp,value", "", "1780272000,3", "  ")
    assert len(out) == 2
    assert said == []
