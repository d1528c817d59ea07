from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights import nodes
from bot.insights.parser import parse
from bot.insights.quoting import Unquotable, fill, pipeline
from bot.model.window import Period


def filtered(text: str) -> nodes.Expression:
    """What a query of one comparison compares with."""
    command = parse(text).commands
    assert len(command) == 1
    assert isinstance(command[0], nodes.Filter)
    comparison = command[0].condition
    assert isinstance(comparison, nodes.Comparison)
    return comparison.right


def test_values_are_written_by_their_kind() -> None:
    assert (
        fill(
            "filter a = {number} and b = {text} and c = {address} and d in {many} | stats {{}}",
            number=443,
            text='say "hi"',
            address=ip_address("10.0.0.1"),
            many=(1, "x", ip_network("10.0.0.0/8")),
        )
        == 'filter a = 443 and b = \'say "hi"\' and c = "10.0.0.1"'
        ' and d in [1, "x", "10.0.0.0/8"] | stats {}'
    )
    assert fill("stats count(*) by bin({p})", p=Period(300, "5m")) == "stats count(*) by bin(5m)"


@given(st.text())
def test_a_text_is_refused_or_comes_back_as_itself(value: str) -> None:
    try:
        text = fill("filter a = {value}", value=value)
    except Unquotable:
        return
    right = filtered(text)
    assert isinstance(right, nodes.Text)
    assert right.value == value


@given(st.text(alphabet="'\"\\`#|/ \n[]{}()a", max_size=12))
def test_a_hostile_text_is_refused_or_comes_back_as_itself(value: str) -> None:
    test_a_text_is_refused_or_comes_back_as_itself.hypothesis.inner_test(value)  # type: ignore[attr-defined]


@given(st.lists(st.integers() | st.text(max_size=6), max_size=5))
def test_a_list_is_refused_or_comes_back_as_itself(values: list[int | str]) -> None:
    try:
        text = fill("filter a in {values}", values=values)
    except Unquotable:
        return
    (command,) = parse(text).commands
    assert isinstance(command, nodes.Filter)
    assert isinstance(command.condition, nodes.Membership)
    items = command.condition.array.items
    assert [item.value for item in items if isinstance(item, nodes.Text | nodes.Number)] == values


@pytest.mark.parametrize(
    "value",
    [
        True,
        -1,
        10**18,
        "both ' and \"",
        "back\\slash",
        "line\nbreak",
        "\x00",
        "\ud800",
        (),
        [()],
        IPv6Address("fe80::1%a\"'b"),
        Period(300, "5m) by x"),
        Period(0, "0m"),
    ],
)
def test_what_has_no_literal_is_refused(value: object) -> None:
    with pytest.raises(Unquotable):
        fill("filter a = {value}", value=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "template", ['filter a = "{value}"', "filter a = 'x {value}", "filter {other}", "{value!r}"]
)
def test_a_wrong_template_is_a_mistake(template: str) -> None:
    with pytest.raises(ValueError, match=r"template|quotes"):
        fill(template, value="x")


def test_an_apostrophe_in_another_literal_does_not_open_a_quote() -> None:
    assert fill('filter a = "it\'s" and b = {value}', value=1).endswith("b = 1")


def test_a_pipeline_leaves_out_none() -> None:
    assert pipeline("fields a", None, "limit 1") == "fields a\n| limit 1"
