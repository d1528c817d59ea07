"""What Athena knows of a table: its columns, and how it is parted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bot.model.fields import BY_NAME, insights_name

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import TableMetadataTypeDef

FORMAT = "flows.format"  # the property that names the fields of a record, all and in order
MINE = ("flows_", "field_")  # begin names in statements, hence no column's
_INTEGERS = frozenset({"tinyint", "smallint", "int", "integer", "bigint"})
_TEXTS = re.compile(r"string|varchar(\(\d+\))?")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the table declares it; `field` is its Insights name."""

    name: str
    type: str
    field: str

    @property
    def is_integer(self) -> bool:
        return self.type in _INTEGERS

    @property
    def is_text(self) -> bool:
        return _TEXTS.fullmatch(self.type) is not None

    @property
    def is_number(self) -> bool:
        """Whether what it holds is a number: by the field, and for unknown fields by its type."""
        known = BY_NAME.get(self.field)
        return known.number if known else self.is_integer


@dataclass(frozen=True)
class Table:
    """`keys` are the partition keys with their types, `parameters` what else is declared."""

    database: str
    name: str
    columns: tuple[Column, ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, database: str, said: TableMetadataTypeDef | Mapping[str, Any]) -> Table:
        """A table out of what GetTableMetadata says."""
        columns = tuple(
            Column(each["Name"], each.get("Type", "").lower(), insights_name(each["Name"]))
            for each in said.get("Columns", ())
        )
        keys = {
            each["Name"]: each.get("Type", "").lower() for each in said.get("PartitionKeys", ())
        }
        return cls(database, said["Name"], columns, keys, said.get("Parameters", {}))

    @cached_property
    def fields(self) -> dict[str, Column]:
        """The columns that can be read, by Insights name; the first of those that share one."""
        found: dict[str, Column] = {}
        for column in self.columns:
            readable = column.is_integer or column.is_text
            if readable and not column.name.startswith(MINE):
                found.setdefault(column.field, column)
        return found

    @cached_property
    def unread(self) -> tuple[Column, ...]:
        return tuple(each for each in self.columns if self.fields.get(each.field) != each)

    @cached_property
    def record(self) -> tuple[Column, ...] | None:
        """The columns in the order of the record's line, where the table says its whole format."""
        logs = self.parameters.get(FORMAT, "").split()
        found = [self.fields.get(insights_name(log)) for log in logs]
        return tuple(each for each in found if each) if found and all(found) else None
