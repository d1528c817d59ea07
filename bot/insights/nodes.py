"""The tree of a query. Every node knows where it stands: character offsets, `end` excluded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Node:
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field or an alias; `name` is without backticks.

    `parts` are what dots part, where one of them has a dot of its own in backticks.
    """

    name: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: int | float


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """`pattern` is what stands between the slashes, as written except that `\\/` is `/`."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Period(Node):
    """A length of time such as `5m`; `unit` in lower case, as written."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Array(Node):
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function or an aggregate; `star` is `count(*)`."""

    function: Name
    arguments: tuple[Expression, ...]
    star: bool = False


@dataclass(frozen=True, slots=True)
class Negate(Node):
    operand: Expression


@dataclass(frozen=True, slots=True)
class Not(Node):
    operand: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Operators of one precedence, from the left: `operators[n]` joins operand n and n+1."""

    operators: tuple[str, ...]
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Logic(Node):
    operator: str  # "and" or "or"
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: str  # = != < <= > >=
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`like`, `=~` and their negation."""

    subject: Expression
    pattern: Expression
    negated: bool


@dataclass(frozen=True, slots=True)
class Membership(Node):
    subject: Expression
    array: Array
    negated: bool


Expression = (
    Name
    | Number
    | Text
    | Boolean
    | Regex
    | Period
    | Array
    | Call
    | Negate
    | Not
    | Arithmetic
    | Logic
    | Comparison
    | Match
    | Membership
)


@dataclass(frozen=True, slots=True)
class Item(Node):
    """An expression of `fields`, `display` or `stats`, with its alias."""

    expression: Expression
    alias: Name | None


@dataclass(frozen=True, slots=True)
class Fields(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Display(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Filter(Node):
    condition: Expression


@dataclass(frozen=True, slots=True)
class Stats(Node):
    aggregates: tuple[Item, ...]
    keys: tuple[Item, ...]
    offset: Period | None = None


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    """`descending` is None when the query does not say."""

    expression: Expression
    descending: bool | None


@dataclass(frozen=True, slots=True)
class Sort(Node):
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit(Node):
    count: Number


@dataclass(frozen=True, slots=True)
class ParseGlob(Node):
    field: Name | None
    pattern: Text
    aliases: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ParseRegex(Node):
    """`names` are the pattern's named groups, in order; `multi` gives a row for each match."""

    field: Name | None
    pattern: Regex
    names: tuple[str, ...]
    multi: bool = False


@dataclass(frozen=True, slots=True)
class ParseCsv(Node):
    field: Name | None
    aliases: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ParseLogfmt(Node):
    field: Name | None
    alias: Name


@dataclass(frozen=True, slots=True)
class Json(Node):
    """A value out of JSON text: `path` is dotted."""

    field: Name | None
    path: Text
    alias: Name


@dataclass(frozen=True, slots=True)
class Dedup(Node):
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class FilterIndex(Node):
    condition: Expression


@dataclass(frozen=True, slots=True)
class Unnest(Node):
    """`alias` is None for `expand`, which keeps the field's name."""

    field: Name
    alias: Name | None


@dataclass(frozen=True, slots=True)
class Accum(Node):
    field: Name
    alias: Name | None


@dataclass(frozen=True, slots=True)
class Autoregress(Node):
    """Values of the rows `first` to `last` before."""

    field: Name
    alias: Name | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Glob(Node):
    """A name, or all names that begin so."""

    name: str
    open: bool


@dataclass(frozen=True, slots=True)
class Filldown(Node):
    globs: tuple[Glob, ...]


@dataclass(frozen=True, slots=True)
class Fill(Node):
    value: Number | Text
    field: Name


@dataclass(frozen=True, slots=True)
class Fillmissing(Node):
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class Addtotals(Node):
    fields: tuple[Name, ...]
    total: str
    row: bool
    column: bool


@dataclass(frozen=True, slots=True)
class Outlier(Node):
    fields: tuple[Name, ...]
    remove: bool
    factor: float
    lower: bool
    mark: bool


@dataclass(frozen=True, slots=True)
class Sessionize(Node):
    fields: tuple[Name, ...]
    gap: Period | None
    alias: Name | None


@dataclass(frozen=True, slots=True)
class Column(Node):
    """A lookup table, or a column of one; no field of the events."""

    name: str


@dataclass(frozen=True, slots=True)
class Key(Node):
    """A field of the events, and the column it is looked up in when the query names one."""

    column: Column | None
    field: Name


@dataclass(frozen=True, slots=True)
class Output(Node):
    column: Column
    alias: Name


@dataclass(frozen=True, slots=True)
class Lookup(Node):
    """`cidrlookup` when `ranges`; `only_new` is OUTPUTNEW."""

    table: Column
    keys: tuple[Key, ...]
    outputs: tuple[Output, ...]
    only_new: bool
    ranges: bool


@dataclass(frozen=True, slots=True)
class LogSource(Node):
    """`SOURCE`: `of` is logGroups or dataSource, `kinds` such as namePrefix; empty where unsaid."""

    of: str
    kinds: tuple[str, ...]
    names: tuple[Array, ...]


@dataclass(frozen=True, slots=True)
class Estimate(Node):
    """The bytes that the query would read."""


Command = (
    Fields
    | Display
    | Filter
    | FilterIndex
    | Stats
    | Sort
    | Limit
    | ParseGlob
    | ParseRegex
    | ParseCsv
    | ParseLogfmt
    | Json
    | Dedup
    | Unnest
    | Accum
    | Autoregress
    | Filldown
    | Fillmissing
    | Addtotals
    | Outlier
    | Sessionize
    | Lookup
    | LogSource
    | Estimate
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    text: str
    commands: tuple[Command, ...]

    def source(self, node: Node) -> str:
        """What the query says there, which is also what an item without an alias is called."""
        return self.text[node.start : node.end]


def walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Every node below `root` with its depth, `root` first. Does not recurse."""
    waiting: list[tuple[Node, int]] = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in reversed(_children(node))]


def _children(node: Node) -> list[Node]:
    found: list[Node] = []
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple):
            found += [item for item in value if isinstance(item, Node)]
    return found
