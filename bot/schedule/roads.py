"""Which road each counted flow took, told as its bucket is counted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.model.answer import Network
from bot.model.inventory import Inventory
from bot.model.query import Result, Row
from bot.network.aws_ranges import AwsRanges
from bot.network.roads import trace
from bot.network.sightings import ALWAYS, BYTES, HELPFUL, PACKETS, RECORDS
from bot.schedule.counting import ACCEPT, RoadOf

_SUMS = (RECORDS, PACKETS, BYTES)


def roads(
    result: Result,
    inventory: Inventory | None,
    ranges: AwsRanges | None,
    inside: tuple[Network, ...] = (),
) -> RoadOf:
    """Says of each row of a result its category (`cross-zone`), or None for a second sighting.

    What one interface exchanged with an address is decided once for all of the rows, whatever their
    ports and buckets: more is known of it then, and less is to be decided.
    """
    told = [name for name in (*ALWAYS, *HELPFUL) if name in result.columns]
    key = _key(tuple(told))
    sums: dict[tuple[str | None, ...], list[int]] = {}
    for row in result.rows:
        if row.text("action") == ACCEPT:
            amounts = sums.setdefault(key(row), [0, 0, 0])
            for n, name in enumerate(_SUMS):
                amounts[n] += row.number(name)
    merged = [_row(told, values, amounts) for values, amounts in sums.items()]
    traced = trace(merged, inventory, ranges=ranges, inside=inside)
    category = {
        values: one.road.category.value if one.counted else None
        for values, one in zip(sums, traced, strict=True)
    }
    return lambda row: category[key(row)]


def _key(names: tuple[str, ...]) -> Callable[[Row], tuple[str | None, ...]]:
    return lambda row: tuple(map(row.values_by_field.get, names))


def _row(names: Sequence[str], values: Sequence[str | None], amounts: Sequence[int]) -> Row:
    fields = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    return Row(fields | {name: str(amount) for name, amount in zip(_SUMS, amounts, strict=True)})
