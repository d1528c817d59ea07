"""What a person means by an address: the machine that has it, with all its addresses."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.answer import Network, Question
from bot.model.inventory import Inventory
from bot.network.ranges import holds, within

MOST_ADDRESSES = 50  # of one thing, in a query


@dataclass(frozen=True)
class Thing:
    """An address, with all else that its interface and instance have; or a range."""

    networks: tuple[Network, ...]
    interfaces: tuple[str, ...]  # as far as they are known

    def has(self, address: str) -> bool:
        return any(holds(network, address) for network in self.networks)

    def condition(self, field_name: str) -> str:
        """An Insights condition, in parentheses: the field's address is one of the thing's."""
        return "(" + " or ".join(within(field_name, n) for n in self.networks) + ")"


def thing_asked(question: Question, inventory: Inventory) -> Thing:
    """The address or range under `host`, with all else that its interfaces and instances have."""
    asked = question.network("host")
    if asked is None:
        raise AssertionError("host is a required argument")
    own = [
        interface
        for interface in inventory.interfaces.values()
        if any(holds(asked, a) for a in (*interface.addresses, *interface.public_addresses))
    ]
    instances = {i.instance_id for i in own if i.instance_id}
    own += [i for i in inventory.interfaces.values() if i.instance_id in instances and i not in own]
    if asked.num_addresses > 1:
        return Thing((asked,), tuple(i.id for i in own))
    addresses = [a for i in own for a in (*i.addresses, *i.public_addresses)]
    others = [type(asked)(a) for a in addresses if (":" in a) == (asked.version == 6)]
    networks = tuple(dict.fromkeys((asked, *others)))[:MOST_ADDRESSES]
    return Thing(networks, tuple(i.id for i in own)[:MOST_ADDRESSES])
