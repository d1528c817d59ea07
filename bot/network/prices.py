"""What traffic costs, as an estimate from dated price tables.

A GB is 10^9 bytes here. Flow logs hold bytes of IP packets at an interface, not billed bytes, and
prices differ by contract: every figure is an estimate. Those of us-east-1 are from public pages,
named in `US_EAST_1`; other Regions need prices of their own (`read_prices`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

from bot.model.errors import BadSettings

GB = 10**9  # bytes
HOURS_OF_A_MONTH = 730
DAYS_OF_A_MONTH = HOURS_OF_A_MONTH / 24
ESTIMATE = (
    "Costs are estimates: list prices of {region} as of {dated}, on bytes of IP packets in the"
    " logs; 1 GB is 10^9 bytes."
)


@dataclass(frozen=True, slots=True)
class Tier:
    """US dollars a GB, for GBs of a month up to `until`; None is without end."""

    until: float | None
    per_gb: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of one Region in US dollars. `dated` is the oldest of its sources' dates."""

    region: str
    dated: date
    source: str
    cross_zone: float  # a GB in each direction: what leaves one zone and what enters the other
    nat_gb: float  # a GB processed, whichever way it goes
    nat_hour: float
    egress: tuple[Tier, ...]
    inter_region: float  # a GB; differs by pair of Regions
    interface_endpoint_gb: float
    interface_endpoint_hour: float  # in one zone
    transit_gb: float | None = None  # a GB processed; None where no source was found

    def note(self) -> str:
        """What every answer with costs must say."""
        return ESTIMATE.format(region=self.region, dated=self.dated.isoformat())


US_EAST_1 = Prices(
    region="us-east-1",
    dated=date(2026, 3, 15),
    source="leanopstech 2026-04-27, usage.ai 2026-06-02, billspike 2026-03-15, cloudcostdown.eu",
    cross_zone=0.01,
    nat_gb=0.045,
    nat_hour=0.045,
    egress=(
        Tier(100, 0.0),
        Tier(10_000, 0.09),
        Tier(50_000, 0.085),
        Tier(150_000, 0.07),
        Tier(None, 0.05),
    ),
    inter_region=0.02,
    interface_endpoint_gb=0.01,
    interface_endpoint_hour=0.01,
)
TABLES: Mapping[str, Prices] = {US_EAST_1.region: US_EAST_1}


def prices_of(region: str, tables: Mapping[str, Prices] = TABLES) -> Prices:
    """The table of a Region, else that of us-east-1 under its own name."""
    return tables.get(region) or tables.get("us-east-1") or US_EAST_1


def cross_zone(bytes_: float, prices: Prices) -> float:
    """Packets that went to another zone are charged on both sides."""
    return 2 * prices.cross_zone * bytes_ / GB


def nat_processing(bytes_: float, prices: Prices) -> float:
    """What a NAT gateway passed on, both ways together; its hours are not in it."""
    return prices.nat_gb * bytes_ / GB


def internet_egress(bytes_: float, prices: Prices, *, month_before: float = 0) -> float:
    """What went out to the internet; what comes in is free.

    `month_before` are bytes of the same month that went out before: they fill the cheaper or dearer
    tiers first.
    """
    return _tiered((month_before + bytes_) / GB, prices) - _tiered(month_before / GB, prices)


def interface_endpoint(bytes_: float, hours: float, zones: int, prices: Prices) -> float:
    """An interface endpoint with an interface in each of `zones` zones."""
    return prices.interface_endpoint_gb * bytes_ / GB + (
        prices.interface_endpoint_hour * hours * zones
    )


def gateway_endpoint(bytes_: float) -> float:
    """Gateway endpoints, for S3 and DynamoDB, are free."""
    del bytes_
    return 0.0


@dataclass(frozen=True, slots=True)
class Saving:
    """What S3 or DynamoDB through a NAT gateway costs a month, and what an endpoint would.

    In US dollars a month at the window's pace. `break_even_gb` is the GB a month from which an
    interface endpoint is cheaper than the NAT gateway's processing; None where it never is. A
    gateway endpoint is cheaper from the first byte on.
    """

    gb: float  # a month
    by_nat: float
    by_gateway_endpoint: float
    by_interface_endpoint: float
    break_even_gb: float | None

    @property
    def saved(self) -> float:
        """A month, with a gateway endpoint."""
        return self.by_nat - self.by_gateway_endpoint


def through_nat(
    bytes_: float, days: float, prices: Prices, *, crossing: float = 0, zones: int = 1
) -> Saving:
    """The month at the pace of a window of `days`.

    `crossing` are those of the bytes that also went to the NAT gateway in another zone. The NAT
    gateway's hours are left out: it stays for other traffic.
    """
    pace = DAYS_OF_A_MONTH / days if days > 0 else 0.0
    by_nat = nat_processing(bytes_, prices) + cross_zone(crossing, prices)
    month = bytes_ * pace
    hours = prices.interface_endpoint_hour * HOURS_OF_A_MONTH * zones
    per_gb = by_nat / (bytes_ / GB) if bytes_ > 0 else prices.nat_gb
    gain = per_gb - prices.interface_endpoint_gb
    return Saving(
        gb=month / GB,
        by_nat=by_nat * pace,
        by_gateway_endpoint=gateway_endpoint(month),
        by_interface_endpoint=interface_endpoint(month, HOURS_OF_A_MONTH, zones, prices),
        break_even_gb=hours / gain if gain > 0 else None,
    )


def read_prices(path: Path, tables: Mapping[str, Prices] = TABLES) -> dict[str, Prices]:
    """Tables by Region, those of a JSON file over the ones given.

    The file: {"eu-west-1": {"dated": "2026-05-01", "source": "…", "nat_gb": 0.048, …}}. What an
    entry leaves out is as in us-east-1. Raises `BadSettings`.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings(f"prices cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise BadSettings(f"prices are not JSON: {error}", where=str(path)) from None
    if not isinstance(document, dict):
        raise BadSettings("prices are not by Region", where=str(path))
    found = dict(tables)
    for region, entry in document.items():
        found[region] = _table(region, entry, prices_of(region, tables), str(path))
    return found


def _table(region: str, entry: object, base: Prices, where: str) -> Prices:
    names = {field.name for field in fields(Prices)} - {"region"}
    if not isinstance(entry, dict) or not entry.keys() <= names:
        odd = sorted(entry.keys() - names) if isinstance(entry, dict) else entry
        raise BadSettings(
            f"{region}: no such price: {odd}",
            where=where,
            hint=f"Prices are {', '.join(sorted(names))}.",
        )
    if not {"dated", "source"} <= entry.keys():
        raise BadSettings(f"{region}: prices need `dated` and `source`", where=where)
    try:
        return replace(base, region=region, **{k: _value(k, v) for k, v in entry.items()})
    except (ValueError, TypeError, KeyError) as error:
        raise BadSettings(f"{region}: {error}", where=where) from None


def _value(name: str, value: Any) -> Any:
    if name == "dated":
        return date.fromisoformat(value)
    if name == "source":
        return str(value)
    if name == "egress":
        return _tiers(value)
    price = float(value)
    if not 0 <= price < 1000:
        raise ValueError(f"{name} is {value}, which is no price in US dollars")
    return price


def _tiers(value: Any) -> tuple[Tier, ...]:
    """[[100, 0], [10000, 0.09], [null, 0.05]]: up to how many GB, at what price."""
    tiers = tuple(
        Tier(None if until is None else float(until), _value("egress price", price))
        for until, price in value
    )
    ends = [tier.until for tier in tiers]
    if not ends or ends[-1] is not None or None in ends[:-1] or ends[:-1] != sorted(ends[:-1]):  # type: ignore[type-var]
        raise ValueError("egress needs rising tiers, the last up to null")
    return tiers


def _tiered(gb: float, prices: Prices) -> float:
    cost, start = 0.0, 0.0
    for tier in prices.egress:
        end = gb if tier.until is None else min(gb, tier.until)
        cost += max(0.0, end - start) * tier.per_gb
        start = max(start, end)
    return cost
