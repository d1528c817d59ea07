from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.cloudwatch.console_link import console_link
from bot.engines.cloudwatch.seconds import Seconds

SPAN = Seconds(1748563200, 1748566799)  # 2025-05-30T00:00:00Z, one hour
TEXT = 'fields @timestamp\n| filter srcAddr = "10.0.0.5"'


def test_every_character_is_as_the_console_wants_it() -> None:
    assert console_link("eu-central-1", ("/aws/vpc/flow-logs",), SPAN, TEXT) == (
        "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"
        "#logsV2:logs-insights$3FqueryDetail$3D"
        "~(end~'2025-05-30T00*3a59*3a59.000Z~start~'2025-05-30T00*3a00*3a00.000Z"
        "~timeType~'ABSOLUTE~tz~'UTC"
        "~editorString~'fields*20*40timestamp*0a*7c*20filter*20srcAddr*20*3d*20*2210.0.0.5*22"
        "~isLiveTail~false~source~(~'*2faws*2fvpc*2fflow-logs))"
    )


def test_several_groups_and_arns() -> None:
    arn = "arn:aws:logs:eu-central-1:123456789012:log-group:/other"
    link = console_link("eu-central-1", ("a_b.c-d", arn), SPAN, "limit 1")
    assert link.endswith(
        "~source~(~'a_b.c-d~'arn*3aaws*3alogs*3aeu-central-1*3a123456789012*3alog-group*3a*2fother))"
    )


def test_text_beyond_ascii_is_written_byte_by_byte() -> None:
    link = console_link("eu-central-1", ("g",), SPAN, "# für 😀 ~('*$)")
    assert "~editorString~'*23*20f*c3*bcr*20*f0*9f*98*80*20*7e*28*27*2a*24*29~" in link


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("us-east-1", "us-east-1.console.aws.amazon.com"),
    ],
)
def test_each_partition_has_its_console(region: str, host: str) -> None:
    assert console_link(region, ("g",), SPAN, "limit 1").startswith(f"https://{host}/cloudwatch/")


def test_half_a_character_is_no_reason_to_fail() -> None:
    assert "~editorString~'a*3fb~" in console_link("eu-central-1", ("g",), SPAN, "a\ud800b")


@given(st.text())
def test_no_text_breaks_out_of_its_place_and_none_is_lost(text: str) -> None:
    link = console_link("eu-central-1", ("g",), SPAN, text)
    match = re.search(r"~editorString~'([A-Za-z0-9._*-]*)~isLiveTail~false~source~\(~'g\)\)$", link)
    assert match is not None
    decoded = re.sub(rb"\*(..)", lambda m: bytes([int(m[1], 16)]), match[1].encode())
    assert decoded.decode() == text
