"""What an end of traffic belongs to: an interface, instance, subnet, VPC, zone, group, tag …

By the records' own field where the format has it, else by the inventory. A field tells of the
interface that wrote the record, so what it says holds for every address of that interface.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from bot.insights.quoting import pipeline
from bot.model.errors import MissingFields
from bot.model.fields import BY_NAME, create_flow_log_command
from bot.model.inventory import Interface, Inventory
from bot.model.query import Row
from bot.network.names import Names
from bot.network.places import Place
from bot.network.roads import Traced

Things = tuple[str, ...]  # ids; several where an interface has several security groups


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: how it is asked for and called, the field that says it, or none."""

    word: str
    noun: str
    plural: str
    field: str = ""


KINDS = {
    kind.word: kind
    for kind in (
        Kind("interface", "interface", "interfaces"),
        Kind("instance", "instance", "instances", "instanceId"),
        Kind("subnet", "subnet", "subnets", "subnetId"),
        Kind("vpc", "VPC", "VPCs", "vpcId"),
        Kind("zone", "zone", "zones", "azId"),
        Kind("security-group", "security group", "security groups"),
        Kind("tag", "tag", "tags", "instanceTag"),
        Kind("account", "account", "accounts", "accountId"),
        Kind("region", "Region", "Regions", "region"),
    )
}
UNLISTED = ("account", "region")  # of which the inventory says nothing
NAME = "name"  # the one tag that the inventory keeps of interfaces
GET_INVENTORY = "flows inventory --save FILE, then --inventory FILE"


def recorded_text(kind: Kind, fields: frozenset[str]) -> str | None:
    """The query for what records say of the interfaces that wrote them; None without the field."""
    if not kind.field or kind.field not in fields:
        return None
    return pipeline(
        f"stats count(*) as records by interfaceId, {kind.field}",
        "sort records desc",
        "limit 10000",
    )


class Belonging:
    """Which things of one kind an end belongs to.

    `rows` are those of `recorded_text`, `key` is a tag's. Raises `MissingFields` where neither the
    records, of which `fields` are known, nor the inventory can tell.
    """

    def __init__(
        self,
        kind: Kind,
        inventory: Inventory,
        rows: Iterable[Row],
        *,
        fields: frozenset[str],
        key: str = "",
    ) -> None:
        self.kind, self.key, self._inventory = kind, key, inventory
        self._names = Names(inventory)
        self._told = _by_interface(rows, kind.field)
        self._known = _known(kind, inventory, key)
        self._checked(fields)

    def ends(self, one: Traced) -> tuple[Things, Things]:
        """The things at both ends; none for what is not ours or not known.

        An interface of several addresses that no inventory lists tells of neither end: then what it
        recorded belongs to the things of that interface, as the end that is ours.
        """
        source, target = self._of(one.source), self._of(one.target)
        if source or target:
            return source, target
        own = self._of(Place("", one.seen.at))
        sends = one.seen.direction == "egress" or one.source.inside or not one.target.inside
        return (own, ()) if sends else ((), own)

    def _of(self, place: Place) -> Things:
        told = self._told.get(place.interface)
        if told:
            return (told,)
        interface = self._inventory.interfaces.get(place.interface)
        return tuple(thing for thing in self._known(place, interface) if thing)

    def name(self, thing: str) -> str:
        """What a thing is called; empty where it has no name besides its id."""
        inventory = self._inventory
        named = {
            "interface": lambda: self._names.interface(thing).name,
            "instance": lambda: self._names.instance(thing).name,
            "subnet": lambda: self._names.subnet(thing).name,
            "vpc": lambda: inventory.vpcs[thing].name if thing in inventory.vpcs else "",
            "zone": lambda: next(
                (s.zone_name for s in inventory.subnets.values() if s.zone_id == thing), ""
            ),
            "security-group": lambda: (
                inventory.groups[thing].name if thing in inventory.groups else ""
            ),
        }
        name = named.get(self.kind.word, str)()
        return "" if name == thing else name

    @property
    def source(self) -> str:
        """Where it is from, as a sentence of an answer."""
        if self.kind.word == "interface":
            return "Interfaces are told by the addresses they recorded, or by the inventory."
        told = BY_NAME[self.kind.field].log if self._told else ""
        by = f"the records' own {told}" if told else "the inventory"
        if told and self.kind.word not in UNLISTED:
            by += ", else by the inventory"
        return f"{self.kind.plural[:1].upper()}{self.kind.plural[1:]} are told by {by}."

    def _checked(self, fields: frozenset[str]) -> None:
        if self._told or not fields or _is_told(self.kind, self._inventory, self.key):
            return
        kind = self.kind
        what = f"neither these logs nor an inventory tell the {kind.noun} of an address"
        if kind.word == "tag" and self._inventory.interfaces:
            what = f"no instance or interface in the inventory has a tag {self.key!r}"
        ways = []
        if kind.word not in UNLISTED:
            ways.append(f"give a snapshot of the network ({GET_INVENTORY})")
        if kind.field:
            ways.append(f"make a second flow log: {create_flow_log_command((kind.field,))}")
        hint = ", or ".join(ways)
        hint = hint[:1].upper() + hint[1:]
        raise MissingFields((kind.field,) if kind.field else (), what, hint=hint)


def _by_interface(rows: Iterable[Row], field: str) -> dict[str, str]:
    """What most records of each interface say."""
    told: dict[str, str] = {}
    for row in rows:  # most records first
        value = row.text(field)
        if value != "-" and row.text("interfaceId") != "-":
            told.setdefault(row.text("interfaceId"), unquote(value))
    return told


def _known(
    kind: Kind, inventory: Inventory, key: str
) -> Callable[[Place, Interface | None], Iterable[str]]:
    """What places and the inventory say."""

    def tagged(interface: Interface | None) -> str:
        if interface is None:
            return ""
        instance = inventory.instances.get(interface.instance_id or "")
        own = interface.name if key.lower() == NAME else ""
        return (_tag(instance.tags, key) if instance else "") or own

    rules: Mapping[str, Callable[[Place, Interface | None], Iterable[str]]] = {
        "interface": lambda place, _: (place.interface,),
        "instance": lambda _, interface: ((interface.instance_id or "") if interface else "",),
        "subnet": lambda place, _: (place.subnet,),
        "vpc": lambda place, _: (place.vpc,),
        "zone": lambda place, _: (place.zone,),
        "security-group": lambda _, interface: interface.groups if interface else (),
        "tag": lambda _, interface: (tagged(interface),),
    }
    return rules.get(kind.word, lambda *_: ())


def _is_told(kind: Kind, inventory: Inventory, key: str) -> bool:
    """Whether the inventory could tell."""
    interfaces = inventory.interfaces.values()
    return {
        "interface": True,
        "instance": any(one.instance_id for one in interfaces),
        "subnet": bool(inventory.subnets),
        "vpc": bool(inventory.vpcs or inventory.subnets or inventory.interfaces),
        "zone": bool(inventory.subnets or inventory.interfaces),
        "security-group": any(one.groups for one in interfaces),
        "tag": any(_tag(one.tags, key) for one in inventory.instances.values())
        or (key.lower() == NAME and any(one.name for one in interfaces)),
    }.get(kind.word, False)


def _tag(tags: Mapping[str, str], key: str) -> str:
    """The value of a tag; its key is exact, or else the same but for case."""
    if key in tags:
        return tags[key]
    return next((value for name, value in tags.items() if name.lower() == key.lower()), "")
