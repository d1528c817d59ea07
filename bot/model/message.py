"""What the bot says by itself, before anybody renders it: a digest, a warning, a watch's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.chart import Chart
from bot.model.errors import FlowsError
from bot.model.table import Table


class About(StrEnum):
    """What a message is about."""

    DIGEST = "digest"
    WARNING = "warning"
    TROUBLE = "trouble"  # the logs could not be checked
    WATCH = "watch"


class Does(StrEnum):
    """What a button does."""

    ASK = "ask"  # `value` is a line to ask
    EXPECTED = "expected"  # `value` is what is expected: a warning's key
    SNOOZE = "snooze"


@dataclass(frozen=True, slots=True)
class Button:
    """Something a reader can press."""

    does: Does
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """What somebody said not to be told of any more: `words` are Expected or Snoozed.

    `owner` and `said_by` are people as the place where they said it knows them; `said_by` is empty
    where the owner did. `scopes` are what it is about.
    """

    words: str
    until: datetime
    reason: str
    owner: str
    scopes: tuple[str, ...] = ()
    said_by: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be chosen when a warning is quieted: scopes as (value, label), the usual end."""

    key: str
    headline: str
    scopes: tuple[tuple[str, str], ...]
    until: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `key` says what it is, so that it is never in a channel twice.

    `state` is what it stands at: open, high, resolved, or what a digest covers (whole, partial).
    `lines` are plain text, shown under the headline; `tables` and `notes` belong in the thread.
    `zone` is an IANA name: times are written in it.
    """

    key: str
    about: About
    state: str
    headline: str
    zone: str = "UTC"
    lines: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    buttons: tuple[Button, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_details(self) -> bool:
        """Whether there is something to say in its thread."""
        return bool(self.tables or self.notes)


class Undelivered(FlowsError):
    """A channel did not take a message. `permanent` means that trying again will not help."""

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        permanent: bool = False,
        after: timedelta | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.permanent = permanent
        self.after = after
