"""DuckDB's functions of texts in Trino's spelling. A comment stands where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena import patterns
from bot.engines.athena.typed import (
    Kind,
    Refused,
    Typed,
    all_of,
    call,
    null_safe,
    text,
    whole,
)

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


def _length(of: Expressions, node: exp.Length) -> Typed:
    found = of.convert(node.this)
    name = "cardinality" if found.kind is Kind.LIST else "length"
    if found.kind not in (Kind.TEXT, Kind.LIST):
        raise Refused(f"the length of {found.kind}")
    return Typed(call(name, found.sql), Kind.INTEGER)


def _text(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Func) -> Typed:
        return Typed(call(name, of.text(node.this)), Kind.TEXT)

    return rule


def _chr(of: Expressions, node: exp.Chr) -> Typed:
    return Typed(call("chr", of.sql(node.expressions[0], Kind.INTEGER)), Kind.TEXT)


def _join(of: Expressions, node: exp.DPipe) -> Typed:
    return Typed(exp.DPipe(this=of.text(node.this), expression=of.text(node.expression)), Kind.TEXT)


def _concat(of: Expressions, node: exp.Concat) -> Typed:
    # Trino's concat is missing when one part is; DuckDB's leaves it out.
    parts = [call("coalesce", of.text(part), text("")) for part in node.expressions]
    joined = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part)
    return Typed(exp.Paren(this=joined), Kind.TEXT)


def _trim(of: Expressions, node: exp.Trim) -> Typed:
    characters = of.text(node.expression)
    side = node.args.get("position")
    return Typed(exp.Trim(this=of.text(node.this), expression=characters, position=side), Kind.TEXT)


def _contains(of: Expressions, node: exp.Contains) -> Typed:
    place = call("strpos", of.text(node.this), of.text(node.expression))
    return Typed(exp.GT(this=place, expression=whole(0)), Kind.TRUTH)


def _starts_with(of: Expressions, node: exp.StartsWith) -> Typed:
    return Typed(call("starts_with", of.text(node.this), of.text(node.expression)), Kind.TRUTH)


def _ends_with(of: Expressions, node: exp.EndsWith) -> Typed:
    whole_text, end = of.text(node.this), of.text(node.expression)
    long, short = call("length", whole_text.copy()), call("length", end.copy())
    start = exp.Add(this=exp.Sub(this=long, expression=short), expression=whole(1))
    last = exp.EQ(this=call("substr", whole_text, start), expression=end)
    return Typed(all_of(exp.GTE(this=long.copy(), expression=short.copy()), last), Kind.TRUTH)


def _replace(of: Expressions, node: exp.Replace) -> Typed:
    subject, old, new = (
        of.text(part) for part in (node.this, node.expression, node.args["replacement"])
    )
    replaced = call("replace", subject, old, new)
    if isinstance(old, exp.Literal) and old.name:
        return Typed(replaced, Kind.TEXT)
    # Trino puts the new text between all characters when the old one is empty.
    empty = exp.EQ(this=old.copy(), expression=text(""))
    kept = exp.Case(ifs=[exp.If(this=empty, true=subject.copy())], default=replaced)
    return Typed(kept, Kind.TEXT)


def _substring(of: Expressions, node: exp.Substring) -> Typed:
    parts = [of.text(node.this), of.sql(node.args["start"], Kind.INTEGER)]
    if node.args.get("length"):
        parts.append(of.sql(node.args["length"], Kind.INTEGER))
    return Typed(call("substr", *parts), Kind.TEXT)


def _pad(of: Expressions, node: exp.Pad) -> Typed:
    if not node.args.get("is_left"):
        raise Refused("rpad of DuckDB")
    size = of.sql(node.expression, Kind.INTEGER)
    return Typed(
        call("lpad", of.text(node.this), size, of.text(node.args["fill_pattern"])), Kind.TEXT
    )


def _repeat(of: Expressions, node: exp.Repeat) -> Typed:
    # Trino's repeat makes a list.
    if node.this.name != "0":
        raise Refused("repeat of DuckDB")
    return Typed(
        call("lpad", text(""), of.sql(node.args["times"], Kind.INTEGER), text("0")), Kind.TEXT
    )


def _split_part(of: Expressions, node: exp.SplitPart) -> Typed:
    subject, index = of.text(node.this), of.sql(node.args["part_index"], Kind.INTEGER)
    # A part that is not there is the empty text in DuckDB.
    part = call("split_part", subject, separator(of, node.args["delimiter"]), index)
    return Typed(null_safe(part, subject, ""), Kind.TEXT)


def separator(of: Expressions, node: exp.Expr) -> exp.Expr:
    """What parts a text: Trino refuses the empty text, DuckDB parts every character."""
    known = isinstance(node, exp.Chr) or (isinstance(node, exp.Literal) and node.name)
    if not known:
        raise Refused("the separator must be spelled out and not be empty, for Athena")
    return of.text(node)


def _format(of: Expressions, node: exp.Format) -> Typed:
    if node.this.name != "{:x}:{:x}":
        raise Refused("format of DuckDB")
    first, second = (
        call("to_base", of.sql(each, Kind.INTEGER), whole(16)) for each in node.expressions
    )
    colon = exp.DPipe(this=first, expression=text(":"))
    return Typed(exp.DPipe(this=colon, expression=second), Kind.TEXT)


def _bytes(of: Expressions, node: exp.Anonymous) -> Typed:
    return Typed(call("length", call("to_utf8", of.text(node.expressions[0]))), Kind.INTEGER)


def _digest(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Func) -> Typed:
        digest = call(name, call("to_utf8", of.text(node.this)))
        return Typed(call("lower", call("to_hex", digest)), Kind.TEXT)

    return rule


def _base64(of: Expressions, node: exp.ToBase64) -> Typed:
    if not isinstance(node.this, exp.Encode):
        raise Refused("to_base64 of what is no text")
    return Typed(call("to_base64", call("to_utf8", of.text(node.this.this))), Kind.TEXT)


# Regular expressions


def _pattern(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal):
        raise Refused("a regular expression that is computed")
    return str(node.name)


def _full_match(of: Expressions, node: exp.RegexpFullMatch) -> Typed:
    pattern = patterns.whole_match(_pattern(node.expression))
    return Typed(call("regexp_like", of.text(node.this), text(pattern)), Kind.TRUTH)


def _match(of: Expressions, node: exp.RegexpLike) -> Typed:
    pattern = patterns.trino(_pattern(node.expression))
    return Typed(call("regexp_like", of.text(node.this), text(pattern)), Kind.TRUTH)


def _extract(of: Expressions, node: exp.RegexpExtract) -> Typed:
    subject, group = of.text(node.this), node.args.get("group")
    kept = group is not None and group.name != "0"
    pattern = text(patterns.trino(_pattern(node.expression), groups_kept=kept))

    def part(number: int) -> exp.Expr:
        # What does not match is the empty text in DuckDB, and missing in Trino.
        found = call("regexp_extract", subject.copy(), pattern.copy(), whole(number))
        return null_safe(found, subject, "")

    if isinstance(group, exp.Array):
        numbers = range(1, len(group.expressions) + 1)
        return Typed(exp.Array(expressions=[part(n) for n in numbers]), Kind.GROUPS)
    return Typed(part(int(group.name) if group else 0), Kind.TEXT)


def _extract_all(of: Expressions, node: exp.RegexpExtractAll) -> Typed:
    if node.args["group"].name != "0":
        raise Refused("regexp_extract_all of one group")
    pattern = patterns.trino(_pattern(node.expression))
    return Typed(call("regexp_extract_all", of.text(node.this), text(pattern)), Kind.LIST)


def _regex_replace(of: Expressions, node: exp.RegexpReplace) -> Typed:
    pattern = _pattern(node.expression)
    if patterns.may_be_empty(pattern):
        raise Refused("what is replaced where a regular expression matches nothing differs")
    new = text(patterns.replacement(_pattern(node.args["replacement"])))
    return Typed(
        call(
            "regexp_replace",
            of.text(node.this),
            text(patterns.trino(pattern, groups_kept=True)),
            new,
        ),
        Kind.TEXT,
    )


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Length: _length,
    exp.Upper: _text("upper"),
    exp.Lower: _text("lower"),
    exp.Chr: _chr,
    exp.DPipe: _join,
    exp.Concat: _concat,
    exp.Trim: _trim,
    exp.Contains: _contains,
    exp.StartsWith: _starts_with,
    exp.EndsWith: _ends_with,
    exp.Replace: _replace,
    exp.Substring: _substring,
    exp.Pad: _pad,
    exp.Repeat: _repeat,
    exp.SplitPart: _split_part,
    exp.Format: _format,
    exp.MD5: _digest("md5"),
    exp.SHA2: _digest("sha256"),
    exp.ToBase64: _base64,
    exp.RegexpFullMatch: _full_match,
    exp.RegexpLike: _match,
    exp.RegexpExtract: _extract,
    exp.RegexpExtractAll: _extract_all,
    exp.RegexpReplace: _regex_replace,
}
BY_NAME: Mapping[str, Rule] = {
    "strlen": _bytes,
}
