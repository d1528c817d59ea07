"""What an address, an interface, an instance or a subnet is called: here and nowhere else.

The best name first: the instance's Name tag, the interface's, what the interface's description says
of its owner, the id, the address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from ipaddress import ip_address

from bot.model.errors import BadLine
from bot.model.inventory import Interface, Inventory, Subnet
from bot.model.published import Ranges
from bot.network.interface_words import INSTANCE, INTERFACE, owner_of
from bot.network.ranges import is_inside
from bot.network.teams import Teams

TEAM_TAG = "team"
MOST_NAMED = 8  # matches that an error lists
MOST_REMEMBERED = 200_000  # labels; the internet has more addresses than a process has memory
PRIVATE_ADDRESS, PUBLIC_ADDRESS, AWS_SERVICE = "private address", "public address", "AWS service"


@dataclass(frozen=True, slots=True)
class Label:
    """What one address, interface, instance or subnet is called.

    `name` is never empty; `id` is the instance's or interface's (or subnet's) id, else the address.
    `subnet`, `zone` and `team` are empty where they are not known. `as_of` is when the network was
    as the label says, None when that is not known; `certain` says that it was so at the moment
    asked about, and not only as of now.
    """

    name: str
    kind: str
    id: str
    subnet: str = ""
    zone: str = ""
    team: str = ""
    as_of: datetime | None = None
    certain: bool = False


class UnknownName(BadLine):
    """Nothing is called that."""


class SeveralMatches(BadLine):
    """More than one thing is called that."""


class Names:
    """Names in one snapshot. Look-ups are remembered, so they take microseconds."""

    def __init__(
        self,
        inventory: Inventory,
        *,
        teams: Teams | None = None,
        ranges: Ranges | None = None,
    ) -> None:
        self.inventory = inventory
        self._teams = teams or Teams()
        self._ranges = ranges
        self._public = {
            address: interface
            for interface in inventory.interfaces.values()
            for address in interface.public_addresses
        }
        self._of_instance: dict[str, Interface] = {}
        for interface in inventory.interfaces.values():
            self._of_instance.setdefault(interface.instance_id or "", interface)
        self._labels: dict[tuple[str, str], Label] = {}
        self._index: dict[str, tuple[Interface, ...]] | None = None

    def of(self, address: str, vpc_id: str = "") -> Label:
        """The label of an address; `vpc_id` tells apart VPCs whose ranges overlap."""
        found = self._labels.get((address, vpc_id))
        if found is None:
            if len(self._labels) >= MOST_REMEMBERED:
                self._labels.clear()
            found = self._labels[address, vpc_id] = self._of(address, vpc_id)
        return found

    def interface(self, interface_id: str) -> Label:
        """The label of an interface; of its id alone when the snapshot lacks it."""
        interface = self.inventory.interfaces.get(interface_id)
        if interface is None:
            return Label(interface_id, INTERFACE, interface_id, as_of=self.inventory.taken)
        return self._named(interface, interface.addresses[0] if interface.addresses else "")

    def instance(self, instance_id: str) -> Label:
        """The label of an instance, placed by the first of its interfaces."""
        own = self._of_instance.get(instance_id)
        if own is not None:
            return self.interface(own.id)
        instance = self.inventory.instances.get(instance_id)
        name = instance.name if instance else ""
        return Label(name or instance_id, INSTANCE, instance_id, as_of=self.inventory.taken)

    def subnet(self, subnet_id: str) -> Label:
        subnet = self.inventory.subnets.get(subnet_id)
        if subnet is None:
            return Label(subnet_id, "subnet", subnet_id, as_of=self.inventory.taken)
        name = subnet.name or subnet.id
        team = self._teams.of(str(subnet.ranges[0].network_address) if subnet.ranges else "")
        return Label(name, "subnet", subnet.id, name, _zone(subnet), team, self.inventory.taken)

    def serving(self, address: str, port: int) -> Label:
        """The label of an address that serves a port: of a host of ours that is nobody's, the team
        is the port's."""
        found = self.of(address)
        if found.team or found.kind in (PUBLIC_ADDRESS, AWS_SERVICE):
            return found
        return replace(found, team=self._teams.ports.get(port, ""))

    def addresses(self, word: str) -> tuple[str, ...]:
        """The addresses of what a person typed: a name, an id or an address.

        Private and public addresses as flow logs may write them, the private first. Raises
        `UnknownName` with names that are alike, `SeveralMatches` with those that fit.
        """
        plain = word.strip()
        try:
            return self._around(str(ip_address(plain)))
        except ValueError:
            pass
        index = self._names()
        found = index.get(plain.lower(), ())
        owners = {self._whose(interface) for interface in found}
        if len(owners) > 1:
            raise SeveralMatches(
                f"{len(owners)} hosts are called {plain!r}: {_listed(sorted(owners))}",
                hint="Write the id or the address of one.",
            )
        if not found:
            raise UnknownName(f"nothing is called {plain!r}", hint=self._alike(plain.lower()))
        return tuple(dict.fromkeys(a for interface in found for a in _all_addresses(interface)))

    def known(self) -> Iterable[str]:
        """Every name and id, for completion."""
        return self._names().keys()

    def _of(self, address: str, vpc_id: str) -> Label:
        found = self.inventory.interfaces_at(address)
        here = [interface for interface in found if interface.vpc_id == vpc_id] or found
        one = here[0] if len(here) == 1 else self._public.get(address)
        if one is not None:
            return self._named(one, address)
        if here:
            same = " or ".join(sorted({self._named(each, address).name for each in here}))
            return replace(self._without_interface(address), name=same)
        return self._without_interface(address)

    def _without_interface(self, address: str) -> Label:
        """By its subnet, by AWS's published ranges, or as an address and no more."""
        subnet = self.inventory.subnet_of(address)
        found = self._ranges.find(address) if self._ranges is not None else None
        name, kind = address, PUBLIC_ADDRESS
        if subnet is not None or is_inside(address):
            kind = PRIVATE_ADDRESS
        elif found is not None and found.is_service:
            name, kind = f"{found.service} {found.region}", AWS_SERVICE
        place = (subnet.name or subnet.id) if subnet is not None else ""
        team = self._teams.of(address)
        return Label(name, kind, address, place, _zone(subnet), team, self.inventory.taken)

    def _named(self, interface: Interface, address: str) -> Label:
        instance = self.inventory.instances.get(interface.instance_id or "")
        owner = owner_of(interface, self.inventory)
        names = (instance.name if instance else "", interface.name, owner.name if owner else "")
        thing = interface.instance_id or interface.id
        name = next((name for name in names if name), thing)
        if not any(names) and owner is not None:
            name = f"{owner.kind} {thing}"
        subnet = self.inventory.subnets.get(interface.subnet_id)
        ids = (*names, interface.instance_id or "", interface.id)
        team = self._teams.of(address, ids) or self._tagged(interface)
        return Label(
            name,
            INSTANCE if interface.instance_id else owner.kind if owner else INTERFACE,
            thing,
            (subnet.name or subnet.id) if subnet else interface.subnet_id,
            _zone(subnet) or interface.zone_id,
            team,
            self.inventory.taken,
        )

    def _tagged(self, interface: Interface) -> str:
        """The instance's own `team` tag, where the file of teams says nothing."""
        instance = self.inventory.instances.get(interface.instance_id or "")
        tags = instance.tags if instance else {}
        return next((value for key, value in tags.items() if key.lower() == TEAM_TAG), "")

    def _around(self, address: str) -> tuple[str, ...]:
        """The address itself, and for a public address of ours the private one that logs write."""
        public = self._public.get(address)
        return (address, *public.addresses[:1]) if public is not None else (address,)

    def _whose(self, interface: Interface) -> str:
        """What makes several interfaces one host: its instance, or the owner they share."""
        if interface.instance_id:
            return interface.instance_id
        owner = owner_of(interface, self.inventory)
        return f"{owner.kind} {owner.name}" if owner and owner.name else interface.id

    def _names(self) -> dict[str, tuple[Interface, ...]]:
        if self._index is None:
            gathered: dict[str, dict[str, Interface]] = {}
            for interface in self.inventory.interfaces.values():
                for word in self._words(interface):
                    gathered.setdefault(word.lower(), {})[interface.id] = interface
            self._index = {word: tuple(found.values()) for word, found in gathered.items()}
        return self._index

    def _words(self, interface: Interface) -> Iterable[str]:
        instance = self.inventory.instances.get(interface.instance_id or "")
        owner = owner_of(interface, self.inventory)
        words = (
            interface.id,
            interface.instance_id or "",
            instance.name if instance else "",
            interface.name,
            owner.name if owner else "",
        )
        return (word for word in words if word)

    def _alike(self, word: str) -> str:
        names = list(self._names())
        close = get_close_matches(word, names, n=3, cutoff=0.6)
        close += [name for name in names if word and word in name and name not in close][:3]
        if close:
            return f"Did you mean {' or '.join(close[:MOST_NAMED])}?"
        return "Write an address, a Name tag, an instance id (i-…) or an interface id (eni-…)."


def _listed(words: list[str]) -> str:
    more = len(words) - MOST_NAMED
    return ", ".join(words[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _all_addresses(interface: Interface) -> tuple[str, ...]:
    return (*interface.addresses, *interface.public_addresses)


def _zone(subnet: Subnet | None) -> str:
    return (subnet.zone_name or subnet.zone_id) if subnet is not None else ""
