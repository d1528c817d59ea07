"""What a process leaves behind that was killed while it read."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.query import Query
from tests.engines.local.flowfiles import DAY, HEADER, RECORDS

READER = """
import sys
from pathlib import Path
from bot.engines.engine import Watch
from bot.engines.local.engine import LocalEngine
from bot.model.query import Query
from tests.engines.local.flowfiles import DAY
LocalEngine(Path(sys.argv[1]), cache=Path(sys.argv[2])).run(Query("stats count(*)", DAY), Watch())
"""


def test_a_killed_reader_does_no_harm(tmp_path: Path) -> None:
    logs, cache = tmp_path / "logs", tmp_path / "cache"
    logs.mkdir()
    for number in range(3):
        (logs / f"{number}.log").write_text("\n".join([HEADER, *(RECORDS * 8000)]))
    process = subprocess.Popen([sys.executable, "-c", READER, str(logs), str(cache)])
    try:
        while not list(cache.glob("read/*/writing-*/*.parquet")) and process.poll() is None:
            time.sleep(0.005)
    finally:
        process.kill()
        process.wait()
    assert list(cache.glob("read/*/*")), "it had begun to write"
    with closing(LocalEngine(logs, cache=cache)) as engine:
        (row,) = engine.run(Query("stats count(*) as n", DAY), Watch()).rows
    assert row["n"] == str(3 * 8000 * 60)
