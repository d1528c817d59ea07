"""Functions of time: bins, conversions, dates in words, and the query's own window."""

from __future__ import annotations

from dataclasses import replace

from bot.insights import periods
from bot.insights.calls import Use
from bot.insights.dates import has_offset
from bot.insights.terms import Kind, Term, moment, number, number_literal


def bin_(use: Use) -> Term:
    stamp = use.context.timestamp
    if stamp is None:
        raise use.context.bad(
            use.node,
            "bin reads @timestamp, which is gone after stats",
            "Keep max(@timestamp) as @t and use datefloor(@t, 5m).",
        )
    length = replace(use.length(0), offset=use.context.offset)
    return Term(periods.floor(stamp, length), Kind.TIME)


def datefloor(use: Use) -> Term:
    return Term(periods.floor(moment(use.terms[0]), use.length(1)), Kind.TIME)


def dateceil(use: Use) -> Term:
    return Term(periods.ceiling(moment(use.terms[0]), use.length(1)), Kind.TIME)


def from_millis(use: Use) -> Term:
    return Term(moment(Term(number(use.terms[0]).sql, Kind.REAL)), Kind.TIME)


def now(use: Use) -> Term:
    return number_literal(int(use.context.now.timestamp()))


def query_start(use: Use) -> Term:
    return number_literal(int(use.context.window.start.timestamp() * 1000))


def query_end(use: Use) -> Term:
    return number_literal(int(use.context.window.end.timestamp() * 1000))


def query_range(use: Use) -> Term:
    return number_literal(int(use.context.window.seconds * 1000))


def format_date(use: Use) -> Term:
    pattern = use.date_pattern(1, offsets=False)
    local = moment(use.terms[0])
    if (zone := use.zone(2)) is not None:
        local = f"timezone({zone}, timezone('UTC', {local}))"
    return Term(f"strftime({local}, {pattern})", Kind.TEXT)


def parse_date(use: Use) -> Term:
    pattern = use.date_pattern(1, offsets=True)
    parsed = f"try_strptime({use.text(0)}, {pattern})"
    zone = use.zone(2)
    if zone is not None and not has_offset(str(use.terms[1].literal)):
        parsed = f"timezone({zone}, {parsed})"
    return Term(f"epoch_ms({parsed})", Kind.INTEGER)
