"""Where a metric counts rejects, logs are read only when something rises, and nothing is missed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import pytest

from bot.engines.engine import Watch
from bot.model.errors import EngineError
from bot.model.window import Window
from bot.schedule.counting import BUCKET, REJECT, buckets
from bot.schedule.duties import DIGEST
from bot.schedule.opening import Watching
from bot.schedule.replay import Clock
from bot.schedule.ticking import Ticker
from bot.store.opening import Store, open_store
from bot.store.schedules import Schedule, Schedules
from tests.schedule.network import APP, DB, START, Flow, Network, between, usual
from tests.schedule.test_guard import Wall

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HISTORY = 2 * DAY
BEGAN = START + 4 * HOUR
REFUSED: Flow = ("REJECT", APP, DB, 5432, "request", 60)
Rejects = Callable[[datetime], int | None]


@dataclass
class Scene:
    """A source with a metric, and a watching bot. `wrong` changes what the metric says."""

    store: Store
    network: Network = field(default_factory=Network)
    wrong: Callable[[datetime, int], int | None] = lambda _, true: true
    fails: bool = False
    clock: Clock = field(default_factory=lambda: Clock(START))

    def __post_init__(self) -> None:
        self.wall = Wall(self.clock)

    def metric(self, window: Window, _: Watch) -> Mapping[datetime, int] | None:
        if self.fails:
            raise EngineError("CloudWatch is away")
        found = {}
        for at in buckets(window.start, window.end):
            flows = usual(at) + self.network.more(at)
            said = self.wrong(at, sum(flow[-1] for flow in flows if flow[0] == REJECT))
            if said is not None:
                found[at] = said
        return found

    @cached_property
    def ticker(self) -> Ticker:
        watching = Watching(
            store=self.store,
            engine=self.network,
            clock=self.clock,
            who="a",
            zone=ZoneInfo("UTC"),
            history=HISTORY,
            warn="C1",
            rejects=self.metric,
        )
        return watching.ticker(self.wall)

    def run(self, until: datetime) -> None:
        while self.clock.now < until:
            self.ticker.tick(Watch())
            self.clock.now += BUCKET

    @property
    def read(self) -> int:
        """How many buckets of logs were read; none is read twice."""
        starts = [at for window in self.network.asked for at in buckets(window.start, window.end)]
        assert len(starts) == len(set(starts))
        return len(starts)


@pytest.fixture
def scene(tmp_path: object) -> Scene:
    return Scene(open_store(f"{tmp_path}/state.db", lasting=False))


def test_while_nothing_rises_an_hour_a_day_is_read(scene: Scene) -> None:
    scene.run(START + 3 * HOUR)
    assert scene.read == 12
    assert scene.wall.shown == []


def test_what_rises_is_looked_at_with_the_day_before_and_told_as_ever(scene: Scene) -> None:
    scene.network.more = between(BEGAN, BEGAN + HOUR, REFUSED)
    scene.run(BEGAN + 5 * HOUR)
    assert scene.wall.said() == [("post", "open"), ("edit", "high"), ("edit", "resolved")]
    at, _, opened = scene.wall.shown[0]
    assert at - BEGAN <= timedelta(minutes=20)
    assert "let in on the same port until" in " ".join(opened.lines)
    everything = (HISTORY + 9 * HOUR) / BUCKET
    assert 26 * 12 < scene.read < 0.8 * everything
    read = scene.read
    scene.run(BEGAN + 7 * HOUR)
    assert scene.read == read, "it is over, and nothing is read any more"


def test_a_digest_needs_all_of_it(scene: Scene) -> None:
    Schedules(scene.store).add(Schedule(DIGEST, "C1", "U1", START, at="08:30"))
    scene.run(START + HOUR)
    assert scene.read >= (HISTORY + HOUR / 2) / BUCKET


@pytest.mark.parametrize("said", [lambda _, true: true // 2, lambda _, true: true + 30])
def test_a_metric_that_the_logs_do_not_bear_out_is_not_relied_on(
    scene: Scene, said: Callable[[datetime, int], int], caplog: pytest.LogCaptureFixture
) -> None:
    scene.wrong = said
    with caplog.at_level(logging.WARNING):
        scene.run(START + HOUR)
    assert scene.read >= (HISTORY + HOUR / 2) / BUCKET
    (told,) = [one.message for one in caplog.records if "the metric says" in one.message]
    assert "the logs say" in told


def test_what_the_metric_does_not_know_is_not_taken_for_quiet(scene: Scene) -> None:
    gap = START + 2 * HOUR
    scene.wrong = lambda at, true: None if gap <= at < gap + 4 * BUCKET else true
    scene.network.more = between(gap, gap + 4 * BUCKET, REFUSED)
    scene.run(gap + 2 * HOUR)
    assert scene.wall.said()[0] == ("post", "open")


@pytest.mark.parametrize("fails", [True, False])
def test_without_a_metric_the_logs_are_read(scene: Scene, fails: bool) -> None:
    scene.fails = fails
    scene.wrong = lambda _, __: None
    scene.run(START + HOUR / 2)
    assert scene.read >= HISTORY / BUCKET
