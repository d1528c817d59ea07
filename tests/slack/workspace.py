"""What the loopback workspace is made of, and what it calls things."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.slack import strict

TOKEN = "xoxb-loopback"
APP_TOKEN = "xapp-loopback"
SECRET = "loopback-signing-secret"
BOT = "U0BOT"
ACKNOWLEDGE_WITHIN = 3.0  # seconds

Json = dict[str, Any]

SCOPES = {  # the scope each method needs; "" for none
    "auth.test": "",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write",
    "files.getUploadURLExternal": "files:write",
    "files.completeUploadExternal": "files:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "conversations.history": "channels:history",
    "conversations.list": "channels:read",
    "conversations.replies": "channels:history",
    "views.open": "",
    "views.publish": "",
    "apps.connections.open": "connections:write",
}
# What one method needs besides, in conversations that are not public.
ELSEWHERE = frozenset("groups:history groups:read im:history".split())
GRANTED = ELSEWHERE | frozenset(
    "channels:history channels:read commands chat:write files:write files:read users:read".split()
)


class Refused(Exception):
    """An `ok: false` answer."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}


@dataclass
class Fault:
    """One misbehaviour of one method."""

    kind: str  # an error name, "500", "429", "drop" (works, and the reply is lost), "html"
    times: int
    retry_after: int = 1


@dataclass
class File:
    name: str
    alt: str
    content: bytes = b""
    complete: bool = False
    looks_left: int = 0  # how many more files.info it takes until Slack has processed it


@dataclass
class Hook:
    """A response URL."""

    channel: str
    user: str
    made: float
    uses: int = 0


@dataclass
class Form:
    """A modal that is open in front of somebody."""

    user: str
    view: Json
    errors: dict[str, str] = field(default_factory=dict)  # what the bot last complained of

    @property
    def initial(self) -> Json:
        """The form's values by block, as they are when nobody changes anything."""
        values: Json = {}
        for block in self.view["blocks"]:
            if block["type"] == "input":
                values[block["block_id"]] = strict.initial(block["element"])
        return values


@dataclass
class Told:
    """Something only one person sees."""

    user: str
    text: str
    blocks: list[Json]
    by: str  # "ack", "response_url" or "ephemeral"

    @property
    def words(self) -> str:
        return f"{self.text}\n{strict.words(self.blocks)}"


@dataclass
class Delivery:
    """A request sent to the bot, and what came back."""

    status: int
    body: str
    seconds: float
