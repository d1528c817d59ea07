"""What the bot says by itself, as blocks: one glance in the channel, details in the thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.model.answer import Question
from bot.model.message import About, Button, Does, Message
from bot.model.times import zone_named
from bot.model.window import Window
from bot.slack import limits
from bot.slack.blocks.answer import Picture, image, pack
from bot.slack.blocks.table import table_block, table_text
from bot.slack.blocks.text import (
    Block,
    actions,
    button,
    code,
    context,
    cut_escaped,
    one_line,
    section,
)

EXPECTED, SNOOZE = "expected", "snooze"  # actions of buttons; listeners turn them into orders
_SIGNS = {"open": ":rotating_light:", "high": ":fire:", "resolved": ":white_check_mark:"}
_ABOUT = {
    About.DIGEST: ":newspaper:",
    About.TROUBLE: ":grey_question:",
    About.WATCH: ":eyes:",
}


def message_blocks(
    message: Message, pictures: Sequence[Picture] = (), remarks: Sequence[str] = ()
) -> list[Block]:
    """The message without its details. `remarks` are about the message, such as a lost chart."""
    lines = [cut_escaped(one_line(text), 1_000) for text in (*message.lines, *remarks)]
    return [
        section(f"{_sign(message)} *{cut_escaped(one_line(message.headline), 2_900)}*"),
        *(section(text) for text in pack(lines, limits.SECTION)[:5]),
        *([context(*said[: limits.CONTEXT_ELEMENTS])] if (said := _quieted(message)) else []),
        *(image(picture) for picture in pictures),
        *actions([made for n, one in enumerate(message.buttons) if (made := _button(n, one))]),
    ]


def details_blocks(message: Message, now: datetime) -> list[Block]:
    """The tables and notes of a message, and its key, by which orders name it."""
    window = Window.last(timedelta(days=1), now)
    question = Question("", "", window, zone_named(message.zone), now)
    blocks: list[Block] = []
    for n, table in enumerate(message.tables):
        blocks += table_text(table, question) if n else table_block(table, question)
    notes = [cut_escaped(one_line(text), 600) for text in message.notes]
    if message.about is About.WARNING:
        notes.append(f"Its key, for `expect` and `snooze`: {code(message.key)}")
    return [*blocks[: limits.BLOCKS - 1], context(*pack(notes, limits.CONTEXT)[:10])]


def notification(message: Message) -> str:
    """The message in one line, for notifications; escaped."""
    return cut_escaped(one_line(message.headline), limits.TEXT)


def _quieted(message: Message) -> list[str]:
    """What was said not to be told of, and by whom. An edit that mentions people notifies none."""
    zone = zone_named(message.zone)
    return [
        f":no_bell: {one.words} until {one.until.astimezone(zone):%a %d %b %H:%M %Z}"
        f" because {cut_escaped(one_line(one.reason), 500)}, owner {_person(one.owner)}"
        + (f", said by {_person(one.said_by)}" if one.said_by else "")
        + (f": {cut_escaped(one_line(', '.join(one.scopes)), 500)}." if one.scopes else ".")
        for one in message.quiet
    ]


def _person(name: str) -> str:
    """A mention where it is a user's id, else the words that somebody typed."""
    return f"<@{name}>" if re.fullmatch(r"[UW][A-Z0-9]+", name) else code(name, 80)


def _sign(message: Message) -> str:
    if message.about in (About.WARNING, About.TROUBLE) and message.state in _SIGNS:
        quiet = message.about is About.TROUBLE and message.state == "open"
        return _ABOUT[About.TROUBLE] if quiet else _SIGNS[message.state]
    return _ABOUT.get(message.about, ":bell:")


def _button(n: int, one: Button) -> Block | None:
    if len(one.value) > limits.BUTTON_VALUE:
        return None
    action = {Does.EXPECTED: EXPECTED, Does.SNOOZE: SNOOZE}.get(one.does, f"next:{n}")
    return button(one.label, action, one.value)
