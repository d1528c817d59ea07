"""`watch LINE when CONDITION [in CHANNEL] [learning 7d]`, and what can be done with watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.errors import BadLine
from bot.model.query import Statistics
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.model.writing import duration, many, size
from bot.schedule.conditions import HINT, Condition, condition
from bot.schedule.counting import bucket_of
from bot.schedule.duties import WATCH
from bot.schedule.orders import Order, here, said
from bot.schedule.rehearsal import Rehearsal
from bot.schedule.watches import LEARN, Watches, judged
from bot.schedule.words import channel_id, length_of
from bot.store.schedules import Schedule, Schedules

MUTED_FOR = timedelta(days=1)
MOST_WATCHES = 100
_USAGE = "Write watch LINE when CONDITION, watch list, watch test|mute|delete ID."


class WatchOrders:
    """Obeys lines that begin with `watch`."""

    def __init__(
        self, watches: Watches, schedules: Schedules, resolve: Callable[[str], str | None]
    ) -> None:
        self._watches = watches
        self._schedules = schedules
        self._resolve = resolve

    def obey(self, order: Order, watch: Watch) -> Answer:
        """Do what the line says. Raises `FlowsError`."""
        match order.words:
            case [] | ["list"]:
                return self._listed(order)
            case ["test", *words]:
                return self._tested(order, words)
            case ["mute", number, *rest]:
                return self._muted(order, number, rest)
            case ["delete", number]:
                found = self._found(number)
                self._schedules.change(found.id or 0, deleted_at=order.now)
                return said(order, f"Watch {found.id} is gone: {found.line}.")
            case words if "when" in [word.lower() for word in words]:
                return self._set(order, list(words))
        raise BadLine(f"watch does not understand {order.line[:60]!r}", hint=_USAGE)

    def _set(self, order: Order, words: list[str]) -> Answer:
        channel, learn = None, LEARN
        if len(words) > 2 and words[-2].lower() == "learning":
            learn, words = length_of(words[-1]), words[:-2]
        if len(words) > 2 and words[-2].lower() == "in" and not words[-1][:1].isdigit():
            channel, words = self._channel(words[-1]), words[:-2]
        line, rule = _split(words)
        if len(self._schedules.live(WATCH)) >= MOST_WATCHES:
            raise BadLine(f"there are {MOST_WATCHES} watches already", hint="Delete some first.")
        channel = channel or here(order)
        state, learned = self._learned(order, line, rule, learn)
        made = self._schedules.add(
            Schedule(
                WATCH,
                channel,
                order.who,
                order.now,
                line=line,
                condition=rule.text,
                zone=str(order.zone),
                last_due=bucket_of(order.now - self._watches.delivery),
                state=state,
            )
        )
        every = duration(rule.every.total_seconds())
        return said(
            order,
            f"Watch {made}: {line} when {rule.text}, looked at every {every}, told in {channel}.",
            notes=(learned,),
            next_lines=(f"watch test {made}", "watch list"),
        )

    def _learned(
        self, order: Order, line: str, rule: Condition, learn: timedelta
    ) -> tuple[dict[str, object], str]:
        """What is known from the start; the line is tried by the way."""
        end = bucket_of(order.now - self._watches.delivery)
        length = learn if rule.noun else rule.every
        answer = self._watches.answer(line, str(order.zone), Window(end - length, end), order.now)
        scanned = sum((run.statistics for run in answer.queries), Statistics()).bytes_scanned
        _, state = judged(rule, answer, {})
        over = duration(length.total_seconds())
        if rule.noun:
            known = len(rule.found(answer))
            return state, (
                f"Learned {many(known, rule.noun)} from the last {over} ({size(scanned)} read);"
                " speaks of others from now on." + _unseen(rule, answer)
            )
        shown = rule.shown(rule.amount(answer))
        told = f"In the last {over} it was {shown}; speaks when it rises beyond."
        return state, told + _unseen(rule, answer)

    def _tested(self, order: Order, words: list[str]) -> Answer:
        if len(words) == 1:
            found = self._found(words[0])
            line, rule = found.line, condition(found.condition)
        else:
            line, rule = _split(words)
        rehearsal = Rehearsal(self._watches, line, str(order.zone), rule, order.now)
        over, times = rehearsal.said()
        rows = tuple((window.end, headline) for window, headline in times)
        columns = (Column("at", "At", Kind.TIME), Column("said", "Would have said"))
        return said(
            order,
            f"Over the last {duration(over.total_seconds())} it would have spoken"
            f" {many(len(times), 'time')}.",
            tables=(Table("What it would have said", columns, rows),) if rows else (),
            notes=(f"{many(rehearsal.looks, 'look')}, {size(rehearsal.read)} read.",),
        )

    def _muted(self, order: Order, number: str, rest: list[str]) -> Answer:
        found = self._found(number)
        length = length_of(rest[-1]) if rest else MUTED_FOR
        until = order.now + length
        self._schedules.change(found.id or 0, muted_until=until)
        when = f"{until.astimezone(order.zone):%a %d %b %H:%M %Z}"
        return said(order, f"Watch {found.id} is quiet until {when}.")

    def _listed(self, order: Order) -> Answer:
        live = self._schedules.live(WATCH)
        rows = tuple(
            (
                str(one.id),
                one.line,
                one.condition,
                one.channel,
                one.created_by,
                one.last_due,
                one.muted_until if one.muted_until and one.muted_until > order.now else None,
            )
            for one in live
        )
        columns = (
            Column("id", "ID"),
            Column("line", "Line"),
            Column("when", "When"),
            Column("channel", "Channel"),
            Column("by", "Set by"),
            Column("until", "Looked until", Kind.TIME),
            Column("quiet", "Quiet until", Kind.TIME),
        )
        headline = f"{many(len(live), 'watch', 'watches')} set." if live else "No watch is set."
        return said(order, headline, tables=(Table("Watches", columns, rows),) if live else ())

    def _found(self, number: str) -> Schedule:
        live = {str(one.id): one for one in self._schedules.live(WATCH)}
        if number not in live:
            raise BadLine(
                f"there is no watch {number[:20]!r}",
                hint=f"There are: {', '.join(live) or 'none'}.",
            )
        return live[number]

    def _channel(self, word: str) -> str:
        found = channel_id(word) or (self._resolve(word[1:]) if word.startswith("#") else None)
        if found is None:
            raise BadLine(
                f"there is no channel {word[:60]!r} that I am in", hint="Invite me there."
            )
        return found


def _unseen(rule: Condition, answer: Answer) -> str:
    """What a look does not see, as a sentence."""
    left_off = rule.unseen(answer)
    return f" {many(left_off, 'smaller row')} left off the answer: not seen." if left_off else ""


def _split(words: list[str]) -> tuple[str, Condition]:
    """`LINE when CONDITION`, parted at the last `when`."""
    places = [n for n, word in enumerate(words) if word.lower() == "when"]
    if not places or not places[-1]:
        raise BadLine("a watch needs a line and a condition", hint=HINT)
    at = places[-1]
    return " ".join(words[:at]), condition(" ".join(words[at + 1 :]))
