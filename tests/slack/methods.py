"""The Web API's methods of the loopback workspace, each as strict as Slack's."""

# ruff: noqa: N802  # methods are named as Slack names them

from __future__ import annotations

import json

from tests.slack import strict
from tests.slack.workspace import ACKNOWLEDGE_WITHIN, BOT, File, Form, Json, Refused, Told


class Methods:
    """One method each, `_chat_postMessage` for chat.postMessage. Raises `Refused`."""

    def _conversation(self, channel: str) -> str:
        if channel.startswith("U"):
            return {"U1": "D1"}.get(channel, f"D{channel}")
        members = self.channels.get(channel)
        if members is None:
            raise Refused("channel_not_found")
        if BOT not in members:
            raise Refused("not_in_channel")
        return channel

    def _auth_test(self, _: Json) -> Json:
        return {
            "url": "https://loopback.slack.com/",
            "team": "Loopback",
            "user": "flows",
            "team_id": "T1",
            "user_id": BOT,
            "bot_id": "B1",
        }

    def _chat_postMessage(self, arguments: Json) -> Json:
        channel = self._conversation(arguments["channel"])
        blocks = self.check_message(arguments)
        if arguments.get("unfurl_links") or arguments.get("link_names"):
            self.complaints.append("links are unfurled or names linked")
        ts = f"{1_700_000_000 + next(self._serial)}.000100"
        self.messages[channel, ts] = {
            "ts": ts,
            "text": arguments.get("text", ""),
            "blocks": blocks,
            "edits": 0,
            "metadata": _metadata(arguments),
            "thread_ts": arguments.get("thread_ts"),
        }
        return {"channel": channel, "ts": ts}

    def _chat_update(self, arguments: Json) -> Json:
        message = self.messages.get((arguments["channel"], arguments["ts"]))
        if message is None:
            raise Refused("message_not_found")
        blocks = self.check_message(arguments)
        message |= {
            "text": arguments.get("text", ""),
            "blocks": blocks,
            "edits": message["edits"] + 1,
        }
        return {"channel": arguments["channel"], "ts": arguments["ts"]}

    def _conversations_history(self, arguments: Json) -> Json:
        channel, oldest = self._conversation(arguments["channel"]), arguments.get("oldest", "0")
        found = [m for m in self.in_channel(channel) if not m["thread_ts"]]
        return self._page([m for m in reversed(found) if float(m["ts"]) > float(oldest)], arguments)

    def _conversations_replies(self, arguments: Json) -> Json:
        channel, ts = self._conversation(arguments["channel"]), arguments["ts"]
        if (channel, ts) not in self.messages:
            raise Refused("thread_not_found")
        found = [m for m in self.in_channel(channel) if ts in (m["ts"], m["thread_ts"])]
        return self._page(found, arguments)

    def _conversations_list(self, arguments: Json) -> Json:
        found = [
            {"id": channel, "name": f"net-{channel.lower()}", "is_member": BOT in members}
            for channel, members in self.channels.items()
            if channel.startswith("C")
        ]
        return self._page(found, arguments, "channels")

    def _page(self, found: list[Json], arguments: Json, name: str = "messages") -> Json:
        """Two at a time, whatever the limit: callers must follow the cursor."""
        if name == "messages" and str(arguments.get("include_all_metadata", "")).lower() not in (
            "1",
            "true",
        ):
            found = [{k: v for k, v in one.items() if k != "metadata"} for one in found]
        start = int(arguments.get("cursor") or 0)
        after = str(start + 2) if start + 2 < len(found) else ""
        return {name: found[start : start + 2], "response_metadata": {"next_cursor": after}}

    def _chat_delete(self, arguments: Json) -> Json:
        message = self.messages.pop((arguments["channel"], arguments["ts"]), None)
        if message is None:
            raise Refused("message_not_found")
        self.deleted.append(message)
        return {}

    def _chat_postEphemeral(self, arguments: Json) -> Json:
        channel = self._conversation(arguments["channel"])
        if arguments["user"] not in self.channels[channel]:
            raise Refused("user_not_in_channel")
        self._tell(arguments["user"], arguments, "ephemeral")
        return {"message_ts": "1.1"}

    def _tell(self, user: str, arguments: Json, by: str) -> None:
        blocks = self.check_message(arguments)
        if any(block["type"] == "image" for block in blocks):
            raise Refused("invalid_blocks", errors=["files cannot be shared in an ephemeral"])
        self.note_told(Told(user, arguments.get("text", ""), blocks, by))

    def _users_info(self, arguments: Json) -> Json:
        user = arguments["user"]
        return {"user": {"id": user, "name": user.lower(), "tz": self.zones.get(user)}}

    def _views_open(self, arguments: Json) -> Json:
        view = arguments["view"]
        view = json.loads(view) if isinstance(view, str) else view
        issued = self.triggers.pop(arguments["trigger_id"], None)
        if issued is None:
            raise Refused("exchanged_trigger_id")
        made, user = issued
        if self.clock() - made > ACKNOWLEDGE_WITHIN:
            raise Refused("expired_trigger_id")
        try:
            strict.form(view)
        except strict.Invalid as error:
            self.complaints.append(str(error))
            raise Refused("invalid_arguments", errors=[str(error)]) from None
        self.forms[user] = Form(user, view)
        return {"view": {"id": "V2"}}

    def _views_publish(self, arguments: Json) -> Json:
        view = arguments["view"]
        view = json.loads(view) if isinstance(view, str) else view
        if set(view) != {"type", "blocks"} or view["type"] != "home":
            raise Refused("invalid_arguments")
        self.homes[arguments["user_id"]] = self.check_message({**view, "text": "home"}, 100)
        return {"view": {"id": "V1"}}

    def _files_getUploadURLExternal(self, arguments: Json) -> Json:
        name = self.serial("F")
        self.files[name] = File(arguments["filename"], arguments.get("alt_txt") or "")
        return {"file_id": name, "upload_url": f"{self.base}/upload/{name}"}

    def _files_completeUploadExternal(self, arguments: Json) -> Json:
        files = arguments["files"]
        files = json.loads(files) if isinstance(files, str) else files
        if arguments.get("channel_id") or arguments.get("channels"):
            self.complaints.append("a chart was shared as a file of its own")
        for one in files:
            file = self.files[one["id"]]
            if not file.content:
                raise Refused("file_not_found")
            file.complete, file.looks_left = True, self.looks
        return {"files": [{"id": one["id"], "title": one.get("title")} for one in files]}

    def _files_info(self, arguments: Json) -> Json:
        file = self.files.get(arguments["file"])
        if file is None or not file.complete:
            raise Refused("file_not_found")
        file.looks_left = max(0, file.looks_left - 1)
        kind = "" if file.looks_left else "image/png"
        return {"file": {"id": arguments["file"], "name": file.name, "mimetype": kind}}

    def _apps_connections_open(self, _: Json) -> Json:
        return {"url": self.socket_url}


def _metadata(arguments: Json) -> Json | None:
    metadata = arguments.get("metadata")
    return json.loads(metadata) if isinstance(metadata, str) else metadata
