"""The policy in the documentation against the calls in the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/cloudwatch.md").read_text()
WRITING = {"logs:TestMetricFilter", "logs:PutMetricFilter"}  # for those who want metric filters
CODE = "".join(
    path.read_text()
    for path in (
        *(ROOT / "bot/engines/cloudwatch").glob("*.py"),
        ROOT / "bot/network/cloudtrail.py",
    )
)
ACTION = "(?:logs|ec2|cloudtrail|cloudwatch):[A-Z][A-Za-z]+"


def test_the_policy_allows_what_the_code_calls_and_nothing_else() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    policy = json.loads(block)
    allowed = [action for statement in policy["Statement"] for action in statement["Action"]]
    called = set(re.findall(rf"\b{ACTION}", CODE))
    called |= {f"logs:{name}" for name in re.findall(r'self\._call\("(\w+)"', CODE)}
    assert len(called) == 11
    assert set(allowed) == called - WRITING
    assert len(allowed) == len(set(allowed))


def test_every_call_has_a_row_that_says_when_it_is_made() -> None:
    rows = re.findall(rf"^\| `({ACTION})` \|", PAGE, re.M)
    assert set(rows) == set(re.findall(rf'"({ACTION})"', PAGE)) | WRITING
