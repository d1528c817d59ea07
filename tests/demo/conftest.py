"""The demo's day, made once and read by plain Python."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from bot.demo.story import DEMO_DAY
from bot.demo.traffic import day_of_records


class Record(NamedTuple):
    """A record with data. Times are epoch seconds."""

    interface_id: str
    src: str
    dst: str
    src_port: int
    dst_port: int
    protocol: int
    packets: int
    size: int
    start: int
    end: int
    action: str

    @property
    def ends(self) -> tuple[str, int, str, int, int]:
        return self.src, self.src_port, self.dst, self.dst_port, self.protocol

    @property
    def turned(self) -> tuple[str, int, str, int, int]:
        return self.dst, self.dst_port, self.src, self.src_port, self.protocol


@pytest.fixture(scope="session")
def texts() -> list[str]:
    return day_of_records(DEMO_DAY)


@pytest.fixture(scope="session")
def lines(texts: list[str]) -> list[str]:
    return [line for text in texts for line in text.splitlines()[1:]]


@pytest.fixture(scope="session")
def records(lines: list[str]) -> list[Record]:
    return [_record(line) for line in lines if line.endswith(" OK")]


def _record(line: str) -> Record:
    _, _, interface_id, src, dst, *numbers, action, _ = line.split(" ")
    return Record(interface_id, src, dst, *map(int, numbers), action)
