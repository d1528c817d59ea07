"""The functions of the language, as rows of a table: arguments, DuckDB text, and the trap honoured.

`calls` says how arguments are written. A row whose text depends on more than its arguments' views
has a function that builds it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Network

from bot.insights import addresses, moments
from bot.insights.calls import Build, Function, Use
from bot.insights.regexes import compiled
from bot.insights.terms import (
    COMPOUND,
    NUMBERS,
    Kind,
    Term,
    holds,
    number,
    present,
    quoted,
    scalar_text,
    truth,
    widest,
)

_BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)"


def _f(
    name: str,
    arguments: str,
    result: Kind,
    duckdb: str | tuple[str, ...] | Build,
    note: str = "",
    *aliases: str,
) -> Function:
    texts = (duckdb,) if isinstance(duckdb, str) else duckdb
    return Function(name, tuple(arguments.split()), result, texts, note, aliases)


# Numbers


def _keeps_whole(template: str) -> Build:
    """A function that leaves whole numbers as they are."""

    def build(use: Use) -> Term:
        value = number(use.terms[0])
        return value if value.kind is not Kind.REAL else Term(template.format(value.sql), Kind.REAL)

    return build


def _round(use: Use) -> Term:
    value = number(use.terms[0])
    if value.kind is not Kind.REAL:
        return value
    digits = "0"
    if len(use.terms) > 1:
        digits = f"greatest(0, least(15, TRY_CAST({number(use.terms[1]).sql} AS INTEGER)))"
    return Term(f"round({value.sql}, {digits})", Kind.REAL)


def _histogram(use: Use) -> Term:
    width = use.terms[1].literal
    if isinstance(width, bool) or not isinstance(width, int | float) or not width > 0:
        raise use.context.bad(use.node.arguments[1], "the width of a bucket is a number above 0")
    value = number(use.terms[0])
    if value.kind is Kind.REAL or isinstance(width, float):
        return Term(f"(floor(CAST({value.sql} AS DOUBLE) / {width!r}) * {width!r})", Kind.REAL)
    wide = f"CAST({value.sql} AS HUGEINT)"
    return Term(f"({wide} - (({wide} % {width} + {width}) % {width}))", Kind.HUGE)


def _absolute(use: Use) -> Term:
    value = number(use.terms[0])
    if value.kind is Kind.REAL:
        return Term(f"abs({value.sql})", Kind.REAL)
    return Term(f"TRY(abs(CAST({value.sql} AS HUGEINT)))", Kind.HUGE)


def _extreme(name: str) -> Build:
    def build(use: Use) -> Term:
        values = [number(term) for term in use.terms]
        kind = widest({value.kind for value in values})
        return Term(f"{name}({', '.join(value.sql for value in values)})", kind)

    return build


_HAVERSINE = (
    "2 * 6371.0088 * asin(least(1, sqrt(pow(sin(radians({2} - {0}) / 2), 2)"
    " + cos(radians({0})) * cos(radians({2})) * pow(sin(radians({3} - {1}) / 2), 2))))"
)


def _whole(bits: str) -> Build:
    def build(use: Use) -> Term:
        value = number(use.terms[0])
        sql = f"TRY_CAST(trunc({value.sql}) AS {bits})" if value.kind is Kind.REAL else value.sql
        return Term(f"CAST(TRY_CAST({sql} AS {bits}) AS BIGINT)", Kind.INTEGER)

    return build


def _to_number(use: Use) -> Term:
    return number(use.terms[0])


def _to_double(use: Use) -> Term:
    return Term(f"CAST({number(use.terms[0]).sql} AS DOUBLE)", Kind.REAL)


# Any value


def _is_present(use: Use) -> Term:
    return truth(present(use.terms[0]))


def _choice(terms: list[Term], form: Callable[[list[str]], str]) -> Term:
    """One of several values: of their kind when they share one, otherwise text."""
    kinds = {term.kind for term in terms}
    if kinds <= set(NUMBERS):
        return Term(f"({form([term.sql for term in terms])})", widest(kinds))
    if kinds == {Kind.TIME}:
        return Term(f"({form([term.sql for term in terms])})", Kind.TIME)
    return Term(f"({form([scalar_text(term) for term in terms])})", Kind.TEXT)


def _coalesce(use: Use) -> Term:
    return _choice(list(use.terms), lambda values: f"coalesce({', '.join(values)})")


def _if(use: Use) -> Term:
    condition, *values = use.terms
    return _choice(
        values, lambda sql: f"CASE WHEN {holds(condition)} THEN {sql[0]} ELSE {sql[1]} END"
    )


def _case(use: Use) -> Term:
    terms = list(use.terms)
    if len(terms) > 21:
        raise use.context.bad(use.node, "case takes at most 10 branches")
    pairs, rest = len(terms) // 2, terms[len(terms) // 2 * 2 :]
    values = [terms[2 * n + 1] for n in range(pairs)] + rest

    def form(sql: list[str]) -> str:
        branches = [f"WHEN {holds(terms[2 * n])} THEN {sql[n]}" for n in range(pairs)]
        otherwise = f" ELSE {sql[-1]}" if rest else ""
        return f"CASE {' '.join(branches)}{otherwise} END"

    return _choice(values, form)


def _is_numeric(use: Use) -> Term:
    return truth(f"{number(use.terms[0]).sql} IS NOT NULL")


# Text


def _regex_replace(use: Use) -> Term:
    replacement = str(use.terms[2].literal)
    groups = compiled(use.pattern(1)).pattern
    if re.search(r"\\(?![\\\d])", replacement):
        place = use.node.arguments[2]
        raise use.context.bad(place, "a stray backslash", r"\1 stands for the first group.")
    sql = f"regexp_replace({use.text(0)}, {quoted(groups)}, {quoted(replacement)}, 'g')"
    return Term(sql, Kind.TEXT)


def _strcontains(use: Use) -> Term:
    if len(use.terms) > 2:
        raise use.context.unsupported(
            use.node.arguments[2],
            "strcontains is documented to ignore case when told so, but was seen not to",
            "Compare toLower(…) instead.",
        )
    return truth(f"contains({use.text(0)}, {use.text(1)})")


def _split(use: Use) -> Term:
    return Term(f"string_split({use.text(0)}, {use.text(1)})", Kind.LIST)


_SUBSTR = "substring({0}, greatest(TRY_CAST(trunc({1}) AS INTEGER), 0) + 1"
_HEX = "regexp_full_match({0}, '(0[xX])?([0-9a-fA-F]{{1,15}})')"


# JSON


def _json_parse(use: Use) -> Term:
    value = use.text(0)
    kinds = f"json_type(TRY_CAST({value} AS JSON)) IN ('OBJECT', 'ARRAY')"
    return Term(f"(CASE WHEN {kinds} THEN TRY_CAST({value} AS JSON) END)", Kind.MAP)


def _as_json(term: Term) -> str:
    """JSON of a map or a list, or of a text that is JSON."""
    if term.kind is Kind.MAP:
        return term.sql
    if term.kind is Kind.LIST:
        return f"to_json({term.sql})"
    return f"TRY_CAST({scalar_text(term)} AS JSON)"


def _json_stringify(use: Use) -> Term:
    term = use.terms[0]
    value = term.sql if term.kind in COMPOUND else scalar_text(term)
    return Term(f"CAST(to_json({value}) AS VARCHAR)", Kind.TEXT)


def _json_size(use: Use) -> Term:
    value = _as_json(use.terms[0])
    size = f"CAST(json_array_length({value}) AS BIGINT)"
    return Term(f"(CASE WHEN json_type({value}) = 'ARRAY' THEN {size} END)", Kind.INTEGER)


def _json_contains(use: Use) -> Term:
    value = _as_json(use.terms[0])
    items = f"json_extract_string({value}, '$[*]')"
    return truth(f"json_type({value}) = 'ARRAY' AND list_contains({items}, {use.text(1)})")


# Addresses


def _in_subnet(*versions: int) -> Build:
    def build(use: Use) -> Term:
        network = use.network(1)
        if network.version not in versions:
            raise use.context.bad(use.node.arguments[1], f"{network} is IPv{network.version}")
        if isinstance(network, IPv4Network):
            return truth(addresses.in_v4(use.text(0), network, use.terms[0].ipv4))
        return truth(addresses.in_v6(use.text(0), network, use.terms[0].ipv4))

    return build


def _address(test: Callable[[str], str]) -> Build:
    return lambda use: truth(test(use.text(0)))


def _v4_number(use: Use) -> Term:
    return Term(use.terms[0].ipv4 or f"({addresses.v4_number(use.text(0))})", Kind.INTEGER)


def _is_valid(sql: str) -> str:
    return f"{addresses.is_v4(sql)} OR {addresses.is_v6(sql)}"


def _any_of(sql: str, ranges: tuple[str, ...]) -> str:
    return " OR ".join(addresses.in_v4(sql, IPv4Network(each)) for each in ranges)


def _is_private(sql: str) -> str:
    return _any_of(sql, addresses.PRIVATE)


def _is_reserved(sql: str) -> str:
    return _any_of(sql, addresses.RESERVED)


def _is_public(sql: str) -> str:
    special = _any_of(sql, addresses.PRIVATE + addresses.RESERVED)
    return f"{addresses.is_v4(sql)} AND NOT coalesce({special}, false)"


_I, _R, _H, _T, _B, _M = Kind.INTEGER, Kind.REAL, Kind.HUGE, Kind.TEXT, Kind.TRUTH, Kind.TIME

FUNCTIONS: tuple[Function, ...] = (
    # Numbers
    _f("abs", "number", _R, _absolute),
    _f("ceil", "number", _R, _keeps_whole("ceil({0})")),
    _f("floor", "number", _R, _keeps_whole("floor({0})")),
    _f("round", "number number?", _R, _round, "halves go away from zero; at most 15 digits"),
    _f("sqrt", "number", _R, "CASE WHEN {0} >= 0 THEN sqrt({0}) END", "missing below 0"),
    _f("log", "number", _R, "CASE WHEN {0} > 0 THEN ln({0}) END", "natural; missing up to 0"),
    _f("greatest", "number+", _R, _extreme("greatest"), "missing values are passed over"),
    _f("least", "number+", _R, _extreme("least"), "missing values are passed over"),
    _f("haversine", "number number number number", _R, _HAVERSINE, "kilometres; mean radius"),
    _f("toNumber", "any", _R, _to_number, "missing for what is no number"),
    _f("toInt", "any", _I, _whole("INTEGER"), "truncates; missing beyond 32 bits"),
    _f("toLong", "any", _I, _whole("BIGINT"), "truncates; missing beyond 64 bits"),
    _f("toDouble", "any", _R, _to_double, "missing for what is no number"),
    # Time
    Function(
        "histogram",
        ("number", "number"),
        _H,
        _histogram,
        "where the bucket begins that a number is in, as a key of stats only: the second argument"
        " is a width, as was seen, not a number of buckets, as is documented",
        key_only="histogram counts into a map here, whose form AWS does not give",
    ),
    _f("bin", "period", _M, moments.bin_, "reads @timestamp; capped as Insights caps periods"),
    _f("datefloor", "time period", _M, moments.datefloor, "all units of bin are taken"),
    _f("dateceil", "time period", _M, moments.dateceil, "a moment on a boundary stays"),
    _f("fromMillis", "number", _M, moments.from_millis),
    _f("toMillis", "time", _I, "epoch_ms({0})"),
    _f("now", "", _I, moments.now, "seconds"),
    _f("queryStartTime", "", _I, moments.query_start, "milliseconds"),
    _f("queryEndTime", "", _I, moments.query_end, "milliseconds; the end is excluded"),
    _f("queryTimeRange", "", _I, moments.query_range, "milliseconds"),
    _f(
        "formatDate",
        "time string string?",
        _T,
        moments.format_date,
        "Java pattern, English names; offsets from UTC are refused",
        "strftime",
    ),
    _f(
        "parseDate",
        "text string string?",
        _I,
        moments.parse_date,
        "milliseconds; missing when it fails",
    ),
    # Any value
    _f("isPresent", "any", _B, _is_present, "`-` is present"),
    _f("coalesce", "any+", _T, _coalesce, "`-` is a value"),
    _f("if", "truth any any", _T, _if),
    _f("case", "truth any any*", _T, _case, "at most 10 branches; without a default, missing"),
    _f("isNumeric", "any", _B, _is_numeric, "`-` is not; decimals and exponents are"),
    _f("messageSize", "text", _I, "strlen({0})", "bytes of UTF-8"),
    # Text
    _f("isEmpty", "text", _B, "coalesce({0} = '', true)", "1 when missing"),
    _f("isBlank", "text", _B, "coalesce(regexp_full_match({0}, '\\s*'), true)", "1 when missing"),
    _f("concat", "text+", _T, "concat({all})", "missing values are left out"),
    _f(
        "trim",
        "text text?",
        _T,
        (f"trim({{0}}, {_BLANKS})", "trim({0}, {1})"),
        "the second argument is a set of characters, instead of white space",
    ),
    _f("ltrim", "text text?", _T, (f"ltrim({{0}}, {_BLANKS})", "ltrim({0}, {1})"), "as trim"),
    _f("rtrim", "text text?", _T, (f"rtrim({{0}}, {_BLANKS})", "rtrim({0}, {1})"), "as trim"),
    _f("strlen", "text", _I, "length({0})", "code points"),
    _f("toUpper", "text", _T, "upper({0})"),
    _f("toLower", "text", _T, "lower({0})"),
    _f(
        "substr",
        "text number number?",
        _T,
        (_SUBSTR + ")", _SUBSTR + ", greatest(TRY_CAST(trunc({2}) AS INTEGER), 0))"),
        "the first character is 0; below 0 counts as 0",
    ),
    _f("replace", "text text text", _T, "replace({0}, {1}, {2})", "all of them"),
    _f(
        "regexReplace",
        "text regex string",
        _T,
        _regex_replace,
        "all of them; \\1 is a group",
        "regex_replace",
    ),
    _f(
        "strcontains",
        "text text any?",
        _B,
        _strcontains,
        "the third argument is refused: it is documented to ignore case, but was seen not to",
    ),
    _f("startsWith", "text text", _B, "starts_with({0}, {1})"),
    _f("endsWith", "text text", _B, "ends_with({0}, {1})"),
    _f("urlencode", "text", _T, "url_encode({0})", "a blank is %20"),
    _f("urldecode", "text", _T, "TRY(url_decode({0}))"),
    _f("base64encode", "text", _T, "to_base64(encode({0}))"),
    _f("base64decode", "text", _T, "TRY(decode(from_base64({0})))", "missing when it is not"),
    _f(
        "hexToDec",
        "text",
        _I,
        f"CASE WHEN {_HEX} THEN TRY_CAST('0x' || regexp_extract({{0}}, '([0-9a-fA-F]+)$', 1)"
        " AS BIGINT) END",
        "up to 15 digits; 0x is optional",
    ),
    _f("decToHex", "number", _T, "format('{{:x}}', TRY_CAST({0} AS BIGINT))", "lower case"),
    _f("hexToAscii", "text", _T, "TRY(decode(unhex({0})))", "missing when it is not"),
    _f("split", "text text", Kind.LIST, _split),
    # Addresses
    _f("isValidIp", "text", _B, _address(_is_valid)),
    _f("isValidIpV4", "text", _B, _address(addresses.is_v4), "no leading zeros"),
    _f("isValidIpV6", "text", _B, _address(addresses.is_v6), "a zone (%eth0) is refused"),
    _f("isIpInSubnet", "text cidr", _B, _in_subnet(4, 6), "false for `-`, missing, other family"),
    _f("isIpv4InSubnet", "text cidr", _B, _in_subnet(4), "false for `-`, missing, other family"),
    _f("isIpv6InSubnet", "text cidr", _B, _in_subnet(6), "false for `-`, missing, other family"),
    _f("ipv4ToNumber", "text", _I, _v4_number, "missing for what is no IPv4 address"),
    _f("isPrivateIP", "text", _B, _address(_is_private), "RFC 1918"),
    _f("isPublicIP", "text", _B, _address(_is_public), "IPv4 neither private nor reserved"),
    _f("isReservedIP", "text", _B, _address(_is_reserved), "IANA special purpose, not private"),
    # JSON
    _f("jsonParse", "text", Kind.MAP, _json_parse, "missing unless a map or a list"),
    _f("jsonStringify", "any", _T, _json_stringify),
    _f("jsonArraySize", "any", _I, _json_size, "missing for what is no list"),
    _f("jsonArrayContains", "any text", _B, _json_contains, "compares as text"),
    # Hashes
    _f("md5", "text", _T, "md5({0})"),
    _f("sha256", "text", _T, "sha256({0})"),
)


def function(name: str) -> Function | None:
    """The function called `name`, in any case."""
    wanted = name.lower()
    for each in FUNCTIONS:
        if wanted in {known.lower() for known in (each.name, *each.aliases)}:
            return each
    return None
