"""The demo's network as EC2 describes it, for questions about made records."""

from __future__ import annotations

from bot.demo import documents, trail
from bot.network.changes import Recorded
from bot.network.documents import inventory
from bot.network.snapshots import Still
from tests.commands.records import NOW

INTERFACES = {
    "10.20.0.11": "eni-05562e11067c6ab0d",  # alb-a, zone a
    "10.20.0.5": "eni-08598bf949ed55b8e",  # nat-a
    "10.20.10.21": "eni-0857a8356d19f3b8a",  # app-a1, zone a, with an endpoint for S3
    "10.20.10.22": "eni-07366f18929465fa2",  # app-a2
    "10.20.11.21": "eni-0dbb1677ce20182fe",  # app-b1, zone b, without one
    "10.20.11.22": "eni-0713ad4db1f3fc2f4",  # app-b2
    "10.20.20.30": "eni-0be7380417d2c59b7",  # db-a1, zone a
    "10.20.21.30": "eni-0ba4ee7ad69857ab7",  # db-b1, zone b
}
S3 = "52.216.8.21"


def known(*, broken: bool = False) -> Still:
    found = documents.documents(broken=broken)
    named = {name.removesuffix(".json"): document for name, document in found.items()}
    return Still(inventory(named), lambda: NOW, recorded=Recorded(trail.events))
