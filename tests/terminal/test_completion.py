from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from bot.cli import flows
from bot.terminal.completion import completed


def offered(*words: str) -> list[str]:
    """What the shell offers for the last of the words."""
    shell = BashComplete(flows, {}, "flows", "_FLOWS_COMPLETE")
    return [item.value for item in shell.get_completions(list(words[:-1]), words[-1])]


def test_fields_are_offered_by_the_shell() -> None:
    assert offered("query", "filter srcA") == ["filter srcAddr"]
    assert "fields dstPort" in offered("query", "fields dst")
    assert offered("query", "fields nothing") == []


def test_only_a_query_is_completed_so() -> None:
    assert offered("ask", "filter srcA") == []


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("", "stats"),
        ("st", "stats"),
        ("fields srcAddr | FI", "fields srcAddr | filter"),
        ("stats coun", "stats count("),
        ("stats count(*) by pktsrc", "stats count(*) by pktSrcAddr"),
        ("filter isIpv4InSubnet(dst", "filter isIpv4InSubnet(dstAddr"),
        ("sort @t", "sort @timestamp"),
        ("cidr", "cidrlookup"),
    ],
)
def test_what_is_offered(text: str, offer: str) -> None:
    assert offer in completed(text)


def test_commands_stand_where_commands_stand() -> None:
    assert "filter stats" not in completed("filter st")
    assert "srcAddr" not in completed("src")


def test_commands_that_are_refused_are_not_offered() -> None:
    assert completed("jo") == []
