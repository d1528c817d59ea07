"""A table of flow logs in DuckDB that runs Athena's statements once sqlglot has turned them back.

Where DuckDB has no such function, or one that does otherwise, a macro does what Trino documents.
What it cannot show is whether Trino does what its documentation says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import duckdb
import sqlglot
from sqlglot import exp

from bot.engines.athena.decimals import written
from bot.engines.athena.tables import Table
from bot.engines.athena.translating import Ready, ready
from bot.engines.athena.view import View, view
from bot.insights.parser import parse
from bot.model.fields import BY_NAME
from bot.model.query import Query
from tests.insights.data import NAMES, NOW, WINDOW, message

LOGS = {name: BY_NAME[name].log.replace("-", "_") for name in NAMES}
COLUMNS = [
    {"Name": LOGS[name], "Type": "bigint" if BY_NAME[name].number else "string"} for name in NAMES
]
TABLE = Table.of(
    "logs",
    {
        "Name": "flows",
        "Columns": [*COLUMNS, {"Name": "line", "Type": "string"}],
        "PartitionKeys": [{"Name": "day", "Type": "string"}],
        "Parameters": {
            "projection.enabled": "true",
            "projection.day.type": "date",
            "projection.day.format": "yyyy/MM/dd",
        },
    },
)
# Trino's, by its documentation.
MACROS = (
    "element_at(items, n) AS list_extract(items, n)",
    "cardinality(items) AS len(items)",
    "array_join(items, between) AS array_to_string(items, between)",
    "slice(items, first, count) AS list_slice(items, first, first + count - 1)",
    "array_max(items) AS list_max(items)",
    "array_min(items) AS list_min(items)",
    "is_finite(x) AS isfinite(x)",
    "to_utf8(x) AS encode(x)",
    "to_base(n, base) AS lower(format('{:x}', n))",
    "with_timezone(x, zone) AS timezone(zone, x)",
    "at_timezone(x, zone) AS timezone(zone, x)",
    "power(x, y) AS pow(x, y)",
    "truncate(x) AS trunc(x)",
)
JODA = {
    "yyyy": "%Y",
    "yy": "%y",
    "MM": "%m",
    "MMM": "%b",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "EEE": "%a",
    "EEEE": "%A",
    "HH": "%H",
    "mm": "%M",
    "ss": "%S",
    "SSS": "%g",
}


class StandIn:
    """Records in a table `logs.flows`, laid out as Athena reads the text of a log."""

    def __init__(self, records: Sequence[Mapping[str, str]]) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("CREATE SCHEMA logs")
        for macro in MACROS:
            self.connection.execute(f"CREATE MACRO {macro}")
        types = [f'"{LOGS[n]}" {"BIGINT" if BY_NAME[n].number else "VARCHAR"}' for n in NAMES]
        columns = ", ".join([*types, "line VARCHAR", "day VARCHAR", '"$path" VARCHAR'])
        self.connection.execute(f"CREATE TABLE logs.flows ({columns})")
        marks = ", ".join("?" * (len(NAMES) + 3))
        for record in records:
            values = [_value(name, record) for name in NAMES]
            day = f"{WINDOW.start:%Y/%m/%d}"
            row = [*values, message(record), day, "eni-all"]
            self.connection.execute(f"INSERT INTO logs.flows VALUES ({marks})", row)  # noqa: S608

    def view(self) -> View:
        """With the line of a record as it is, whatever its fields are."""
        made = view(TABLE, WINDOW, "123456789012:flows")
        fields = dict(made.relation.fields)
        fields["@message"] = fields.pop("line")
        relation = type(made.relation)(made.relation.sql, fields)
        return View(relation, made.kinds, made.refused, made.notes)

    def ready(self, text: str) -> Ready:
        return ready(parse(text), self.view(), Query(text, WINDOW, 10_000), NOW)

    def rows(self, made: Ready) -> list[dict[str, str]]:
        """The rows, missing values left out, `@ptr` too."""
        found = self.connection.execute(as_duckdb(made.sql)).fetchall()
        return [shown(made, row) for row in found]


def shown(made: Ready, values: Sequence[str | None]) -> dict[str, str]:
    """One row as the engine gives it: missing values left out, decimals written."""
    row = {}
    for number, (name, value) in enumerate(zip(made.columns, values, strict=False)):
        text = written(value) if value is not None and number in made.decimals else value
        if text is not None:
            row[name] = text
    return row


def _value(name: str, record: Mapping[str, str]) -> object:
    value = record.get(name, "-")
    if BY_NAME[name].number:
        return None if value == "-" else int(value)
    return value


def as_duckdb(athena: str) -> str:
    """A statement of Athena, turned back by sqlglot, which reads it by Trino's rules."""
    tree = sqlglot.parse_one(athena, dialect="athena").transform(_turned_back)
    return tree.sql(dialect="duckdb")


def _turned_back(node: exp.Expr) -> exp.Expr:
    """What sqlglot leaves as it is though DuckDB writes it otherwise."""
    if isinstance(node, exp.Anonymous) and node.name.lower() == "format_datetime":
        time, pattern = node.expressions
        return exp.Anonymous(this="strftime", expressions=[time, _strftime(pattern.name)])
    if isinstance(node, exp.Length) and node.this.sql("athena").startswith("TO_UTF8("):
        return exp.Anonymous(this="octet_length", expressions=[node.this])
    if isinstance(node, exp.Pad):
        node.set("expression", exp.cast(node.expression, "int"))
    if isinstance(node, exp.RegexpReplace):
        old = node.args["replacement"].name
        new = re.sub(r"\\(.)|\$(\d)", lambda m: m[1] or f"\\{m[2]}", old)
        node.set("replacement", exp.Literal.string(new))
        node.set("modifiers", exp.Literal.string("g"))
    return node


def _strftime(joda: str) -> exp.Expr:
    text = ""
    pieces = r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^'])"
    for piece in re.finditer(pieces, joda):
        letters = piece["letters"]
        text += JODA[letters] if letters else (piece["quoted"] or piece["other"] or "'")
    return exp.Literal.string(text)
