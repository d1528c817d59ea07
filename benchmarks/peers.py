"""What people read flow logs with today, each asked the same four questions of the same files."""

# ruff: noqa: S608  (the SQL is made of constants and of paths this process made)

from __future__ import annotations

import gzip
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Any

from benchmarks.flowdata import SUBNETS

Answers = dict[str, dict[str, int]]
_NETWORKS = {name: IPv4Network(text) for name, text in SUBNETS.items()}
_BOUNDS = [
    (name, int(each.network_address), int(each.broadcast_address))
    for name, each in _NETWORKS.items()
]
_TYPES = {
    "version": "BIGINT",
    "account-id": "VARCHAR",
    "interface-id": "VARCHAR",
    "srcaddr": "VARCHAR",
    "dstaddr": "VARCHAR",
    "srcport": "BIGINT",
    "dstport": "BIGINT",
    "protocol": "BIGINT",
    "packets": "BIGINT",
    "bytes": "BIGINT",
    "start": "BIGINT",
    "end": "BIGINT",
    "action": "VARCHAR",
    "log-status": "VARCHAR",
}


@dataclass(frozen=True)
class Peer:
    """A contender: the module or program it needs, how it answers, its share of the data."""

    needs: str
    answer: Callable[[list[Path]], Answers]
    share: float = 1.0


def _top(answer: dict[str, int], count: int) -> dict[str, int]:
    return dict(sorted(answer.items(), key=lambda pair: (-pair[1], pair[0]))[:count])


def _sql(numbers: str, source: str) -> dict[str, str]:
    cases = " ".join(
        f"WHEN n BETWEEN {low} AND {high} THEN '{name}'" for name, low, high in _BOUNDS
    )
    inner = f"(SELECT {numbers} AS n, bytes FROM {source}) AS numbered"
    return {
        "a": f"SELECT srcaddr, sum(bytes) AS v FROM {source} GROUP BY srcaddr"
        " ORDER BY v DESC, srcaddr LIMIT 20",
        "b": f"SELECT start - start % 300 AS k, count(*) FROM {source} WHERE action = 'REJECT'"
        " GROUP BY k",
        "c": f"SELECT srcaddr, sum(bytes) AS v FROM {source} WHERE dstport = 5432"
        " GROUP BY srcaddr ORDER BY v DESC, srcaddr LIMIT 100",
        "d": f"SELECT CASE {cases} ELSE 'other' END AS k, sum(bytes) FROM {inner} GROUP BY k",
    }


def duckdb_by_hand(files: list[Path]) -> Answers:
    import duckdb  # noqa: PLC0415

    types = ", ".join(f"'{name}': '{kind}'" for name, kind in _TYPES.items())
    paths = [str(path) for path in files]
    source = f"read_csv({paths}, delim = ' ', header = true, columns = {{{types}}}, nullstr = '-')"
    octets = [f"split_part(srcaddr, '.', {n})::BIGINT * {256 ** (4 - n)}" for n in (1, 2, 3, 4)]
    with duckdb.connect(config={"threads": 2}) as connection:
        return {
            name: {str(k): int(v) for k, v in connection.execute(sql).fetchall()}
            for name, sql in _sql(" + ".join(octets), source).items()
        }


def chdb(files: list[Path]) -> Answers:
    from chdb import session  # noqa: PLC0415

    types = ", ".join(
        f"`{n}` {'Int64' if kind == 'BIGINT' else 'String'}" for n, kind in _TYPES.items()
    )
    root = Path(files[0].anchor).joinpath(*_shared(files))
    source = f"file('{root}/**.log.gz', 'CSVWithNames', '{types}')"
    settings = (
        " SETTINGS format_csv_delimiter = ' ', max_threads = 2,"
        " input_format_csv_allow_whitespace_or_tab_as_delimiter = 1"
    )
    found: Answers = {}
    with session.Session() as asked:
        for name, sql in _sql("IPv4StringToNumOrDefault(srcaddr)", source).items():
            rows = str(asked.query(sql + settings, "TSV")).splitlines()
            found[name] = {k: int(v) for k, v in (row.split("\t") for row in rows)}
    return found


def _shared(files: list[Path]) -> list[str]:
    parts = [path.parent.parts[1:] for path in files]
    return [same[0] for same in zip(*parts, strict=False) if len(set(same)) == 1]


def polars(files: list[Path]) -> Answers:
    import polars as pl  # noqa: PLC0415

    kinds: Any = {n: pl.Int64 if kind == "BIGINT" else pl.String for n, kind in _TYPES.items()}
    logs = pl.scan_csv(list(map(str, files)), separator=" ", schema=kinds, null_values="-")
    octets = pl.col("srcaddr").str.split_exact(".", 3).struct
    number: Any = sum(octets.field(f"field_{n}").cast(pl.Int64) * 256 ** (3 - n) for n in range(4))
    label: Any = pl.lit("other")
    for name, low, high in reversed(_BOUNDS):
        label = pl.when(number.is_between(low, high)).then(pl.lit(name)).otherwise(label)
    total = pl.col("bytes").sum().alias("v")
    order: Any = {"by": ["v", "k"], "descending": [True, False]}
    plans = {
        "a": logs.group_by(k="srcaddr").agg(total).sort(**order).head(20),
        "b": logs.filter(pl.col("action") == "REJECT")
        .group_by(k=pl.col("start") - pl.col("start") % 300)
        .agg(v=pl.len()),
        "c": logs.filter(pl.col("dstport") == 5432)
        .group_by(k="srcaddr")
        .agg(total)
        .sort(**order)
        .head(100),
        "d": logs.group_by(k=label).agg(total),
    }
    frames = {name: plan.collect(engine="streaming") for name, plan in plans.items()}
    return {
        name: {str(k): int(v) for k, v in frame.select("k", "v").rows()}
        for name, frame in frames.items()
    }


def mawk(files: list[Path]) -> Answers:
    cases = "".join(
        f'{"else " if n else ""}if (n >= {low} && n <= {high}) k = "{name}"; '
        for n, (name, low, high) in enumerate(_BOUNDS)
    )
    number = 'split($4, o, "."); n = ((o[1] * 256 + o[2]) * 256 + o[3]) * 256 + o[4]; '
    programs = {
        "a": "{v[$4] += $10}",
        "b": '$13 == "REJECT" {v[$11 - $11 % 300]++}',
        "c": "$7 == 5432 {v[$4] += $10}",
        "d": f'{{{number}{cases}else k = "other"; v[k] += $10}}',
    }
    found = {}
    for name, program in programs.items():
        text = (
            f'$1 == "version" {{next}} {program} END {{for (k in v) printf "%s %.0f\\n", k, v[k]}}'
        )
        unpacked = subprocess.Popen(["zcat", *map(str, files)], stdout=subprocess.PIPE)
        told = subprocess.run(
            ["mawk", text], stdin=unpacked.stdout, capture_output=True, text=True, check=True
        )
        unpacked.wait()
        pairs = (line.split() for line in told.stdout.splitlines())
        found[name] = {key: int(value) for key, value in pairs}
    return {**found, "a": _top(found["a"], 20), "c": _top(found["c"], 100)}


def flowlogs_reader(files: list[Path]) -> Answers:
    """One pass for all four, a record at a time, as a script that uses the library would."""
    from flowlogs_reader import FlowRecord  # noqa: PLC0415

    found: dict[str, Counter[str]] = {name: Counter() for name in "abcd"}
    for path in files:
        with gzip.open(path, "rt") as lines:
            names = [name.replace("-", "_") for name in next(lines).split()]
            for line in lines:
                record = FlowRecord(dict(zip(names, line.split(), strict=True)))
                found["a"][record.srcaddr] += record.bytes
                if record.action == "REJECT":
                    start = int(record.start.timestamp())
                    found["b"][str(start - start % 300)] += 1
                if record.dstport == 5432:
                    found["c"][record.srcaddr] += record.bytes
                found["d"][_label(record.srcaddr)] += record.bytes
    answers = {name: dict(counts) for name, counts in found.items()}
    return {**answers, "a": _top(answers["a"], 20), "c": _top(answers["c"], 100)}


def _label(address: str) -> str:
    number = ip_address(address)
    return next((name for name, net in _NETWORKS.items() if number in net), "other")


PEERS = {
    "polars, streaming": Peer("polars", polars),
    "chdb (ClickHouse in process)": Peer("chdb", chdb),
    "DuckDB by hand, read_csv four times": Peer("duckdb", duckdb_by_hand),
    "zcat and mawk, four times": Peer("mawk", mawk),
    "flowlogs-reader, one pass": Peer("flowlogs_reader", flowlogs_reader, share=0.05),
}
