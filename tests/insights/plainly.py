"""The language once more, row by row and as plainly as it can be said, to hold the SQL against.

Values are None (missing), str, int, float, bool, Moment or list. Fields of records are str, as in
the log. Nothing here is shared with the translation but the parser's nodes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cmp_to_key
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

from bot.insights import nodes

Value = Any
Row = dict[str, Value]
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?", re.ASCII)


@dataclass(frozen=True, order=True)
class Moment:
    milliseconds: int

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.milliseconds / 1000, UTC)
        return f"{when:%Y-%m-%d %H:%M:%S}.{self.milliseconds % 1000:03}"


def number(value: Value) -> int | float | None:
    match value:
        case bool():
            return int(value)
        case int() | float():
            return value
        case Moment():
            return value.milliseconds
        case str() if NUMBER.fullmatch(value):
            return int(value) if re.fullmatch(r"-?\d+", value) else float(value)
    return None


def text(value: Value) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "1" if value else "0"
        case float():
            return decimal(value)
    return str(value)


def decimal(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    if abs(value) >= 1e15:
        return f"{value:.0f}"
    if value == int(value):
        return str(int(value))
    if abs(value) < 1e-4:
        return f"{value:.20f}".rstrip("0").rstrip(".")
    return repr(value)


def holds(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value == "true" or bool(number(value))
    return bool(number(value)) and not isinstance(value, Moment)


ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def compare(operator: str, left: Value, right: Value) -> bool:
    if left is None or right is None:
        return False
    test = ORDERINGS[operator]
    if isinstance(left, str) and isinstance(right, str):
        numbers = number(left), number(right)
        if operator in ("=", "!="):
            return test(left, right)
        return None not in numbers and test(*numbers)
    a, b = number(left), number(right)
    if a is None or b is None:
        return operator == "!=" and "-" not in (left, right)
    return test(a, b)


def natural(left: str, right: str) -> int:
    """Which of two texts sorts first: below zero, zero or above."""
    digits = left.isdecimal(), right.isdecimal()
    if digits == (True, True):
        a: Any = (int(left), left)
        b: Any = (int(right), right)
        return (a > b) - (a < b)
    if True in digits:
        return 1 if digits[0] else -1
    ones, others = re.findall(r"\d+|\D+", left), re.findall(r"\d+|\D+", right)
    for one, other in zip(ones, others, strict=False):
        a, b = one, other
        if one.isdecimal() and other.isdecimal():
            a, b = (len(one), one), (len(other), other)
        if a != b:
            return 1 if a > b else -1
    return len(ones) - len(others)


def order(left: Value, right: Value) -> int:
    """Ascending: missing, then the rest."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    if isinstance(left, str) or isinstance(right, str):
        return natural(str(text(left)), str(text(right)))
    a, b = number(left), number(right)
    assert a is not None
    assert b is not None
    return (a > b) - (a < b)


def in_network(value: str | None, network: str) -> bool:
    try:
        return ip_address(str(value)) in ip_network(network)
    except ValueError:
        return False


def v4_number(value: str | None) -> int | None:
    try:
        return int(IPv4Address(value or ""))
    except ValueError:
        return None


def substr(value: str | None, start: Value, length: Value = None) -> str | None:
    if value is None:
        return None
    first = max(int(start), 0)
    return value[first:] if length is None else value[first : first + max(int(length), 0)]


def strict(function: Callable[..., Value]) -> Callable[..., Value]:
    """Missing when an argument is."""
    return lambda *values: None if None in values else function(*values)


def passing_over(function: Callable[[list[Any]], Value]) -> Callable[..., Value]:
    def apply(*values: Value) -> Value:
        known = [number(v) for v in values if number(v) is not None]
        return function(known) if known else None

    return apply


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": lambda v: None if number(v) is None else abs(number(v)),  # type: ignore[arg-type]
    "floor": lambda v: None if number(v) is None else math.floor(number(v)),  # type: ignore[arg-type]
    "ceil": lambda v: None if number(v) is None else math.ceil(number(v)),  # type: ignore[arg-type]
    "greatest": passing_over(max),
    "least": passing_over(min),
    "tonumber": number,
    "ispresent": lambda v: v is not None,
    "isempty": lambda v: text(v) in (None, ""),
    "isnumeric": lambda v: number(v) is not None,
    "coalesce": lambda *v: text(next((x for x in v if x is not None), None)),
    "if": lambda c, a, b: text(a) if holds(c) else text(b),
    "concat": lambda *v: "".join(str(text(x)) for x in v if x is not None),
    "strlen": strict(lambda v: len(str(text(v)))),
    "toupper": strict(lambda v: str(text(v)).upper()),
    "tolower": strict(lambda v: str(text(v)).lower()),
    "substr": lambda v, *r: substr(text(v), *r),
    "replace": strict(lambda v, a, b: str(text(v)).replace(str(text(a)), str(text(b)))),
    "strcontains": lambda v, s: v is not None and str(text(s)) in str(text(v)),
    "startswith": lambda v, s: v is not None and str(text(v)).startswith(str(text(s))),
    "endswith": lambda v, s: v is not None and str(text(v)).endswith(str(text(s))),
    "tomillis": lambda v: None if number(v) is None else int(number(v)),  # type: ignore[arg-type]
    "ipv4tonumber": lambda v: v4_number(text(v)),
    "isipv4insubnet": lambda v, n: in_network(text(v), n),
}
# A text that is a number is missing for these when it is `-`; what they give is one number.
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
CAPS = {"s": 60, "m": 60, "h": 24}


def percentile(numbers: list[float], share: float) -> float | None:
    if not numbers:
        return None
    ordered = sorted(numbers)
    place = (len(ordered) - 1) * share / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def extreme(values: list[Value], sign: int) -> Value:
    numbers = [number(v) for v in values if number(v) is not None]
    if numbers:
        return max(numbers, key=lambda v: sign * v)  # type: ignore[operator]
    words = [v for v in values if v is not None and v != "-"]
    return max(words, key=cmp_to_key(lambda a, b: sign * order(a, b)), default=None)


def rate(node: nodes.Call, group: list[Row], values: list[Value]) -> Value:
    period = node.arguments[1]
    assert isinstance(period, nodes.Period)
    known = sorted(
        (row["@timestamp"].milliseconds, row["n"], number(value))
        for row, value in zip(group, values, strict=True)
        if number(value) is not None
    )
    if not known or known[0][0] == known[-1][0]:
        return None
    passed = known[-1][0] - known[0][0]
    change = float(known[-1][2]) - float(known[0][2])  # type: ignore[arg-type]
    return change * period.count * UNITS[period.unit] / passed


class Evaluator:
    """Runs a pipeline over records that are rows with `@timestamp` a Moment and texts besides."""

    def __init__(
        self, pipeline: nodes.Pipeline, tables: dict[str, list[dict[str, str]]] | None = None
    ) -> None:
        self.pipeline = pipeline
        self.tables = tables or {}
        self.shown: list[str] | None = None
        self.raw = True
        self.offset = 0

    def run(self, rows: list[Row], limit: int = 10_000) -> list[dict[str, str]]:
        rows = sorted(rows, key=lambda row: (-row["@timestamp"].milliseconds, row["n"]))
        for command in self.pipeline.commands:
            rows = getattr(self, f"_{type(command).__name__.lower()}")(command, rows)
        found = []
        for row in rows[:limit]:
            shown = self.shown or (["@timestamp", "@message"] if self.raw else list(row))
            texts = {name: text(row.get(name)) for name in shown}
            found.append({name: value for name, value in texts.items() if value is not None})
        return found

    def name(self, item: nodes.Item) -> str:
        named = item.alias or item.expression
        return named.name if isinstance(named, nodes.Name) else self.pipeline.source(named)

    def _fields(self, command: nodes.Fields, rows: list[Row]) -> list[Row]:
        for item in command.items:
            name = self.name(item)
            self.shown = [*(self.shown or []), *([name] if name not in (self.shown or []) else [])]
            for row in rows:
                row[name] = self.value(item.expression, row)
        return rows

    def _display(self, command: nodes.Display, rows: list[Row]) -> list[Row]:
        names = []
        for item in command.items:
            name = self.name(item)
            names.append(name)
            for row in rows:
                row[name] = self.value(item.expression, row)
        self.shown = names
        return rows

    def _filter(self, command: nodes.Filter, rows: list[Row]) -> list[Row]:
        return [row for row in rows if holds(self.value(command.condition, row))]

    def _sort(self, command: nodes.Sort, rows: list[Row]) -> list[Row]:
        for key in reversed(command.keys):
            rows = sorted(
                rows,
                key=cmp_to_key(
                    lambda a, b, key=key: (
                        (-1 if key.descending else 1)  # type: ignore[misc]
                        * order(self.value(key.expression, a), self.value(key.expression, b))
                    )
                ),
            )
        return rows

    def _limit(self, command: nodes.Limit, rows: list[Row]) -> list[Row]:
        return rows[: int(command.count.value)]

    def _dedup(self, command: nodes.Dedup, rows: list[Row]) -> list[Row]:
        seen, kept = set(), []
        for row in rows:
            key = tuple(row.get(name.name) for name in command.names)
            if None in key or key not in seen:
                kept.append(row)
            seen.add(key)
        return kept

    def _lookup(self, command: nodes.Lookup, rows: list[Row]) -> list[Row]:
        table = self.tables[command.table.name]
        for row in rows:
            found = self.by_range(command, table, row) if command.ranges else None
            if not command.ranges:
                keys = [(key.column.name, text(row.get(key.field.name))) for key in command.keys]  # type: ignore[union-attr]
                same = [t for t in table if all(v and t[name] == v for name, v in keys)]
                found = same[0] if same else None
            before = dict(row)
            for output in command.outputs:
                name = output.alias.name
                cell = (found[output.column.name] or None) if found else None
                kept = before.get(name)
                replaced = kept in (None, "") if command.only_new else found is not None
                row[name] = cell if replaced else kept
        names = [output.alias.name for output in command.outputs]
        if self.raw or self.shown:
            shown = self.shown or ["@timestamp", "@message"]
            self.shown = [*shown, *(name for name in names if name not in shown)]
        return rows

    def by_range(
        self, command: nodes.Lookup, table: list[dict[str, str]], row: Row
    ) -> dict[str, str] | None:
        column = command.keys[0].column
        best, longest = None, -1
        for line in table:
            try:
                network = ip_network(line[column.name] if column else next(iter(line.values())))
                address = ip_address(str(text(row.get(command.keys[0].field.name))))
            except ValueError:
                continue
            if address in network and network.prefixlen > longest:
                best, longest = line, network.prefixlen
        return best

    def _parseglob(self, command: nodes.ParseGlob, rows: list[Row]) -> list[Row]:
        pieces = [re.escape(piece) for piece in command.pattern.value.split("*")]
        pattern = "(.*?)".join(pieces[:-1]) + ("(.*)" if not pieces[-1] else f"(.*?){pieces[-1]}")
        start = "^" if not pieces[0] else ""
        field = command.field.name if command.field else "@message"
        for row in rows:
            found = re.search(start + pattern, str(row.get(field)))
            for n, alias in enumerate(command.aliases, 1):
                row[alias.name] = found[n] if found and row.get(field) is not None else None
        return rows

    def _stats(self, command: nodes.Stats, rows: list[Row]) -> list[Row]:
        first = command.aggregates[0].expression
        if isinstance(first, nodes.Call) and first.function.name.lower() == "topk":
            return self.most_frequent(command.aggregates[0], first, rows)
        self.offset = 0
        if command.offset is not None:
            self.offset = command.offset.count * UNITS[command.offset.unit]
        groups: dict[tuple[Value, ...], list[Row]] = {}
        for row in rows:
            key = tuple(self.value(item.expression, row) for item in command.keys)
            groups.setdefault(key, []).append(row)
        if not command.keys:
            groups = {(): rows}
        results = []
        for key, members in groups.items():
            row = dict(zip(map(self.name, command.keys), key, strict=True))
            for item in command.aggregates:
                row[self.name(item)] = self.value(item.expression, row, members)
            results.append(row)
        self.raw, self.shown = False, None
        return results

    def most_frequent(self, item: nodes.Item, call: nodes.Call, rows: list[Row]) -> list[Row]:
        count, field = call.arguments
        assert isinstance(count, nodes.Number)
        assert isinstance(field, nodes.Name)
        there = [row[field.name] for row in rows if row.get(field.name) is not None]
        ordered = sorted(set(there), key=cmp_to_key(order))
        ordered.sort(key=there.count, reverse=True)
        name = self.name(item)
        self.raw, self.shown = False, None
        return [{field.name: v, name: there.count(v)} for v in ordered[: int(count.value)]]

    def value(  # noqa: PLR0912  # one case for each kind of node
        self, node: Any, row: Row, group: list[Row] | None = None
    ) -> Value:
        """An expression over a row, or over a group with `row` its keys and results so far."""
        source = self.pipeline.source(node)
        if not self.raw and not isinstance(node, nodes.Name | nodes.Number | nodes.Text):
            same = [n for n in row if n.replace(" ", "") == source.replace(" ", "")]
            if same:
                return row[same[0]]

        def sub(inner: Any) -> Value:
            return self.value(inner, row, group)

        match node:
            case nodes.Name():
                return row.get(node.name)
            case nodes.Number() | nodes.Text() | nodes.Boolean():
                return node.value
            case nodes.Not():
                return not holds(sub(node.operand))
            case nodes.Logic():
                values = [holds(sub(operand)) for operand in node.operands]
                return all(values) if node.operator == "and" else any(values)
            case nodes.Comparison():
                return compare(node.operator, sub(node.left), sub(node.right))
            case nodes.Match():
                return self.match(node, sub)
            case nodes.Membership():
                subject, items = sub(node.subject), [sub(item) for item in node.array.items]
                if node.negated:
                    return all(compare("!=", subject, item) for item in items)
                return any(compare("=", subject, item) for item in items)
            case nodes.Negate():
                value = number(sub(node.operand))
                return None if value is None else -value
            case nodes.Arithmetic():
                return self.arithmetic(node, sub)
            case nodes.Call():
                return self.call(node, row, group, sub)
        raise AssertionError(f"not evaluated here: {node}")

    def match(self, node: nodes.Match, sub: Callable[[Any], Value]) -> bool:
        subject = text(sub(node.subject))
        if subject is None:
            return False
        if isinstance(node.pattern, nodes.Regex):
            found = re.search(node.pattern.pattern, subject) is not None
        else:
            part = text(sub(node.pattern))
            if part is None:
                return False
            found = part in subject
        return found != node.negated

    def arithmetic(self, node: nodes.Arithmetic, sub: Callable[[Any], Value]) -> Value:
        total = number(sub(node.operands[0]))
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            value = number(sub(operand))
            if total is None or value is None:
                total = None
            elif operator in "/%":
                total = None if value == 0 else self.divided(operator, total, value)
            elif operator == "^":
                total = float(total) ** value
            else:
                total = {"+": total + value, "-": total - value, "*": total * value}[operator]
        return total

    def divided(self, operator: str, total: float, value: float) -> float:
        if operator == "/":
            return total / value
        whole = isinstance(total, int) and isinstance(value, int)
        rest = math.fmod(total, value)
        return int(rest) if whole else rest

    def call(
        self,
        node: nodes.Call,
        row: Row,
        group: list[Row] | None,
        sub: Callable[[Any], Value],
    ) -> Value:
        name = node.function.name.lower()
        if name == "bin":
            (period,) = node.arguments
            assert isinstance(period, nodes.Period)
            size = min(period.count, CAPS.get(period.unit, 10**9)) * UNITS[period.unit]
            moved = row["@timestamp"].milliseconds - self.offset
            return Moment(moved // size * size + self.offset)
        if name == "histogram":
            value, width = (number(sub(argument)) for argument in node.arguments)
            assert width is not None
            return None if value is None else math.floor(value / width) * width
        if name in FUNCTIONS:
            return FUNCTIONS[name](*[sub(argument) for argument in node.arguments])
        assert group is not None
        return self.aggregate(name, node, group)

    def aggregate(self, name: str, node: nodes.Call, group: list[Row]) -> Value:
        if not node.arguments:
            return len(group)
        values = [self.value(node.arguments[0], row) for row in group]
        there = [value for value in values if value is not None]
        numbers = [v for v in map(number, values) if v is not None]
        match name:
            case "count":
                return len(there)
            case "count_distinct":
                return len({text(value) for value in there})
            case "sum":
                return sum(numbers) if numbers else None
            case "avg":
                return sum(numbers) / len(numbers) if numbers else None
            case "min" | "max":
                return extreme(values, 1 if name == "max" else -1)
            case "pct":
                share = node.arguments[1]
                assert isinstance(share, nodes.Number)
                return percentile([float(n) for n in numbers], share.value)
            case "rate":
                return rate(node, group, values)
            case "stddev":
                if not numbers:
                    return None
                mean = sum(numbers) / len(numbers)
                return math.sqrt(sum((n - mean) ** 2 for n in numbers) / len(numbers))
            case "sortsfirst" | "sortslast":
                ordered = sorted(there, key=cmp_to_key(order))
                return None if not ordered else text(ordered[0 if name == "sortsfirst" else -1])
            case "earliest" | "latest":
                timed = sorted(
                    range(len(group)), key=lambda n: (group[n]["@timestamp"], group[n]["n"])
                )
                known = [values[n] for n in timed if values[n] is not None]
                return None if not known else known[0 if name == "earliest" else -1]
        raise AssertionError(f"not evaluated here: {name}")
