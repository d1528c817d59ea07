"""*Expected* and *Snooze*: forms over the real bot, the real orders and a real store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.model.message import About, Button, Does, Message
from bot.schedule.courier import Owing
from bot.schedule.incidents import KEY, Facts, Pair, State
from bot.schedule.opening import Watching
from bot.schedule.replay import Clock
from bot.store.audit import Audit
from bot.store.deliveries import Deliveries
from bot.store.incidents import Incident, Incidents, Snoozes
from bot.store.opening import Store, open_store
from tests.schedule.network import APP, DB, Network
from tests.slack import strict
from tests.slack.conftest import House
from tests.slack.loopback import Slack
from tests.slack.workspace import Refused

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
WARNING = f"{KEY}2026-11-24T11:50Z:inside-port-5432"


@dataclass
class Scene:
    """A warning in channel C1, and the bot that posted it."""

    slack: Slack
    house: House
    store: Store
    watching: Watching
    buttons: dict[str, Any] = field(default_factory=dict)

    def press(self, label: str, user: str = "U1") -> None:
        self.slack.press(self.buttons[label], user)

    def opened(self, label: str, user: str = "U1") -> dict[str, Any]:
        """The fields of the form behind a button."""
        self.press(label, user)
        self.slack.until(lambda: user in self.slack.forms)
        blocks = self.slack.forms[user].view["blocks"]
        return {one["block_id"]: one for one in blocks if one["type"] == "input"}

    @property
    def live(self) -> tuple[Any, ...]:
        return Snoozes(self.store).live(NOW)

    def told(self) -> str:
        self.slack.until(lambda: self.slack.told)
        return self.slack.told[-1].words

    def shown(self) -> str:
        """What stands in the channel, after the next tick."""
        assert self.house.bot is not None
        self.watching.ticker(self.house.bot.channel).courier.deliver()
        return strict.words(self.slack.in_channel("C1")[0]["blocks"])


@pytest.fixture
def scene(house: House, tmp_path: Path) -> Scene:
    store = open_store(str(tmp_path / "state.db"), lasting=False)
    watching = Watching(
        store=store, engine=Network(), clock=Clock(NOW), who="a", zone=BERLIN, warn="C1"
    )
    slack = house.start(orders=lambda channel: watching.orders(channel.named))
    facts = Facts(
        {"inside port 5432": [3.0, 48, 0], "from inside": [2.0, 48, 0]},
        told_at=NOW.isoformat(),
    )
    facts.pairs[Pair(APP, DB, "5432", True)] = 48
    incident = Incident(WARNING, State.OPEN, NOW, NOW, None, 3.0, facts.stored())
    Incidents(store, "made").keep(incident)
    message = Message(
        WARNING,
        About.WARNING,
        "open",
        "Rejected",
        buttons=(
            Button(Does.ASK, "Why?", "rejects from 10.0.1.5"),
            Button(Does.EXPECTED, "Expected", WARNING),
            Button(Does.SNOOZE, "Snooze", WARNING),
        ),
    )
    Owing(Deliveries(store)).post(message, "C1", NOW, timedelta(days=1))
    scene = Scene(slack, house, store, watching)
    scene.shown()
    (posted,) = slack.in_channel("C1")
    scene.buttons = {b["text"]["text"]: b for b in posted["blocks"][-1]["elements"]}
    return scene


def scopes(fields: dict[str, Any]) -> dict[str, Any]:
    return {one["value"]: one for one in fields["scope"]["element"]["options"]}


def test_expected_is_filled_in_with_what_is_usual(scene: Scene) -> None:
    fields = scene.opened("Expected")
    until = fields["until"]["element"]["initial_date_time"]
    assert datetime.fromtimestamp(until, UTC) == NOW + timedelta(days=7)
    assert fields["owner"]["element"]["initial_user"] == "U1"
    assert list(scopes(fields)) == [
        "all",
        "incident",
        "inside port 5432",
        "from inside",
        f"target {DB}",
        "port 5432",
        "kind inside",
    ]
    assert not fields["reason"]["optional"]
    scene.slack.fill_in(reason={"value": "the move"})
    said = "Expected until Tue 01 Dec 13:00 CET: from inside, inside port 5432."
    assert said in scene.told()
    assert {(one.scope, one.owner, one.reason) for one in scene.live} == {
        ("from inside", "U1", "the move"),
        ("inside port 5432", "U1", "the move"),
    }
    line = "Expected until Tue 01 Dec 13:00 CET because the move, owner <@U1>"
    assert line in scene.shown()
    assert len(scene.slack.in_channel("C1")) == 1, "the channel is spared an answer"


def test_another_owner_and_a_scope_are_chosen(scene: Scene) -> None:
    chosen = scopes(scene.opened("Expected"))["port 5432"]
    scene.slack.fill_in(
        scope={"selected_option": chosen},
        owner={"selected_user": "U2"},
        reason={"value": "load <test> & more"},
    )
    scene.told()
    (one,) = scene.live
    assert (one.scope, one.owner, one.said_by, one.incident) == ("port 5432", "U2", "U1", WARNING)
    assert "owner <@U2>, said by <@U1>: port 5432 (postgres)." in scene.shown()
    (deed, *_) = Audit(scene.store).latest()
    assert deed.who == "U1"
    assert deed.line.startswith(f"expect {WARNING} scope port 5432 until ")
    assert deed.line.endswith("owner <@U2> because load <test> & more")


def test_a_snooze_needs_no_reason(scene: Scene) -> None:
    fields = scene.opened("Snooze")
    assert fields["reason"]["optional"]
    scene.slack.fill_in(scope={"selected_option": scopes(fields)["incident"]})
    scene.told()
    (one,) = scene.live
    assert (one.scope, one.kind, one.until) == (WARNING, "snooze", NOW + timedelta(hours=4))
    assert "Snoozed until Tue 24 Nov 17:00 CET" in scene.shown()


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"until": {"selected_date_time": int(NOW.timestamp()) - 60}}, ("until", "over")),
        ({"until": {"selected_date_time": int(NOW.timestamp()) * 2}}, ("until", "year away")),
        ({"reason": {"value": "  "}}, ("reason", "Say why")),
    ],
)
def test_what_is_wrong_is_said_below_its_field(
    scene: Scene, given: dict[str, Any], complaint: tuple[str, str]
) -> None:
    scene.opened("Expected")
    scene.slack.fill_in(**({"reason": {"value": "the move"}} | given))
    part, what = complaint
    (found,) = scene.slack.forms["U1"].errors.items()
    assert found[0] == part
    assert what in found[1]
    assert scene.live == ()


def test_a_form_that_comes_too_late_is_told_with_the_words_to_write(scene: Scene) -> None:
    scene.slack.fail("views.open", "expired_trigger_id")
    scene.press("Expected")
    assert f"write `/flows expect {WARNING}`" in scene.told()


def test_a_warning_nobody_knows_any_more_has_no_form(scene: Scene) -> None:
    scene.buttons["Snooze"]["value"] = "warning:gone"
    scene.press("Snooze")
    assert "there is no warning 'warning:gone'" in scene.told()
    assert scene.slack.forms == {}


def test_a_trigger_lasts_three_seconds() -> None:
    now = [0.0]
    slack = Slack(clock=lambda: now[0])
    trigger = slack.trigger("U1")
    now[0] += 3.1
    with pytest.raises(Refused, match="expired_trigger_id"):
        slack._views_open({"trigger_id": trigger, "view": {}})
