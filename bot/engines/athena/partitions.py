"""Which partitions may hold records of a window: always too many, never too few.

A file is named by the five minutes in which its records end, and its folder by that time or by that
of its arrival. So a folder holds records that started from an hour and the longest interval of ten
minutes before it begins, up to five minutes after it ends. The records themselves are then chosen
by their start, exactly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from bot.engines.athena.tables import Table
from bot.model.window import Window

BEFORE = timedelta(minutes=5)
AFTER = timedelta(hours=1, minutes=10)
_HOUR = timedelta(hours=1)
# From the largest unit to the smallest, of fixed width: the order of texts is that of time.
_FORMAT = re.compile(r"yyyy[-/_.]?MM[-/_.]?dd(?:[-/_. ]?HH)?")
_STRFTIME = (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"))


@dataclass(frozen=True, slots=True)
class Pruned:
    """A condition in DuckDB's spelling on a table's keys; without one every partition is read.
    `dates` are the keys that are compared as dates."""

    condition: str | None
    dates: frozenset[str] = frozenset()


def pruned(table: Table, window: Window) -> Pruned:
    first = _hour(window.start - BEFORE)
    last = window.end + AFTER
    names = {name.lower(): name for name in table.keys}
    if {"year", "month", "day"} <= names.keys():
        return Pruned(_by_parts(names, table.keys, _hours(first, last)))
    for name, kind in table.keys.items():
        if kind == "date":
            low, high = (f"DATE '{each:%Y-%m-%d}'" for each in (first, last))
            return Pruned(f"{_name(name)} BETWEEN {low} AND {high}", frozenset({name}))
        form = _projected(table, name)
        if form:
            low, high = (f"'{each:{form}}'" for each in (first, last))
            return Pruned(f"{_name(name)} BETWEEN {low} AND {high}")
    return Pruned(None)


def _projected(table: Table, key: str) -> str | None:
    """The form of a key that partition projection makes out of dates, as strftime has it."""
    said = {name.lower(): value for name, value in table.parameters.items()}
    if said.get("projection.enabled", "").lower() != "true":
        return None
    form = said.get(f"projection.{key.lower()}.format", "")
    if said.get(f"projection.{key.lower()}.type") != "date" or not _FORMAT.fullmatch(form):
        return None
    for letters, directive in _STRFTIME:
        form = form.replace(letters, directive)
    return form


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(first: datetime, last: datetime) -> list[datetime]:
    count = int((last - first) / _HOUR) + 1
    return [first + n * _HOUR for n in range(count)]


def _by_parts(names: Mapping[str, str], kinds: Mapping[str, str], hours: list[datetime]) -> str:
    """Conditions on year, month and day, and on the hour of days that are not whole."""
    days = {day: [each.hour for each in part] for day, part in groupby(hours, datetime.date)}
    by_hour = "hour" in names
    whole = [day for day, part in days.items() if len(part) == 24 or not by_hour]
    conditions = []
    for (year, month), each in groupby(whole, lambda day: (day.year, day.month)):
        conditions.append(_parts(names, kinds, year, month, [day.day for day in each]))
    for day, part in days.items():
        if day not in whole:
            of_day = _parts(names, kinds, day.year, day.month, [day.day])
            conditions.append(f"{of_day} AND {_one_of(names['hour'], kinds, part)}")
    return "(" + " OR ".join(f"({each})" for each in conditions) + ")"


def _parts(
    names: Mapping[str, str], kinds: Mapping[str, str], year: int, month: int, days: list[int]
) -> str:
    values = (("year", [year]), ("month", [month]), ("day", days))
    return " AND ".join(_one_of(names[part], kinds, numbers) for part, numbers in values)


def _one_of(name: str, kinds: Mapping[str, str], numbers: Iterable[int]) -> str:
    if kinds[name] in ("tinyint", "smallint", "int", "integer", "bigint"):
        values = [str(number) for number in numbers]
    else:  # folders are named 03; people register 3 as well
        forms = dict.fromkeys(form for n in numbers for form in (f"{n:02}", f"{n}"))
        values = [f"'{form}'" for form in forms]
    return f"{_name(name)} IN ({', '.join(values)})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
