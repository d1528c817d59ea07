"""Watches: any question, asked again and again, that speaks when its condition holds.

Each look covers the time since the last one, so that nothing is read twice and nothing is skipped,
also when a look could not be made. What has been seen once is not news again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.errors import Cancelled, FlowsError
from bot.model.message import About, Button, Does, Message
from bot.model.times import zone_named
from bot.model.window import Window
from bot.schedule.asking import Ask
from bot.schedule.conditions import Condition, condition
from bot.schedule.counting import bucket_of
from bot.schedule.courier import Owing
from bot.schedule.duties import WATCH
from bot.schedule.warning import exactly
from bot.store.schedules import Schedule, Schedules

LEARN = timedelta(days=7)  # that a new watch learns from, when it does not say
LONGEST = timedelta(days=1)  # of one look, after a time in which none could be made
USEFUL = timedelta(hours=12)
MOST_KNOWN = 20_000
NAMED = 5
PATIENCE = 3  # looks that fail in a row, before it is said
SETTLE = timedelta(minutes=6)  # records of later than this have not all arrived

logger = logging.getLogger(__name__)


@dataclass
class Watches:
    """Looks for every watch that is due. `delivery` is how long records take to arrive."""

    schedules: Schedules
    ask: Ask
    owing: Owing
    delivery: timedelta = SETTLE
    _rest_until: dict[int, datetime] = field(default_factory=dict)

    def look(self, now: datetime) -> None:
        """Look where it is time to; what fails is tried again, over a longer time."""
        for schedule in self.schedules.live(WATCH):
            rule = condition(schedule.condition)
            due = self.due(schedule, rule, now)
            if due is None or now < self._rest_until.get(schedule.id or 0, now):
                continue
            try:
                self._look(schedule, rule, due, now)
            except Cancelled:
                raise
            except FlowsError as error:
                self._rest_until[schedule.id or 0] = now + rule.every
                self._failed(schedule, error, now)

    def due(self, schedule: Schedule, rule: Condition, now: datetime) -> Window | None:
        """The time that a look would cover now; None when it is too early for one."""
        end = bucket_of(now - self.delivery)
        start = schedule.last_due or bucket_of(schedule.created_at)
        if end - start < rule.every:
            return None
        return Window(max(start, end - max(LONGEST, rule.every)), end)

    def answer(self, line: str, zone: str, window: Window, now: datetime) -> Answer:
        """The answer to a watch's line over a window."""
        return self.ask(f"{line} {exactly(window)}", zone=zone_named(zone), watch=Watch(), now=now)

    def _look(self, schedule: Schedule, rule: Condition, window: Window, now: datetime) -> None:
        state = dict(schedule.state or {})
        # A limit holds for a length of time: what was missed is looked at in such lengths.
        parts = list(_parts(window, rule))
        for part in parts:
            answer = self.answer(schedule.line, schedule.zone, part, now)
            headline, state = judged(rule, answer, state)
            muted = schedule.muted_until is not None and part.end < schedule.muted_until
            if headline and not muted:
                message = spoken(schedule, part, headline, answer)
                self.owing.post(message, schedule.channel, now, USEFUL)
        state["failures"] = 0
        self.schedules.advance(schedule, parts[-1].end, state=state)

    def _failed(self, schedule: Schedule, error: FlowsError, now: datetime) -> None:
        logger.warning("watch %s could not look: %s", schedule.id, error)
        state = dict(schedule.state or {})
        state["failures"] = int(state.get("failures", 0)) + 1
        self.schedules.change(schedule.id or 0, state=state)
        if state["failures"] == PATIENCE:
            since = (schedule.last_due or schedule.created_at).astimezone(zone_named(schedule.zone))
            message = Message(
                f"watch:{schedule.id}:trouble:{since:%Y-%m-%dT%H:%M}",
                About.TROUBLE,
                "open",
                f"Watch {schedule.id} could not check since {since:%H:%M}: {error}",
                schedule.zone,
                lines=(f"{schedule.line} when {schedule.condition}",),
            )
            self.owing.post(message, schedule.channel, now, USEFUL)


def judged(
    rule: Condition, answer: Answer, state: dict[str, Any]
) -> tuple[str | None, dict[str, Any]]:
    """What there is to say, if anything, and what is known afterwards."""
    if rule.noun is not None:
        known = list(state.get("known", []))
        new = [name for name in rule.found(answer) if name not in set(known)]
        shown = ", ".join(new[:NAMED]) + (
            f" and {len(new) - NAMED} more" if len(new) > NAMED else ""
        )
        said = f"New {rule.noun if len(new) == 1 else rule.noun + 's'}: {shown}" if new else None
        return said, state | {"known": (known + new)[-MOST_KNOWN:]}
    amount = rule.amount(answer)
    high = rule.exceeded(amount)
    said = rule.said(amount) if high and not state.get("high") else None
    return said, state | {"high": high}


def spoken(schedule: Schedule, window: Window, headline: str, answer: Answer) -> Message:
    """What a watch says in its channel: one glance, the answer's tables in the thread."""
    zone = zone_named(schedule.zone)
    start, end = window.start.astimezone(zone), window.end.astimezone(zone)
    return Message(
        key=f"watch:{schedule.id}:{window.end:%Y-%m-%dT%H:%MZ}",
        about=About.WATCH,
        state="open",
        headline=f"{headline} – {schedule.line}",
        zone=schedule.zone,
        lines=(answer.headline, f"{start:%H:%M}–{end:%H:%M} {end:%Z}, watch {schedule.id}."),
        buttons=(Button(Does.ASK, "Look closer", f"{schedule.line} {exactly(window)}"),),
        tables=answer.tables[:3],
        notes=(f"Set by {schedule.created_by}: {schedule.line} when {schedule.condition}.",),
    )


def _parts(window: Window, rule: Condition) -> Iterator[Window]:
    """The window as it is, or in lengths of the rule's where an amount counts within such."""
    if rule.limit is None:
        yield window
        return
    start = window.start
    while start + rule.every <= window.end:
        yield Window(start, start + rule.every)
        start += rule.every
