"""The grammar as Lark takes it, with its parsing table kept beside it: building takes long.

`python -m bot.insights.grammar` writes the table anew. One that another grammar or another Lark
made is passed over.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import lark
from lark import Lark

_TEXT = Path(__file__).with_name("grammar.lark")
TABLE = Path(__file__).with_name("grammar.table")  # a line that says of what, and the table


def grammar() -> Lark:
    """The parser, from its table when that is of this grammar."""
    try:
        made_of, _, table = TABLE.read_bytes().partition(b"\n")
    except OSError:
        return built()
    return Lark.load(io.BytesIO(table)) if made_of == origin() else built()


def built() -> Lark:
    """The parser, from the grammar."""
    return Lark(
        _TEXT.read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        propagate_positions=True,
        keep_all_tokens=False,
        maybe_placeholders=False,
    )


def origin() -> bytes:
    """What a table is made of: the grammar's text and Lark's version, digested."""
    made_of = hashlib.sha256(_TEXT.read_bytes())
    made_of.update(lark.__version__.encode())
    return made_of.hexdigest().encode()


def _write() -> None:
    table = io.BytesIO()
    built().save(table)
    TABLE.write_bytes(origin() + b"\n" + table.getvalue())


if __name__ == "__main__":
    _write()
