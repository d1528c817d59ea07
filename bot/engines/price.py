"""What queries cost where the place that runs them bills by what it reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.model.writing import size


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for `per` bytes, which are called `unit`; a query is billed for `least` at least.

    `dated` says when the price was read; empty for one that a person gave.
    """

    dollars: float
    per: int
    unit: str
    least: int = 0
    dated: str = ""

    def told(self, *read: int) -> str:
        """What queries that read so many bytes each cost together."""
        cost = sum(max(each, self.least) for each in read) / self.per * self.dollars
        about = f"about ${cost:.4f}" if cost >= 0.0001 or not cost else "less than $0.0001"
        dated = f" ({self.dated})" if self.dated else ""
        return f"Scanned {size(sum(read))}: {about} at ${self.dollars:g} per {self.unit}{dated}."


# US East, by third-party pages that agree; the price pages of AWS were not read.
CLOUDWATCH = Price(0.005, 10**9, "GB", dated="June 2026")
ATHENA = Price(5.0, 10**12, "TB", least=10_000_000, dated="2026")


def price_of(source: str, per_gb: float = CLOUDWATCH.dollars) -> Price | None:
    """What a source's queries cost; `per_gb` is in dollars, for CloudWatch. None where free."""
    if source.startswith("athena://"):
        return ATHENA
    if not source.startswith("cloudwatch://"):
        return None
    return (
        CLOUDWATCH
        if per_gb == CLOUDWATCH.dollars
        else replace(CLOUDWATCH, dollars=per_gb, dated="")
    )
