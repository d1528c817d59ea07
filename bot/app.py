"""The one place where parts are plugged together. No logic."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:  # each is imported when it is used: a call pays only for what it needs
    from bot.ask.asker import Asker
    from bot.engines.engine import Engine

DEMO = "demo"


def now() -> datetime:
    return datetime.now(UTC)


def open_engine(source: str, settings: Settings) -> Engine:
    """The engine for a source: `demo`, `cloudwatch://…`, or a path."""
    if source.startswith("cloudwatch://"):
        from bot.engines.cloudwatch.opening import open_cloudwatch  # noqa: PLC0415

        return open_cloudwatch(source, timeout=settings.query_timeout)
    from bot.engines.local.engine import LocalEngine  # noqa: PLC0415

    if source == DEMO:
        from bot.demo.days import Demo  # noqa: PLC0415

        folder = settings.cache / "demo"
        demo = Demo(folder)
        return LocalEngine(folder, source=DEMO, prepare=demo.ensure, timeout=settings.query_timeout)
    return LocalEngine(Path(source), source=source, timeout=settings.query_timeout)


def open_asker(engine: Engine, settings: Settings) -> Asker:
    """Questions over one engine."""
    from bot.ask.asker import Asker  # noqa: PLC0415
    from commands import shelf  # noqa: PLC0415

    return Asker(
        engine,
        shelf(),
        clock=now,
        inside=settings.inside,
        price_per_gb=settings.price_per_gb,
    )
