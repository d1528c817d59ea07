"""Changes of rules asked of CloudTrail, when somebody wants to know, and never for long.

Event history holds 90 days, gives 50 events a page and takes two look-ups a second for an account
and Region; a look-up filters by one attribute. Source: the reference of LookupEvents. Whether it
lists the group of ModifySecurityGroupRules as a resource is not documented, so those events are
asked for by their name, and all others by resource.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.model.changes import Change, Changes
from bot.model.errors import AccessDenied, EngineError, FlowsError, Throttled
from bot.model.writing import duration
from bot.network.changes import changes_in
from bot.network.clients import open_client

ACTION = "cloudtrail:LookupEvents"
KEPT = timedelta(days=90)
PACE = 0.5  # seconds between look-ups
PATIENCE = 12.0  # seconds for all look-ups of one question
MOST_RESOURCES = 12
MOST_PAGES = 5  # of one look-up: 250 events
FRESH = timedelta(minutes=1)
DENIED_FOR = timedelta(minutes=10)
REMEMBERED = 256  # look-ups
BY_NAME = ("EventName", "ModifySecurityGroupRules")
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
THROTTLED = frozenset({"ThrottlingException", "Throttling", "RequestLimitExceeded"})

Attribute = tuple[str, str]


class Client(Protocol):
    """What is used of boto3's client for CloudTrail."""

    def lookup_events(self, **arguments: Any) -> Mapping[str, Any]: ...


def open_cloudtrail(region: str | None) -> Client:
    """A client for a Region, which makes no call twice: the pace is kept here. Raises
    `EngineError`."""
    client: Client = open_client("cloudtrail", region, connect=3, read=6, attempts=1)
    return client


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look-up brought: changes from `since` to `until`, all of them unless `cut`."""

    since: datetime
    until: datetime
    found: tuple[Change, ...]
    cut: bool = False


class Trail:
    """CloudTrail of one Region. Safe for threads, which take turns.

    `clock` tells the time, `ticks` counts seconds as monotonic does.
    """

    def __init__(
        self,
        open_client: Callable[[], Client],
        *,
        clock: Callable[[], datetime],
        ticks: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._open = open_client
        self._clock = clock
        self._ticks = ticks
        self._sleep = sleep
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._kept: dict[Attribute, Looked] = {}
        self._denied: tuple[datetime, str] | None = None
        self._next = 0.0  # when the next look-up may be made

    def changes(self, resources: Iterable[str], since: datetime) -> Changes:
        """Changes of some resources since a moment, up to now; never raises, says what it lacks."""
        now = self._clock()
        wanted = list(dict.fromkeys(resources))
        asked, found, lacks = wanted[:MOST_RESOURCES], list[Change](), ""
        if len(wanted) > len(asked):
            lacks = f"only {MOST_RESOURCES} of {len(wanted)} resources were looked up"
        if since < now - KEPT:
            since, lacks = now - KEPT, f"CloudTrail keeps {KEPT.days} days"
        try:
            for looked in self._looks(_attributes(asked), since, now):
                found += looked.found
                lacks = "there are more changes than were read" if looked.cut else lacks
        except FlowsError as error:
            lacks = error.what
        unique = sorted(set(found), key=lambda one: (one.at, one.resource, one.what))
        return Changes(Changes(tuple(unique)).of(asked, since), lacks or None)

    def _looks(
        self, attributes: Iterable[Attribute], since: datetime, now: datetime
    ) -> Iterator[Looked]:
        end = self._ticks() + PATIENCE
        if not self._lock.acquire(timeout=PATIENCE):
            raise Throttled("CloudTrail is being asked by others")
        try:
            for attribute in attributes:
                yield self._kept_look(attribute, since, now) or self._look(
                    attribute, since, now, end
                )
        finally:
            self._lock.release()

    def _kept_look(self, attribute: Attribute, since: datetime, now: datetime) -> Looked | None:
        kept = self._kept.get(attribute)
        if kept is None or kept.since > since or now - kept.until > FRESH:
            return None
        return kept

    def _look(self, attribute: Attribute, since: datetime, now: datetime, end: float) -> Looked:
        key, value = attribute
        arguments: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": since,
            "EndTime": now,
            "MaxResults": 50,
        }
        events: list[Mapping[str, Any]] = []
        token: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page(arguments | ({"NextToken": token} if token else {}), end)
            events += page.get("Events") or ()
            token = page.get("NextToken")
            if not token:
                break
        looked = Looked(since, now, tuple(changes_in(events)), cut=bool(token))
        if len(self._kept) >= REMEMBERED:
            self._kept.clear()
        self._kept[attribute] = looked
        return looked

    def _page(self, arguments: Mapping[str, Any], end: float) -> Mapping[str, Any]:
        """One page, at AWS's pace; asked again while AWS wants it slower and there is time."""
        while True:
            self._wait(end)
            try:
                return self._ask(arguments)
            except Throttled:
                self._next = self._ticks() + 2 * PACE

    def _wait(self, end: float) -> None:
        ready = max(self._next, self._ticks())
        if ready >= end:
            raise Throttled(f"CloudTrail did not tell everything within {duration(PATIENCE)}")
        self._sleep(ready - self._ticks())
        self._next = ready + PACE

    def _ask(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        self._check_denied()
        try:
            self._client = self._client or self._open()
            return self._client.lookup_events(**arguments)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in THROTTLED:
                raise Throttled(code) from None
            if code in DENIED:
                self._denied = self._clock(), f"{ACTION} is not allowed"
                self._check_denied()
            raise EngineError(f"CloudTrail refused: {code}") from None
        except BotoCoreError as error:
            raise EngineError(f"CloudTrail cannot be asked: {type(error).__name__}") from None

    def _check_denied(self) -> None:
        """A refusal is remembered for a while: asking again would only be refused again."""
        if self._denied is not None and self._clock() - self._denied[0] < DENIED_FOR:
            raise AccessDenied(self._denied[1])


def _attributes(resources: Iterable[str]) -> list[Attribute]:
    named = [("ResourceName", one) for one in resources]
    groups = any(one.startswith("sg-") for _, one in named)
    return [*named, BY_NAME] if groups else named
