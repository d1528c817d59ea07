"""The DuckDB statement of a translation as a statement that Athena runs.

The statement is walked from its first stage to its last, each expression with the kind of its
value; what the walk does not know is refused. It is not handed to a transpiler as a whole, which
passes on what it does not know and takes some that only looks alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one

from bot.engines.athena.aggregates import ordered
from bot.engines.athena.expressions import PREFIX, Expressions, safe_name
from bot.engines.athena.typed import Kind, Refused, Typed, cast

LONGEST = 262_144  # bytes; of a query of Athena
_KNOWN = frozenset({"expressions", "from_", "where", "group", "order", "limit", "qualify", "with_"})


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql` for Athena. The columns numbered in `decimals` are decimals that are yet to be written
    as text; all others are text."""

    sql: str
    decimals: frozenset[int]


def statement(duckdb: str, kinds: Mapping[str, Kind], refused: Mapping[str, str]) -> Statement:
    """The statement over tables whose columns are of these kinds. Raises `Refused`.

    `refused` says of names why they cannot be read.
    """
    tree = parse_one(duckdb, dialect="duckdb")
    if not isinstance(tree, exp.Select):
        raise Refused("a statement that is no query")
    writer = _Writer(Expressions(kinds, refused))
    select = writer.whole(tree)
    sql = select.sql(dialect="athena")
    if len(sql.encode()) > LONGEST:
        raise Refused("the statement grows longer than Athena takes")
    return Statement(sql, frozenset(writer.decimals))


class _Writer:
    def __init__(self, expressions: Expressions) -> None:
        self._of = expressions
        self._made = 0
        self.decimals: set[int] = set()

    def whole(self, tree: exp.Select) -> exp.Select:
        with_ = tree.args.get("with_")
        ctes = [self._stage(cte) for cte in with_.expressions] if with_ else []
        select = self._select(tree, last=True)
        if ctes:
            select.set("with_", exp.With(expressions=ctes))
        return select

    def _stage(self, cte: exp.CTE) -> exp.CTE:
        alias = exp.TableAlias(this=_quoted(cte.alias))
        return exp.CTE(this=self._select(cte.this), alias=alias)

    def _select(self, node: exp.Expr, *, last: bool = False) -> exp.Select:
        if not isinstance(node, exp.Select):
            raise Refused(f"{type(node).__name__.lower()} of rows")
        odd = {key for key, value in node.args.items() if value} - _KNOWN
        if odd:
            raise Refused(f"{' and '.join(sorted(odd))} of rows")
        below = self._from(node.args["from_"].this)
        select, names = self._projections(node, below, last)
        if node.args.get("where"):
            select.set("where", exp.Where(this=self._of.truth(node.args["where"].this)))
        if node.args.get("group"):
            select.set("group", _by_number(node.args["group"], names))
        if node.args.get("qualify"):
            select = self._qualified(select, node.args["qualify"])
        if node.args.get("order"):
            select.set("order", ordered(self._of, node.args["order"]))
        if node.args.get("limit"):
            count = int(node.args["limit"].expression.name)
            select.set("limit", exp.Limit(expression=exp.Literal.number(count)))
        return select

    def _from(self, node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Subquery):
            return self._within(self._select(node.this))
        if isinstance(node, exp.Table):
            database = _quoted(node.db) if node.db else None
            return exp.Table(this=_quoted(node.name), db=database)
        raise Refused(f"{type(node).__name__.lower()} of rows")

    def _within(self, select: exp.Select) -> exp.Subquery:
        return exp.Subquery(this=select, alias=exp.TableAlias(this=_quoted(self._new("q"))))

    def _projections(
        self, node: exp.Select, below: exp.Expr, last: bool
    ) -> tuple[exp.Select, list[str]]:
        """The selected columns; one that uses another of the same select moves it further in."""
        select = exp.Select(expressions=[]).from_(below)
        names: list[str] = []
        made: set[str] = set()
        for number, projection in enumerate(node.expressions):
            if isinstance(projection, exp.Star):
                select.append("expressions", exp.Star())
                names.append("*")
                continue
            name = projection.alias_or_name
            if any(column.name in made for column in projection.find_all(exp.Column)):
                if names[:1] != ["*"]:
                    raise Refused("a column that uses one beside it")
                select, names, made = self._further(select), ["*"], set()
            found = self._of.convert(projection.unalias())
            sql = self._shown(found, number) if last else _kept(found)
            self._of.kinds[name] = found.kind
            names.append(name)
            if isinstance(projection, exp.Alias):
                made.add(name)
            select.append("expressions", exp.alias_(sql, _quoted(name)))
        return select, names

    def _further(self, select: exp.Select) -> exp.Select:
        return exp.Select(expressions=[exp.Star()]).from_(self._within(select))

    def _shown(self, found: Typed, number: int) -> exp.Expr:
        if found.kind is Kind.DIGITS:
            self.decimals.add(number)
            return cast(found.sql, Kind.TEXT)
        if found.kind not in (Kind.TEXT, Kind.NULL):
            raise Refused(f"{found.kind} as a result")
        return found.sql

    def _qualified(self, select: exp.Select, qualify: exp.Qualify) -> exp.Select:
        """Trino has no QUALIFY: the row's number becomes a column."""
        windows = list(qualify.find_all(exp.Window))
        if len(windows) != 1:
            raise Refused("several numbers of a row")
        name = "~" + self._new("n").removeprefix(PREFIX)
        number = self._of.convert(windows[0])
        select.append("expressions", exp.alias_(number.sql, _quoted(name)))
        self._of.kinds[name] = number.kind
        windows[0].replace(exp.column(exp.to_identifier(name, quoted=True)))
        outer = self._further(select)
        outer.set("where", exp.Where(this=self._of.truth(qualify.this)))
        return outer

    def _new(self, stem: str) -> str:
        self._made += 1
        return f"{PREFIX}{stem}{self._made}"


def _kept(found: Typed) -> exp.Expr:
    if found.kind is Kind.DIGITS:
        raise Refused("how AWS writes a decimal as text differs, within a query, from here")
    return found.sql


def _by_number(group: exp.Group, names: list[str]) -> exp.Group:
    """DuckDB groups by a column's new name, Trino by its number."""
    keys = []
    for key in group.expressions:
        if key.name not in names or "*" in names:
            raise Refused("a group by what is not selected")
        keys.append(exp.Literal.number(names.index(key.name) + 1))
    return exp.Group(expressions=keys)


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(safe_name(name), quoted=True)
