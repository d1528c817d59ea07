"""Orders: lines that change what the bot says by itself. They are answered as questions are.

digest set [CHANNEL] at 08:30 [weekdays] [SECTION …]     digest now | list | off ID
warnings here | list | off ID
expect KEY [scope SCOPE] [for 7d] [owner PERSON] [because REASON]          snooze KEY [for 2h] …
watch LINE when CONDITION [in CHANNEL]                   watch list | test … | mute ID | delete ID
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer, Note, Question, Topic
from bot.model.errors import BadLine
from bot.model.message import Message, Offer
from bot.model.table import Column, Kind, Table
from bot.model.times import zone_named
from bot.model.window import Window
from bot.schedule.digest import SECTIONS, Digests
from bot.schedule.due import next_due
from bot.schedule.duties import DIGEST, WARNINGS
from bot.schedule.words import channel_id, clock_time, days_shown, weekdays
from bot.store.audit import Audit, Deed
from bot.store.schedules import Schedule, Schedules

LISTED = 50
_DIGEST_USAGE = "Write digest set at 08:30 weekdays, digest now, digest list or digest off ID."
_WARNINGS_USAGE = "Write warnings here, warnings list or warnings off ID."


@dataclass(frozen=True, slots=True)
class Order:
    """A line that somebody gave in a channel; `words` are those after the first."""

    line: str
    words: tuple[str, ...]
    who: str
    channel: str
    zone: ZoneInfo
    now: datetime


Obey = Callable[[Order, Watch], Answer]


class Quieting(Protocol):
    """Obeys `expect` and `snooze`, and says what a form for them offers."""

    def obey(self, order: Order, watch: Watch) -> Answer: ...

    def offer(self, verb: str, key: str, now: datetime) -> Offer: ...

    def check(self, line: str, who: str, zone: ZoneInfo, now: datetime) -> None: ...


class Orders:
    """Obeys orders. `resolve` finds a channel's id by its name, where it can; `count` counts what
    a digest of the last day needs.
    """

    def __init__(
        self,
        *,
        schedules: Schedules,
        audit: Audit,
        digests: Digests,
        clock: Callable[[], datetime],
        resolve: Callable[[str], str | None] = lambda _: None,
        count: Callable[[datetime, Watch], None] = lambda _now, _watch: None,
        quiet: Quieting | None = None,
        more: Mapping[str, Obey] | None = None,
    ) -> None:
        self._schedules = schedules
        self._audit = audit
        self._digests = digests
        self._clock = clock
        self._resolve = resolve
        self._count = count
        self._quiet = quiet
        self._obey: dict[str, Obey] = {
            "digest": self._digest,
            "warnings": self._warnings,
            **({"expect": quiet.obey, "snooze": quiet.obey} if quiet else {}),
            **(more or {}),
        }

    def takes(self, line: str) -> bool:
        """Whether a line is an order."""
        return next(iter(line.lower().split()), "") in self._obey

    def obey(self, line: str, *, who: str, channel: str, zone: ZoneInfo, watch: Watch) -> Answer:
        """Do what a line says. Raises `FlowsError`; what was done or refused is in the audit."""
        first, *rest = line.split()
        now = self._now()
        order = Order(line.strip(), tuple(rest), who, channel, zone, now)
        outcome = "refused"
        try:
            answer = self._obey[first.lower()](order, watch)
            outcome = answer.headline
        finally:
            self._audit.note(
                Deed(now, who, first.lower(), channel, order.line[:500], outcome[:500])
            )
        return answer

    def offer(self, verb: str, key: str) -> Offer:
        """What can be chosen when a warning is quieted by a form. Raises `FlowsError`."""
        return self._quieting.offer(verb, key, self._now())

    def check(self, line: str, *, who: str, zone: ZoneInfo) -> None:
        """Raise `BadPart` when a form's line cannot be obeyed, as far as its words tell."""
        self._quieting.check(line, who, zone, self._now())

    @property
    def _quieting(self) -> Quieting:
        if self._quiet is None:
            raise BadLine("there are no warnings here")
        return self._quiet

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(microsecond=0)

    def _digest(self, order: Order, watch: Watch) -> Answer:
        match order.words:
            case ["set", *words]:
                return self._digest_set(order, words)
            case ["now"]:
                self._count(order.now, watch)
                end = order.now
                start = end - timedelta(days=1)
                message = self._digests.over(start, end, order.zone, "digest:now")
                return told(message, order)
            case ["list"] | []:
                return self._listed(order, DIGEST)
            case ["off", number]:
                return self._off(order, DIGEST, number)
        raise BadLine(f"digest does not understand {order.line[:60]!r}", hint=_DIGEST_USAGE)

    def _digest_set(self, order: Order, words: list[str]) -> Answer:
        channel: str | None = None
        at, days, sections = "08:30", "1234567", []
        while words:
            word = words.pop(0)
            if word.lower() == "at" and words:
                at = clock_time(words.pop(0))
            elif (found := weekdays(word)) is not None:
                days = found
            elif word.lower() in SECTIONS:
                sections.append(word.lower())
            elif word.lower() not in ("in", "on", "sections"):
                channel = self._channel(word, order)
        channel = channel or here(order)
        schedule = Schedule(
            DIGEST,
            channel,
            order.who,
            order.now,
            line=" ".join(sections),
            at=at,
            days=days,
            zone=str(order.zone),
        )
        number = self._schedules.add(schedule)
        first = next_due(at, days, order.zone, order.now)
        when = f"{first.astimezone(order.zone):%a %d %b %H:%M}" if first else "never"
        return said(
            order,
            f"Digest {number}: {days_shown(days)} at {at} ({order.zone}) in {channel};"
            f" the first comes {when}.",
            next_lines=("digest now", "digest list"),
        )

    def _warnings(self, order: Order, watch: Watch) -> Answer:
        match order.words:
            case ["here"]:
                channel = here(order)
            case ["in", word]:
                channel = self._channel(word, order)
            case ["list"] | []:
                return self._listed(order, WARNINGS)
            case ["off", number]:
                return self._off(order, WARNINGS, number)
            case _:
                raise BadLine("warnings does not understand that", hint=_WARNINGS_USAGE)
        made = self._schedules.add(Schedule(WARNINGS, channel, order.who, order.now))
        return said(order, f"Warnings {made}: warnings are posted in {channel} from now on.")

    def _listed(self, order: Order, kind: str) -> Answer:
        live = self._schedules.live(kind)
        rows = tuple(
            (
                str(one.id),
                one.channel,
                f"{days_shown(one.days)} at {one.at} ({one.zone})" if one.at else one.line,
                one.created_by,
                _next(one, order.now),
            )
            for one in live[:LISTED]
        )
        columns = (
            Column("id", "ID"),
            Column("channel", "Channel"),
            Column("what", "What"),
            Column("by", "Set by"),
            Column("next", "Next", Kind.TIME),
        )
        table = Table(kind.capitalize(), columns, rows, left_off=len(live) - len(rows))
        return said(
            order,
            f"{len(live)} {kind if len(live) == 1 or kind.endswith('s') else kind + 's'} set."
            if live
            else f"No {kind} is set.",
            tables=(table,) if live else (),
        )

    def _off(self, order: Order, kind: str, number: str) -> Answer:
        live = {str(one.id): one for one in self._schedules.live(kind)}
        if number not in live:
            known = ", ".join(live) or "none"
            raise BadLine(f"there is no {kind} {number[:20]!r}", hint=f"There are: {known}.")
        self._schedules.change(int(number), deleted_at=order.now)
        return said(order, f"{kind.capitalize()} {number} is off.")

    def _channel(self, word: str, order: Order) -> str:
        if word.lower() in ("here", "#here"):
            return here(order)
        found = channel_id(word) or (self._resolve(word[1:]) if word.startswith("#") else None)
        if found is None:
            raise BadLine(
                f"there is no channel {word[:60]!r} that I am in",
                hint="Invite me there, or say this in that channel without naming it.",
            )
        return found


def here(order: Order) -> str:
    """The channel an order was given in. Raises `BadLine` where there is none."""
    if not order.channel:
        raise BadLine("there is no channel here", hint="Name it by its id, C0123456.")
    return order.channel


def said(
    order: Order,
    headline: str,
    *,
    tables: tuple[Table, ...] = (),
    notes: tuple[str, ...] = (),
    next_lines: tuple[str, ...] = (),
) -> Answer:
    """An answer to an order."""
    return Answer(
        _question(order),
        headline,
        tables=tables,
        notes=tuple(Note(Topic.METHOD, text) for text in notes),
        next=next_lines,
    )


def told(message: Message, order: Order) -> Answer:
    """A message as an answer: its lines are a table of their own."""
    lines = Table("At a glance", (Column("line", "What"),), tuple((one,) for one in message.lines))
    return Answer(
        _question(order),
        message.headline,
        tables=(lines, *message.tables),
        charts=message.charts,
        notes=tuple(Note(Topic.METHOD, text) for text in message.notes),
        next=tuple(one.value for one in message.buttons if one.does == "ask"),
    )


def _question(order: Order) -> Question:
    window = Window.last(timedelta(days=1), order.now)
    return Question(order.line.split()[0].lower(), order.line, window, order.zone, order.now)


def _next(schedule: Schedule, now: datetime) -> datetime | None:
    if schedule.at is None:
        return None
    return next_due(schedule.at, schedule.days, zone_named(schedule.zone), now)
