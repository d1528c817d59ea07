"""Fixtures over a real DuckDB table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.model.writing import count
from tests.insights.data import PLAIN, Data, Record, shared_records

TRIED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write what cases give; then read it")
    parser.addoption("--examples", default=None, help="random queries to try, however long")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many cases and random queries agreed."""
    passed = terminalreporter.stats.get("passed", [])
    cases = sum("insights/test_cases.py::test_case[" in report.nodeid for report in passed)
    tried, failed = config.stash.get(TRIED, 0), terminalreporter.stats.get("failed", [])
    if any("test_random_queries" in report.nodeid for report in failed):
        told = f"a difference after {count(tried)} random queries"
    else:
        told = f"{count(tried)} random queries without a difference"
    if cases or tried:
        terminalreporter.write_line(f"insights: {count(cases)} cases passed, {told}")


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
