"""The Home tab, when somebody opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt import App

from bot.slack.desk import Desk
from bot.slack.home import Home


def register(app: App, desk: Desk, home: Home) -> None:
    """`app_home_opened` comes for the Messages tab as well, which needs nothing."""

    def opened(event: Mapping[str, Any]) -> None:
        if event.get("tab") == "home":
            user = str(event["user"])
            desk.soon(lambda: home.publish(user, desk.freshness))

    app.event("app_home_opened")(opened)
