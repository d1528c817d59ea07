"""What a run of the tests says at its end, besides what pytest says."""

from __future__ import annotations

import pytest

from bot.model.writing import count


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="write golden answers again")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of the language passed, and how many random queries agreed."""
    passed = terminalreporter.stats.get("passed", [])
    cases = sum("insights/test_cases.py::test_case[" in report.nodeid for report in passed)
    properties = dict(pair for report in passed for pair in report.user_properties)
    tried = int(properties.get("random queries", 0))
    told = [f"{count(cases)} cases pass"] if cases else []
    told += [f"{count(tried)} random queries without a difference"] if tried else []
    if "Athena cases answered" in properties:
        answered = int(properties["Athena cases answered"])
        refused = int(properties["Athena cases refused"])
        told += [f"Athena answers {count(answered)} cases and refuses {count(refused)}"]
    if told:
        hint = "" if tried >= 20_000 or not tried else " (make property tries 20\u2009000)"
        terminalreporter.write_line(f"insights: {', '.join(told)}{hint}")
