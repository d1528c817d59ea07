from __future__ import annotations

import pytest

from bot.engines.engine import Watch
from bot.engines.underway import Underway
from bot.model.errors import Cancelled, EngineError


class Aws:
    """Hears what is stopped; fails to stop what is called `stuck`."""

    def __init__(self) -> None:
        self.stopped: list[str] = []
        self.underway = Underway(self.stop, "It runs on")

    def stop(self, query_id: str) -> None:
        self.stopped.append(query_id)
        if query_id == "stuck":
            raise EngineError("no answer")


def test_what_ends_is_not_stopped() -> None:
    aws = Aws()
    with aws.underway.running("q"):
        pass
    aws.underway.close()
    assert aws.stopped == []


def test_what_is_left_by_an_error_is_stopped_once() -> None:
    aws = Aws()
    with pytest.raises(Cancelled) as caught, aws.underway.running("q"):  # noqa: PT012
        aws.underway.close()
        raise Cancelled("enough")
    assert aws.stopped == ["q"]
    assert caught.value.hint is None


def test_that_it_could_not_be_stopped_is_said(caplog: pytest.LogCaptureFixture) -> None:
    aws = Aws()
    with pytest.raises(Cancelled) as caught, aws.underway.running("stuck"):
        raise Cancelled("enough")
    assert caught.value.hint == "It runs on: no answer."
    assert "a query may run on" in caplog.text
    with pytest.raises(ZeroDivisionError), aws.underway.running("stuck"):
        _ = 1 / 0


def test_closing_wakes_who_waits_and_takes_no_more() -> None:
    aws, watch, later = Aws(), Watch(), Watch()
    with aws.underway.waiting(watch):
        aws.underway.close()
    with pytest.raises(Cancelled, match="stopped"):
        watch.check()
    with pytest.raises(Cancelled, match="closed"), aws.underway.waiting(later):
        raise AssertionError("it waits")
    later.check()


def test_a_watch_that_was_stopped_does_not_wait() -> None:
    watch = Watch()
    watch.stop()
    with pytest.raises(Cancelled), Aws().underway.waiting(watch):
        raise AssertionError("it waits")
