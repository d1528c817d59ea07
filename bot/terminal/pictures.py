"""An answer's charts as files."""

from __future__ import annotations

from pathlib import Path

from bot.model.answer import Answer
from bot.model.errors import FlowsError


def write(answer: Answer, out: Path | None, prefix: str = "") -> dict[int, Path]:
    """Write the answer's charts as PNG into `out`; the paths by the charts' numbers."""
    if out is None or not answer.charts:
        return {}
    from bot.charts.drawing import png  # noqa: PLC0415  (half a second)

    files = {}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, chart in enumerate(answer.charts):
            path = (
                out / f"{prefix}{answer.question.command}{f'-{number + 1}' if number else ''}.png"
            )
            path.write_bytes(png(chart, answer.question.zone))
            files[number] = path
    except OSError as error:
        raise FlowsError(f"cannot write a chart: {error.strerror}", where=str(out)) from None
    return files
