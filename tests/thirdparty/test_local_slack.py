"""`flows serve` in front of local-slack's page, with a person in a real browser.

The screenshots stay in pytest's folder; `python -m tests.thirdparty.page --out DIR` makes them too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.thirdparty import places

MISSING = places.missing(places.NODE, places.LOCAL_SLACK, places.PLAYWRIGHT) or (
    None if places.chromium() else "NOT TESTED with a page: chromium is not installed"
)

pytestmark = [
    pytest.mark.thirdparty,
    pytest.mark.timeout(400),
    pytest.mark.skipif(bool(MISSING), reason=MISSING or ""),
]


def at_the_page(out: Path, mode: str) -> dict[str, Any]:
    if not places.apart():
        pytest.skip("NOT TESTED with local-slack: no network namespace can be made here")
    command = [sys.executable, "-m", "tests.thirdparty.page", "--out", str(out), "--mode", mode]
    done = subprocess.run(
        command, cwd=places.ROOT, capture_output=True, text=True, timeout=380, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("mode", ["socket", "events"])
def test_a_command_typed_at_the_page_shows_its_answer_and_chart(tmp_path: Path, mode: str) -> None:
    result = at_the_page(tmp_path, mode)
    seen = result["seen"]
    assert "error" not in seen, seen
    assert result["complaints"] == []
    assert result["exit"] == 0, result["log"]
    assert "Traceback" not in result["log"]
    assert "WARNING" not in result["log"], result["log"]

    clients = seen["db-clients"]
    assert "/flows db-clients 5432 1h" in clients["text"]
    assert "talked to port 5432" in clients["text"]
    assert clients["images"][0]["width"] >= 600
    assert "5432" in clients["images"][0]["alt"]
    assert "Ask again" in clients["buttons"]

    assert len(seen["again"]["images"]) == 2  # the button was pressed
    assert len(seen["rejects"]["images"]) == 3
    assert "only visible to you" in seen["mistyped"]["text"]
    assert "Did you mean rejects?" in seen["mistyped"]["text"]
    assert "db-clients" in seen["help"]["text"]
    assert "What is happening on the network?" in seen["home"]["text"]
    assert {p.name for p in tmp_path.glob("*.png")} >= {"db-clients.png", "home.png"}
