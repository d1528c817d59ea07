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
    """A field or an alias; `name` is without backticks."""

    name: str


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
    """`names` are the pattern's named groups, in order."""

    field: Name | None
    pattern: Regex
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dedup(Node):
    names: tuple[Name, ...]


Command = Fields | Display | Filter | Stats | Sort | Limit | ParseGlob | ParseRegex | Dedup


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


def source_fields(pipeline: Pipeline) -> frozenset[str]:
    """Record fields that a query reads before it defines them.

    `parse` without a field reads `@message`, `bin` reads `@timestamp`. Nothing after the first
    `stats` counts: from there on only its results exist.
    """
    read: set[str] = set()
    defined: set[str] = set()
    for command in pipeline.commands:
        read |= _read(command) - defined
        if isinstance(command, Stats):
            break
        defined |= _defined(command)
    return frozenset(name for name in read if name.split(".")[0] not in defined)


def _read(command: Node) -> set[str]:
    skipped = {id(name) for name in _names_that_are_not_fields(command)}
    found = {
        node.name for node, _ in walk(command) if isinstance(node, Name) and id(node) not in skipped
    }
    if isinstance(command, ParseGlob | ParseRegex) and command.field is None:
        found.add("@message")
    if any(isinstance(node, Call) and node.function.name == "bin" for node, _ in walk(command)):
        found.add("@timestamp")
    if isinstance(command, Stats):
        # a later item may use an earlier one's alias
        found -= {item.alias.name for item in command.aggregates if item.alias}
    return found


def _names_that_are_not_fields(command: Node) -> list[Name]:
    found = [node.function for node, _ in walk(command) if isinstance(node, Call)]
    found += [node.alias for node, _ in walk(command) if isinstance(node, Item) and node.alias]
    return found + list(command.aliases if isinstance(command, ParseGlob) else ())


def _defined(command: Node) -> set[str]:
    if isinstance(command, ParseGlob):
        return {alias.name for alias in command.aliases}
    if isinstance(command, ParseRegex):
        return set(command.names)
    if isinstance(command, Fields):
        return {item.alias.name for item in command.items if item.alias}
    return set()
