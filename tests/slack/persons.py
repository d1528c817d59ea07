"""What people do in the loopback workspace, and how the bot hears of it."""

# ruff: noqa: S310  # addresses are our own

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from tests.slack.workspace import (
    ACKNOWLEDGE_WITHIN,
    BOT,
    SECRET,
    Delivery,
    Hook,
    Json,
    Told,
)


class Persons:
    """People type, press, choose, fill in forms and open the Home tab."""

    def command(
        self, text: str, user: str = "U1", channel: str = "C1", trigger: str | None = None
    ) -> Delivery:
        """Somebody types the slash command."""
        form = {
            "command": "/flows",
            "text": text,
            "user_id": user,
            "user_name": user.lower(),
            "channel_id": channel,
            "team_id": "T1",
            "api_app_id": "A1",
            "response_url": self.hook(channel, user),
            "trigger_id": trigger or self.serial("trigger"),
        }
        delivery = self.send(form, "slash_commands")
        self._acknowledged(delivery, user)
        return delivery

    def press(
        self, button: Json, user: str = "U1", channel: str | None = "C1", trigger: str | None = None
    ) -> Delivery:
        """Somebody presses a button; on the Home tab `channel` is None."""
        action = {"type": "button", "text": button["text"]}
        action |= {"value": button["value"]} if "value" in button else {}
        return self._act(action | {"action_id": button["action_id"]}, user, channel, trigger)

    def choose(self, menu: Json, number: int, user: str = "U1", channel: str = "C1") -> Delivery:
        """Somebody chooses an option of a menu."""
        action = {"type": "static_select", "selected_option": menu["options"][number]}
        return self._act(action | {"action_id": menu["action_id"]}, user, channel, None)

    def _act(self, action: Json, user: str, channel: str | None, trigger: str | None) -> Delivery:
        payload: Json = {
            "type": "block_actions",
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1", "domain": "loopback"},
            "api_app_id": "A1",
            "trigger_id": trigger or self.trigger(user),
            "actions": [{"block_id": "b", "action_ts": f"{time.time():.6f}"} | action],
            "container": {"type": "message" if channel else "view"},
        }
        if channel:
            payload |= {
                "channel": {"id": channel, "name": "here"},
                "response_url": self.hook(channel, user),
            }
        return self.send(payload, "interactive")

    def fill_in(self, user: str = "U1", **given: Any) -> Delivery:
        """Somebody changes fields of the form that is open, and submits it.

        Complaints stay in `errors` of the form; without any it is closed.
        """
        form = self.forms[user]
        values = {
            block: {name: value | given.get(block, {}) for name, value in of.items()}
            for block, of in form.initial.items()
        }
        payload = {
            "type": "view_submission",
            "team": {"id": "T1", "domain": "loopback"},
            "user": {"id": user, "team_id": "T1"},
            "api_app_id": "A1",
            "trigger_id": self.serial("trigger"),
            "view": form.view | {"id": "V2", "state": {"values": values}},
        }
        delivery = self.send(payload, "interactive")
        answer = json.loads(delivery.body or "{}")
        form.errors = answer.get("errors", {})
        blocks = {block.get("block_id") for block in form.view["blocks"]}
        if not set(form.errors) <= blocks or (answer and answer["response_action"] != "errors"):
            self.complaints.append(f"a form was answered with {answer}")
        if delivery.status == 200 and not form.errors:
            del self.forms[user]
        return delivery

    def open_home(
        self, user: str = "U1", tab: str = "home", event_id: str | None = None, retry: int = 0
    ) -> Delivery:
        """Somebody opens the app's Home (or Messages) tab."""
        payload = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": event_id or self.serial("Ev"),
            "event_time": int(time.time()),
            "authorizations": [{"team_id": "T1", "user_id": BOT, "is_bot": True}],
            "event": {"type": "app_home_opened", "user": user, "channel": "D1", "tab": tab},
        }
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        return self.send(payload, "events_api", headers if retry else {})

    def send(self, payload: Json, kind: str, headers: dict[str, str] | None = None) -> Delivery:
        """Deliver to the bot: over a socket when one is open, else as a signed request."""
        if self.sockets:
            return self.sockets[-1].deliver(payload, kind)
        if kind == "events_api":
            body, content = json.dumps(payload), "application/json"
        else:
            form = {"payload": json.dumps(payload)} if kind == "interactive" else payload
            body, content = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        return self.post(body, signed(body) | {"Content-Type": content} | (headers or {}))

    def post(self, body: str, headers: dict[str, str]) -> Delivery:
        """One HTTP request to the bot, whatever its headers claim."""
        request = urllib.request.Request(self.request_url, body.encode(), headers, method="POST")
        began = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        return Delivery(status, text, time.monotonic() - began)

    def hook(self, channel: str, user: str) -> str:
        with self.lock:
            name = self.serial("hook")
            self.hooks[name] = Hook(channel, user, self.clock())
            return f"{self.base}/hook/{name}"

    def trigger(self, user: str) -> str:
        """What a form can be opened with, once and for three seconds."""
        name = self.serial("trigger")
        with self.lock:
            self.triggers[name] = self.clock(), user
        return name

    def serial(self, prefix: str) -> str:
        return f"{prefix}{next(self._serial)}"

    def _acknowledged(self, delivery: Delivery, user: str) -> None:
        if delivery.status != 200 or delivery.seconds > ACKNOWLEDGE_WITHIN:
            self.note_told(Told(user, "operation_timeout", [], "slack"))
        elif delivery.body:
            body = json.loads(delivery.body)
            self.check_message(body)
            self.note_told(Told(user, body.get("text", ""), body.get("blocks") or [], "ack"))

    def note_told(self, told: Told) -> None:
        with self.changed:
            self.told.append(told)
            self.changed.notify_all()


def signed(body: str, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    """The headers by which Slack signs a request."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
