"""The clock: one job that ticks. What is due, the store says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from apscheduler.schedulers.background import (  # type: ignore[import-untyped]
    BackgroundScheduler,
)

from bot.engines.engine import Watch
from bot.model.errors import Cancelled, FlowsError
from bot.schedule.ticking import Ticker

EVERY = 30  # seconds

logger = logging.getLogger(__name__)


@contextmanager
def ticking(ticker: Ticker, every: float = EVERY) -> Iterator[None]:
    """Tick while the context lasts; a tick that runs long is not overtaken by the next.

    At the end a running query is stopped, and the tick is waited for.
    """
    watch = Watch()

    def tick() -> None:
        try:
            ticker.tick(watch)
        except Cancelled:
            logger.info("a tick was stopped")
        except FlowsError as error:  # the store is locked, its disk full …: the next tick tries
            logger.error("a tick failed: %s", error)
        except Exception:
            logger.exception("a tick broke")

    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_job(
        tick,
        "interval",
        seconds=every,
        max_instances=1,
        coalesce=True,
        misfire_grace_time=None,
        next_run_time=datetime.now(UTC),
    )
    with _overruns_unsaid(logging.getLogger("apscheduler.scheduler")):
        scheduler.start()
        try:
            yield
        finally:
            watch.stop()
            scheduler.pause()
            scheduler.get_jobs()  # waits until a tick that is just being started has been noted
            scheduler.shutdown(wait=True)


@contextmanager
def _overruns_unsaid(scheduler: logging.Logger) -> Iterator[None]:
    """It warns of each tick that finds the one before still running; that is as it is meant to be.

    All else it has to say is said.
    """

    def worth_saying(record: logging.LogRecord) -> bool:
        return "maximum number of running instances" not in str(record.msg)

    scheduler.addFilter(worth_saying)
    try:
        yield
    finally:
        scheduler.removeFilter(worth_saying)
