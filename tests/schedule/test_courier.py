"""A worker may die at any step of a delivery; a channel may be down; both are survived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.message import About, Message, Undelivered
from bot.model.table import Column, Kind, Table
from bot.schedule.courier import LONGEST, Courier, Owing
from bot.schedule.replay import Clock
from bot.schedule.wire import packed, unpacked
from bot.store.deliveries import CLAIM, Deliveries
from bot.store.opening import Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


class Died(BaseException):
    """The worker's process is gone."""


@dataclass
class Place:
    """A channel in memory. `before` and `after` run around each message that arrives."""

    messages: dict[str, str] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)

    def post(self, channel: str, message: Message, key: str) -> str:
        self.before()
        self.posts.append(key)
        self.messages[key] = message.headline
        self.after()
        return key

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        return self.post(channel, message, key)

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        self.before()
        self.messages[key] = message.headline
        self.after()

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        self.asked.append(key)
        return key if key in self.messages else None


def message(headline: str = "something", state: str = "open") -> Message:
    table = Table("t", (Column("at", "At", Kind.TIME),), ((NOON,),))
    return Message("m", About.WARNING, state, headline, tables=(table,))


def die() -> None:
    raise Died


@dataclass
class Post:
    """A store, a place and a clock, and couriers that come and go."""

    deliveries: Deliveries
    place: Place = field(default_factory=Place)
    clock: Clock = field(default_factory=lambda: Clock(NOON))

    def courier(self, who: str) -> Courier:
        return Courier(self.deliveries, self.place, who=who, clock=self.clock)

    def run(self, who: str = "a") -> int:
        return self.courier(who).deliver()


@pytest.fixture
def post(store: Store) -> Post:
    made = Post(Deliveries(store))
    Owing(made.deliveries).post(message(), "C1", NOON, DAY)
    return made


def test_a_message_goes_out_with_its_details_once(post: Post) -> None:
    assert post.run() == 2
    assert post.run() == 0
    assert post.place.posts == ["m@C1", "m@C1/details"]
    assert post.place.asked == []


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_worker_that_dies_while_it_sends_leaves_one_message(post: Post, step: str) -> None:
    setattr(post.place, step, die)
    with pytest.raises(Died):
        post.run("a")
    setattr(post.place, step, lambda: None)
    assert post.run("b") == 0, "what may have been sent waits for the claim to end"
    post.clock.now += CLAIM + timedelta(seconds=1)
    post.run("b")
    assert post.place.posts == ["m@C1", "m@C1/details"]
    assert post.place.asked == ["m@C1"]
    assert post.deliveries.open_count() == 0


def test_a_worker_that_dies_before_it_records_leaves_one_message(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deliveries, "sent", lambda *_: die())
    with pytest.raises(Died):
        post.run("a")
    monkeypatch.undo()
    post.clock.now += CLAIM + timedelta(seconds=1)
    post.run("b")
    assert post.place.posts == ["m@C1", "m@C1/details"]


def test_a_worker_that_slept_through_its_claim_does_not_send(post: Post) -> None:
    real, slow = post.deliveries.claim, post.courier("slow")

    def claim_and_sleep(who: str, now: datetime) -> object:
        claimed = real(who, now)
        post.clock.now += CLAIM + timedelta(seconds=1)
        post.deliveries.claim = real  # type: ignore[method-assign]
        post.run("quick")
        return claimed

    post.deliveries.claim = claim_and_sleep  # type: ignore[method-assign,assignment]
    slow.deliver(1)
    assert post.place.posts == ["m@C1", "m@C1/details"]
    assert post.deliveries.open_count() == 0


def test_a_place_that_is_down_for_an_hour_gets_everything_once_afterwards(post: Post) -> None:
    def down() -> None:
        raise Undelivered("the channel is down")

    post.place.before = down
    tries = 0
    while post.clock.now < NOON + timedelta(hours=1):
        tries += post.run()
        post.clock.now += timedelta(seconds=30)
    assert post.place.posts == []
    assert tries <= 60 * 60 / LONGEST.total_seconds() + 8
    post.place.before = lambda: None
    post.clock.now += LONGEST
    post.run()
    assert post.place.posts == ["m@C1", "m@C1/details"]


def test_a_place_that_is_gone_is_given_up_with_all_about_it(post: Post) -> None:
    def gone() -> None:
        raise Undelivered("the channel is gone", permanent=True)

    post.place.before = gone
    post.run()
    assert post.deliveries.open_count() == 0
    assert post.place.posts == []


def test_a_place_says_when_to_come_back(post: Post) -> None:
    def busy() -> None:
        raise Undelivered("slow down", after=timedelta(seconds=90))

    post.place.before = busy
    post.run()
    post.place.before = lambda: None
    post.clock.now += timedelta(seconds=89)
    assert post.run() == 0
    post.clock.now += timedelta(seconds=2)
    assert post.run() == 2


def test_what_comes_too_late_to_be_of_use_is_not_sent(post: Post) -> None:
    post.clock.now += DAY + timedelta(seconds=1)
    post.run()
    assert post.place.posts == []
    assert post.deliveries.open_count() == 0


def test_edits_come_in_order_and_only_the_latest_is_made(post: Post) -> None:
    owing = Owing(post.deliveries)
    for minutes, state in ((1, "high"), (2, "high"), (3, "resolved")):
        at = NOON + timedelta(minutes=minutes)
        owing.edit(message(f"{state} {minutes}", state), "C1", at, DAY)
    post.clock.now += timedelta(minutes=5)
    changed: list[str] = []
    post.place.before = lambda: changed.append("x")
    post.run()
    assert post.place.messages["m@C1"] == "resolved 3"
    assert len(changed) == 3, "the post, its details, and one edit"


def test_a_channel_that_came_later_is_told_of_what_is_not_over(store: Store) -> None:
    made = Post(Deliveries(store))
    owing = Owing(made.deliveries)
    assert not owing.edit(message("over", "resolved"), "C2", NOON, DAY)
    assert owing.edit(message("still", "high"), "C1", NOON, DAY)
    assert made.run() == 2, "the message and its details"
    assert made.place.messages == {"m@C1": "still", "m@C1/details": "still"}
    assert made.deliveries.open_count() == 0


def test_a_message_is_the_same_after_it_waited_in_the_store() -> None:
    assert unpacked(packed(message())) == message()
