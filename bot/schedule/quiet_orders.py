"""`expect` and `snooze`: a warning is quieted for a while, by somebody who answers for it.

expect KEY [scope SCOPE] [for 7d | until TIME] [owner PERSON] [because REASON]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.engines.engine import Watch
from bot.model.answer import Answer
from bot.model.errors import BadLine, BadPart, BadWindow
from bot.model.message import Offer
from bot.model.times import moment
from bot.schedule.incidents import Facts
from bot.schedule.orders import Order, said
from bot.schedule.quieting import EXPECTED, SNOOZE, WARNING, WORDS, is_scope, offered, scope_words
from bot.schedule.words import LONGEST, length_of
from bot.store.incidents import Incident, Incidents, Snooze, Snoozes

USUAL = {EXPECTED: timedelta(days=7), SNOOZE: timedelta(hours=4)}
VERBS = {"expect": EXPECTED, "snooze": SNOOZE}
LONGEST_REASON = 500
_KEYWORDS = ("scope", "for", "until", "owner", "because")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>|@?([\w.-]{1,64})")
_SCOPES = "incident, target ADDRESS, port NUMBER, kind inside, or one of its series"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants not to be told of. `scope` is empty for all series of the warning."""

    key: str
    until: datetime
    owner: str
    scope: str = ""
    reason: str = ""


def wish(
    words: Sequence[str], usual: timedelta, *, who: str, zone: ZoneInfo, now: datetime
) -> Wish:
    """Read the words behind `expect` or `snooze`. Raises `BadPart`, or `BadLine` without any."""
    if not words:
        raise BadLine("which warning?", hint="Write the key that stands in its thread.")
    found, rest = Wish(words[0], now + usual, who), list(words[1:])
    while rest:
        word = rest.pop(0).lower()
        if word == "because" or word not in _KEYWORDS:
            reason = rest if word == "because" else [*words[len(words) - len(rest) - 1 :]]
            return replace(found, reason=" ".join(reason)[:LONGEST_REASON])
        end = next((n for n, one in enumerate(rest) if n and one.lower() in _KEYWORDS), len(rest))
        value, rest = " ".join(rest[:end]), rest[end:]
        if word == "scope":
            found = replace(found, scope=_scope(value))
        elif word == "owner":
            found = replace(found, owner=_owner(value, who))
        else:
            found = replace(found, until=_until(word, value, zone, now))
    return found


def _scope(value: str) -> str:
    if not is_scope(value):
        raise BadPart("scope", f"{value[:60]!r} is not a scope", hint=f"There are {_SCOPES}.")
    return value


def _owner(value: str, who: str) -> str:
    match = _PERSON.fullmatch(value)
    if match is None:
        raise BadPart("owner", f"{value[:40]!r} is nobody", hint="Name one person, or write me.")
    return who if value == "me" else match[1] or match[2]


def _until(word: str, value: str, zone: ZoneInfo, now: datetime) -> datetime:
    try:
        if word == "for":
            return now + length_of(value)
        local = not value.isdigit() and not re.search(r"(Z|[+-]\d\d:?\d\d)$", value)
        until = moment(value)
    except (BadLine, BadWindow) as error:
        raise BadPart("until", error.what, hint=error.hint) from None
    if local:
        until = until.replace(tzinfo=zone).astimezone(UTC)
    if not now < until <= now + LONGEST:
        when = "over" if until <= now else "more than a year away"
        raise BadPart("until", f"that is {when}", hint="Give a time within the next year.")
    return until


class QuietOrders:
    """Obeys `expect` and `snooze`. `retell` has a warning's message say what was said of it."""

    def __init__(
        self,
        incidents: Incidents,
        snoozes: Snoozes,
        retell: Callable[[Incident, datetime], None] = lambda _incident, _now: None,
    ) -> None:
        self._incidents = incidents
        self._snoozes = snoozes
        self._retell = retell

    def offer(self, verb: str, key: str, now: datetime) -> Offer:
        """What can be chosen of a warning. Raises `BadLine` when there is none by that key."""
        incident = self._found(key)
        return Offer(key, key, offered(incident), now + USUAL[VERBS[verb]])

    def check(self, line: str, who: str, zone: ZoneInfo, now: datetime) -> None:
        """Raise `BadLine` when a line cannot be obeyed, as far as its words tell; asks nobody."""
        verb, *words = line.split()
        wish(words, USUAL[VERBS[verb]], who=who, zone=zone, now=now)

    def obey(self, order: Order, watch: Watch) -> Answer:
        kind = VERBS[order.line.split()[0].lower()]
        usual = USUAL[kind]
        wanted = wish(order.words, usual, who=order.who, zone=order.zone, now=order.now)
        incident = self._found(wanted.key)
        scopes = self._scopes(incident, wanted.scope)
        said_of = Snooze(
            "",
            kind,
            wanted.owner,
            wanted.reason or "none given",
            order.now,
            wanted.until,
            incident.key,
            order.who,
        )
        for scope in scopes:
            self._snoozes.add(replace(said_of, scope=scope))
        self._retell(incident, order.now)
        when = f"{wanted.until.astimezone(order.zone):%a %d %b %H:%M %Z}"
        return said(
            order,
            f"{WORDS[kind]} until {when}: {', '.join(map(scope_words, scopes))}.",
            notes=(f"Reason: {said_of.reason}. Whatever else is rejected is still told of.",),
        )

    def _found(self, key: str) -> Incident:
        incident = self._incidents.by_key(key)
        if incident is None:
            raise BadLine(f"there is no warning {key[:80]!r}", hint="Its key stands in its thread.")
        return incident

    def _scopes(self, incident: Incident, wanted: str) -> list[str]:
        series = sorted(Facts.read(incident.facts).series)
        if not wanted:
            return series
        if wanted == WARNING:
            return [incident.key]
        plain = ("target", "port", "kind")
        if wanted.split(maxsplit=1)[0] not in plain and wanted not in series:
            hint = f"Its series are {', '.join(series[:5])}."
            raise BadPart("scope", f"the warning has no series {wanted[:60]!r}", hint=hint)
        return [wanted]
