"""Fields that a question needs only in some of its forms."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.errors import MissingFields
from bot.model.fields import create_flow_log_command


def require(names: Iterable[str], recorded: frozenset[str], what: str) -> None:
    """Raise `MissingFields` when records lack some of the fields; nothing known is fine."""
    missing = tuple(name for name in names if recorded and name not in recorded)
    if missing:
        raise MissingFields(
            missing,
            f"{what} needs fields that these logs do not record: {', '.join(missing)}",
            hint="A flow log's format cannot be changed, but a second one can be made:"
            f" {create_flow_log_command(missing)}",
        )
