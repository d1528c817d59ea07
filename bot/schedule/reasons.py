"""What may have led to an incident: how the rules on the way were changed just before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.ask.asker import Surroundings
from bot.model.changes import Changes
from bot.network.rules import Flow, checks
from bot.schedule.counting import BUCKET
from bot.schedule.incidents import Pair, Told

JUST_BEFORE = timedelta(hours=1)
LOOKED_AT = 3  # pairs, those with most rejects
TCP = 6  # the protocol does not matter: a gate rests on the same whatever passes


@dataclass(frozen=True, slots=True)
class Reasons:
    """Looks for reasons in the network that logs are of."""

    network: Surroundings

    def explain(self, told: Told, at: datetime) -> None:
        """Add to an incident's facts what changed before it, and when it is over, what mended it.

        `at` is the bucket it is told of. A change that was found is not looked for again; one that
        was not may only not have been listed yet.
        """
        incident, facts = told.incident, told.facts
        pairs = [pair for pair, _ in facts.pairs.most_common(LOOKED_AT)]
        began = incident.opened_at + BUCKET
        if not facts.changes:
            found = self._changes(pairs, incident.opened_at - JUST_BEFORE, at)
            facts.changes = [one for one in found.found if one.closes and one.at < began]
            facts.unread = found.unread
        if incident.resolved_at is not None:
            found = self._changes(pairs, incident.opened_at, at)
            facts.mended = [one for one in found.found if one.opens and one.at >= began]

    def _changes(self, pairs: Iterable[Pair], since: datetime, at: datetime) -> Changes:
        """Changes of all that the gates of some pairs rest on."""
        inventory = self.network.current(at=at)
        if inventory is None or not (inventory.groups or inventory.nacls):
            return Changes(unread="the rules of the network are not known")
        flows = [Flow(pair.source, pair.target, TCP, None) for pair in pairs]
        gates = [gate for flow in flows for gate in checks(inventory, flow)]
        resources = sorted({name for gate in gates for name in gate.rests_on})
        if not resources:
            return Changes(unread="neither end is in the inventory")
        return self.network.changes(resources, since, at + BUCKET)
