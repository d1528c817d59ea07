"""Calls of functions: how a function reads its arguments, and what it becomes.

An argument is written by the view in which the function reads it:
`text`, `number`, `time` and `truth` are views of any value, `any` is the value itself; `period`,
`cidr`, `regex` and `string` must be spelled out in the query. `?` marks what may be left out,
`+` and `*` what may be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from bot.insights import nodes, periods
from bot.insights.context import Context
from bot.insights.dates import BadPattern, strftime
from bot.insights.regexes import BadRegex, compiled
from bot.insights.terms import Kind, Term, holds, moment, number, quoted, scalar_text
from bot.model.times import BadZone, zone_named


@dataclass(frozen=True, slots=True)
class Use:
    """One call of a function: its node and its arguments."""

    node: nodes.Call
    terms: tuple[Term, ...]
    context: Context

    def text(self, n: int) -> str:
        return scalar_text(self.terms[n])

    def network(self, n: int) -> IPv4Network | IPv6Network:
        """The address range that argument n spells out."""
        literal = self.terms[n].literal
        node = self.node.arguments[n]
        try:
            found = ip_network(str(literal), strict=False)
        except ValueError:
            hint = 'Write one like "10.0.0.0/16".'
            raise self.context.bad(node, f"{literal!r} is no address range", hint) from None
        if str(literal).partition("/")[0] != str(found.network_address):
            self.context.note(
                f"{literal} is not the first address of its range; {found} is what it stands for"
            )
        return found

    def length(self, n: int) -> periods.Length:
        """The period that argument n spells out; its cap is noted."""
        node = self.node.arguments[n]
        if not isinstance(node, nodes.Period):
            raise self.context.bad(node, "a period such as 5m belongs here")
        found = periods.length(node)
        if found is None:
            raise self.context.bad(node, "a period is longer than nothing and at most 100 years")
        if found.capped:
            self.context.note(found.capped)
        return found

    def pattern(self, n: int) -> str:
        """The RE2 text of the regular expression that argument n spells out."""
        node = self.node.arguments[n]
        pattern = node.pattern if isinstance(node, nodes.Regex) else str(self.terms[n].literal)
        try:
            return compiled(pattern).pattern
        except BadRegex as error:
            raise self.context.bad(node, f"the regular expression is refused: {error}") from None

    def date_pattern(self, n: int, *, offsets: bool) -> str:
        """The Java date pattern that argument n spells out, as SQL text in strftime's spelling."""
        try:
            return quoted(strftime(str(self.terms[n].literal), offsets=offsets))
        except BadPattern as error:
            what = f"the letters {error} of this pattern have no counterpart here"
            raise self.context.unsupported(self.node.arguments[n], what) from None

    def zone(self, n: int) -> str | None:
        """The time zone that argument n names, as SQL text; None when it is left out."""
        if len(self.terms) <= n:
            return None
        try:
            return quoted(zone_named(str(self.terms[n].literal)).key)
        except BadZone as error:
            raise self.context.bad(self.node.arguments[n], error.what, error.hint) from None


Build = Callable[[Use], Term]


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `duckdb` has a template for each number of arguments, fewest first.

    What may only be a key of `stats` says in `key_only` what is wrong with it anywhere else.
    """

    name: str
    arguments: tuple[str, ...]
    result: Kind
    duckdb: tuple[str, ...] | Build
    note: str = ""
    aliases: tuple[str, ...] = ()
    key_only: str = ""

    @property
    def fewest(self) -> int:
        return sum(not argument.endswith(("?", "*")) for argument in self.arguments)

    @property
    def most(self) -> int | None:
        """None when the last argument repeats."""
        repeated = any(argument.endswith(("+", "*")) for argument in self.arguments)
        return None if repeated else len(self.arguments)

    def view(self, n: int) -> str:
        """The view in which argument n is read."""
        return self.arguments[min(n, len(self.arguments) - 1)].rstrip("?+*")


def apply(function: Function, use: Use) -> Term:
    """The value of a call whose arguments were counted."""
    if not isinstance(function.duckdb, tuple):
        return function.duckdb(use)
    views = [_view(function.view(n), term) for n, term in enumerate(use.terms)]
    template = function.duckdb[min(len(views) - function.fewest, len(function.duckdb) - 1)]
    return Term(f"({template.format(*views, all=', '.join(views))})", function.result)


def _view(view: str, term: Term) -> str:
    match view:
        case "text" | "string":
            return scalar_text(term)
        case "number":
            return number(term).sql
        case "time":
            return moment(term)
        case "truth":
            return holds(term)
    return term.sql
