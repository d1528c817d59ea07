"""SQL over IP addresses that are kept as text."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_GROUP = "[0-9a-fA-F]{1,4}"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")  # RFC 1918
# What IANA's registry of special-purpose addresses sets aside, besides the private ranges.
RESERVED = (
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)


def is_v4(sql: str) -> str:
    """Whether a text is a dotted IPv4 address without leading zeros."""
    return f"regexp_full_match({sql}, '{_V4}')"


def is_v6(sql: str) -> str:
    """Whether a text is an IPv6 address: eight groups, or fewer around one `::`; no zone."""
    tail = f"({_GROUP}|{_V4})"
    full = rf"({_GROUP}:){{7}}{_GROUP}|({_GROUP}:){{6}}{_V4}"
    short = rf"(({_GROUP}:){{0,6}}{_GROUP})?::(({_GROUP}:){{0,6}}{tail})?"
    # An address with `::` has at most seven groups; a dotted end stands for two of them.
    colons = f"length({sql}) - length(replace({sql}, ':', ''))"
    dotted = f"CASE WHEN contains({sql}, '.') THEN 6 ELSE 7 END"
    edges = f"(CASE WHEN starts_with({sql}, '::') OR ends_with({sql}, '::') THEN 1 ELSE 0 END)"
    return (
        f"(regexp_full_match({sql}, '{full}') OR (regexp_full_match({sql}, '{short}')"
        f" AND {colons} <= {dotted} + {edges}))"
    )


def v4_number(sql: str) -> str:
    """The 32-bit number of an IPv4 address; NULL for anything else."""
    parts = " + ".join(
        f"CAST(split_part({sql}, '.', {n}) AS BIGINT) * {256 ** (4 - n)}" for n in (1, 2, 3, 4)
    )
    return f"CASE WHEN {is_v4(sql)} THEN {parts} END"


def in_v4(sql: str, network: IPv4Network, number: str | None = None) -> str:
    """Whether a text is an IPv4 address inside a network; by its `number` where that is kept.

    The octets that the prefix fixes are compared as text first: that is fast, and turns most rows
    away before the address is looked at as a whole.
    """
    if number:
        low, high = int(network.network_address), int(network.broadcast_address)
        return f"{number} BETWEEN {low} AND {high}"
    fixed, bits = divmod(network.prefixlen, 8)
    octets = str(network.network_address).split(".")
    tests = []
    if fixed == 4:
        return f"{sql} = '{network.network_address}'"
    if fixed:
        tests.append(f"starts_with({sql}, '{'.'.join(octets[:fixed])}.')")
    if bits:
        low = int(octets[fixed])
        high = low + 2 ** (8 - bits) - 1
        octet = f"TRY_CAST(split_part({sql}, '.', {fixed + 1}) AS INTEGER)"
        tests.append(f"{octet} BETWEEN {low} AND {high}")
    return "(" + " AND ".join([*tests, is_v4(sql)]) + ")"


def in_v6(sql: str, network: IPv6Network, number: str | None = None) -> str:
    """Whether a text is an IPv6 address inside a network.

    Looked at only where the IPv4 `number` is lacking, where that is kept: most have one, and the
    patterns are slow.
    """
    low = network.network_address.exploded.replace(":", "")
    high = network.broadcast_address.exploded.replace(":", "")
    held = f"CASE WHEN {is_v6(sql)} THEN {_v6_digits(sql)} BETWEEN '{low}' AND '{high}' END"
    return f"CASE WHEN {number} IS NULL THEN {held} END" if number else held


def _v6_digits(sql: str) -> str:
    """The 32 hexadecimal digits of a valid IPv6 address."""
    octet = "CAST(split_part(regexp_extract({0}, '[0-9.]+$'), '.', {1}) AS INTEGER)"
    first, second, third, fourth = (octet.format(sql, n) for n in (1, 2, 3, 4))
    dotted = (
        f"regexp_extract({sql}, '^(.*:)[0-9.]+$', 1)"
        f" || format('{{:x}}:{{:x}}', {first} * 256 + {second}, {third} * 256 + {fourth})"
    )
    plain = f"(CASE WHEN contains({sql}, '.') THEN {dotted} ELSE {sql} END)"
    groups = "list_filter(string_split(half, ':'), lambda g: g <> '')"
    four = f"list_transform({groups}, lambda g: lpad(lower(g), 4, '0'))"
    halves = (
        f"list_transform(string_split({plain}, '::'), lambda half: array_to_string({four}, ''))"
    )
    right = "coalesce(h[2], '')"
    zeros = f"repeat('0', CAST(32 - length(h[1]) - length({right}) AS BIGINT))"
    return f"list_transform([{halves}], lambda h: h[1] || {zeros} || {right})[1]"


def digits(sql: str, number: str | None = None) -> str:
    """An address as text whose binary order is that of addresses, IPv4 first; else NULL.

    `number` is the 32-bit number of an IPv4 address, where that is kept.
    """
    v4 = number or v4_number(sql)
    four = f"WHEN {v4} IS NOT NULL THEN '4' || format('{{:08x}}', {v4})"
    return f"CASE {four} WHEN {is_v6(sql)} THEN '6' || {_v6_digits(sql)} END"


def ranges(column: str, rows: str) -> str:
    """A query that adds to `rows` the ends of the ranges in a column, as `digits`: `low`, `high`.

    `bits` is the prefix. A single address is a range of one; bits beyond the prefix do not count.
    Rows without a range are left out.
    """
    whole = "(length(digits) - 1) * 4"
    written = "regexp_extract(range, '^[^/]*/([0-9]{1,3})$', 1)"
    given = f"CASE WHEN contains(range, '/') THEN TRY_CAST({written} AS INTEGER) ELSE {whole} END"
    nibbles, kept = "'0123456789abcdef'", "bits // 4 + 1"
    nibble = f"strpos({nibbles}, substr(digits, {kept} + 1, 1)) - 1"
    step = "(1 << (4 - bits % 4))"
    char = f"substr({nibbles}, CAST({{0}} + 1 AS BIGINT), 1)"
    end = f"rpad(substr(digits, 1, {kept}) || CASE WHEN bits % 4 > 0 THEN {{0}} ELSE '' END"
    low = end.format(char.format(f"nibble - nibble % {step}"))
    high = end.format(char.format(f"nibble - nibble % {step} + {step} - 1"))
    split = f"SELECT *, {column} AS range, split_part({column}, '/', 1) AS address FROM {rows}"
    read = f"SELECT *, {digits('address')} AS digits FROM ({split})"
    sized = f"SELECT *, {given} AS bits FROM ({read})"
    cut = f"SELECT *, {nibble} AS nibble FROM ({sized}) WHERE bits <= {whole}"
    width = "CAST(length(digits) AS INTEGER)"
    return f"SELECT *, {low}, {width}, '0') AS low, {high}, {width}, 'f') AS high FROM ({cut})"
