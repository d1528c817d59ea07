"""Asks a real account and a local copy of the same records the same things; prints differences.

`make smoke-aws SOURCE=cloudwatch://REGION/LOG-GROUP`, or a source `athena://REGION/DATABASE/TABLE`
whose table was made with `flows athena ddl`. It reads half an hour of records that ended half an
hour ago, and costs what AWS takes for scanning them about 25 times; with CASES=1 also the query of
every case of the language, about 500 more. A difference becomes a case. pytest does not collect
this file.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.ask.asker import Asker
from bot.engines.athena.engine import AthenaEngine
from bot.engines.athena.opening import SCHEME as ATHENA
from bot.engines.athena.opening import open_athena
from bot.engines.cloudwatch.engine import CloudWatchEngine
from bot.engines.cloudwatch.opening import open_cloudwatch
from bot.engines.engine import Engine, Watch
from bot.engines.local.engine import LocalEngine
from bot.model.errors import FlowsError
from bot.model.fields import BY_NAME, DEFAULT_FORMAT
from bot.model.query import LARGEST_LIMIT, Query
from bot.model.window import Window
from commands import shelf

AGO = LENGTH = timedelta(minutes=30)
UTC_ZONE = ZoneInfo("UTC")
LINES = ("db-clients 443 30m", "rejects 30m", "top-talkers 30m")
# Besides plain ones, what the documentation leaves open and the local engine had to choose.
TEXTS = (
    "stats count(*) as n, sum(bytes) as total by action, logStatus | sort n desc, action asc",
    "stats count(*) as n by bin(5m) as t | sort t asc",
    "stats count(*) as n by srcAddr | sort srcAddr asc | limit 50",
    'filter dstPort = "443" | stats count(*) as n',
    "filter dstPort = 443 | stats count(*) as n",
    "filter noSuchField != 1 | stats count(*) as n",
    'filter noSuchField not like "x" | stats count(*) as n',
    "stats count(*) as n by noSuchField",
    "stats count(bytes) as n, min(bytes) as low, max(bytes) as high, avg(bytes) as mean",
    "stats pct(bytes, 95) as high, stddev(bytes) as spread",
    "fields bytes / 0 as nothing | stats count(nothing) as n",
    'fields isIpv4InSubnet(srcAddr, "10.0.0.0/8") as inside | stats count(*) as n by inside'
    " | sort n desc",
    "stats sum(bytes) as total by dstAddr | sort total | limit 5",
)


def copy(engine: Engine, window: Window, header: str, folder: Path) -> int:
    """Write the window's records into a file of the folder; returns how many there are."""
    text = f"fields @timestamp, @message | sort @timestamp asc | limit {LARGEST_LIMIT}"
    result = engine.run(Query(text, window, LARGEST_LIMIT), Watch())
    if result.truncated:
        raise SystemExit(f"more than {LARGEST_LIMIT:,} records in {LENGTH}: take a smaller group")
    lines = [row["@message"].strip() for row in result.rows]
    (folder / "records.log").write_text("\n".join([header, *lines, ""]))
    return len(lines)


def cases() -> Iterator[str]:
    """The queries of the cases, without those over tables or records of their own."""
    for path in sorted((Path(__file__).parent / "insights" / "cases").glob("*/*/query.txt")):
        if not (path.parent / "records.jsonl").exists() and "lookup" not in path.parent.parent.name:
            yield path.read_text().strip()


def differences(
    cloud: Engine, local: Engine, window: Window, texts: Sequence[str]
) -> Iterator[str]:
    """What one engine answers otherwise than the other. What both refuse is no difference."""
    for text in texts:
        here, there = (outcome(engine, Query(text, window)) for engine in (local, cloud))
        if isinstance(here, str) or isinstance(there, str):
            if not (isinstance(here, str) and isinstance(there, str)):
                yield f"{text}\n    AWS  {told(there)}\n    here {told(here)}"
            continue
        if "sort" not in text.lower():
            here, there = (sorted(rows, key=str) for rows in (here, there))
        yield from differing(text, there, here)
    for line in LINES:
        tables = []
        for engine in (cloud, local):
            asker = Asker(engine, shelf(), clock=lambda: window.end)
            answer = asker.ask(line, zone=UTC_ZONE, watch=Watch(), now=window.end)
            tables.append([(table.title, row) for table in answer.tables for row in table.rows])
        yield from differing(line, *tables)


def outcome(engine: Engine, query: Query) -> list[object] | str:
    """The rows, or why there are none."""
    try:
        rows = engine.run(query, Watch()).rows
    except FlowsError as error:
        return str(error)
    return [{name: rounded(value) for name, value in row.items()} for row in rows]


def told(outcome: list[object] | str) -> str:
    return outcome if isinstance(outcome, str) else f"answers with {len(outcome)} rows"


def rounded(value: str) -> str:
    """The value; of a number with a fraction only the digits that two ways of adding agree on."""
    try:
        return f"{float(value):.9g}" if "." in value else value
    except ValueError:
        return value


def differing(what: str, cloud: Sequence[object], local: Sequence[object]) -> Iterator[str]:
    if cloud == local:
        return
    yield f"{what}: {len(cloud)} rows in AWS, {len(local)} here"
    for number in range(max(len(cloud), len(local))):
        there, here = (rows[number] if number < len(rows) else None for rows in (cloud, local))
        if there != here:
            yield f"  row {number + 1}\n    AWS  {there}\n    here {here}"
            return


def opened(source: str) -> CloudWatchEngine | AthenaEngine:
    return open_athena(source) if source.startswith(ATHENA) else open_cloudwatch(source)


def header(engine: CloudWatchEngine | AthenaEngine) -> str:
    """The log's format as a file begins with it."""
    if isinstance(engine, AthenaEngine):
        record = engine._table(Watch()).record or ()
        return " ".join(BY_NAME[c.field].log if c.field in BY_NAME else c.field for c in record)
    layouts = {log.layout for log in engine._lookups.records(Watch()).flow_logs}
    if len(layouts) > 1:
        raise SystemExit("several formats in one source: take one log group at a time")
    names = [BY_NAME[name].log if name in BY_NAME else name for one in layouts for name in one]
    return " ".join(names or DEFAULT_FORMAT)


def main(source: str, texts: Sequence[str]) -> int:
    end = (datetime.now(UTC) - AGO).replace(second=0, microsecond=0)
    window = Window(end - LENGTH, end)
    cloud = opened(source)
    with tempfile.TemporaryDirectory() as folder:
        try:
            records = copy(cloud, window, header(cloud), Path(folder))
            local = LocalEngine(Path(folder))
            found = list(differences(cloud, local, window, texts))
            local.close()
        except FlowsError as error:
            raise SystemExit(f"smoke-aws: {error}") from None
        finally:
            cloud.close()
    asked = len(texts) + len(LINES)
    print("\n".join(found), f"{records:,} records, {asked} questions", sep="\n")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case [source]:
            sys.exit(main(source, TEXTS))
        case [source, "--cases"]:
            sys.exit(main(source, (*TEXTS, *cases())))
        case _:
            sys.exit(
                "smoke-aws: not run. Write make smoke-aws SOURCE=cloudwatch://REGION/LOG-GROUP"
                " [CASES=1]"
            )
