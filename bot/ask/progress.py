"""Several queries of one question, watched and stopped as one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from bot.engines.engine import Watch
from bot.model.query import Progress, Statistics


class Together:
    """Gives each query a watch of its own; the asker's watch hears their sum and stops them all."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._children: list[Watch] = []
        self._latest: list[Statistics] = []
        self._lock = threading.Lock()

    def child(self) -> Watch:
        with self._lock:
            child = Watch(self._hearing(len(self._children)))
            self._children.append(child)
            self._latest.append(Statistics())
        self._watch.on_stop(child.stop)
        return child

    def stop(self) -> None:
        """Stop every query, but not the asker's watch."""
        with self._lock:
            children = list(self._children)
        for child in children:
            child.stop()

    def _hearing(self, number: int) -> Callable[[Progress], None]:
        def hear(progress: Progress) -> None:
            with self._lock:
                self._latest[number] = progress.statistics
                total = sum(self._latest, start=Statistics())
                # Side by side, so the time that passed is the longest, not the sum.
                seconds = max(one.seconds for one in self._latest)
            self._watch.progress(replace(progress, statistics=replace(total, seconds=seconds)))

        return hear
