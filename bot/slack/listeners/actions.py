"""Buttons and menus. Their value is a line to ask, or the id of a question to stop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.slack.blocks.answer import WHY
from bot.slack.desk import Desk
from bot.slack.request import Request

ASK_HERE = re.compile(rf"^(again|{WHY}|next:\d+)$")
ASK_PRIVATELY = re.compile(r"^(privately|try:\d+)$")
CANCEL = "cancel"
OPEN = re.compile(r"^open:\d+$")


def register(app: App, desk: Desk) -> None:
    """Asking again, asking next, trying an example, cancelling."""

    def ask_here(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        _take(desk, _request(desk, action, body))

    def ask_privately(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        _take(desk, _request(desk, action, body, channel=body["user"]["id"]))

    def cancel(ack: Ack, action: Mapping[str, Any], body: Mapping[str, Any]) -> None:
        ack()
        desk.cancel(action["value"], _request(desk, action, body))

    def opened(ack: Ack) -> None:
        ack()  # the browser has opened the address already

    app.action(ASK_HERE)(ask_here)
    app.action(ASK_PRIVATELY)(ask_privately)
    app.action(CANCEL)(cancel)
    app.action(OPEN)(opened)


def _request(
    desk: Desk, action: Mapping[str, Any], body: Mapping[str, Any], channel: str | None = None
) -> Request:
    """On the Home tab there is neither a channel nor a response URL."""
    user = body["user"]["id"]
    here = (body.get("channel") or {}).get("id") or user
    line = (action.get("selected_option") or action)["value"]
    return desk.request(line, user, channel or here, body.get("response_url"))


def _take(desk: Desk, request: Request) -> None:
    refusal = desk.take(request)
    if refusal:
        desk.tell(request, refusal)
