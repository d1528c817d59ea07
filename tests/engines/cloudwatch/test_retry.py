from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from bot.engines.cloudwatch.call import Call
from bot.engines.cloudwatch.errors import Truncated
from bot.engines.cloudwatch.retry import Backoff, Deadline, make, whole
from bot.model.errors import AccessDenied, Cancelled, Throttled, TimedOut

from .conftest import Clock, Waiting

CALL = Call("logs:StartQuery", "eu-central-1", ("g",))
SLOW_DOWN = ClientError({"Error": {"Code": "ThrottlingException"}}, "StartQuery")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "StartQuery")


class Service:
    """Raises these errors, one a call, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_what_may_pass_is_tried_again_after_growing_waits() -> None:
    service, watch = Service(SLOW_DOWN, ConnectionClosedError(endpoint_url="e")), Waiting(Clock())
    assert make(service, CALL, watch, Backoff(lambda: 1.0)) == "answer"
    assert watch.waits == [0.5, 1.0]


def test_what_will_not_pass_is_not_tried_again() -> None:
    service, watch = Service(DENIED), Waiting(Clock())
    with pytest.raises(AccessDenied):
        make(service, CALL, watch, Backoff(lambda: 1.0))
    assert (service.calls, watch.waits) == (1, [])


def test_attempts_are_bounded() -> None:
    service, watch = Service(*[SLOW_DOWN] * 99), Waiting(Clock())
    with pytest.raises(Throttled):
        make(service, CALL, watch, Backoff(lambda: 1.0, attempts=7, longest=8.0))
    assert service.calls == 7
    assert watch.waits == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_jitter_takes_up_to_half_of_a_wait() -> None:
    assert list(Backoff(lambda: 0.0, attempts=3).waits()) == [0.25, 0.5]
    assert list(Backoff(lambda: 0.5, attempts=2).waits()) == [0.375]


def test_who_leaves_is_not_kept_waiting() -> None:
    watch = Waiting(Clock(), lambda _: watch.stop())
    service = Service(SLOW_DOWN)
    with pytest.raises(Cancelled):
        make(service, CALL, watch, Backoff(lambda: 1.0))
    assert service.calls == 1


def test_a_deadline_shortens_the_last_wait_and_then_ends() -> None:
    clock = Clock()
    watch = Waiting(clock)
    deadline = Deadline(watch, clock, 10)
    deadline.wait(7)
    deadline.wait(7)
    assert watch.waits == [7, 3]
    with pytest.raises(TimedOut, match=r"longer than 10 s .*shorter window"):
        deadline.wait(7)


def test_an_answer_that_was_cut_off_is_no_answer() -> None:
    assert whole({"status": "Running"}, "status") == {"status": "Running"}
    with pytest.raises(Truncated, match="status"):
        whole({"message": '{"resu'}, "status")
