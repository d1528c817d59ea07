"""One tick: count what has settled, look at it, owe what is due, deliver what is owed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.engines.engine import Watch
from bot.model.errors import Cancelled, FlowsError
from bot.schedule.counting import BUCKET, bucket_of
from bot.schedule.courier import Courier
from bot.schedule.guard import Guard
from bot.schedule.need import Need
from bot.schedule.rollup import Counter, Trouble
from bot.store.leases import Leases
from bot.store.rollups import Rollups

LOOKED_BACK_AT = timedelta(days=1)  # at the first start, so that the first digest knows
STALE = timedelta(days=1)  # what was over so long ago is not news
PORTION = timedelta(days=1)  # of history counted at once, before what is owed is delivered
KEEP = timedelta(days=36)  # rollups: five weeks, so that a weekday has four before it
_TICKING = "ticking"

logger = logging.getLogger(__name__)

Duty = Callable[[datetime], None]  # owes what is due at a moment


@dataclass(frozen=True)
class Ticker:
    """The scheduler's work over one source. Any number of replicas tick; one of them counts.

    `need` says whether logs have to be read, and how much is counted at the first start, so that
    there is something to compare with; what was over before that start is not warned of. `duties`
    owe digests and watches.
    """

    counter: Counter
    guard: Guard
    rollups: Rollups
    leases: Leases
    courier: Courier
    clock: Callable[[], datetime]
    who: str
    need: Callable[[datetime, Watch], Need | None]
    duties: Sequence[Duty] = ()

    def tick(self, watch: Watch) -> None:
        """Do all that is due now. What fails is logged, and tried again by the next tick."""
        now = self.clock()
        if self._leads():
            self._count(now, watch)
            for duty in (*self.duties, self._forget):
                self._safely(duty, now)
        self.courier.deliver()

    def _count(self, now: datetime, watch: Watch) -> None:
        settled = self.counter.settled(now)
        need = self.need(settled, watch)
        if need is None or need.counted:
            self._note(need, settled, now, watch)
            return
        seen = self.guard.seen
        anew = seen is None or (need.slept and seen < need.since - BUCKET)
        start = bucket_of(need.since - need.history)
        trouble = None
        try:
            if anew and not self._learned(start, settled, watch):
                return
            if anew and seen is not None:
                self.guard.restart()
            if not need.slept and not anew:
                start = self.rollups.first() or settled
            trouble = self.counter.catch_up(start, now, watch)
        except Cancelled:
            raise
        except FlowsError as error:
            trouble = Trouble(settled, str(error))
        if seen is not None or trouble is None:
            quiet = settled if anew and not need.risen else now - STALE
            self.guard.look(need.since, settled, now, quiet_before=quiet)
        self.guard.note(trouble, settled, now)

    def _note(self, need: Need | None, settled: datetime, now: datetime, watch: Watch) -> None:
        """Nothing is looked at; what is to be counted for comparison is."""
        trouble = None
        try:
            if need is not None:
                self.counter.learn(need.since, settled, watch)
        except Cancelled:
            raise
        except FlowsError as error:
            trouble = Trouble(settled, str(error))
        self.guard.note(trouble, settled, now)

    def _learned(self, start: datetime, end: datetime, watch: Watch) -> bool:
        """Count the history, which may take longer than a lease lasts; False when that was lost."""
        at = start
        while at < end:
            if not self._leads():
                return False
            self.courier.deliver()  # what is owed does not wait for all of it
            self.counter.learn(at, min(at + PORTION, end), watch)
            at += PORTION
        return True

    def _leads(self) -> bool:
        """Whether this replica is the one that counts."""
        return self.leases.take(f"{_TICKING}:{self.rollups.source}"[:64], self.who, self.clock())

    def _forget(self, now: datetime) -> None:
        first = self.rollups.first()
        if first is not None and first < now - KEEP - timedelta(hours=1):
            self.rollups.forget(now - KEEP)

    def _safely(self, duty: Duty, now: datetime) -> None:
        try:
            duty(now)
        except Cancelled:
            raise
        except FlowsError as error:
            logger.warning("a duty failed: %s", error)
