"""Fixtures over a real DuckDB table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.insights.data import PLAIN, Data, Record, shared_records


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write what cases give; then read it")
    parser.addoption("--examples", default=None, help="random queries to try, however long")


@pytest.fixture(scope="session")
def data() -> Iterator[Data]:
    made = Data(shared_records())
    yield made
    made.connection.close()


@pytest.fixture
def over() -> Iterator[Callable[..., Data]]:
    """Makes a table of records that a test spells out; what they leave open is a plain flow."""
    made: list[Data] = []

    def make(*records: Record) -> Data:
        made.append(Data([PLAIN | dict(record) for record in records]))
        return made[-1]

    yield make
    for each in made:
        each.connection.close()
