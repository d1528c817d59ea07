"""What traffic costs, as an estimate from dated price tables.

A GB is 10^9 bytes here. Flow logs hold bytes of IP packets at an interface, not billed bytes, and
prices differ by contract: every figure is an estimate. Those of us-east-1 are from public pages,
named in `US_EAST_1`; other Regions need prices of their own (`read_prices`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.model.errors import BadSettings
from bot.model.published import Prices, Tier

GB = 10**9  # bytes
HOURS_OF_A_MONTH = 730
DAYS_OF_A_MONTH = HOURS_OF_A_MONTH / 24
LARGEST = 1024 * 1024  # bytes of a file of prices

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
    """Tables by Region, those of a YAML file (or JSON, which is YAML) over the ones given.

        eu-west-1:
          dated: 2026-05-01
          source: our contract
          nat_gb: 0.048
          egress: [[100, 0], [10000, 0.09], [null, 0.05]]

    What an entry leaves out is as in us-east-1. Raises `BadSettings`.
    """
    document = _document(path)
    if not isinstance(document, dict) or not document:
        raise BadSettings(
            "prices are not by Region", where=str(path), hint="Write eu-west-1: and its prices."
        )
    found = dict(tables)
    for region, entry in document.items():
        found[str(region)] = _table(str(region), entry, prices_of(str(region), tables), str(path))
    return found


def _document(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST:
            raise BadSettings("too large for a file of prices", where=str(path))
        return yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadSettings(f"prices cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark is not None else ""
        raise BadSettings(f"prices are not YAML{place}", where=str(path)) from None


def _table(region: str, entry: object, base: Prices, where: str) -> Prices:
    names = {field.name for field in fields(Prices)} - {"region"}
    if not isinstance(entry, dict) or not entry.keys() <= names:
        odd = (
            ", ".join(sorted(map(str, entry.keys() - names))) if isinstance(entry, dict) else entry
        )
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
        return date.fromisoformat(str(value)[:10])
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
