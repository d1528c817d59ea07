"""The whole bot over real Bolt and real HTTP, against a strict Slack: how questions go well."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.model.answer import Answer
from tests.slack import answers, strict
from tests.slack.conftest import House
from tests.slack.engines import Clock, Slow
from tests.slack.loopback import Slack, signed


def buttons(message: dict[str, Any]) -> dict[str, Any]:
    return {button["action_id"]: button for button in strict.elements(message["blocks"])}


def only_message(slack: Slack, channel: str = "C1") -> dict[str, Any]:
    [message] = slack.until(lambda: slack.in_channel(channel))
    return dict(message)


def test_a_command_is_answered_in_its_channel(house: House) -> None:
    slack = house.start()
    delivery = slack.command("db-clients 5432 1h")
    assert (delivery.status, delivery.body) == (200, "")
    message = only_message(slack)
    words = strict.words(message["blocks"])
    assert "3 clients used PostgreSQL" in words
    assert "10.0.1.2" in words
    assert "2026-11-20 14:30–15:30 CET" in words
    assert "98.7 MB scanned" in words
    assert [b["type"] for b in message["blocks"]].count("image") == 1
    assert message["text"].startswith("3 clients used PostgreSQL")
    assert buttons(message)["open:0"]["url"] == answers.LINK
    assert slack.told == []


def test_a_quick_answer_needs_no_placeholder(house: House) -> None:
    slack = house.start()
    slack.command("db-clients 5432")
    assert only_message(slack)["edits"] == 0


def test_the_chart_is_uploaded_in_no_channel_and_waited_for(house: House) -> None:
    house.slack.looks = 3
    slack = house.start()
    slack.command("db-clients 5432")
    only_message(slack)
    [file] = slack.files.values()
    assert file.content == answers.png(answers.bars(), answers.BERLIN)
    assert file.alt == "Three clients, one does most of it: bars by client."
    assert len(slack.called("files.info")) == 3


def test_an_empty_line_asks_for_help_which_only_the_asker_sees(house: House) -> None:
    slack = house.start(lambda line, *, zone, watch: answers.helped())
    slack.command("  ")
    [told] = slack.until(lambda: slack.told)
    assert "db-clients 5432" in told.words
    assert (told.user, told.by) == ("U1", "response_url")
    assert slack.in_channel("C1") == []


def test_placeholder_progress_and_answer_are_one_message(house: House) -> None:
    engine, clock = Slow(), Clock()
    slack = house.start(engine, clock=clock, patience=0)
    slack.command("db-clients 5432")
    slack.until(lambda: house.showing() and engine.watches)
    assert "Looking" in strict.words(only_message(slack)["blocks"])

    engine.progress("db-clients 5432", 100)  # too early
    clock.now += 3
    engine.progress("db-clients 5432", 2_000_000)
    slack.until(lambda: "2\u2009000\u2009000 records" in only_message(slack)["text"])
    clock.now += 1
    engine.progress("db-clients 5432", 3_000_000)  # too early again
    engine.go.set()
    slack.until(lambda: "PostgreSQL" in only_message(slack)["text"])
    assert [call["text"][:8] for call in slack.called("chat.update")].count("Looking…") == 1
    assert len(slack.called("chat.postMessage")) == 1


def test_progress_that_slack_refuses_is_not_tried_again(house: House) -> None:
    engine, clock = Slow(), Clock()
    slack = house.start(engine, clock=clock, patience=0)
    slack.command("rejects")
    slack.until(lambda: house.showing() and engine.watches)
    slack.fail("chat.update", "429", times=1, retry_after=60)
    clock.now += 3
    engine.progress("rejects", 5)
    slack.until(lambda: slack.faults["chat.update"][0].times == 0)
    engine.go.set()
    slack.until(lambda: "PostgreSQL" in only_message(slack)["text"])


def test_next_and_again_are_asked_where_they_are_pressed(house: House) -> None:
    slack = house.start()
    slack.command("db-clients 5432 1h")
    pressed = buttons(only_message(slack))
    assert slack.press(pressed["next:0"], user="U2").status == 200
    slack.until(lambda: len(slack.in_channel("C1")) == 2)
    words = strict.words(slack.in_channel("C1")[1]["blocks"])
    assert "`/flows rejects 1h port 5432`" in words
    assert "<@U2>" in words
    slack.press(pressed["again"])
    slack.until(lambda: len(slack.in_channel("C1")) == 3)
    assert "`/flows db-clients 5432 1h`" in strict.words(slack.in_channel("C1")[2]["blocks"])


def test_why_is_asked_of_whatever_reject_is_chosen(house: House) -> None:
    asked: list[str] = []

    def ask(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        asked.append(line)
        return answers.rejected()

    slack = house.start(ask)
    slack.command("rejects 1h")
    found = buttons(only_message(slack))
    assert [option["text"]["text"] for option in found["why"]["options"]] == [
        f"why 10.0.1.{n} 10.0.2.9 5432 1h" for n in range(3)
    ]
    assert [one["value"] for name, one in found.items() if name != "why"] == [
        "rejects to 10.0.2.9 1h",
        "rejects 1h",
    ], "what is in the menu needs no button"
    assert slack.choose(found["why"], 1, user="U2").status == 200
    slack.until(lambda: len(slack.in_channel("C1")) == 2)
    assert asked == ["rejects 1h", "why 10.0.1.1 10.0.2.9 5432 1h"]
    assert "<@U2>" in strict.words(slack.in_channel("C1")[1]["blocks"])


def test_why_is_a_button_where_one_thing_was_rejected(house: House) -> None:
    slack = house.start(lambda line, **_: answers.rejected(1))
    slack.command("rejects 1h")
    why = buttons(only_message(slack))["why"]
    assert (why["type"], why["text"]["text"]) == ("button", "Why?")
    slack.press(why)
    slack.until(lambda: len(slack.in_channel("C1")) == 2)
    words = strict.words(slack.in_channel("C1")[1]["blocks"])
    assert "`/flows why 10.0.1.0 10.0.2.9 5432 1h`" in words


def test_opening_cloudwatch_is_acknowledged(house: House) -> None:
    slack = house.start()
    slack.command("db-clients 5432 1h")
    assert slack.press(buttons(only_message(slack))["open:0"]).status == 200


def test_the_home_tab_shows_commands_and_an_example_is_answered_privately(house: House) -> None:
    slack = house.start()
    assert slack.open_home().status == 200
    slack.until(lambda: slack.homes)
    words = strict.words(slack.homes["U1"])
    assert "`db-clients PORT [on HOST] [window]`" in words
    assert "What was &lt;rejected&gt; &amp; where from" in words
    assert "cloudwatch://eu-west-1/flow-logs" in words
    tries = {b["action_id"]: b for b in strict.elements(slack.homes["U1"])}
    slack.press(tries["try:1"], channel=None)
    assert "/flows rejects 1h" in strict.words(only_message(slack, "D1")["blocks"])
    slack.open_home()
    slack.until(lambda: "15:28 CET" in strict.words(slack.homes["U1"]))


def test_the_messages_tab_publishes_nothing(house: House) -> None:
    slack = house.start()
    assert slack.open_home(tab="messages").status == 200
    slack.open_home("U2")
    slack.until(lambda: slack.homes)
    assert list(slack.homes) == ["U2"]


def test_times_are_in_the_zone_of_the_asker_who_is_looked_up_once(house: House) -> None:
    engine, clock = Slow(), Clock()
    engine.go.set()
    house.slack.zones |= {"U2": None, "U3": "Mars/Olympus"}
    slack = house.start(engine, clock=clock, zone=ZoneInfo("Asia/Tokyo"))
    slack.channels["C1"].add("U3")
    for n, user in enumerate(["U1", "U1", "U2", "U3"], 1):
        slack.command(f"line {n}", user)
        slack.until(lambda n=n: len(slack.in_channel("C1")) == n)
    assert [zone for _, zone in engine.asked] == ["Europe/Berlin"] * 2 + ["Asia/Tokyo"] * 2
    assert len(slack.called("users.info")) == 3
    clock.now += 3601
    slack.command("line 5")
    slack.until(lambda: len(slack.called("users.info")) == 4)


def test_an_unknown_person_is_answered_in_the_default_zone(house: House) -> None:
    engine = Slow()
    engine.go.set()
    slack = house.start(engine)
    slack.fail("users.info", "user_not_found")
    slack.command("rejects")
    only_message(slack)
    assert engine.asked == [("rejects", "UTC")]


def test_what_slack_sends_twice_is_answered_once(house: House) -> None:
    slack = house.start()
    for _ in range(3):
        assert slack.command("rejects", trigger="same").status == 200
    for retry in range(3):
        assert slack.open_home(event_id="EvSame", retry=retry).status == 200
    slack.command("again")
    slack.until(lambda: len(slack.in_channel("C1")) == 2 and slack.homes)
    assert len(slack.called("views.publish")) == 1


def test_a_retry_that_is_the_only_copy_is_answered(house: House) -> None:
    slack = house.start()
    slack.open_home(retry=2)
    slack.until(lambda: slack.homes)


def test_an_old_delivery_is_forgotten(house: House) -> None:
    clock = Clock()
    slack = house.start(clock=clock)
    slack.command("rejects", trigger="same")
    clock.now += 15 * 60
    slack.command("rejects", trigger="same")
    slack.until(lambda: len(slack.in_channel("C1")) == 2)


def test_a_request_that_slack_did_not_sign_is_refused(house: House) -> None:
    slack = house.start()
    body = "command=%2Fflows&text=rejects&user_id=U1&channel_id=C1&trigger_id=t"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert slack.post(body, form).status == 401
    assert slack.post(body, form | signed(body, "guessed")).status == 401
    assert slack.post(body, form | signed(body, at=time.time() - 360)).status == 401
    assert slack.post(body, form | signed(body + "&x=y")).status == 401
    assert [method for method, _ in slack.calls if method != "auth.test"] == []


def test_another_path_and_another_command_find_nothing(house: House) -> None:
    slack = house.start()
    url = slack.request_url
    slack.request_url = url.replace("/slack/events", "/")
    assert slack.command("rejects").status == 404
    slack.request_url = url
    body = "command=%2Fother&text=rejects&user_id=U1&channel_id=C1&trigger_id=t"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert slack.post(body, form | signed(body)).status == 404


def test_sixty_at_once_are_all_acknowledged_and_answered(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0.05)
    with ThreadPoolExecutor(60) as people:
        sent = list(people.map(lambda n: slack.command(f"line {n}"), range(60)))
    assert {d.status for d in sent} == {200}
    assert [told.words for told in slack.told] == []
    slack.until(lambda: len(slack.in_channel("C1")) == 60)
    engine.go.set()
    slack.until(lambda: all("PostgreSQL" in m["text"] for m in slack.in_channel("C1")), 60)
    asked = {strict.words(m["blocks"]).split("`")[1] for m in slack.in_channel("C1")}
    assert asked == {f"/flows line {n}" for n in range(60)}


def test_a_full_line_says_so_at_once_and_a_place_in_it_is_told(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, workers=1, waiting=2, patience=0)
    for n in range(3):
        assert slack.command(f"line {n}").body == ""
    slack.until(lambda: len(slack.in_channel("C1")) == 3 and len(engine.watches) == 1)
    shown = "\n".join(strict.words(m["blocks"]) for m in slack.in_channel("C1"))
    assert "1 question comes first" in shown
    assert "2 questions come first" in shown
    slack.command("one too many")
    assert "2 questions are waiting already" in slack.told[-1].words
    assert slack.told[-1].by == "ack"
    again = {"action_id": "again", "text": {"type": "plain_text", "text": "x"}, "value": "more"}
    slack.press(again)
    slack.until(lambda: len(slack.told) == 2)
    assert slack.told[-1].by == "response_url"
    engine.go.set()
    slack.until(lambda: all("PostgreSQL" in m["text"] for m in slack.in_channel("C1")))


def test_cancel_stops_the_query_and_says_who_did(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0)
    slack.command("rejects 7d")
    slack.until(lambda: house.showing() and engine.watches)
    cancel = buttons(only_message(slack))["cancel"]
    slack.press(cancel, user="U2")
    [told] = slack.until(lambda: slack.told)
    assert (told.user, "Only <@U1> can stop" in told.text) == ("U2", True)
    assert engine.stopped == []

    slack.press(cancel)
    slack.until(lambda: "No answer" in only_message(slack)["text"])
    assert engine.stopped == ["rejects 7d"]
    message = only_message(slack)
    assert "<@U1> stopped it" in strict.words(message["blocks"])
    assert buttons(message)["again"]["value"] == "rejects 7d"
    slack.until(house.idle)
    slack.press(cancel)
    slack.until(lambda: len(slack.told) == 2)
    assert "not running any more" in slack.told[-1].text


def test_a_waiting_question_can_be_cancelled(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, workers=1, patience=0)
    slack.command("first")
    slack.until(lambda: engine.watches)
    slack.command("second")
    slack.until(lambda: len(slack.in_channel("C1")) == 2)
    [second] = [m for m in slack.in_channel("C1") if "second" in strict.words(m["blocks"])]
    slack.press(buttons(second)["cancel"])
    slack.until(lambda: "No answer" in [m["text"][:9] for m in slack.in_channel("C1")])
    engine.go.set()  # the first still ran
    slack.until(house.idle)
    assert sorted(m["text"][:9] for m in slack.in_channel("C1")) == ["3 clients", "No answer"]
    assert slack.told == []
    assert [line for line, _ in engine.asked] == ["first"]


def test_cancel_says_so_at_once_though_the_engine_is_slow_to_notice(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    go = threading.Event()

    def deaf(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        go.wait(10)
        raise RuntimeError("the engine was closed below it")

    slack = house.start(deaf, patience=0)
    slack.command("rejects 90d")
    slack.until(house.showing)
    slack.press(buttons(only_message(slack))["cancel"])
    slack.until(lambda: "No answer" in only_message(slack)["text"])
    go.set()
    slack.until(house.idle)
    assert slack.told == []
    assert "the engine was closed below it" in caplog.text


def test_at_the_end_running_and_waiting_questions_are_told(house: House) -> None:
    engine = Slow()
    slack = house.start(engine, workers=1, patience=0)
    slack.command("running")
    slack.until(lambda: engine.watches)
    slack.command("waiting")
    slack.until(lambda: len(slack.in_channel("C1")) == 2)
    assert house.bot is not None
    house.bot.desk.close()
    assert engine.stopped == ["running"]
    for message in slack.in_channel("C1"):
        assert "I am being restarted" in strict.words(message["blocks"])
        assert "again" in buttons(message)
    slack.command("late")
    assert "I am being restarted" in slack.told[-1].text


def test_a_hostile_answer_notifies_nobody(house: House) -> None:
    slack = house.start(lambda line, *, zone, watch: answers.hostile())
    slack.command("query <!channel> & `x")
    message = only_message(slack)  # the fixture fails on any unescaped control sequence
    assert "&lt;!channel&gt;" in strict.words(message["blocks"])
    [sent] = slack.called("chat.postMessage")
    assert (sent["unfurl_links"], sent["unfurl_media"], sent["link_names"]) == (False,) * 3


def test_an_answer_larger_than_slack_takes_is_shown_in_part(house: House) -> None:
    slack = house.start(lambda line, *, zone, watch: answers.large())
    slack.command("top-talkers")
    message = only_message(slack)
    words = strict.words(message["blocks"])
    [table] = [block for block in message["blocks"] if block["type"] == "table"]
    hidden = 1200 - (len(table["rows"]) - 1)
    assert f"1\u2009{hidden - 1000} more rows and 10 more columns not shown" in words
    assert "further parts of this answer did not fit" in words


def test_answers_do_not_mix_between_people(house: House) -> None:
    def ask(line: str, *, zone: ZoneInfo, watch: Watch) -> Answer:
        return answers.full(line)

    slack = house.start(ask, workers=8)
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: slack.command(f"{n}", f"U{n % 2 + 1}"), range(40)))
    slack.until(lambda: [m["text"][:9] for m in slack.in_channel("C1")] == ["3 clients"] * 40)
    for message in slack.in_channel("C1"):
        n = int(strict.words(message["blocks"]).split("`")[1].removeprefix("/flows "))
        assert f"<@U{n % 2 + 1}>" in strict.words(message["blocks"])
        assert buttons(message)["again"]["value"] == str(n)
