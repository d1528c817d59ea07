"""What the traffic of a window costs, item by item: in the window, and in a month at its pace.

All of it estimates from dated list prices (`prices.py`). Hours of gateways are left out: they stay
whatever the traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.model.inventory import Inventory
from bot.model.published import Prices
from bot.model.window import Window
from bot.network import prices as priced
from bot.network.aws_ranges import GLOBAL
from bot.network.prices import GB, Saving
from bot.network.roads import Category, Traced, Way

GATED = ("S3", "DYNAMODB")  # services that have gateway endpoints
_DAY = 86400


class Item(StrEnum):
    """What is charged by the GB."""

    CROSS_ZONE = "across zones"
    CROSS_TO_GATEWAY = "across zones to gateways"
    NAT = "NAT gateway processing"
    EGRESS = "out to the internet"
    OTHER_REGION = "to AWS services in other Regions"
    INTERFACE_ENDPOINT = "interface endpoint processing"


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes that are charged, and US dollars: for the window, and a month at its pace."""

    item: Item
    bytes: int
    window: float
    month: float


@dataclass(frozen=True)
class Pace:
    """How a window relates to a month, and what things cost."""

    window: Window
    prices: Prices

    @property
    def days(self) -> float:
        return self.window.seconds / _DAY

    @property
    def months(self) -> float:
        """How often the window fits into a month."""
        return priced.DAYS_OF_A_MONTH / self.days

    def cost(self, item: Item, bytes_: float) -> Cost:
        """The window gets its part of the month, whose tiers are those of all its bytes."""
        month = _OF_A_MONTH[item](bytes_ * self.months, self.prices)
        return Cost(item, round(bytes_), month / self.months, month)


def region_of(inventory: Inventory) -> str:
    """The Region most subnets are in; empty where none is known."""
    names = [s.zone_name.rstrip("abcdef") for s in inventory.subnets.values() if s.zone_name]
    return max(sorted(set(names)), key=names.count, default="")


def pace(window: Window, inventory: Inventory, tables: Mapping[str, Prices]) -> Pace:
    return Pace(window, priced.prices_of(region_of(inventory), tables))


def charged(one: Traced, region: str) -> Iterable[Item]:
    """What a flow is charged as; it may be several. What is free is nothing."""
    road = one.road
    if road.category is Category.CROSS_ZONE:
        yield Item.CROSS_ZONE
    elif road.crosses:
        yield Item.CROSS_TO_GATEWAY
    if road.way is Way.NAT_GATEWAY:
        yield Item.NAT
    if road.way is Way.INTERFACE_ENDPOINT:
        yield Item.INTERFACE_ENDPOINT
    if road.category is Category.INTERNET_OUT:
        yield Item.EGRESS
    out = one.source.inside and not one.target.inside
    if road.category is Category.AWS_SERVICE and out and _elsewhere(road.region, region):
        yield Item.OTHER_REGION


def costs(counted: Sequence[Traced], at: Pace, region: str) -> list[Cost]:
    """Every item that has bytes, in the order of the items."""
    sums = dict.fromkeys(Item, 0)
    for one in counted:
        for item in charged(one, region):
            sums[item] += one.seen.bytes
    return [at.cost(item, bytes_) for item, bytes_ in sums.items() if bytes_]


@dataclass(frozen=True)
class Detour:
    """A service with a gateway endpoint that was reached through a NAT gateway instead."""

    service: str
    flows: Sequence[Traced]
    saving: Saving

    @property
    def bytes(self) -> int:
        return sum(one.seen.bytes for one in self.flows)


def detours(counted: Iterable[Traced], at: Pace) -> list[Detour]:
    """S3 and DynamoDB through a NAT gateway, the dearest first."""
    found = []
    listed = [one for one in counted if one.road.way is Way.NAT_GATEWAY]
    for service in GATED:
        flows = [one for one in listed if one.road.service == service]
        bytes_ = sum(one.seen.bytes for one in flows)
        if not bytes_:
            continue
        crossing = sum(one.seen.bytes for one in flows if one.road.crosses)
        zones = {place.zone for one in flows for place in (one.source, one.target) if place.zone}
        saving = priced.through_nat(
            bytes_, at.days, at.prices, crossing=crossing, zones=max(1, len(zones))
        )
        found.append(Detour(service, flows, saving))
    return sorted(found, key=lambda detour: -detour.saving.by_nat)


def _elsewhere(region: str, ours: str) -> bool:
    return bool(ours and region and region not in (ours, GLOBAL))


def _other_region(bytes_: float, prices: Prices) -> float:
    return prices.inter_region * bytes_ / GB


def _interface_endpoint(bytes_: float, prices: Prices) -> float:
    return priced.interface_endpoint(bytes_, 0, 0, prices)


_OF_A_MONTH: dict[Item, Callable[[float, Prices], float]] = {
    Item.CROSS_ZONE: priced.cross_zone,
    Item.CROSS_TO_GATEWAY: priced.cross_zone,
    Item.NAT: priced.nat_processing,
    Item.EGRESS: priced.internet_egress,
    Item.OTHER_REGION: _other_region,
    Item.INTERFACE_ENDPOINT: _interface_endpoint,
}
