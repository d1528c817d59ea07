"""The slash command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from bot.slack.desk import Desk


def register(app: App, desk: Desk) -> None:
    """`/flows LINE`: acknowledged silently, or with the reason why it was not taken."""

    def asked(ack: Ack, command: Mapping[str, Any]) -> None:
        refusal = desk.take(
            desk.request(
                command.get("text") or "",
                command["user_id"],
                command["channel_id"],
                command.get("response_url"),
            )
        )
        if refusal:
            ack(text=refusal, response_type="ephemeral")
        else:
            ack()

    app.command(desk.slash)(asked)
