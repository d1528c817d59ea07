"""The digest: one glance at a day, read from rollups. Pure but for reading the store."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.chart import Mark, Panel, Series, Timeline, Tone
from bot.model.message import About, Button, Does, Message
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.model.writing import count, duration, many, share, size
from bot.network.ports import described
from bot.schedule import traffic
from bot.schedule.counting import ACCEPT, OURS, REJECT, REST, Dimension, Origin, buckets
from bot.schedule.due import previous_due
from bot.schedule.incidents import KEY, Facts, State, Told
from bot.schedule.stretch import Stretch
from bot.schedule.traffic import change
from bot.schedule.warning import exactly, one_line
from bot.store.incidents import Incident, Incidents
from bot.store.rollups import Rollups
from bot.store.schedules import Schedule

SECTIONS = ("traffic", "rejects", "clients", "movers", "logs")
SHORTEST, LONGEST = timedelta(days=1), timedelta(days=3)  # of the time a digest is about
WEEK = timedelta(days=7)
UNWATCHED = "Counted, but not watched: whether anything is unusual is not known."
LEARNING = "Nothing unusual so far: what is usual is still being learned."
FEWEST = 48  # known buckets of the day before, for that to be known
LISTED = 10
NAMED = 5


class Digests:
    """Writes digests over one source of logs. `price` is US dollars a GB, 0 where that is free.

    `looked` says up to which bucket somebody has looked for what is unusual; `named` puts names
    beside a message's addresses.
    """

    def __init__(
        self,
        rollups: Rollups,
        incidents: Incidents,
        price: float,
        looked: Callable[[], datetime | None],
        named: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        self._named = named
        self._looked = looked
        self._rollups = rollups
        self._incidents = incidents
        self._price = price

    def write(self, schedule: Schedule, due: datetime, zone: ZoneInfo) -> Message:
        """The digest of a schedule at a due moment, over the time since the one before."""
        before = previous_due(schedule.at or "00:00", schedule.days, zone, due)
        length = min(max(due - before if before else SHORTEST, SHORTEST), LONGEST)
        sections = tuple(schedule.line.split()) or SECTIONS
        key = f"digest:{schedule.id}:{due.astimezone(zone):%Y-%m-%d}"
        return self.over(due - length, due, zone, key, sections)

    def over(
        self,
        start: datetime,
        end: datetime,
        zone: ZoneInfo,
        key: str,
        sections: Sequence[str] = SECTIONS,
    ) -> Message:
        """The digest of a stretch."""
        now = Stretch.read(self._rollups, start, end)
        then = Stretch.read(self._rollups, start - WEEK, end - WEEK)
        found = [
            one
            for one in self._incidents.recent(start)
            if one.key.startswith(KEY) and one.opened_at < end
        ]
        unusual = sorted(found, key=lambda one: -one.score)
        partial = not _whole(now, end)
        by_road = traffic.table(now, then, zone) if "traffic" in sections else None
        digest = Message(
            key=key,
            about=About.DIGEST,
            state="partial" if partial else "whole",
            headline=self._headline(unusual, now, partial),
            zone=str(zone),
            lines=tuple(self._lines(now, then, unusual, sections, zone)),
            charts=(_chart(now, then, unusual, self._rollups, zone),) if now.known else (),
            buttons=tuple(_buttons(unusual, start, end)),
            tables=(*([by_road] if by_road else []), *_tables(now)),
            notes=(
                "By road each packet counts once. All else is counted as logged: traffic inside is"
                " recorded at both of its ends. Noise is what the internet tries and nobody"
                " answers.",
            ),
        )
        return self._named(digest)

    def _headline(self, unusual: Sequence[Incident], now: Stretch, partial: bool) -> str:
        if not self._watched(now):
            return UNWATCHED
        if not unusual and not partial and now.known and not self._learned(now):
            return LEARNING
        return _headline(unusual, now, partial)

    def _learned(self, now: Stretch) -> bool:
        """Whether a day was known before, without which no series can be judged."""
        before = self._rollups.buckets(now.start - SHORTEST, now.start).values()
        return sum(1 for one in before if one.records) >= FEWEST

    def _watched(self, now: Stretch) -> bool:
        """Whether what was counted was looked at too, but for its last hour."""
        looked = self._looked()
        if not now.known:
            return True
        return looked is not None and looked >= max(now.known) - timedelta(hours=1)

    def _lines(
        self,
        now: Stretch,
        then: Stretch,
        unusual: Sequence[Incident],
        sections: Sequence[str],
        zone: ZoneInfo,
    ) -> Iterator[str]:
        for incident in unusual[:NAMED]:
            yield one_line(Told(incident, Facts.read(incident.facts), new=False), zone)
        if "traffic" in sections:
            yield traffic.line(now, then, zone)
        if "rejects" in sections:
            yield _rejects(now, then)
        if "clients" in sections and (line := self._clients(now)):
            yield line
        if "movers" in sections and (line := _movers(now, then)):
            yield line
        if "logs" in sections:
            yield self._logs(now, zone)

    def _clients(self, now: Stretch) -> str:
        """Clients of watched ports that were not seen in the week before."""
        before = self._rollups.sums(now.start - WEEK, now.start, Dimension.CLIENT)
        known = {one.name for one in before}
        if not known or not now.known:
            return ""
        new = [one for one in now.of(Dimension.CLIENT, ACCEPT) if one.name not in known]
        named = [one.name.split(" ") for one in new if one.name != REST]
        if not named:
            return "No new client of a database, cache or queue."
        shown = ", ".join(f"{source} at {described(int(port))}" for port, source in named[:NAMED])
        more = f" and {count(len(named) - NAMED)} more" if len(named) > NAMED else ""
        return f"New: {shown}{more}."

    def _logs(self, now: Stretch, zone: ZoneInfo) -> str:
        scanned = sum(one.bytes_scanned for one in now.known.values())
        cost = f", about ${scanned / 1e9 * self._price:.4f}" if self._price else ""
        latest = max((one.latest for one in now.known.values() if one.latest), default=None)
        fresh = f", newest record {latest.astimezone(zone):%H:%M}" if latest else ""
        lost = sum(one.records for one in now.of(Dimension.ALL, "-"))
        gaps = f"; {many(lost, 'interval')} AWS could not record" if lost else ""
        return (
            f"Logs: {count(len(now.known))} of {count(now.wanted)} five-minute buckets"
            f" counted{fresh}; {size(scanned)} read once{cost}{gaps}."
        )


def _whole(now: Stretch, end: datetime) -> bool:
    """All but the buckets at the very end, which had no time to settle."""
    unsettled = sum(1 for at in buckets(now.start, end) if end - at <= timedelta(minutes=30))
    return len(now.known) >= now.wanted - unsettled


def _headline(unusual: Sequence[Incident], now: Stretch, partial: bool) -> str:
    if not now.known:
        return "Nothing is known: no logs could be counted."
    known = "" if not partial else f" Partial: {share(len(now.known) / now.wanted)} was counted."
    if not unusual:
        return (
            f"Nothing unusual.{known}"
            if not partial
            else f"Nothing unusual in what is known.{known}"
        )
    going = sum(1 for one in unusual if one.state != State.RESOLVED)
    still = f", {count(going)} of them still going on" if going else ""
    if len(unusual) == 1:
        still = ", still going on" if going else ", over"
    return f"{many(len(unusual), 'incident')}{still}.{known}"


def _rejects(now: Stretch, then: Stretch) -> str:
    if not now.known:
        return "Rejects: unknown."
    ours, noise = now.rejects(*OURS), now.rejects(Origin.INTERNET)
    both = now.enough and then.enough
    usual = f" ({count(then.rejects(*OURS))} a week before)" if both else ""
    floor = f" ({change(noise, then.rejects(Origin.INTERNET))})" if both else ""
    return (
        f"Rejects: {count(ours)} from inside{usual}; noise from the internet {count(noise)}{floor}."
    )


def _movers(now: Stretch, then: Stretch) -> str:
    """The sources whose bytes changed most; without a week before, those that sent most."""
    sent = {n: one.bytes for n, one in now.by_name(Dimension.SOURCE, ACCEPT).items() if n != REST}
    if not (now.enough and then.enough):
        top = sorted(sent, key=lambda name: -sent[name])[:3]
        return f"Most sent: {', '.join(f'{n} {size(sent[n])}' for n in top)}." if top else ""
    before = {n: one.bytes for n, one in then.by_name(Dimension.SOURCE, ACCEPT).items()}
    moves = Counter({n: abs(amount - before.get(n, 0)) for n, amount in sent.items()})
    moved = [
        f"{n} {size(sent[n])} ({change(sent[n], before[n]) if before.get(n) else 'new'})"
        for n, _ in moves.most_common(3)
    ]
    return f"Moved most: {', '.join(moved)}." if moved else ""


def _buttons(unusual: Sequence[Incident], start: datetime, end: datetime) -> Iterator[Button]:
    words = exactly(Window(start, end))
    if unusual:
        yield Button(Does.ASK, "Look at the rejects", f"rejects {words}")
    yield Button(Does.ASK, "Inside", f"top-talkers internal {words}")
    yield Button(Does.ASK, "Outside", f"top-talkers external {words}")


def _tables(now: Stretch) -> Iterator[Table]:
    for title, dimension, kind in (
        ("Sources by bytes", Dimension.SOURCE, Kind.ADDRESS),
        ("Targets by bytes", Dimension.TARGET, Kind.ADDRESS),
        ("Ports by bytes", Dimension.PORT, Kind.TEXT),
    ):
        found = [one for one in now.of(dimension, ACCEPT) if one.name != REST]
        rest = next((one for one in now.of(dimension, ACCEPT) if one.name == REST), None)
        top = sorted(found, key=lambda one: (-one.bytes, one.name))
        rows = [(one.name, one.bytes, one.records) for one in top[:LISTED]]
        others = top[LISTED:] + ([rest] if rest else [])
        if others:
            total = [sum(one.bytes for one in others), sum(one.records for one in others)]
            rows.append(("all others", total[0], total[1]))
        if rows:
            columns = (
                Column("name", "Port" if dimension is Dimension.PORT else "Address", kind),
                Column("bytes", "Bytes", Kind.BYTES),
                Column("records", "Records", Kind.COUNT),
            )
            yield Table(title, columns, tuple(rows))


def _chart(
    now: Stretch, then: Stretch, unusual: Sequence[Incident], rollups: Rollups, zone: ZoneInfo
) -> Timeline:
    """Traffic and rejected flows by hour or so; a bin with nothing known is a gap."""
    window = Window(now.start, now.end)
    period = window.period(100)
    bins = window.bins(period)
    known = {_bin(at, period.seconds) for at in now.known}

    def series(name: str, action: str, origins: Sequence[Origin], tone: Tone) -> Series:
        found = rollups.values(now.start, now.end, action, Dimension.ORIGIN)
        sums: dict[float, int] = defaultdict(int)
        for origin in origins:
            for at, records in found.get((Dimension.ORIGIN, origin), {}).items():
                sums[_bin(at, period.seconds)] += records
        keys = [at.timestamp() for at in bins]
        return Series(name, tuple(sums[key] if key in known else None for key in keys), tone)

    def panel(title: str, one: Series) -> Panel:
        return Panel(title, (one,), unit="flows")

    marks = tuple(Mark(one.opened_at, "incident") for one in unusual[:NAMED])
    title = "Nothing unusual" if not unusual else many(len(unusual), "incident")
    accepted = panel("Accepted", series("accepted", ACCEPT, tuple(Origin), Tone.ACCEPTED))
    ours = series("from inside", REJECT, OURS, Tone.ALARMING)
    noise = series("from the internet", REJECT, (Origin.INTERNET,), Tone.NOISE)
    return Timeline(
        f"{title} in {duration(window.seconds)}",
        bins,
        period.seconds,
        (
            *(traffic.panels(now, then, bins, period, zone) or (accepted,)),
            panel("Rejected from inside", ours),
            panel("Noise", noise),
        ),
        marks,
    )


def _bin(at: datetime, seconds: int) -> float:
    return int(at.timestamp()) // seconds * seconds
