"""Forms: a warning's buttons open one, and what is filled in becomes an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.model.errors import BadPart, FlowsError
from bot.slack.blocks.message import EXPECTED, SNOOZE
from bot.slack.blocks.modal import QUIET, REASON, missing_reason, quiet_line, refused
from bot.slack.desk import Desk

_VERBS = {EXPECTED: "expect", SNOOZE: "snooze"}


def register(app: App, desk: Desk) -> None:
    """*Expected* and *Snooze*, and the form behind them."""

    def opening(verb: str) -> Callable[..., None]:
        def open_(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
            ack()
            user = body["user"]["id"]
            channel = (body.get("channel") or {}).get("id") or user
            request = desk.request(
                f"{verb} {action['value']}", user, channel, body.get("response_url")
            )
            desk.open_form(verb, action["value"], request, body["trigger_id"])

        return open_

    def filled_in(ack: Ack, view: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        """Complaints go below their fields, at once: only words are looked at before the `ack`."""
        if missing_reason(view):
            ack(response_action="errors", errors=refused(REASON, "Say why it is expected."))
            return
        line, channel = quiet_line(view)
        request = desk.request(line, body["user"]["id"], channel)
        try:
            desk.check(request)
        except BadPart as error:
            ack(response_action="errors", errors=refused(error.part, str(error)))
            return
        except FlowsError as error:
            ack(response_action="errors", errors=refused(REASON, str(error)))
            return
        ack()
        desk.order(request)

    for action, verb in _VERBS.items():
        app.action(action)(opening(verb))
    app.view(QUIET)(filled_in)
