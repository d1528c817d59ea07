"""A question asked of records that are written as files first, by the real path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.ask.asker import Asker
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.answer import Answer
from bot.model.fields import DEFAULT_FORMAT
from commands import shelf
from tests.commands.records import NOW, Record, write

Ask = Callable[..., Answer]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Ask a line of records that are written first: `ask("rejects", flow(…), flow(…))`."""
    with ExitStack() as stack:

        def asking(
            line: str,
            *records: Record,
            fields: list[str] = DEFAULT_FORMAT,
            zone: str = "UTC",
            **options: object,
        ) -> Answer:
            if records:
                write(tmp_path, list(records), fields)
            engine = stack.enter_context(closing(LocalEngine(tmp_path)))
            asker = Asker(engine, shelf(), clock=lambda: NOW, **options)  # type: ignore[arg-type]
            return asker.ask(line, zone=ZoneInfo(zone), watch=Watch())

        yield asking
