"""What the terminal shows is what was read by a person and committed."""

from __future__ import annotations

import pytest

from tests.terminal.recording import CASES, FOLDER


@pytest.mark.parametrize("name", CASES)
def test_the_output_is_the_recorded_one(name: str) -> None:
    with (FOLDER / name).open(encoding="utf-8", newline="") as recorded:
        assert CASES[name]() == recorded.read()


def test_every_recording_is_of_a_case() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(CASES)
