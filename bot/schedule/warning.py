"""What a warning says: who is rejected where, how far from usual, and what that may come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.model.changes import Change
from bot.model.chart import Mark, Panel, Series, Timeline, Tone
from bot.model.message import About, Button, Does, Message, Quiet
from bot.model.table import Column, Kind, Table
from bot.model.window import Window
from bot.model.writing import count, duration, many
from bot.network.ports import spoken
from bot.network.ranges import is_inside
from bot.schedule.counting import BUCKET, OURS, REJECT, Dimension, Origin, buckets
from bot.schedule.incidents import NORMAL, Facts, Pair, State, Told
from bot.schedule.rollup import Trouble
from bot.store.incidents import Incident
from bot.store.rollups import Rollups

SHOWN_BEFORE = timedelta(hours=3)  # of the chart, before it began
LISTED = 15
MOST_PORTS = 3
WEEK = timedelta(days=7)
MOST_CHANGES = 3
RUNBOOK = (
    "What to do: compare the security groups and network ACLs of both ends with a change made just"
    " before; if it is meant, press Expected."
)


def warning(
    told: Told, rollups: Rollups, zone: ZoneInfo, at: datetime, quiet: tuple[Quiet, ...] = ()
) -> Message:
    """The message of an incident as it stands after the bucket `at`, and what was said of it."""
    incident, facts = told.incident, told.facts
    return Message(
        key=incident.key,
        about=About.WARNING,
        state=incident.state,
        headline=_headline(incident, facts),
        zone=str(zone),
        lines=tuple(_lines(incident, facts, rollups, zone, at)),
        charts=(_chart(incident, facts, rollups, at),),
        quiet=quiet,
        buttons=tuple(_buttons(incident, facts, at)),
        tables=tuple(_tables(facts)),
        notes=(
            _week_before(incident, rollups, zone),
            f"Counted are rejected flow records, five minutes at a time. The score is the evidence"
            f" against the limit; this one reached {incident.score:.1f}.",
            _changes_note(facts),
        ),
    )


def unchecked(trouble: Trouble, zone: ZoneInfo, over: datetime | None = None) -> Message:
    """Says since when nothing could be checked and why; with `over`, that it could again."""
    since = _clock(trouble.since, zone)
    headline = f"Could not check since {since}: {trouble.reason}"
    if over is not None:
        until = _clock(over, zone)
        headline = f"Checked again up to {until}; could not check from {since}: {trouble.reason}"
    return Message(
        key=f"trouble:{trouble.since:%Y-%m-%dT%H:%MZ}",
        about=About.TROUBLE,
        state=State.OPEN if over is None else State.RESOLVED,
        headline=headline,
        zone=str(zone),
        lines=("Nothing is known of the traffic meanwhile: this is not quiet.",)
        if over is None
        else ("What was missed has been counted and looked at.",),
    )


def exactly(window: Window) -> str:
    """Words for a window that mean the same to people in different zones."""
    return f"{window.start:%Y-%m-%dT%H:%MZ}..{window.end:%Y-%m-%dT%H:%MZ}"


def one_line(told: Told, zone: ZoneInfo) -> str:
    """An incident in a digest: when, and what."""
    began = f"{told.incident.opened_at.astimezone(zone):%a %H:%M}"
    return f"{began} {_headline(told.incident, told.facts)}"


def _headline(incident: Incident, facts: Facts) -> str:
    who = _who(facts)
    if incident.state == State.RESOLVED:
        lasted = (incident.resolved_at or incident.last_seen) - incident.opened_at
        again = f"Over after {duration(lasted.total_seconds())}"
        return f"{again}: {who}, rejected {many(facts.rejected, 'time')}."
    worst, usual = _level(facts)
    usually = "normally none" if usual < 1 else f"normally {count(usual)}"
    still = "Still rejected" if incident.state == State.HIGH else "Rejected"
    return f"{still}: {who}, {many(worst, 'time')} in five minutes, {usually}."


def _who(facts: Facts) -> str:
    """`10.0.1.5 and 2 others → 10.0.2.9 port 5432 (postgres)`."""
    sources = _sums(facts.pairs, 0)
    targets = _sums(facts.pairs, 1)
    ports = _sums(facts.pairs, 2)
    if not sources:
        return next(iter(facts.series))
    comma = "," if len(targets) > 1 else ""  # "and 1 other port" would be about ports
    return f"{_some(sources)} → {_some(targets)}{comma} {_ports(ports)}"


def _some(sums: Counter[str]) -> str:
    (first, _), *others = sums.most_common()
    return f"{first} and {many(len(others), 'other')}" if others else first


def _ports(sums: Counter[str]) -> str:
    (first, most), *others = sums.most_common()
    named = spoken((int(first),)) if first.isdigit() else first
    if not others or most >= 0.9 * sums.total():
        return named
    return f"{named} and {many(len(others), 'other port')}"


def _level(facts: Facts) -> tuple[int, float]:
    """Rejects in the worst bucket of the largest series, and what is usual for it."""
    worst = max(facts.series.values(), key=lambda one: one[1], default=[0, 0, 0])
    return int(worst[1]), worst[2]


def _lines(
    incident: Incident, facts: Facts, rollups: Rollups, zone: ZoneInfo, at: datetime
) -> Iterator[str]:
    began = _clock(incident.opened_at, zone)
    if incident.resolved_at:
        yield f"From {began} to {_clock(incident.resolved_at, zone)} {at.astimezone(zone):%Z}."
    else:
        yield f"Since {began}, counted until {_clock(at + BUCKET, zone)} {at.astimezone(zone):%Z}."
    yield _reason(incident, facts, zone)
    if new := _new_ports(incident, facts, rollups):
        yield (
            f"New: {spoken(new[:MOST_PORTS])}, neither rejected from inside nor among the busiest"
            " ports in the week before."
        )
    if incident.resolved_at and facts.mended:
        yield f"Meanwhile rules were changed: {_changed(facts.mended, zone)}."
    if incident.state != State.RESOLVED:
        yield RUNBOOK


def _reason(incident: Incident, facts: Facts, zone: ZoneInfo) -> str:
    sources = _sums(facts.pairs, 0)
    before = [source for source in sources if source in facts.let_in_before]
    when = _clock(incident.opened_at, zone)
    if facts.changes:
        let_in = f"; {_were(before, len(sources))} let in on the same port before" if before else ""
        return f"Likely reason: {_changed(facts.changes, zone)}{let_in}."
    if before:
        return (
            f"Likely reason: {_were(before, len(sources))} let in on the same port until {when},"
            " so a rule of a security group or a network ACL changed then."
        )
    if any(name.startswith(Dimension.DOOR) for name in facts.series):
        return f"Likely reason: an address that served the internet refuses it since {when}."
    if all(usual < 1 for _, _, usual in facts.series.values()):
        return "Likely reason: somebody tries what nobody tried before; no rule lets it in."
    return "The same is rejected at other times too, but less often."


def _new_ports(incident: Incident, facts: Facts, rollups: Rollups) -> tuple[int, ...]:
    """Ports that nothing was counted at in the week before, of what our own were rejected at."""
    ports = {int(pair.port) for pair in facts.pairs if pair.ours and pair.port.isdigit()}
    start, end = incident.opened_at - WEEK, incident.opened_at
    if facts.let_in_before or not ports or not rollups.buckets(end - NORMAL, end):
        return ()
    found = rollups.sums(start, end, Dimension.OUR_PORT, Dimension.PORT)
    return tuple(sorted(ports - {int(one.name) for one in found if one.name.isdigit()} - {0}))


def _changed(changes: list[Change], zone: ZoneInfo) -> str:
    """The latest changes, with their times."""
    return "; ".join(f"{one}, at {_clock(one.at, zone)}" for one in changes[-MOST_CHANGES:])


def _changes_note(facts: Facts) -> str:
    if facts.unread is not None:
        return f"Whether a rule changed just before is not known: {facts.unread}."
    if facts.changes:
        return "What changed just before is CloudTrail's word; that it is the reason is a guess."
    return "CloudTrail knows of no change of these rules in the hour before."


def _were(before: list[str], of: int) -> str:
    if len(before) == 1:
        return f"{before[0]} was"
    return "all of them were" if len(before) == of else f"{', '.join(before[:5])} were"


def _week_before(incident: Incident, rollups: Rollups, zone: ZoneInfo) -> str:
    """What was rejected from inside in the same hour a week before."""
    start = incident.opened_at - timedelta(days=7)
    end = start + timedelta(hours=1)
    when = f"{start.astimezone(zone):%a %d %b %H:%M}–{end.astimezone(zone):%H:%M}"
    known = [one for one in rollups.buckets(start, end).values() if one.records]
    if len(known) < len(tuple(buckets(start, end))):
        return f"The same hour a week before ({when}) was not counted."
    found = rollups.sums(start, end, Dimension.ORIGIN)
    ours = sum(one.records for one in found if one.action == REJECT and one.name in OURS)
    return (
        f"In the same hour a week before ({when}) {many(ours, 'flow')} from inside were rejected."
    )


def _buttons(incident: Incident, facts: Facts, at: datetime) -> Iterator[Button]:
    end = at + BUCKET
    words = exactly(Window(incident.opened_at - timedelta(minutes=30), end))
    if facts.pairs:
        (source, target, port, _), _ = facts.pairs.most_common(1)[0]
        at_port = f" {port}" if port.isdigit() and int(port) else ""
        yield Button(Does.ASK, "Why?", f"why {source} {target}{at_port} {words}")
        if port.isdigit() and int(port):
            yield Button(Does.ASK, "Look closer", f"db-clients {port} on {target} {words}")
    if incident.state != State.RESOLVED:
        yield Button(Does.EXPECTED, "Expected", incident.key)
        yield Button(Does.SNOOZE, "Snooze", incident.key)


def _tables(facts: Facts) -> Iterator[Table]:
    if facts.pairs:
        rows = facts.pairs.most_common(LISTED)
        yield Table(
            "Rejected",
            (
                Column("source", "Source", Kind.ADDRESS),
                Column("from", "From"),
                Column("target", "Target", Kind.ADDRESS),
                Column("port", "Port", Kind.PORT),
                Column("records", "Rejected", Kind.COUNT),
            ),
            tuple(
                (source, "inside" if is_inside(source) else "outside", target, port, records)
                for (source, target, port, _), records in rows
            ),
            left_off=len(facts.pairs) - len(rows),
        )
    ranked = sorted(facts.series.items(), key=lambda one: (-one[1][0], -one[1][1], one[0]))
    yield Table(
        "What is too high, strongest first",
        (
            Column("series", "Series"),
            Column("worst", "Worst five minutes", Kind.COUNT),
            Column("usual", "Usual", Kind.COUNT),
            Column("score", "Score"),
        ),
        tuple((name, int(worst), usual, f"{score:.1f}") for name, (score, worst, usual) in ranked),
    )


def _chart(incident: Incident, facts: Facts, rollups: Rollups, at: datetime) -> Timeline:
    start, end = incident.opened_at - SHOWN_BEFORE, at + BUCKET
    times = tuple(buckets(start, end))
    found = rollups.values(start, end, REJECT, Dimension.ORIGIN)
    known = {one.at for one in rollups.buckets(start, end).values() if one.records}

    def series(origin: Origin, name: str, tone: Tone) -> Series:
        values = found.get((Dimension.ORIGIN, origin), {})
        return Series(name, tuple(values.get(t, 0) if t in known else None for t in times), tone)

    marks = [Mark(incident.opened_at, "began")]
    if incident.resolved_at:
        marks.append(Mark(incident.resolved_at, "over"))
    ours = (
        series(Origin.INSIDE, "inside to inside", Tone.ALARMING),
        series(Origin.OUTGOING, "going out", Tone.REJECTED),
    )
    noise = series(Origin.INTERNET, "from the internet", Tone.NOISE)
    return Timeline(
        f"{_who(facts)}: {many(facts.rejected, 'reject')}",
        times,
        int(BUCKET.total_seconds()),
        (
            Panel("From inside", ours, unit="rejected flows"),
            Panel("From outside", (noise,), unit="rejected flows"),
        ),
        tuple(marks),
    )


def _sums(pairs: Counter[Pair], part: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for pair, records in pairs.items():
        sums[str(pair[part])] += records
    return sums


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H:%M}"
