"""Watches rejects as they are counted, and has people told: once an incident, and of trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.message import Message
from bot.schedule.courier import Owing
from bot.schedule.incidents import Following, State, Told
from bot.schedule.quieting import Quieted, quiet_of
from bot.schedule.reasons import Reasons
from bot.schedule.rollup import Trouble
from bot.schedule.spikes import Spikes
from bot.schedule.warning import unchecked, warning
from bot.store.incidents import Incident, Incidents, Snoozes
from bot.store.rollups import Rollups

USEFUL = timedelta(hours=24)  # how late news of an incident is still worth posting
PATIENCE = timedelta(minutes=10)  # nothing could be checked for so long, before it is said
_TROUBLE = "trouble"


class Guard:
    """Looks at what was counted. `channels` says where warnings go at the time; `named` puts names
    beside a message's addresses."""

    def __init__(
        self,
        *,
        spikes: Spikes,
        following: Following,
        incidents: Incidents,
        snoozes: Snoozes,
        rollups: Rollups,
        owing: Owing,
        channels: Callable[[], Iterable[str]],
        zone: ZoneInfo,
        reasons: Reasons | None = None,
        named: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        self._spikes = spikes
        self._following = following
        self._incidents = incidents
        self._snoozes = snoozes
        self._rollups = rollups
        self._owing = owing
        self._channels = channels
        self._zone = zone
        self._reasons = reasons
        self._named = named

    @property
    def seen(self) -> datetime | None:
        """The last bucket that was looked at; None before the first."""
        return self._spikes.seen

    def restart(self) -> None:
        """Learn anew from what is counted, as at the first start."""
        self._spikes.restart()

    def look(self, start: datetime, end: datetime, now: datetime, quiet_before: datetime) -> None:
        """Look at every bucket from `start` to `end` that was not looked at yet.

        What happened meanwhile is told as it stands at the end; what was over before
        `quiet_before` is for the digest alone.
        """
        looks = self._spikes.look(start, end)
        quieted = Quieted(self._snoozes.live(now) if looks else ())
        news: dict[str, tuple[Told, datetime]] = {}
        for look in looks:
            for told in self._following.follow(look, quieted.heard):
                before = news.get(told.incident.key)
                new = told.new or (before is not None and before[0].new)
                news[told.incident.key] = replace(told, new=new), look.at
        for told, at in news.values():
            over = told.incident.resolved_at is not None
            if told.new and over and at < quiet_before:
                continue
            if not quieted.incident(told.incident.key) or over:
                self._tell(told, at, now)

    def note(self, trouble: Trouble | None, checked: datetime, now: datetime) -> None:
        """Say once that nothing can be checked, and once that it can again."""
        known = self._incidents.by_key(_TROUBLE)
        if trouble is not None:
            if known is None or known.resolved_at:
                facts = {"reason": trouble.reason, "told": False}
                known = Incident(_TROUBLE, State.OPEN, trouble.since, now, facts=facts)
                self._incidents.keep(known)
            if now - known.last_seen >= PATIENCE and not known.facts["told"]:
                first = Trouble(known.opened_at, trouble.reason)
                facts = {"reason": trouble.reason, "told": True}
                self._say(first, None, now)
                self._incidents.keep(_with(known, State.OPEN, None, facts))
        elif known is not None and not known.resolved_at:
            if known.facts["told"]:
                self._say(Trouble(known.opened_at, known.facts["reason"]), checked, now)
            self._incidents.keep(_with(known, State.RESOLVED, now, dict(known.facts)))

    def _tell(self, told: Told, at: datetime, now: datetime) -> None:
        if self._reasons is not None:
            self._reasons.explain(told, at)
            self._incidents.keep(replace(told.incident, facts=told.facts.stored()))
        quiet = quiet_of(self._snoozes.live(now), told.incident.key)
        message = self._named(warning(told, self._rollups, self._zone, at, quiet))
        for channel in self._channels():
            if told.new:
                self._owing.post(message, channel, now, USEFUL)
            else:
                self._owing.edit(message, channel, now, USEFUL)

    def _say(self, trouble: Trouble, over: datetime | None, now: datetime) -> None:
        message = unchecked(trouble, self._zone, over)
        for channel in self._channels():
            if over is None:
                self._owing.post(message, channel, now, USEFUL)
            else:
                self._owing.edit(message, channel, now, USEFUL)


def _with(known: Incident, state: str, over: datetime | None, facts: dict[str, object]) -> Incident:
    return Incident(known.key, state, known.opened_at, known.last_seen, over, known.score, facts)
