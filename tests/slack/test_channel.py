"""Slack as a place for what the bot says by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.chart import Bars, Series
from bot.model.message import About, Button, Does, Message, Quiet, Undelivered
from bot.model.table import Column, Kind, Table
from bot.slack.channel import SlackChannel
from tests.slack import answers, strict
from tests.slack.conftest import House
from tests.slack.loopback import Slack

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def message(headline: str = "Rejected: <10.0.1.5> & 2 others", state: str = "open") -> Message:
    return Message(
        "warning:a",
        About.WARNING,
        state,
        headline,
        lines=("Since 14:00 <!channel>", "Likely reason: a rule"),
        charts=(Bars("b", ("a",), (Series("s", (1.0,)),)),),
        buttons=(
            Button(Does.ASK, "Why?", "rejects from 10.0.1.5"),
            Button(Does.EXPECTED, "Expected", "warning:a"),
            Button(Does.SNOOZE, "Snooze", "warning:a"),
        ),
        tables=(Table("t", (Column("n", "N", Kind.COUNT),), ((1,),)),),
    )


@pytest.fixture
def slack(house: House) -> Slack:
    return house.start(png=answers.png)


@pytest.fixture
def channel(house: House, slack: Slack) -> SlackChannel:
    assert house.bot is not None
    return house.bot.channel


def test_a_message_is_posted_edited_and_detailed(slack: Slack, channel: SlackChannel) -> None:
    ts = channel.post("C1", message(), "k")
    channel.reply("C1", ts, message(), "k/details")
    channel.edit("C1", ts, message("Over: all is well", "resolved"), "k")
    posted, details = slack.in_channel("C1")
    assert posted["metadata"] == {"event_type": "flows_message", "event_payload": {"key": "k"}}
    assert posted["edits"] == 1
    assert "Over: all is well" in strict.words(posted["blocks"])
    assert [b["type"] for b in posted["blocks"]] == ["section", "section", "image", "actions"]
    assert details["thread_ts"] == ts
    assert "warning:a" in strict.words(details["blocks"])


def test_what_was_posted_is_found_by_its_key(slack: Slack, channel: SlackChannel) -> None:
    stamps = {key: channel.post("C1", message(), key) for key in "abcde"}
    reply = channel.reply("C1", stamps["b"], message(), "b/details")
    assert all(channel.find("C1", key, LONG_AGO, None) == ts for key, ts in stamps.items())
    assert channel.find("C1", "b/details", LONG_AGO, stamps["b"]) == reply
    assert channel.find("C1", "b/details", LONG_AGO, None) is None
    assert channel.find("C1", "none", LONG_AGO, None) is None
    assert channel.find("C1", "a", datetime.now(UTC) + timedelta(days=9000), None) is None


def test_a_post_whose_answer_is_lost_is_found(slack: Slack, channel: SlackChannel) -> None:
    slack.fail("chat.postMessage", "drop")
    with pytest.raises(Undelivered):
        channel.post("C1", message(), "k")
    assert channel.find("C1", "k", LONG_AGO, None) is not None
    assert len(slack.in_channel("C1")) == 1


def test_slack_says_when_to_come_back(slack: Slack, channel: SlackChannel) -> None:
    slack.fail("chat.postMessage", "429", retry_after=77)
    with pytest.raises(Undelivered) as caught:
        channel.post("C1", message(), "k")
    assert caught.value.after == timedelta(seconds=77)
    assert not caught.value.permanent


@pytest.mark.parametrize(("error", "permanent"), [("is_archived", True), ("fatal_error", False)])
def test_what_is_gone_is_told_from_what_is_down(
    slack: Slack, channel: SlackChannel, error: str, permanent: bool
) -> None:
    slack.fail("chat.postMessage", error)
    with pytest.raises(Undelivered) as caught:
        channel.post("C1", message(), "k")
    assert caught.value.permanent is permanent


def test_a_history_that_cannot_be_read_is_not_taken_for_empty(
    slack: Slack, channel: SlackChannel
) -> None:
    slack.fail("conversations.history", "missing_scope")
    with pytest.raises(Undelivered):
        channel.find("C1", "k", LONG_AGO, None)


def test_a_chart_that_slack_refuses_costs_the_chart_alone(
    slack: Slack, channel: SlackChannel
) -> None:
    slack.fail("chat.postMessage", "invalid_blocks")
    channel.post("C1", message(), "k")
    (posted,) = slack.in_channel("C1")
    assert "image" not in [b["type"] for b in posted["blocks"]]


def test_channels_are_known_by_name(slack: Slack, channel: SlackChannel) -> None:
    assert channel.named("net-c1") == "C1"
    assert channel.named("net-c2") is None, "the bot is not in it"


def test_what_was_said_of_a_warning_stands_in_it(slack: Slack, channel: SlackChannel) -> None:
    until = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
    quiet = Quiet("Expected", until, "the <move>", "U2", ("port 5432 (postgres)",), "U1")
    ts = channel.post("C1", message(), "k")
    channel.edit("C1", ts, replace(message(), quiet=(quiet,), zone="Europe/Berlin"), "k")
    (posted,) = slack.in_channel("C1")
    assert (
        "Expected until Wed 02 Dec 08:30 CET because the &lt;move&gt;, owner <@U2>,"
        " said by <@U1>: port 5432 (postgres)."
    ) in strict.words(posted["blocks"])
