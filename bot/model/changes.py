"""Changes of rules that AWS recorded: what was changed, when, and in whose name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `resource` is the security group, NACL, interface or prefix list it was made to.

    `what` says it in words that stand after the resource: "rule 110 (inbound) was removed". `who`
    is a role or a user, empty where that is not told. `rule` is the NACL entry's number or the
    group rule's id, where it is about one. `opens` and `closes` say whether it can let more
    through, or less.
    """

    at: datetime
    resource: str
    what: str
    who: str = ""
    event: str = ""
    rule: int | str | None = None
    opens: bool = True
    closes: bool = True

    def __str__(self) -> str:
        """`sg-1 (sgr-1): a rule was changed to tcp 5432 for 10.0.1.0/24, by terraform-apply`."""
        named = f"{self.resource} ({self.rule})" if isinstance(self.rule, str) else self.resource
        return f"{named}: {self.what}{f', by {self.who}' if self.who else ''}"


@dataclass(frozen=True, slots=True)
class Changes:
    """What is known of the changes of some resources since a moment; `found` oldest first.

    `unread` says why not all of them are known, and is None when they are: that nothing was found
    means that nothing was changed only then.
    """

    found: tuple[Change, ...] = ()
    unread: str | None = None

    @property
    def known(self) -> bool:
        return self.unread is None

    def of(self, resources: Iterable[str], since: datetime) -> tuple[Change, ...]:
        """Changes of some of the resources, from a moment on."""
        wanted = frozenset(resources)
        return tuple(one for one in self.found if one.resource in wanted and one.at >= since)
