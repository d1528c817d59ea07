"""Which names mean what at one point of a pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.insights.relation import Source, Stored
from bot.insights.terms import COMPOUND, Kind, Term, quoted
from bot.model.fields import SYNONYMS

_KINDS = {Stored.NUMBER: Kind.STORED, Stored.TEXT: Kind.TEXT, Stored.TIME: Kind.TIME}
_OTHER_NAME = SYNONYMS | {value: name for name, value in SYNONYMS.items()}


@dataclass(slots=True)
class Scope:
    """What has a name: `records` the fields of the records, None after `stats`; `columns` the rest.

    `columns` are also found by the text that computed them: `sort sum(bytes) desc`.
    """

    records: Mapping[str, Source] | None
    columns: dict[str, Term] = field(default_factory=dict)

    def find(self, name: str) -> Term | None:
        """What a name stands for; None when nothing here has that name."""
        found = self.columns.get(name) or self._within(name)
        if found is not None or self.records is None:
            return found
        source = self.records.get(name) or self.records.get(_OTHER_NAME.get(name, name))
        return _term(source) if source else None

    def _within(self, name: str) -> Term | None:
        """The part of a map or a list that a dotted name means."""
        for stop in reversed([match.start() for match in re.finditer(r"[.\[]", name)]):
            whole = self.columns.get(name[:stop])
            if whole is not None and whole.kind in COMPOUND:
                return _part(whole, pointer(name[stop:].lstrip(".")))
        return None

    def part(self, first: str, *keys: str) -> Term | None:
        """The part of a map under keys that may have dots of their own."""
        whole = self.columns.get(first)
        known = whole is not None and whole.kind in COMPOUND
        return _part(whole, _pointer(keys)) if whole is not None and known else None

    def computed(self, source_text: str) -> Term | None:
        """The column without an alias that this text computed."""
        for form in (_plain, _bare):
            wanted = form(source_text)
            for name, term in self.columns.items():
                if form(name) == wanted:
                    return term
        return None

    def lenient(self, name: str) -> str | None:
        """The one column that a function's bare name can mean: `count` after `count(*)`."""
        found = [column for column in self.columns if _plain(column).startswith(f"{name}(")]
        return found[0] if len(found) == 1 else None

    def names(self) -> list[str]:
        return [*self.columns, *(self.records or ())]


def pointer(path: str) -> str:
    """A JSON pointer for a dotted path with list elements as in `a.b[0]` or `a.b.0`."""
    return _pointer(re.sub(r"\[(\d+)\]", r".\1", path).lstrip(".").split("."))


def _pointer(steps: Sequence[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _part(whole: Term, path: str) -> Term:
    value = whole.sql if whole.kind is Kind.MAP else f"to_json({whole.sql})"
    return Term(f"json_extract_string({value}, {quoted(path)})", Kind.TEXT)


def _term(source: Source) -> Term:
    simple = re.fullmatch(r'\w+|"[^"]+"', source.sql)
    sql = source.sql if simple else f"({source.sql})"
    term = Term(sql, _KINDS[source.stored], ipv4=source.ipv4)
    if source.present == "true":
        return term
    return replace(term, present=f"({source.present})")


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _bare(text: str) -> str:
    return _plain(text).replace("`", "").lower()
