"""How the bot listens, and how it ends: Socket Mode, HTTP on one address, signals."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from contextlib import ExitStack

import pytest

from bot.model.errors import BadSettings
from bot.slack import serving
from tests.slack import strict
from tests.slack.conftest import House
from tests.slack.engines import Slow
from tests.slack.loopback import APP_TOKEN, Slack
from tests.slack.sockets import listening
from tests.slack.test_app import buttons, only_message


def connected(house: House, stack: ExitStack) -> Slack:
    """The bot on a socket instead of HTTP."""
    assert house.bot is not None
    stack.enter_context(listening(house.slack))
    where = stack.enter_context(serving.socket_mode(house.bot.app, APP_TOKEN))
    assert where == "Socket Mode"
    house.slack.until(lambda: house.slack.sockets)
    return house.slack


@pytest.mark.timeout(60)
def test_socket_mode_answers_commands_buttons_and_the_home_tab(house: House) -> None:
    house.start()
    with ExitStack() as stack:
        slack = connected(house, stack)
        delivery = slack.command("db-clients 5432 1h")
        assert (delivery.status, delivery.body) == (200, "")
        slack.press(buttons(only_message(slack))["next:0"])
        slack.until(lambda: len(slack.in_channel("C1")) == 2)
        slack.open_home()
        slack.until(lambda: slack.homes)
        assert slack.told == []


@pytest.mark.timeout(60)
def test_socket_mode_tells_a_full_line_with_the_acknowledgement(house: House) -> None:
    engine = Slow()
    house.start(engine, workers=1, waiting=0)
    with ExitStack() as stack:
        slack = connected(house, stack)
        slack.command("one")
        assert "did not take this one" in slack.command("two").body
        engine.go.set()
        only_message(slack)


@pytest.mark.timeout(60)
def test_socket_mode_comes_back_when_slack_asks_it_to(house: House) -> None:
    house.start()
    with ExitStack() as stack:
        slack = connected(house, stack)
        [first] = slack.sockets
        first.say({"type": "disconnect", "reason": "refresh_requested"})
        slack.until(lambda: slack.sockets and slack.sockets[-1] is not first, 20)
        assert slack.command("rejects").status == 200
        only_message(slack)
        assert len(slack.called("apps.connections.open")) == 2


@pytest.mark.timeout(60)
def test_an_envelope_that_comes_twice_is_answered_once(house: House) -> None:
    house.start()
    with ExitStack() as stack:
        slack = connected(house, stack)
        for _ in range(3):
            assert slack.command("rejects", trigger="same").status == 200
        slack.command("last")
        slack.until(lambda: len(slack.in_channel("C1")) == 2)


def test_an_app_token_that_slack_does_not_take_is_named(house: House) -> None:
    house.start()
    assert house.bot is not None
    with (
        pytest.raises(BadSettings, match="app-level token: invalid_auth"),
        serving.socket_mode(house.bot.app, "xapp-other"),
    ):
        pass


def test_http_listens_on_the_one_address_it_was_given(house: House) -> None:
    slack = house.start()
    port = int(slack.request_url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), 5):
        pass
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), 5)


# cheroot leaves the socket that it could not bind to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_port_that_is_taken_is_named(house: House) -> None:
    slack = house.start()
    assert house.bot is not None
    port = int(slack.request_url.split(":")[2].split("/")[0])
    with (
        pytest.raises(BadSettings, match=f"cannot listen on 127.0.0.1:{port}"),
        serving.http(house.bot.app, "127.0.0.1", port),
    ):
        pass


def test_a_body_that_is_too_large_is_refused_before_it_is_read(house: House) -> None:
    slack = house.start()
    port = int(slack.request_url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), 5) as person:
        head = f"POST {serving.PATH} HTTP/1.1\r\nHost: x\r\n"
        person.sendall(f"{head}Content-Length: {serving.MOST_BODY + 1}\r\n\r\n".encode())
        assert person.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_queries_tells_people_and_returns(house: House, number: int) -> None:
    engine = Slow()
    slack = house.start(engine, patience=0)
    assert house.bot is not None
    before = signal.getsignal(number)

    def meanwhile() -> None:
        slack.command("rejects 7d")
        slack.until(lambda: house.showing() and engine.watches)
        os.kill(os.getpid(), number)

    person = threading.Thread(target=meanwhile)
    person.start()
    serving.serve(house.bot, app_token=None, host="127.0.0.1", port=0)
    person.join()
    assert engine.stopped == ["rejects 7d"]
    assert "I am being restarted" in strict.words(only_message(slack)["blocks"])
    assert signal.getsignal(number) is before


def test_ending_does_not_wait_for_ever(house: House) -> None:
    release = threading.Event()

    def deaf(line: str, **_: object) -> None:
        release.wait(30)

    house.start(deaf)  # type: ignore[arg-type]
    assert house.bot is not None
    house.slack.command("rejects")
    house.slack.until(lambda: not house.idle())
    began = time.monotonic()
    assert not serving.close(house.bot, 0.2)
    assert time.monotonic() - began < 10
    release.set()
