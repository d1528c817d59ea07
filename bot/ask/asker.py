"""One question from line to answer, over one engine: the same path for Slack and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.ask.cache import Cache
from bot.ask.health import EXTENT, HEALTH, Health, extent_of, notes
from bot.ask.naming import named
from bot.ask.reading import read
from bot.ask.running import Run, Running
from bot.ask.windows import LONGEST
from bot.engines import price
from bot.engines.engine import Engine, Watch
from bot.model.answer import Answer, Network, Note, Question, Topic
from bot.model.changes import Changes
from bot.model.command import Command
from bot.model.errors import MissingFields
from bot.model.fields import BY_NAME, SYNONYMS, create_flow_log_command
from bot.model.inventory import Inventory
from bot.model.published import Prices, Ranges
from bot.model.query import Result
from bot.model.table import Kind
from bot.model.window import Window
from bot.model.writing import many, written
from bot.network.aws_ranges import Later, packaged
from bot.network.history import History, WindowNames
from bot.network.names import Names
from bot.network.prices import TABLES
from bot.network.snapshots import Snapshots
from bot.network.teams import Teams

CLOUDWATCH = "cloudwatch://"
AT_ONCE = 4  # queries of one question

LOST = ("NODATA", "SKIPDATA")
UNREAD = ("damaged", "not read")  # words of engines' notes

# How long records take from capture, by the VPC guide; best effort.
DELIVERY_CLOUDWATCH = timedelta(minutes=5)
DELIVERY_S3 = timedelta(minutes=10)


PATIENCE = 10.0  # seconds a question waits for the first look at the network
NOTHING_KNOWN = Inventory()
NO_NETWORK = Changes(unread="nothing is known of the network")


class Surroundings(Protocol):
    """The network that logs are of, as far as it is known."""

    @property
    def past(self) -> Snapshots | None:
        """The history of the network, where one is kept."""
        ...

    def current(self, wait: float = 0, at: datetime | None = None) -> Inventory | None:
        """The newest snapshot; waits up to `wait` seconds when there is none yet.

        A network that is not live may have another one for another moment `at`.
        """
        ...

    def changes(self, resources: Iterable[str], since: datetime, now: datetime) -> Changes:
        """How the rules of resources changed since a moment, up to now; `now` is the moment of
        asking, where the network is not live."""
        ...

    def notes(self, at: datetime) -> tuple[Note, ...]:
        """Its age, and what it lacks, for an answer asked `at` a moment."""
        ...


class Asker:
    """Answers lines. Safe for threads.

    `inside` are ranges that are ours besides the private ones; `price_per_gb` is what CloudWatch
    Logs Insights takes, in US dollars; `network` is what the logs are of; `teams` says whose hosts
    are, `ranges` which addresses are AWS services', `prices` what they cost, by Region.
    """

    def __init__(
        self,
        engine: Engine,
        commands: Sequence[Command],
        *,
        clock: Callable[[], datetime],
        inside: tuple[Network, ...] = (),
        price_per_gb: float = price.CLOUDWATCH.dollars,
        network: Surroundings | None = None,
        teams: Teams | None = None,
        ranges: Ranges | None = None,
        prices: Mapping[str, Prices] = TABLES,
    ) -> None:
        self.engine = engine
        self.commands = tuple(commands)
        self._clock = clock
        self._inside = inside
        self._price = price.price_of(engine.source, price_per_gb)
        self._cache = Cache(clock)
        self.network = network
        self._teams = teams or Teams()
        self._ranges: Ranges = ranges or Later(packaged)
        self._prices = prices
        self._names_in = partial(Names, teams=teams, ranges=self._ranges)
        self._names = self._names_in(NOTHING_KNOWN)

    def ask(
        self, line: str, *, zone: ZoneInfo, watch: Watch, now: datetime | None = None
    ) -> Answer:
        """Answer one line. `now` is the moment of asking, to the second. Raises `FlowsError`."""
        moment = (now or self._clock()).astimezone(UTC).replace(microsecond=0)
        names = self._current_names(moment)
        question = read(
            line,
            self.commands,
            now=moment,
            zone=zone,
            inside=self._inside,
            hosts=names.addresses if names.inventory.interfaces else None,
        )
        question = replace(question, zones=self._teams.zones, scanners=self._teams.scanners)
        command = next(c for c in self.commands if c.name == question.command)
        if command.length is None:
            return command.answer(question, _NoLogs())
        fields = self.engine.fields(question.window, watch) if command.needs else frozenset()
        _check_fields(command, fields)
        with ThreadPoolExecutor(AT_ONCE) as executor:
            running = Running(
                self.engine,
                question.window,
                watch,
                cache=self._cache,
                executor=executor,
                inventory=names.inventory,
                fields=fields,
                changes=partial(self._changes, now=moment),
                ranges=self._ranges,
                prices=self._prices,
            )
            try:
                started = running.begin(HEALTH)
                answer = command.answer(question, running)
                health = self._health(running, started, question)
            except BaseException:
                running.stop()
                raise
        then = self._names_then(names, question)
        about = (*self._notes(question, health, running.runs), *(then.notes() if then else ()))
        whole = replace(answer, notes=answer.notes + about, queries=running.written_down())
        return named(whole, then or names)

    def _names_then(self, names: Names, question: Question) -> WindowNames | None:
        """Names as they were in the window, where the network has a history."""
        past = self.network.past if self.network else None
        if past is None:
            return None
        history = History(past, self._names_in, names)
        return WindowNames(history, names, question.window, question.zone)

    def _changes(self, resources: Iterable[str], since: datetime, *, now: datetime) -> Changes:
        return self.network.changes(resources, since, now) if self.network else NO_NETWORK

    def _current_names(self, at: datetime) -> Names:
        """Names in the newest snapshot; made anew only when there is a newer one."""
        found = self.network.current(PATIENCE, at) if self.network else None
        inventory = found or NOTHING_KNOWN
        if inventory is not self._names.inventory:
            self._names = self._names_in(inventory)
        return self._names

    def _health(self, running: Running, started: Future[Run], question: Question) -> Health:
        """What the window's records are like; where records are, when the window has none.

        Where reading costs money, nothing is asked about all that there is.
        """
        (run,) = running.finish(started)
        running.runs.append(run)
        health = Health.of(run.result)
        if health.records or self._price:
            return health
        window = question.window
        wide = Window(window.start - LONGEST, min(window.end + LONGEST, question.now))
        (found,) = running.finish(running.begin(EXTENT, wide))
        return replace(health, extent=extent_of(found.result))

    def _notes(self, question: Question, health: Health, runs: Sequence[Run]) -> Iterator[Note]:
        results = [run.result for run in runs[:-1]]  # the last is about the logs themselves
        in_cloudwatch = self.engine.source.startswith(CLOUDWATCH)
        delivery = DELIVERY_CLOUDWATCH if in_cloudwatch else DELIVERY_S3
        yield from notes(health, results, question, delivery)
        costs = {self._price.told(_read(run)) for run in runs} if self._price else set()
        for said in dict.fromkeys(text for run in runs for text in run.result.notes):
            # The health query has told of lost records; what all queries cost is told below.
            if said not in costs and not any(status in said for status in LOST):
                yield Note(_topic(said), said)
        if kept := [run.kept_at for run in runs if run.kept_at]:
            when = written(min(kept), Kind.TIME, question.zone)
            yield Note(Topic.FRESHNESS, f"Not read again: {many(len(kept), 'result')} of {when}.")
        if self._price:
            fresh = (_read(run) for run in runs if not run.kept_at)
            yield Note(Topic.METHOD, self._price.told(*fresh))
        if self.network is not None:
            yield from self.network.notes(question.now)


def _read(run: Run) -> int:
    return run.result.statistics.bytes_scanned


def _check_fields(command: Command, recorded: frozenset[str]) -> None:
    """Raise `MissingFields` when records lack what the command needs; nothing known is fine."""
    known = {SYNONYMS.get(name, name) for name in recorded}
    missing = tuple(name for name in command.needs if known and name not in known)
    if missing:
        raise MissingFields(
            missing,
            f"{command.name} needs fields that these logs do not record:"
            f" {', '.join(_both_names(name) for name in missing)}",
            hint="A flow log's format cannot be changed, but a second one can be made:"
            f" {create_flow_log_command(missing)}",
        )


class _NoLogs:
    """The logs of a command that has no window."""

    inventory = NOTHING_KNOWN
    fields: frozenset[str] = frozenset()
    prices = TABLES

    @property
    def ranges(self) -> Ranges:
        return packaged()

    def query(self, *texts: str, window: Window | None = None) -> tuple[Result, ...]:
        raise AssertionError("a command without a window has no logs")

    def changes(self, resources: Iterable[str], since: datetime) -> Changes:
        return NO_NETWORK


def _topic(said: str) -> Topic:
    """What an engine's note is about: figures mislead where something could not be read."""
    return Topic.CAUTION if any(word in said for word in UNREAD) else Topic.COVERAGE


def _both_names(name: str) -> str:
    """A field as Insights spells it and, where that differs, as the log format does."""
    field = BY_NAME.get(name)
    return name if field is None or field.log == name else f"{name} ({field.log})"
