from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.local.decoding import Broken
from bot.engines.local.events import Event, Lost, csv_events, json_events, moment_ms


def cut(text: str, size: int = 7) -> Iterator[bytes]:
    data = text.encode()
    for place in range(0, len(data), size):
        yield data[place : place + size]


def messages(text: str, size: int = 7) -> list[str]:
    return [e.message for e in json_events(cut(text, size)) if isinstance(e, Event)]


@given(
    st.lists(st.text(max_size=20).map(lambda s: s.rstrip("\r\n"))),
    st.sampled_from([None, 2]),
    st.integers(1, 90),
)
def test_an_array_and_lines_give_the_same_events(
    texts: list[str], indent: int | None, size: int
) -> None:
    events = [{"message": text, "n": [1, {"a": "]"}]} for text in texts]
    lines = "\n".join(json.dumps(event, indent=indent) for event in events)
    array = json.dumps(events, indent=indent, ensure_ascii=False)
    assert messages(lines, size) == messages(array, size) == texts


def test_events_know_their_line_time_and_stream() -> None:
    text = '[{"_raw": "a", "_time": 1763647200.5, "source": "s3"},\n\n {"message": "b"}]'
    assert list(json_events(cut(text))) == [
        Event("a", 1, 1763647200500, "s3"),
        Event("b", 3),
    ]


def test_batches_give_their_stream_to_their_events() -> None:
    batch = {"logStream": "eni-1-all", "logEvents": [{"message": "a", "timestamp": 1763647200000}]}
    assert list(json_events(cut(json.dumps(batch)))) == [Event("a", 1, 1763647200000, "eni-1-all")]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ('{"message": "a"}\n{"message": "b\n{"message": "c"}\n', "not JSON"),
        ('{"message": "a"}\n{"x": 1}\n{"message": "c"}\n', "without message or _raw"),
        ('{"message": "a"}\n{"message": 5}\n{"message": "c"}\n', "without message or _raw"),
        ('{"message": "a"}\n17\n{"message": "c"}\n', "JSON, but no event"),
        ('{"message": "a"}\nnonsense here\n{"message": "c"}\n', "not JSON"),
        ('[{"message": "a"}, {"message": nope}, {"message": "c"}]', "not JSON"),
        ('{"message": "a"}\n{"m": ' + "[" * 100_000 + '\n{"message": "c"}', "nested too deeply"),
    ],
)
def test_damage_is_told_and_the_rest_is_read(text: str, lost: str) -> None:
    got = list(json_events(cut(text, 4096)))
    assert [e.message for e in got if isinstance(e, Event)] == ["a", "c"]
    assert any(lost in e.why for e in got if isinstance(e, Lost))


def test_a_cut_file_gives_what_came_before() -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"message": "a"}\n{"mess'
        raise Broken("its gzip ends early")

    assert list(json_events(broken())) == [
        Event("a", 1),
        Lost(2, "not JSON"),
        Lost(0, "its gzip ends early", lines=0),
    ]


def test_a_value_without_end_does_not_fill_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"message": "'
        for _ in range(80):
            yield b"y" * (1 << 20)

    assert {e.why for e in json_events(endless()) if isinstance(e, Lost)} == {"not JSON"}


def test_csv_rows_are_events() -> None:
    text = 'timestamp,message\n1763647200000,"a ""b"" c"\n\n1763647201000,d\n5\n6,"x\n'
    assert list(csv_events(cut(text))) == [
        Event('a "b" c', 2, 1763647200000),
        Event("d", 4, 1763647201000),
        Lost(5, "not a row of the CSV"),
        Lost(6, "not a row of the CSV"),
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1763647200, 1763647200000),
        (1763647200123, 1763647200123),
        ("1763647200123", 1763647200123),
        (1763647200.25, 1763647200250),
        ("2025-11-20T14:00:00.5Z", 1763647200500),
        ("2025-11-20 14:00:00.000", 1763647200000),
        ("2025-11-20T15:00:00+01:00", 1763647200000),
        ("soon", None),
        (-1, None),
        (float("nan"), None),
        (10**400, None),
        ({}, None),
    ],
)
def test_moments_in_any_spelling(value: Any, expected: int | None) -> None:
    assert moment_ms(value) == expected
