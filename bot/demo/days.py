"""The demo's days on disk, in the layout in which AWS delivers flow logs to S3."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.demo import network
from bot.demo.log import SLOT
from bot.demo.traffic import day_of_records
from bot.model.errors import BadSource, BadWindow
from bot.model.window import Window

MOST_DAYS = 31
FIRST_DAY = date(2000, 1, 1)
_PLACE = Path("AWSLogs", network.ACCOUNT, "vpcflowlogs", network.REGION)


class Demo:
    """Makes days below `folder`, each when it is first asked about.

    A day is made whole, also the part of it that has yet to come: windows end at the present, so
    nobody reads ahead. Half-made days are never seen, and processes may make the same day at once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def ensure(self, window: Window, check: Callable[[], None] = lambda: None) -> None:
        """Have every UTC day that the window touches on disk, as this version makes it.

        `check` is called often and may raise to stop. Raises `BadWindow` for too many days,
        `BadSource` when they cannot be written.
        """
        days = days_of(window)
        with self._lock:
            stamp = _stamp()
            try:
                for day in days:
                    if not self._is_there(day, stamp):
                        self._make(day, stamp, check)
            except OSError as error:
                raise BadSource(
                    f"cannot write the demo's days: {error.strerror}",
                    where=str(self.folder),
                    hint="Point FLOWS_CACHE to a folder that can be written.",
                ) from None

    def _make(self, day: date, stamp: str, check: Callable[[], None]) -> None:
        check()
        self.folder.mkdir(parents=True, exist_ok=True)
        # Beside the folder, not in it: who reads the folder must not find half a day.
        with TemporaryDirectory(prefix=f".{self.folder.name}-", dir=self.folder.parent) as scratch:
            made = Path(scratch, "made")
            made.mkdir()
            for name, text in zip(file_names(day, stamp), day_of_records(day), strict=True):
                check()
                (made / name).write_bytes(gzip.compress(text.encode("ascii"), 6, mtime=0))
            self._move(made, day, stamp)

    def _move(self, made: Path, day: date, stamp: str) -> None:
        """Put the day in its place, unless another process was faster."""
        place = self.folder / day_folder(day)
        place.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(3):
            with suppress(OSError):  # a folder with files in it is not replaced
                made.rename(place)
                return
            if self._is_there(day, stamp):
                return
            with suppress(FileNotFoundError):  # another process is replacing it as well
                place.rename(made.with_name(f"old-{attempt}"))
        made.rename(place)

    def _is_there(self, day: date, stamp: str) -> bool:
        place = self.folder / day_folder(day)
        try:
            return {path.name for path in place.iterdir()} >= set(file_names(day, stamp))
        except (FileNotFoundError, NotADirectoryError):
            return False


def days_of(window: Window) -> tuple[date, ...]:
    """The UTC days that a window touches. Raises `BadWindow` when the demo has not that many."""
    first = window.start.date()
    count = ((window.end - timedelta(microseconds=1)).date() - first).days + 1
    if count > MOST_DAYS:
        raise BadWindow(
            f"the demo answers about {MOST_DAYS} days at most, and this window touches {count}",
            hint="Ask about a shorter window, 24h or 7d.",
        )
    if first < FIRST_DAY:
        raise BadWindow(
            f"the demo has no day before {FIRST_DAY}", hint="Ask about a later window, 24h or 7d."
        )
    return tuple(first + timedelta(days=n) for n in range(count))


def day_folder(day: date) -> Path:
    """Where a day's files lie, from the demo's folder."""
    return _PLACE / f"{day:%Y/%m/%d}"


def file_names(day: date, stamp: str) -> list[str]:
    """A name for each five minutes, told by their start; the last part depends on the stamp."""
    names = []
    for second in range(0, 86400, SLOT):
        minute = f"{day:%Y%m%d}T{second // 3600:02}{second // 60 % 60:02}Z"
        mark = sha256(f"{stamp} {minute}".encode()).hexdigest()[:8]
        names.append(
            f"{network.ACCOUNT}_vpcflowlogs_{network.REGION}_{network.FLOW_LOG_ID}"
            f"_{minute}_{mark}.log.gz"
        )
    return names


def _stamp() -> str:
    """Changes whenever the code of the demo does, so that its days are made again."""
    sources = sorted(files("bot.demo").iterdir(), key=lambda source: source.name)
    found = sha256()
    for source in sources:
        if source.name.endswith(".py"):
            found.update(source.read_bytes())
    return found.hexdigest()
