"""How a decimal is written, as everywhere in answers: AWS writes them in other ways."""

from __future__ import annotations

import math


def written(said: str) -> str | None:
    """A decimal as Athena writes it, in the shortest digits that read back the same, never with an
    exponent; None for what is no finite number. The rules of `insights.terms`, in Python."""
    value = float(said)
    if not math.isfinite(value):
        return None
    if abs(value) >= 1e15:
        return f"{value:.0f}"
    if value == int(value):
        return str(int(value))
    if abs(value) < 1e-4:
        return f"{value:.20f}".rstrip("0").rstrip(".")
    return repr(value)
