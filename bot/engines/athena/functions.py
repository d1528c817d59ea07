"""DuckDB's functions in Trino's spelling. A comment stands where the two differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from bot.engines.athena import patterns, times
from bot.engines.athena.typed import (
    NUMBERS,
    Kind,
    Refused,
    Typed,
    all_of,
    call,
    cast,
    null_safe,
    text,
    whole,
)

if TYPE_CHECKING:
    from bot.engines.athena.expressions import Expressions

Rule = Callable[["Expressions", Any], Typed]


# Numbers


def _real(name: str) -> Rule:
    """A function of decimals; its last digit may differ between machines anyway."""

    def rule(of: Expressions, node: exp.Func) -> Typed:
        return Typed(call(name, cast(of.number(node.this), Kind.REAL)), Kind.REAL)

    return rule


def _power(of: Expressions, node: exp.Pow) -> Typed:
    sides = [cast(of.number(side), Kind.REAL) for side in (node.this, node.expression)]
    return Typed(call("power", *sides), Kind.REAL)


def _keeps_kind(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Func) -> Typed:
        found = of.convert(node.this)
        if found.kind not in NUMBERS:
            raise Refused(f"{name} of {found.kind}")
        return Typed(call(name, found.sql), found.kind)

    return rule


def _round(of: Expressions, node: exp.Round) -> Typed:
    value = of.sql(node.this, Kind.REAL)
    digits = _constant(node.args.get("decimals"))
    if digits is None:
        raise Refused("round takes digits that are spelled out, for Athena")
    return Typed(call("round", value, whole(max(0, min(15, digits)))), Kind.REAL)


def _constant(node: exp.Expr | None) -> int | None:
    """The whole number that an expression spells out, among the casts and bounds around it."""
    if isinstance(node, exp.Literal) and not node.is_string:
        return int(node.name) if node.name.isdigit() else None
    if isinstance(node, exp.Cast | exp.Paren):
        return _constant(node.this)
    if isinstance(node, exp.Neg):
        value = _constant(node.this)
        return None if value is None else -value
    if isinstance(node, exp.Greatest | exp.Least):
        values = [_constant(each) for each in (node.this, *node.expressions)]
        known = [value for value in values if value is not None]
        choose = max if isinstance(node, exp.Greatest) else min
        return choose(known) if len(known) == len(values) else None
    return None


def _extreme(name: str, of_list: str) -> Rule:
    def rule(of: Expressions, node: exp.Greatest | exp.Least) -> Typed:
        values, kind = of.alike([node.this, *node.expressions])
        if isinstance(node.this, exp.Length):  # of a text that is there
            return Typed(call(name, *values), kind)
        # Trino's greatest is missing when one value is; DuckDB's passes it over.
        there = exp.Not(this=exp.Is(this=exp.column("v"), expression=exp.Null()))
        known = exp.Lambda(this=there, expressions=[exp.to_identifier("v")])
        listed = exp.Array(expressions=[cast(value, kind) for value in values])
        return Typed(call(of_list, call("filter", listed, known)), kind)

    return rule


def _nullif(of: Expressions, node: exp.Nullif) -> Typed:
    values, _ = of.alike([node.this, node.expression])
    return Typed(call("nullif", *values), of.convert(node.this).kind)


# Text


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
    part = call("split_part", subject, _separator(of, node.args["delimiter"]), index)
    return Typed(null_safe(part, subject, ""), Kind.TEXT)


def _separator(of: Expressions, node: exp.Expr) -> exp.Expr:
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


# Lists


def _split(of: Expressions, node: exp.Split) -> Typed:
    return Typed(call("split", of.text(node.this), _separator(of, node.expression)), Kind.LIST)


_ITEMS = {Kind.LIST: Kind.TEXT, Kind.LISTS: Kind.LIST}
_LISTED = {item: listed for listed, item in _ITEMS.items()}


def _over_items(name: str) -> Rule:
    def rule(of: Expressions, node: exp.Transform | exp.ArrayFilter) -> Typed:
        items = of.convert(node.this)
        item = node.expression.expressions[0].name
        if items.kind not in _ITEMS or item in of.kinds:
            raise Refused(f"{name} over {items.kind}")
        of.kinds[item] = _ITEMS[items.kind]
        body = of.convert(node.expression.this)
        del of.kinds[item]
        kind = items.kind if name == "filter" else _LISTED.get(body.kind)
        if kind is None:
            raise Refused(f"a list of {body.kind}")
        lambda_ = exp.Lambda(this=body.sql, expressions=[exp.to_identifier(item, quoted=True)])
        return Typed(call(name, items.sql, lambda_), kind)

    return rule


def _bracket(of: Expressions, node: exp.Bracket) -> Typed:
    found, key = of.convert(node.this), node.expressions[0]
    if isinstance(key, exp.Slice):
        items = of.sql(node.this, Kind.LIST)
        if key.expression is not None or not isinstance(key.this, exp.Literal):
            raise Refused("a part of a list")
        size = call("cardinality", items.copy())
        return Typed(call("slice", items, whole(int(key.this.name)), size), Kind.LIST)
    place = whole(int(key.name) + 1)  # sqlglot counts from 0
    if found.kind is Kind.TEXT:
        return Typed(call("substr", found.sql, place, whole(1)), Kind.TEXT)
    if found.kind is not Kind.LIST:
        raise Refused(f"an element of {found.kind}")
    return Typed(call("element_at", found.sql, place), Kind.TEXT)


def _array_join(of: Expressions, node: exp.ArrayToString) -> Typed:
    items = of.sql(node.this, Kind.LIST)
    return Typed(call("array_join", items, of.text(node.expression)), Kind.TEXT)


def _to_json(of: Expressions, node: exp.Anonymous) -> Typed:
    """JSON of a list of texts."""
    items = of.sql(node.expressions[0], Kind.LIST)
    as_json = exp.Cast(this=items, to=exp.DataType.build("JSON"))
    return Typed(as_json, Kind.JSON)


def _list_sum(of: Expressions, node: exp.Anonymous) -> Typed:
    """The sum of what is there of a few numbers; missing when nothing is."""
    values, kind = of.alike(node.expressions[0].expressions)
    total = call("coalesce", values[0], whole(0))
    for value in values[1:]:
        total = exp.Add(this=total, expression=call("coalesce", value, whole(0)))
    there = exp.Is(this=call("coalesce", *(v.copy() for v in values)), expression=exp.Null())
    known = exp.If(this=exp.Not(this=there), true=total)
    return Typed(exp.Case(ifs=[known]), kind)


# Time


def _epoch(of: Expressions, node: exp.UnixToTime) -> Typed:
    """DuckDB's epoch_ms, which is one name for both ways, and make_timestamp."""
    found, scale = of.convert(node.this), node.args.get("scale")
    if found.kind is Kind.TIME:
        return Typed(times.since_epoch(found.sql), Kind.INTEGER)
    if found.kind is not Kind.INTEGER or scale is None or scale.name != "3":
        raise Refused(f"a time from {found.kind}")
    return Typed(times.from_epoch(found.sql), Kind.TIME)


def _epoch_us(of: Expressions, node: exp.Anonymous) -> Typed:
    millis = times.since_epoch(of.sql(node.expressions[0], Kind.TIME))
    return Typed(exp.Mul(this=millis, expression=whole(1000)), Kind.INTEGER)


def _bin(of: Expressions, node: exp.DateBin) -> Typed:
    time = of.sql(node.expression, Kind.TIME)
    return Typed(times.floor(node.this, time, node.args["unit"].this.name), Kind.TIME)


def _written(of: Expressions, node: exp.TimeToStr) -> Typed:
    time = of.sql(node.this, Kind.TIME)
    return Typed(times.written(time, node.args["format"].name), Kind.TEXT)


def _zone(of: Expressions, node: exp.Anonymous) -> Typed:
    """timezone(zone, timezone('UTC', time)): what clocks there show."""
    zone, inner = node.expressions
    if not isinstance(inner, exp.Anonymous) or inner.name != "timezone":
        raise Refused("a time of another zone")
    if inner.expressions[0].name != "UTC":
        raise Refused("a time of another zone")
    return Typed(times.in_zone(of.sql(inner.expressions[1], Kind.TIME), zone.name), Kind.TIME)


def _row(of: Expressions, node: exp.Anonymous) -> Typed:
    values = [of.convert(each).sql for each in node.expressions]
    return Typed(call("row", *values), Kind.ROW)


RULES: Mapping[type[exp.Expr], Rule] = {
    exp.Abs: _keeps_kind("abs"),
    exp.Trunc: _real("truncate"),
    exp.Ceil: _real("ceil"),
    exp.Floor: _real("floor"),
    exp.Sqrt: _real("sqrt"),
    exp.Ln: _real("ln"),
    exp.Sin: _real("sin"),
    exp.Cos: _real("cos"),
    exp.Asin: _real("asin"),
    exp.Radians: _real("radians"),
    exp.Pow: _power,
    exp.Round: _round,
    exp.Greatest: _extreme("greatest", "array_max"),
    exp.Least: _extreme("least", "array_min"),
    exp.Nullif: _nullif,
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
    exp.Split: _split,
    exp.Transform: _over_items("transform"),
    exp.ArrayFilter: _over_items("filter"),
    exp.Bracket: _bracket,
    exp.ArrayToString: _array_join,
    exp.UnixToTime: _epoch,
    exp.DateBin: _bin,
    exp.TimeToStr: _written,
}
BY_NAME: Mapping[str, Rule] = {
    "strlen": _bytes,
    "to_json": _to_json,
    "list_sum": _list_sum,
    "epoch_us": _epoch_us,
    "timezone": _zone,
    "row": _row,
}
