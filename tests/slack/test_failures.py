"""The whole bot when something goes wrong: with the question, with the bot, or with Slack."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from bot.model.answer import Answer
from bot.model.errors import BadLine, BadQuery, BadSettings, Throttled
from bot.slack import limits
from bot.slack.app import build
from tests.slack import answers, engines, strict
from tests.slack.conftest import UTC, House
from tests.slack.engines import Clock, Slow, raising
from tests.slack.loopback import GRANTED, SECRET, Slack
from tests.slack.test_app import buttons, only_message


def only_told(slack: Slack) -> Any:
    [told] = slack.until(lambda: slack.told)
    return told


def image_count(message: dict[str, Any]) -> int:
    return [block["type"] for block in message["blocks"]].count("image")


# -- the question ----------------------------------------------------------------------------------


def test_a_mistyped_line_is_told_to_the_asker_alone(house: House) -> None:
    error = BadLine("there is no command rejets", where="word 1", hint="Did you mean rejects?")
    slack = house.start(raising(lambda: error))
    slack.command("rejets 1h")
    told = only_told(slack)
    assert (told.user, told.by) == ("U1", "response_url")
    for piece in ("there is no command rejets", "word 1", "Did you mean rejects?", "rejets 1h"):
        assert piece in told.words
    assert slack.called("chat.postMessage") == []  # nobody else saw anything


def test_a_bad_query_is_shown_with_a_caret(house: House) -> None:
    text = "fields @timestamp\n| stats cout(*) by srcAddr"
    error = BadQuery("there is no function cout", text=text, start=26, end=30, hint="count?")
    slack = house.start(raising(lambda: error))
    slack.command("query " + text)
    told = only_told(slack)
    assert "| stats cout(*) by srcAddr\n        ^^^^" in told.words
    assert "line 2, column 9" in told.words


def test_a_failure_takes_the_placeholder_back(house: House) -> None:
    engine = Slow()

    def ask(line: str, **given: Any) -> Answer:
        engine(line, **given)
        raise Throttled("CloudWatch runs too many queries", hint="Ask again in a minute.")

    slack = house.start(ask, patience=0)
    slack.command("rejects")
    slack.until(lambda: house.showing() and engine.watches)
    engine.go.set()
    told = only_told(slack)
    slack.until(lambda: not slack.in_channel("C1"))
    assert "CloudWatch runs too many queries" in told.words
    again = {b["action_id"]: b for b in strict.elements(told.blocks)}["again"]
    assert again["value"] == "rejects"


def test_a_placeholder_that_cannot_be_deleted_does_not_look_alive(house: House) -> None:
    engine = Slow()

    def ask(line: str, **given: Any) -> Answer:
        engine(line, **given)
        raise BadLine("no")

    slack = house.start(ask, patience=0)
    slack.fail("chat.delete", "cant_delete_message")
    slack.command("x")
    slack.until(lambda: house.showing() and engine.watches)
    engine.go.set()
    slack.until(lambda: "the asker was told" in only_message(slack)["text"])
    assert buttons(only_message(slack)) == {}


def test_a_failure_with_hostile_words_notifies_nobody(house: House) -> None:
    evil = "<!channel> <@U2> & ``` *x*"
    error = BadQuery(evil, text=evil, start=0, end=3, hint=evil)
    slack = house.start(raising(lambda: error))
    slack.command(evil)
    assert "&lt;!channel&gt;" in only_told(slack).words


def test_a_very_long_failure_still_reaches_the_asker(house: House) -> None:
    error = BadQuery("w" * 9000, text="q" * 90_000, start=5, end=50_000, hint="h&" * 9000)
    slack = house.start(raising(lambda: error))
    slack.command("query " + "q" * 7000)
    assert only_told(slack).blocks


# -- the bot ---------------------------------------------------------------------------------------


def test_a_bug_is_an_apology_with_a_reference_and_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    slack = house.start(raising(lambda: KeyError("xoxb-secret in /etc/passwd")))
    slack.command("rejects")
    told = only_told(slack)
    assert "`id1`" in told.words
    for secret in ("xoxb", "passwd", "KeyError", "Traceback"):
        assert secret not in told.words
    [record] = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert "id1" in record.getMessage()
    assert record.exc_info


def test_a_chart_that_cannot_be_drawn_does_not_lose_the_answer(house: House) -> None:
    def png(*_: Any) -> bytes:
        raise ZeroDivisionError

    slack = house.start(png=png)
    slack.command("db-clients 5432")
    message = only_message(slack)
    assert image_count(message) == 0
    words = strict.words(message["blocks"])
    assert "it could not be drawn" in words
    assert "one does most of it: bars by client" in words
    assert "10.0.1.2" in words


def test_a_token_that_slack_does_not_take_is_named(house: House) -> None:
    with pytest.raises(BadSettings, match="does not accept the bot token: invalid_auth"):
        house.start(token="xoxb-other")


def test_a_token_in_the_environment_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-another-app")
    slack = house.start()
    slack.command("rejects")
    assert only_message(slack)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


def test_a_slack_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSettings, match="Slack cannot be reached"):
        build(
            ask=engines.quick,
            shelf=(),
            png=answers.png,
            alt_text=answers.alt_text,
            source="demo",
            token="xoxb-x",
            signing_secret=SECRET,
            zone=UTC,
            base_url="http://127.0.0.1:1/api/",
            sleep=lambda _: None,
        )


# -- the conversation ------------------------------------------------------------------------------


def test_where_the_bot_is_not_a_member_it_says_how_to_invite_it(house: House) -> None:
    slack = house.start()
    slack.command("rejects 1h", channel="C2")
    told = only_told(slack)
    assert told.by == "response_url"
    assert "`/invite @flows`" in told.words
    assert slack.in_channel("C2") == []
    button = {b["action_id"]: b for b in strict.elements(told.blocks)}["privately"]
    slack.press(button, channel="C2")
    assert "/flows rejects 1h" in strict.words(only_message(slack, "D1")["blocks"])


def test_a_slow_question_is_stopped_where_it_cannot_be_answered(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0)
    slack.command("rejects 7d", channel="C9")
    assert "`/invite @flows`" in only_told(slack).words
    slack.until(lambda: engine.stopped == ["rejects 7d"])
    assert len(slack.told) == 1


def test_another_reason_not_to_post_is_told_by_slacks_name_for_it(house: House) -> None:
    slack = house.start()
    slack.fail("chat.postMessage", "is_archived")
    slack.command("rejects")
    assert "`is_archived`" in only_told(slack).words


# -- Slack -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "kind", "times"),
    [
        ("files.getUploadURLExternal", "file_upload_size_restricted", 1),
        ("files.getUploadURLExternal", "500", 9),
        ("files.completeUploadExternal", "html", 1),
        ("files.completeUploadExternal", "drop", 9),
        ("files.info", "file_not_found", 1),
        ("files.info", "missing_scope", 1),
    ],
)
def test_an_upload_that_fails_leaves_the_answer_whole(
    house: House, method: str, kind: str, times: int
) -> None:
    slack = house.start()
    slack.fail(method, kind, times)
    slack.command("db-clients 5432 1h")
    message = only_message(slack)
    words = strict.words(message["blocks"])
    assert image_count(message) == 0
    assert "The chart is missing (Slack did not take it" in words
    assert "one does most of it: bars by client" in words
    assert "10.0.1.2" in words
    assert "next:0" in buttons(message)


def test_a_file_that_is_never_processed_leaves_the_answer_whole(house: House) -> None:
    house.slack.looks = 1000
    slack = house.start()
    slack.command("db-clients 5432 1h")
    assert "Slack is still processing it" in strict.words(only_message(slack)["blocks"])


def test_a_file_used_too_early_is_tried_again(house: House) -> None:
    house.slack.looks = 2
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if seconds >= 1:  # between two attempts: Slack gets on with it
            for file in slack.files.values():
                file.looks_left = 0

    slack = house.start(sleep=sleep)
    seen = slack._files_info

    def too_soon(arguments: dict[str, Any]) -> dict[str, Any]:
        found = seen(arguments)
        found["file"]["mimetype"] = "image/png"  # says so before it is true
        return found

    slack._files_info = too_soon  # type: ignore[method-assign]
    slack.command("db-clients 5432 1h")
    assert image_count(only_message(slack)) == 1
    assert len(slack.called("chat.postMessage")) == 2


def test_a_file_that_slack_never_shows_leaves_the_answer_whole(house: House) -> None:
    slack = house.start()
    slack._files_info = lambda _: {"file": {"mimetype": "image/png"}}  # type: ignore[method-assign]
    slack.looks = 1000
    slack.command("db-clients 5432 1h")
    message = only_message(slack)
    assert "Slack would not show it" in strict.words(message["blocks"])
    assert len(slack.called("chat.postMessage")) == 5


def test_blocks_that_slack_refuses_leave_the_bare_answer(house: House) -> None:
    slack = house.start(lambda line, *, zone, watch: answers.empty())
    slack.fail("chat.postMessage", "invalid_blocks")
    slack.command("db-clients 9999")
    message = only_message(slack)
    assert message["text"].startswith("Nobody used port 9999")
    assert message["blocks"] == []


def test_a_rate_limit_is_waited_for_as_long_as_slack_says(house: House) -> None:
    pauses: list[float] = []
    slack = house.start(sleep=pauses.append)
    slack.fail("chat.postMessage", "429", times=2, retry_after=7)
    slack.command("rejects")
    only_message(slack)
    waited = [pause for pause in pauses if pause >= 7]
    assert len(waited) == 2
    assert max(waited) < 8


def test_many_answers_in_one_channel_wait_for_each_other(house: House) -> None:
    house.slack.per_second = 5
    slack = house.start(sleep=time.sleep)
    for n in range(12):
        slack.command(f"line {n}")
    slack.until(lambda: len(slack.in_channel("C1")) == 12)
    assert slack.told == []


def test_a_reply_that_is_lost_does_not_post_twice(house: House) -> None:
    slack = house.start()
    slack.fail("chat.postMessage", "drop")
    slack.command("rejects")
    told = only_told(slack)
    assert len(slack.in_channel("C1")) == 1
    assert "Slack did not take this answer" in told.words
    assert "10.0.1.2" in told.words


@pytest.mark.parametrize("kind", ["500", "drop"])
def test_an_update_is_repeated_until_slack_confirms(house: House, kind: str) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0)
    slack.command("rejects")
    slack.until(lambda: house.showing() and engine.watches)
    slack.fail("chat.update", kind, times=2)
    engine.go.set()
    slack.until(lambda: "PostgreSQL" in only_message(slack)["text"])
    assert slack.told == []


def test_without_a_placeholder_the_answer_is_still_posted(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0)
    slack.fail("chat.postMessage", "500")
    slack.command("rejects")
    slack.until(lambda: slack.faults["chat.postMessage"][0].times == 0)
    engine.go.set()
    assert "PostgreSQL" in only_message(slack)["text"]


def test_an_answer_that_slack_will_not_take_reaches_the_asker(house: House) -> None:
    slack = house.start()
    slack.fail("chat.postMessage", "fatal_error", times=1)
    slack.command("db-clients 5432")
    told = only_told(slack)
    assert "10.0.1.2" in told.words
    assert "fatal_error" in told.words


def test_a_response_url_that_fails_gives_way_to_an_ephemeral_message(house: House) -> None:
    slack = house.start(raising(lambda: BadLine("what?")))
    slack.fail("response_url", "500")
    slack.command("x")
    assert only_told(slack).by == "ephemeral"


def test_an_old_response_url_is_not_used(house: House) -> None:
    engine, clock = Slow(), Clock()
    house.slack.clock = clock

    def ask(line: str, **given: Any) -> Answer:
        engine(line, **given)
        raise BadLine("too late")

    slack = house.start(ask, clock=clock)
    slack.command("rejects 90d")
    slack.until(lambda: engine.watches)
    clock.now += limits.RESPONSE_URL_SECONDS
    engine.go.set()
    assert only_told(slack).by == "ephemeral"


def test_the_last_way_to_reach_somebody_is_a_direct_message(house: House) -> None:
    slack = house.start(raising(lambda: BadLine("what?")))
    slack.fail("response_url", "500")
    slack.fail("chat.postEphemeral", "user_not_in_channel")
    slack.command("x")
    assert "what?" in strict.words(only_message(slack, "D1")["blocks"])


def test_a_person_nobody_can_reach_is_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    slack = house.start(raising(lambda: BadLine("what?")))
    for method, kind in (
        ("response_url", "500"),
        ("chat.postEphemeral", "fatal_error"),
        ("chat.postMessage", "fatal_error"),
    ):
        slack.fail(method, kind, times=9)
    slack.command("x")
    slack.until(lambda: "U1 could not be told" in caplog.text)


def test_a_home_tab_that_slack_refuses_is_in_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    slack = house.start()
    slack.fail("views.publish", "not_enabled")
    slack.open_home()
    slack.until(lambda: "the Home tab of U1 was not published: not_enabled" in caplog.text)


@pytest.mark.parametrize("scope", ["chat:write", "files:read", "files:write", "users:read"])
def test_each_scope_is_needed_and_its_absence_is_survived(house: House, scope: str) -> None:
    house.slack.scopes = GRANTED - {scope}
    slack = house.start()
    slack.command("db-clients 5432")
    slack.until(lambda: slack.in_channel("C1") or slack.told)
    refused = {m for m, _ in slack.calls if m in SCOPED[scope]}
    assert refused, f"nothing the bot does needs {scope}"


SCOPED = {
    "chat:write": {"chat.postMessage"},
    "files:write": {"files.getUploadURLExternal"},
    "files:read": {"files.info"},
    "users:read": {"users.info"},
}
