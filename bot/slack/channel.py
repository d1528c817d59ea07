"""Slack as a place for what the bot says by itself: posted once, edited, looked for, resolved.

A message's key travels in its metadata. After a crash between posting and recording, the history
of the conversation is asked for the key before anything is posted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.model.message import Message, Undelivered
from bot.model.times import zone_named
from bot.slack.blocks.message import details_blocks, message_blocks, notification
from bot.slack.blocks.text import Block
from bot.slack.clients import CALL_ERRORS, problem
from bot.slack.pictures import Gallery, Pictures

EVENT = "flows_message"
PAGE = 200
MOST_PAGES = 20
_GONE = frozenset("channel_not_found is_archived message_not_found cant_update_message".split())
_BAD_BLOCKS = frozenset("invalid_blocks msg_blocks_too_long".split())


class SlackChannel:
    """Posts into conversations by their ids. Calls are not repeated here: the courier does that.

    `client` tries nothing again, so that a call ends long before the claim on its delivery.
    """

    def __init__(
        self, client: WebClient, pictures: Pictures, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._pictures = pictures
        self._clock = clock

    def post(self, channel: str, message: Message, key: str) -> str:
        gallery = self._hung(message)
        blocks = message_blocks(message, gallery.pictures, gallery.remarks)
        plain = message_blocks(message, (), gallery.remarks)
        return self._posted(channel, message, key, [blocks, plain, []])

    def edit(self, channel: str, timestamp: str, message: Message, key: str) -> None:
        gallery = self._hung(message)
        for blocks in (
            message_blocks(message, gallery.pictures, gallery.remarks),
            message_blocks(message, (), gallery.remarks),
        ):
            try:
                self._client.chat_update(
                    channel=channel, ts=timestamp, blocks=blocks, **_fields(message, key)
                )
                return
            except CALL_ERRORS as error:
                if problem(error) not in _BAD_BLOCKS:
                    raise _undelivered(error, channel) from None
        raise Undelivered("Slack refuses the blocks of an edit", where=channel, permanent=True)

    def reply(self, channel: str, timestamp: str, message: Message, key: str) -> str:
        blocks = details_blocks(message, self._clock())
        return self._posted(channel, message, key, [blocks, []], timestamp)

    def find(self, channel: str, key: str, since: datetime, thread: str | None) -> str | None:
        try:
            for one in self._history(channel, since, thread):
                if _key_of(one) == key:
                    return str(one["ts"])
        except CALL_ERRORS as error:
            raise _undelivered(error, channel) from None
        return None

    def named(self, name: str) -> str | None:
        """The id of the conversation with a name that the bot is in; None when there is none."""
        cursor = ""
        try:
            for _ in range(MOST_PAGES):
                found = self._client.conversations_list(
                    types="public_channel,private_channel",
                    exclude_archived=True,
                    limit=PAGE,
                    cursor=cursor,
                )
                for one in found.get("channels") or []:
                    if one.get("name") == name and one.get("is_member"):
                        return str(one["id"])
                cursor = _next_cursor(found)
                if not cursor:
                    return None
        except CALL_ERRORS as error:
            raise _undelivered(error, f"#{name}") from None
        return None

    def _posted(
        self,
        channel: str,
        message: Message,
        key: str,
        shapes: Sequence[Sequence[Block]],
        thread: str | None = None,
    ) -> str:
        """Post the first shape that Slack takes; a refused one was not posted."""
        for n, blocks in enumerate(shapes):
            try:
                sent = self._client.chat_postMessage(
                    channel=channel,
                    blocks=list(blocks),
                    unfurl_links=False,
                    unfurl_media=False,
                    thread_ts=thread,
                    **_fields(message, key),
                )
                return str(sent["ts"])
            except CALL_ERRORS as error:
                if problem(error) not in _BAD_BLOCKS or n == len(shapes) - 1:
                    raise _undelivered(error, channel) from None
        raise Undelivered("there is nothing to post", where=channel, permanent=True)

    def _hung(self, message: Message) -> Gallery:
        return self._pictures.hang_all(message.charts, zone_named(message.zone))

    def _history(
        self, channel: str, since: datetime, thread: str | None
    ) -> Iterator[dict[str, Any]]:
        oldest = f"{since.timestamp():.6f}"
        cursor = ""
        for _ in range(MOST_PAGES):
            if thread:
                found = self._client.conversations_replies(
                    channel=channel,
                    ts=thread,
                    include_all_metadata=True,
                    limit=PAGE,
                    cursor=cursor,
                )
            else:
                found = self._client.conversations_history(
                    channel=channel,
                    oldest=oldest,
                    include_all_metadata=True,
                    limit=PAGE,
                    cursor=cursor,
                )
            yield from found.get("messages") or []
            cursor = _next_cursor(found)
            if not cursor:
                return


def _fields(message: Message, key: str) -> dict[str, Any]:
    return {
        "text": notification(message),
        "parse": "none",
        "link_names": False,
        "metadata": {"event_type": EVENT, "event_payload": {"key": key}},
    }


def _key_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT:
        return None
    return (metadata.get("event_payload") or {}).get("key")


def _next_cursor(found: Any) -> str:
    return str((found.get("response_metadata") or {}).get("next_cursor") or "")


def _undelivered(error: Exception, channel: str) -> Undelivered:
    name = problem(error)
    after = None
    if isinstance(error, SlackApiError) and getattr(error.response, "status_code", 0) == 429:
        headers = {k.lower(): v for k, v in dict(error.response.headers).items()}
        wait = str(headers.get("retry-after", "30"))
        after = timedelta(seconds=int(wait) if wait.isdigit() else 30)
    return Undelivered(
        f"Slack did not take it: {name}", where=channel, permanent=name in _GONE, after=after
    )
