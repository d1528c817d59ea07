"""Draws the README's gallery anew: real answers over the demo's day, as PNG in docs/images.

python benchmarks/gallery.py
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import DEMO, open_asker, open_engine
from bot.charts.drawing import png
from bot.demo.story import moment_of_asking
from bot.engines.engine import Watch
from bot.settings import Settings

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ZONE = ZoneInfo("Europe/Berlin")
LINES = {
    "rejects": "rejects 24h",
    "db-clients": "db-clients postgres 24h",
    "why": "why app-b1 db-a1 5432 3h",
    "trend": "trend bytes 24h",
    "traffic": "traffic 24h",
    "dashboard": "dashboard 24h",
    "scans": "scans 24h",
}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as cache:
        settings = replace(Settings.read(), cache=Path(cache), inventory=None)
        with closing(open_engine(DEMO, settings)) as engine:
            asker = open_asker(engine, settings)
            for name, line in LINES.items():
                answer = asker.ask(line, zone=ZONE, watch=Watch(), now=moment_of_asking())
                (IMAGES / f"{name}.png").write_bytes(png(answer.charts[0], ZONE))
                print(f"{name}.png  {line}: {answer.headline}")


if __name__ == "__main__":
    main()
