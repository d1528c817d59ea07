"""Whether logs have to be read now: where a metric counts rejects, only when something rises.

While the metric says that nothing does, and no digest is set, no logs are read, but for an hour a
day against which the metric is checked. What rises is looked at in the logs, together with the day
before, so that there is something to compare with.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.detect.detector import Detector
from bot.engines.engine import Watch
from bot.model.errors import Cancelled, FlowsError
from bot.model.window import Window
from bot.model.writing import count
from bot.schedule.counting import BUCKET, REJECT, Dimension, buckets
from bot.schedule.incidents import KEY
from bot.store.incidents import Incidents
from bot.store.rollups import Rollups

SUSPICION = 0.5  # of an alert: half of the evidence is enough to look into the logs
BASELINE = timedelta(hours=26)  # the detector wants a day
BEFORE = 3 * BUCKET  # evidence comes later than what it is of
AFTER = timedelta(hours=2)  # how long logs are read once nothing rises any more
PATIENCE = timedelta(minutes=15)  # how late the metric may be, before it is unknown
LEARNING = 288  # known buckets, until the metric itself is taken to be known
CHECKED = timedelta(hours=1)  # of logs that the metric is held against …
CHECK_AGAIN = timedelta(days=1)  # … this often
APART, FEWEST = 0.1, 20  # by how much the two may differ

logger = logging.getLogger(__name__)

# Rejects by bucket, of those that are known; None where no metric counts them.
Rejects = Callable[[Window, Watch], Mapping[datetime, int] | None]


@dataclass(frozen=True, slots=True)
class Need:
    """Logs are read, and looked at from `since`; the `history` before is learned from.

    `slept`: logs may not have been read until then. `risen`: something is on that is to be told.
    `counted`: they are to be counted only, and not looked at.
    """

    since: datetime
    history: timedelta
    slept: bool = False
    risen: bool = False
    counted: bool = False


def always(history: timedelta, back: timedelta) -> Callable[[datetime, Watch], Need | None]:
    """Logs are read all the time, from the first start on."""
    return lambda settled, _: Need(settled - back, history - back)


class NeedByMetric:
    """Asks the metric first. `otherwise` is what is needed where that is no help."""

    def __init__(
        self,
        rejects: Rejects,
        *,
        digests: Callable[[], bool],
        incidents: Incidents,
        rollups: Rollups,
        history: timedelta,
        otherwise: Callable[[datetime, Watch], Need | None],
    ) -> None:
        self._rejects = rejects
        self._digests = digests
        self._incidents = incidents
        self._rollups = rollups
        self._history = history
        self._otherwise = otherwise
        self._detector = Detector(1)
        self._seen: datetime | None = None  # the end of what the detector took in
        self._known: dict[datetime, int] = {}
        self._suspicious: list[datetime] = []
        self._agreed: datetime | None = None  # with the logs
        self._told: datetime | None = None  # that they do not agree

    def __call__(self, settled: datetime, watch: Watch) -> Need | None:
        """What is needed of the logs up to `settled`; None when nothing is."""
        try:
            metric = self._read(settled, watch)
        except Cancelled:
            raise
        except FlowsError as error:
            logger.warning("the logs are read, since their metric cannot be: %s", error)
            metric = False
        if not metric or len(self._known) < LEARNING:
            return self._otherwise(settled, watch)
        if self._digests():
            self._agrees(settled)
            return self._logs(settled, watch)
        since = self._doubted(settled)
        if since is not None:
            return Need(since, BASELINE, slept=True, risen=True)
        match self._agrees(settled):
            case True:
                return None
            case None:
                return Need(settled - CHECKED, timedelta(), counted=True)
        return self._logs(settled, watch)

    def _logs(self, settled: datetime, watch: Watch) -> Need | None:
        needed = self._otherwise(settled, watch)
        return needed and replace(needed, slept=True)

    def _read(self, settled: datetime, watch: Watch) -> bool:
        """Take in what the metric has counted since the last time; False where there is none."""
        start = self._seen or settled - self._history
        if start >= settled:
            return True
        found = self._rejects(Window(start, settled), watch)
        if found is None:
            return False
        end = max(found, default=start - BUCKET) + BUCKET
        if settled - end > PATIENCE:
            end = settled
        for at in buckets(start, end):
            reading = self._detector.update(at.timestamp(), [found.get(at, math.nan)])
            if at not in found or reading.score[0] >= SUSPICION:
                self._suspicious.append(at)
        self._known |= found
        self._forget(settled)
        self._seen = end
        return True

    def _forget(self, settled: datetime) -> None:
        self._known = {at: n for at, n in self._known.items() if at >= settled - self._history}
        first = settled - self._history
        self._suspicious = [at for at in self._suspicious if at >= first]

    def _doubted(self, settled: datetime) -> datetime | None:
        """Since when something rises, is unknown, or is being told of; None when all is calm."""
        open_ = [
            one.opened_at
            for one in self._incidents.recent(settled)
            if one.key.startswith(KEY) and one.resolved_at is None
        ]
        since, last = min(open_, default=None), settled
        for at in reversed(self._suspicious):
            if last - at > AFTER:
                break
            last = at
            since = min(since or at, at - BEFORE)
        return since

    def _agrees(self, settled: datetime) -> bool | None:
        """Whether the metric said the same as the logs, of an hour within the last day.

        None where there is no hour of both.
        """
        if self._agreed and settled - self._agreed < CHECK_AGAIN:
            return True
        start = settled - CHECKED
        both = [
            at
            for at, bucket in self._rollups.buckets(start, settled).items()
            if bucket.counted_at and at in self._known
        ]
        if len(both) < CHECKED // BUCKET - 1:
            return None
        values = self._rollups.values(start, settled, REJECT, Dimension.ALL)
        logged = sum(values.get((Dimension.ALL, ""), {}).get(at, 0) for at in both)
        counted = sum(self._known[at] for at in both)
        if abs(counted - logged) > max(FEWEST, APART * logged):
            self._tell(counted, logged, settled)
            return False
        self._agreed = settled
        return True

    def _tell(self, counted: int, logged: int, settled: datetime) -> None:
        """Say once a day that the two differ."""
        if self._told is None or settled - self._told >= CHECK_AGAIN:
            self._told = settled
            logger.warning(
                "the metric says %s rejects, the logs say %s, from %s to %s: the logs are read",
                count(counted),
                count(logged),
                f"{settled - CHECKED:%H:%M}",
                f"{settled:%H:%M} UTC",
            )
