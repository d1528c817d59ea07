"""The logs as a command sees them: its texts run side by side, and what ran is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bot.ask.cache import Cache
from bot.ask.progress import Together
from bot.engines.engine import Engine, Watch
from bot.insights.nodes import Limit
from bot.insights.parser import parse
from bot.model.answer import QueryRun
from bot.model.changes import Changes
from bot.model.errors import Cancelled, NotSupported
from bot.model.inventory import Inventory
from bot.model.published import Prices, Ranges
from bot.model.query import DEFAULT_LIMIT, LARGEST_LIMIT, Query, Result, Statistics
from bot.model.window import Window


@dataclass(frozen=True, slots=True)
class Run:
    """One query that ran. `kept_at` is when it was read, if its result was kept from before."""

    query: Query
    result: Result
    kept_at: datetime | None = None


class Running:
    """`Logs` over one engine and one window. Every text is parsed before the engine sees it."""

    def __init__(
        self,
        engine: Engine,
        window: Window,
        watch: Watch,
        *,
        cache: Cache,
        executor: Executor,
        inventory: Inventory,
        fields: frozenset[str],
        changes: Callable[[Iterable[str], datetime], Changes],
        ranges: Ranges,
        prices: Mapping[str, Prices],
    ) -> None:
        self.runs: list[Run] = []
        self.inventory = inventory
        self.fields = fields
        self.changes = changes
        self.ranges = ranges
        self.prices = prices
        self._engine = engine
        self._window = window
        self._together = Together(watch)
        self._cache = cache
        self._executor = executor

    def query(self, *texts: str, window: Window | None = None) -> tuple[Result, ...]:
        """Run texts side by side, the same text once. The first failure stops the others."""
        for text in texts:
            with suppress(NotSupported):  # what is good Insights but not for every engine, it says
                parse(text)
        started = {text: self.begin(text, window) for text in dict.fromkeys(texts)}
        runs = dict(zip(started, self.finish(*started.values()), strict=True))
        self.runs.extend(runs.values())
        return tuple(runs[text].result for text in texts)

    def begin(self, text: str, window: Window | None = None) -> Future[Run]:
        """Start a query, over the question's window or another; `finish` waits for it."""
        query = Query(text, window or self._window, _most_rows(text))
        return self._executor.submit(self._run, query)

    def finish(self, *started: Future[Run]) -> list[Run]:
        """Wait for queries. Raises what the first one that failed raised, and stops the rest."""
        done, waiting = wait(started, return_when=FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            self.stop()
            wait(waiting)
            raise _cause(started)
        return [future.result() for future in started]

    def stop(self) -> None:
        self._together.stop()

    def written_down(self) -> tuple[QueryRun, ...]:
        """What ran, for the answer. A result that was kept from before cost nothing now."""
        return tuple(
            QueryRun(
                run.result.text or run.query.text,
                self._engine.name,
                Statistics() if run.kept_at else run.result.statistics,
                self._engine.link(run.query),
            )
            for run in self.runs
        )

    def _run(self, query: Query) -> Run:
        kept = self._cache.get(query)
        if kept is not None:
            return Run(query, kept.result, kept.at)
        watch = self._together.child()
        watch.check()
        result = self._engine.run(query, watch)
        self._cache.put(query, result)
        return Run(query, result)


def _most_rows(text: str) -> int:
    """AWS's default, or more where a text limits itself to more.

    A result that has as many rows is taken for cut off, so it is never more than the text's own.
    """
    try:
        limits = [stage.count.value for stage in parse(text).commands if isinstance(stage, Limit)]
    except NotSupported:
        return DEFAULT_LIMIT
    return max(DEFAULT_LIMIT, int(min(*limits, LARGEST_LIMIT))) if limits else DEFAULT_LIMIT


def _cause(started: Sequence[Future[Run]]) -> BaseException:
    """What went wrong first: queries that were stopped because of it are not the cause."""
    failures = [error for future in started if (error := future.exception())]
    return next((e for e in failures if not isinstance(e, Cancelled)), failures[0])
