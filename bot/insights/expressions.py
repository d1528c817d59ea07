"""Expressions into SQL terms."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from bot.insights import comparing, nodes
from bot.insights.aggregates import AGGREGATES, aggregate
from bot.insights.calls import Use, apply
from bot.insights.context import Context
from bot.insights.functions import FUNCTIONS, function
from bot.insights.nodes import Expression
from bot.insights.regexes import compiled
from bot.insights.scope import Scope
from bot.insights.terms import (
    NOTHING,
    Kind,
    Term,
    holds,
    number,
    number_literal,
    numeric,
    scalar_text,
    text_literal,
    truth,
    widest,
)
from bot.insights.vocabulary import did_you_mean, verb

_LARGEST_SQL = 200_000  # characters of one expression; nested calls repeat their arguments

# Given the SQL of an aggregate over a group, the column that will hold it.
Collect = Callable[[Term], Term]


class Compiler:
    """Compiles expressions in one scope.

    Within `stats`, `rows` compiles the arguments of aggregates and `collect` takes the aggregates;
    elsewhere an aggregate is refused.
    """

    def __init__(
        self,
        context: Context,
        scope: Scope,
        rows: Compiler | None = None,
        collect: Collect | None = None,
    ) -> None:
        self._context = context
        self._scope = scope
        self._rows = rows
        self._collect = collect

    def term(self, node: Expression) -> Term:
        """The value of an expression."""
        result = self._computed(node) or self._term(node)
        if len(result.sql) > _LARGEST_SQL:
            raise self._context.unsupported(node, "this grows too large when it is translated")
        return result

    def condition(self, node: Expression) -> str:
        """The SQL of a condition, where NULL means no."""
        return holds(self.term(node))

    def _computed(self, node: Expression) -> Term | None:
        if isinstance(node, nodes.Name | nodes.Number | nodes.Text):
            return None
        return self._scope.computed(self._context.pipeline.source(node))

    def _term(self, node: Expression) -> Term:
        match node:
            case nodes.Name():
                return self._name(node)
            case nodes.Number():
                return number_literal(node.value)
            case nodes.Text():
                return text_literal(node.value)
            case nodes.Boolean():
                return Term("true" if node.value else "false", Kind.TRUTH, literal=node.value)
            case nodes.Array():
                items = ", ".join(scalar_text(self.term(item)) for item in node.items)
                return Term(f"CAST([{items}] AS VARCHAR[])", Kind.LIST)
            case nodes.Call():
                return self._call(node)
            case nodes.Negate():
                return self._negative(number(self.term(node.operand)))
            case nodes.Arithmetic():
                return self._chain(node)
            case nodes.Regex():
                raise self._context.bad(
                    node, "a regular expression belongs after like, =~ or parse"
                )
            case nodes.Period():
                raise self._context.bad(node, "a period belongs in bin and the like")
            case _:
                return self._truth(node)

    def _truth(
        self,
        node: nodes.Not | nodes.Logic | nodes.Comparison | nodes.Match | nodes.Membership,
    ) -> Term:
        match node:
            case nodes.Not():
                return truth(f"{self.condition(node.operand)} IS NOT TRUE")
            case nodes.Logic():
                conditions = [self.condition(operand) for operand in node.operands]
                return truth(_balanced(conditions, f" {node.operator.upper()} "))
            case nodes.Comparison():
                return truth(self._comparison(node))
            case nodes.Match():
                return truth(self._match(node))
            case nodes.Membership():
                items = tuple(self.term(item) for item in node.array.items)
                subject = self.term(node.subject)
                return truth(comparing.member(subject, items, negated=node.negated))

    def _name(self, node: nodes.Name) -> Term:
        part = self._scope.part(*node.parts) if node.parts else None
        found = part or self._scope.find(node.name)
        if found is not None:
            return found
        if self._collect is not None:
            raise self._context.bad(
                node,
                f"Unknown symbols found in or after stats: {node.name}",
                "Outside an aggregation, stats knows its keys and earlier results only.",
            )
        after_stats = self._scope.records is None
        column = self._scope.lenient(node.name) if after_stats else None
        if column is not None:
            self._context.note(f"{node.name} is read as {column}; AWS may want that spelled out")
            return self._scope.columns[column]
        hint = did_you_mean(node.name, self._scope.names())
        where = "after stats" if after_stats else "in these records"
        self._context.note(f"there is no {node.name} {where}. {hint or ''}".strip())
        return NOTHING

    def _comparison(self, node: nodes.Comparison) -> str:
        left, right = self.term(node.left), self.term(node.right)
        for one, other, where in ((left, right, node.right), (right, left, node.left)):
            if one.kind is Kind.TIME and isinstance(other.literal, str):
                raise self._context.unsupported(
                    where,
                    "a time cannot be compared with a text",
                    "Compare toMillis(…) with milliseconds, or choose the window.",
                )
        for term, where in ((left, node.left), (right, node.right)):
            if node.operator not in ("=", "!=") and isinstance(term.literal, str):
                self._note_no_number(term.literal, where)
        return comparing.compare(node.operator, left, right)

    def _note_no_number(self, literal: str, node: Expression) -> None:
        if numeric(literal) is None:
            source = self._context.pipeline.source(node)
            self._context.note(f"{source} is no number, so nothing is less or greater")

    def _match(self, node: nodes.Match) -> str:
        subject = self.term(node.subject)
        if isinstance(node.pattern, nodes.Regex):
            pattern = compiled(node.pattern.pattern).pattern
            return comparing.matches(subject, pattern, negated=node.negated)
        return comparing.contains(subject, self.term(node.pattern), negated=node.negated)

    def _chain(self, node: nodes.Arithmetic) -> Term:
        first, *rest = (number(self.term(operand)) for operand in node.operands)
        pairs = zip(node.operators, rest, strict=True)
        return reduce(lambda left, pair: self._arithmetic(pair[0], left, pair[1]), pairs, first)

    def _arithmetic(self, operator: str, left: Term, right: Term) -> Term:
        """Whole numbers stay exact; what would not fit 128 bits is missing."""
        kind = widest({left.kind, right.kind})
        a, b = left.sql, right.sql
        if operator == "/":
            return Term(f"({a} / nullif(CAST({b} AS DOUBLE), 0))", Kind.REAL)
        if operator == "^":
            return Term(f"pow({a}, {b})", Kind.REAL)
        if operator == "%":
            return Term(f"({a} % nullif({b}, 0))", kind)
        if kind is Kind.REAL or (operator == "*" and kind is Kind.HUGE):
            return Term(f"(CAST({a} AS DOUBLE) {operator} {b})", Kind.REAL)
        if kind is Kind.HUGE:
            return Term(f"TRY(CAST({a} AS HUGEINT) {operator} {b})", Kind.HUGE)
        return Term(f"(CAST({a} AS HUGEINT) {operator} {b})", Kind.HUGE)

    def _negative(self, value: Term) -> Term:
        if isinstance(value.literal, int | float) and not isinstance(value.literal, bool):
            return number_literal(-value.literal)
        return self._arithmetic("-", number_literal(0), value)

    def _call(self, node: nodes.Call) -> Term:
        name = node.function.name
        gathering = aggregate(name)
        if gathering is not None:
            return self._gather(node)
        called = function(name)
        if called is None:
            command = verb(name)
            if command is not None and command.refused:
                what = f"{command.name} does not run here: {command.refused}"
                raise self._context.unsupported(node.function, what)
            known = [f.name for f in FUNCTIONS] + [a.name for a in AGGREGATES]
            hint = did_you_mean(name, known)
            raise self._context.bad(node.function, f"there is no function {name}", hint)
        self._count(node, called.fewest, called.most)
        if called.key_only and not self._context.is_key(node):
            hint = f"Write it as a key: stats count(*) by {self._context.pipeline.source(node)}."
            raise self._context.unsupported(node, called.key_only, hint)
        terms = tuple(
            self.argument(argument, called.view(n)) for n, argument in enumerate(node.arguments)
        )
        return apply(called, Use(node, terms, self._context))

    def argument(self, node: Expression, view: str) -> Term:
        """An argument of a function that reads it in a view."""
        if view in ("period", "regex") and isinstance(node, nodes.Period | nodes.Regex):
            return NOTHING  # the function reads the node itself
        term = self.term(node)
        if view in ("cidr", "regex", "string") and not isinstance(term.literal, str):
            raise self._context.unsupported(node, "this must be a quoted text, not computed")
        return term

    def _count(self, node: nodes.Call, fewest: int, most: int | None) -> None:
        given = len(node.arguments)
        if node.star or given < fewest or (most is not None and given > most):
            what = f"{node.function.name} takes {_arguments(fewest, most)}, not {given or 'none'}"
            raise self._context.bad(node, what)

    def _gather(self, node: nodes.Call) -> Term:
        gathering = aggregate(node.function.name)
        assert gathering is not None  # noqa: S101
        if self._rows is None or self._collect is None:
            raise self._context.bad(node, f"{node.function.name} belongs in stats")
        if node.star and gathering.name != "count":
            raise self._context.bad(node, f"{node.function.name}(*) does not exist")
        if not node.star:
            self._count(node, gathering.fewest, len(gathering.arguments))
        terms = tuple(
            self._rows.argument(argument, gathering.view(n))
            for n, argument in enumerate(node.arguments)
        )
        return self._collect(gathering.build(Use(node, terms, self._context)))


def _arguments(fewest: int, most: int | None) -> str:
    if most is None:
        return f"{fewest} or more arguments"
    if fewest != most:
        return f"{fewest} to {most} arguments"
    return "no arguments" if most == 0 else "1 argument" if most == 1 else f"{most} arguments"


def _balanced(conditions: list[str], operator: str) -> str:
    """Conditions joined as a balanced tree, since DuckDB bounds how deep an expression may be."""
    if len(conditions) == 1:
        return conditions[0]
    middle = len(conditions) // 2
    left, right = _balanced(conditions[:middle], operator), _balanced(conditions[middle:], operator)
    return f"({left}{operator}{right})"
