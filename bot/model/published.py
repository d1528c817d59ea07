"""What AWS publishes and answers rest on: which addresses are its services', and list prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

ESTIMATE = (
    "Costs are estimates: list prices of {region} as of {dated}, on bytes of IP packets in the"
    " logs; 1 GB is 10^9 bytes."
)
# What customers put their own things behind: an address there says nothing about a service of AWS.
CUSTOMERS = frozenset({"EC2", "CLOUDFRONT", "CLOUDFRONT_ORIGIN_FACING", "GLOBALACCELERATOR"})


@dataclass(frozen=True, slots=True)
class AwsRange:
    """`service` and `region` as AWS spells them: S3, us-east-1."""

    service: str
    region: str

    @property
    def is_service(self) -> bool:
        """Whether a service of AWS itself answers there, not a customer's host."""
        return self.service not in CUSTOMERS


class Ranges(Protocol):
    """Published ranges of addresses. `dated` says of when they are, in AWS's own words."""

    @property
    def dated(self) -> str: ...

    def find(self, address: str) -> AwsRange | None: ...


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
