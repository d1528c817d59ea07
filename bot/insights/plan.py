"""A translation under way: the common table expressions so far, and what they offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.insights import nodes
from bot.insights.context import Context
from bot.insights.expressions import Compiler
from bot.insights.ordering import ASCENDING, DESCENDING
from bot.insights.periods import Length
from bot.insights.relation import LookupTable, Relation
from bot.insights.scope import Scope
from bot.insights.terms import Kind, Term

# Names of stages and columns begin with a tilde, which no name of an engine does.
_FIRST = '"~s0"'
_DEFAULT_SHOWN = ("@timestamp", "@message")


class Plan:
    """Grows by one command at a time. Commands read and change it; see `stages`.

    Rows are put in order only where a `limit` or the end needs it; until then `order` remembers.
    """

    def __init__(
        self, context: Context, relation: Relation, tables: Mapping[str, LookupTable]
    ) -> None:
        self.context = context
        self.relation = relation
        self.tables = tables
        self.scope = Scope(relation.fields)
        self.limits: list[int] = []
        self.shown: list[str] = []
        self.made: list[str] = []  # what commands besides `fields` show
        self.displayed: dict[str, Term] | None = None
        self.deduplicated = False
        self.bins: tuple[str, Length] | None = None  # the key column that bin made
        self.last = _FIRST
        self.base_order = [f"{context.timestamp} {DESCENDING}"] if context.timestamp else []
        self.base_order += [f"{relation.tie} {ASCENDING}"] if relation.tie else []
        self.order = self.base_order
        self._stages = {_FIRST: f"SELECT * FROM {relation.sql}"}
        self._columns = 0
        self._defined: set[str] = set()
        self._matched: str | None = None

    @property
    def raw(self) -> bool:
        """Whether rows still are records."""
        return self.scope.records is not None

    @property
    def matched(self) -> str:
        """The stage whose rows are the records that matched."""
        return self._matched or self.last

    def records_end(self) -> None:
        """From here on rows are no longer all the records that matched."""
        self._matched = self._matched or self.last

    def rows_are_added(self) -> None:
        """From here on there may be more rows than a `limit` before let through."""
        self.records_end()
        self.limits.clear()

    def compiler(self) -> Compiler:
        return Compiler(self.context, self.scope)

    # Growing

    def column(self) -> str:
        """A new column name, quoted; no field can have it."""
        self._columns += 1
        return f'"~{self._columns}"'

    def stage(self, select: str) -> None:
        """A further common table expression."""
        self.last = f'"~s{len(self._stages)}"'
        self._stages[self.last] = select

    def instead(self, select: str) -> None:
        """A stage in place of all that came before, none of which is run."""
        self.stage("SELECT 1 WHERE false")
        self._matched = self.last
        self.stage(select)

    def widen(self, selects: Iterable[str]) -> None:
        """A stage with more columns; a later one may use an earlier one."""
        added = "".join(f", {select}" for select in selects)
        if added:
            self.stage(f"SELECT *{added} FROM {self.last}")

    def explode(self, items: str) -> str:
        """A row for each item of a list, in its order; a row without items stays. The column."""
        self.rows_are_added()
        listed, item, place = self.column(), self.column(), self.column()
        self.widen([f"{items} AS {listed}"])
        # unnest drops a row without items, so that one gets an empty item.
        some = f"CASE WHEN len({listed}) > 0 THEN {listed} ELSE [NULL] END"
        self.widen([f"unnest({some}) AS {item}", f"unnest(range(len({some}))) AS {place}"])
        self.base_order = [*self.base_order, f"{place} {ASCENDING}"]
        self.order = [*self.order, f"{place} {ASCENDING}"]
        return item

    def keep(self, term: Term) -> tuple[Term, list[str]]:
        """A term as it will be once it is a column, and what selects it."""
        column = self.column()
        if term.kind is Kind.TRUTH:
            return Term(column, Kind.TRUTH), [f"({term.sql} IS TRUE) AS {column}"]
        kept, selects = Term(column, term.kind), [f"{term.sql} AS {column}"]
        if term.kind is Kind.STORED and term.present != "true":
            there = self.column()
            return replace(kept, present=there), [*selects, f"{term.present} AS {there}"]
        return kept, selects

    def sort(self, order: list[str]) -> None:
        """Order by this; ties as they were ordered to begin with."""
        self.order = order + [key for key in self.base_order if key not in order]

    def order_by(self) -> str:
        return f" ORDER BY {', '.join(self.order)}" if self.order else ""

    def show(self, name: str) -> None:
        """Have a column that a command made be part of the result."""
        if self.raw or self.shown:
            self.made.append(name)

    # Names

    def define(self, alias: nodes.Name, *, over_records: bool = False) -> None:
        """Claim a name; AWS refuses to define one twice, or over a field of the records.

        With `over_records` the name may shadow a field, as names of `parse` do.
        """
        known = alias.name in self.scope.columns or alias.name in self._defined
        if known or (not over_records and self.scope.find(alias.name)):
            raise self.context.bad(
                alias,
                f"Ephemeral field is already defined: {alias.name}",
                "Choose another name after as.",
            )
        self._defined.add(alias.name)

    def name(self, item: nodes.Item) -> str:
        """What an item is called: its alias, its field, or else its text."""
        named = item.alias or item.expression
        return named.name if isinstance(named, nodes.Name) else self.context.pipeline.source(named)

    # The end

    def output(self) -> dict[str, Term]:
        """The columns of the result, in order."""
        if self.displayed is not None:
            found = dict(self.displayed)
        else:
            default = list(_DEFAULT_SHOWN) if self.raw else list(self.scope.columns)
            found = {name: self._found(name) for name in [*(self.shown or default), *self.made]}
        if self.raw:
            found["@ptr"] = self._found("@ptr")
        return found

    def _found(self, name: str) -> Term:
        return self.compiler().term(nodes.Name(0, 0, name))

    def stages(self, last: str) -> str:
        """The WITH clause up to a stage."""
        names = list(self._stages)
        wanted = names[: names.index(last) + 1]
        parts = [f"{name} AS NOT MATERIALIZED ({self._stages[name]})" for name in wanted]
        return "WITH " + ",\n".join(parts) + "\n"
