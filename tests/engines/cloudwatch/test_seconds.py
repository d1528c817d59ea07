from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bot.engines.cloudwatch.seconds import Seconds, seconds
from bot.model.window import Window

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EPOCH = int(NOON.timestamp())


def covered(window: Window) -> range:
    span = seconds(window)
    return range(span.first, span.last + 1) if span else range(0)


def test_the_end_of_a_window_is_excluded_though_aws_includes_it() -> None:
    window = Window(NOON, NOON + timedelta(hours=1))
    assert seconds(window) == Seconds(EPOCH, EPOCH + 3599)


def test_one_second_is_one_second() -> None:
    assert seconds(Window(NOON, NOON + timedelta(seconds=1))) == Seconds(EPOCH, EPOCH)


def test_a_window_between_two_seconds_holds_none() -> None:
    early, late = timedelta(milliseconds=200), timedelta(milliseconds=900)
    assert seconds(Window(NOON + early, NOON + late)) is None


def test_before_1970_there_is_nothing() -> None:
    start = datetime(1969, 1, 1, tzinfo=UTC)
    assert seconds(Window(start, start + timedelta(days=1))) is None
    assert seconds(Window(start, datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC))) == Seconds(0, 1)


moments = st.datetimes(
    datetime(2018, 11, 5),
    datetime(2040, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
lengths = st.one_of(
    st.timedeltas(timedelta(microseconds=1), timedelta(seconds=3)),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=3)),
)


@given(moments, lengths, lengths)
def test_windows_that_meet_neither_lose_nor_double_a_second(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = start + first, start + first + second
    left, right, both = (
        covered(Window(*times)) for times in ((start, middle), (middle, end), (start, end))
    )
    pieces = [piece for piece in (left, right) if piece]
    assert len(left) + len(right) == len(both)
    if len(pieces) == 2:
        assert left[-1] + 1 == right[0]
    if pieces:
        assert (pieces[0][0], pieces[-1][-1]) == (both[0], both[-1])


@given(moments, lengths)
def test_exactly_the_seconds_inside_are_covered(start: datetime, length: timedelta) -> None:
    window = Window(start, start + length)
    seen = covered(window)
    for second in {*seen[:1], *seen[-1:]}:
        assert window.start <= datetime.fromtimestamp(second, UTC) < window.end
    for second in (seen[0] - 1, seen[-1] + 1) if seen else ():
        assert not window.start <= datetime.fromtimestamp(second, UTC) < window.end
