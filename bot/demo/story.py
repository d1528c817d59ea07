"""What happens on every day of the demo, and what `flows demo` asks about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from bot.model.window import Window

DEMO_DAY = date(2026, 11, 24)  # a Tuesday
RELEASE = time(14, 2)  # new images are out, and one security group rule is wrong
MENDED = time(15, 10)
BACKUP = time(2, 0)
REPORTS = time(3, 30)

# Asked at `moment_of_asking`, in any time zone: the mistake is in the last two hours.
QUESTIONS = (
    "db-clients postgres 24h",
    "rejects 24h",
    "rejects 2h port 5432",
    "top-talkers internal 24h",
    "top-talkers external 24h",
)


def moment_of_asking() -> datetime:
    """When `flows demo` asks: twenty minutes after the mistake was mended."""
    return datetime.combine(DEMO_DAY, time(15, 30), UTC)


def mistake(day: date) -> Window:
    """When zone b's app tier could not reach PostgreSQL."""
    return Window(datetime.combine(day, RELEASE, UTC), datetime.combine(day, MENDED, UTC))


def is_broken(at: datetime) -> bool:
    """Whether the rule is wrong at a moment."""
    broken = mistake(at.astimezone(UTC).date())
    return broken.start <= at < broken.end
