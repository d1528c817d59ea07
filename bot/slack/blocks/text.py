"""Text that is safe to show: values from data and people can neither notify nor format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.slack import limits

Block = dict[str, Any]
_ELLIPSIS = "…"


def escape(value: str) -> str:
    """A value for mrkdwn: `<!channel>`, `<@U1>` and `<https://…>` come out as they were typed.

    Bare `@here` needs no help: it notifies only where `link_names` is asked for, which no message
    here does.
    """
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def one_line(value: str) -> str:
    """`value` without line breaks; other spaces stay, such as the thin ones within numbers."""
    return re.sub(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", value).strip()


def cut(value: str, most: int) -> str:
    """At most `most` characters, with an ellipsis where something was cut off."""
    return value if len(value) <= most else value[: most - 1] + _ELLIPSIS


def cut_escaped(value: str, most: int) -> str:
    """`value` escaped, at most `most` characters, never cut within an entity."""
    whole = escape(value)
    room = most
    while len(whole) > most:
        room -= max(1, (len(whole) - most) // 5)
        whole = escape(cut(value, room))
    return whole


def code(value: str, most: int = 500) -> str:
    """A value as inline code in mrkdwn, on one line; a backtick within would end it."""
    inner = one_line(value.replace("`", "\u02cb"))
    return f"`{cut_escaped(inner, most)}`" if inner else ""


def plain(value: str, most: int) -> Block:
    """A plain-text object: nothing in it is formatted; `:name:` stays as it is."""
    return {"type": "plain_text", "text": cut(value, most) or " ", "emoji": False}


def mrkdwn(text: str) -> Block:
    """A mrkdwn object of text that is escaped already; addresses in it do not become links."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    """A section of mrkdwn that is escaped already."""
    return {"type": "section", "text": mrkdwn(text)}


def context(*texts: str) -> Block:
    """Small print: up to `limits.CONTEXT_ELEMENTS` mrkdwn texts that are escaped already."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def preformatted(text: str) -> Block:
    """Text in a fixed-width box, literally: nothing in it is mrkdwn."""
    return {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_preformatted",
                "elements": [{"type": "text", "text": cut(text, limits.PREFORMATTED) or " "}],
            }
        ],
    }


def button(label: str, action: str, value: str, style: str | None = None) -> Block:
    """A button that sends `value` back under `action`."""
    made: Block = {
        "type": "button",
        "text": plain(label, limits.BUTTON_TEXT),
        "action_id": action,
        "value": value,
    }
    return made | ({"style": style} if style else {})


def link_button(label: str, action: str, url: str) -> Block:
    """A button that opens an address, which must fit `limits.URL`."""
    return {
        "type": "button",
        "text": plain(label, limits.BUTTON_TEXT),
        "action_id": action,
        "url": url,
    }


def menu(label: str, action: str, lines: Sequence[str]) -> Block:
    """A menu that sends the line that is chosen back under `action`.

    Lines must fit `limits.OPTION_VALUE`; what is read of them is cut.
    """
    return {
        "type": "static_select",
        "placeholder": plain(label, limits.PLACEHOLDER),
        "action_id": action,
        "options": [
            {"text": plain(line, limits.OPTION_TEXT), "value": line}
            for line in lines[: limits.OPTIONS]
        ],
    }


def actions(buttons: list[Block]) -> list[Block]:
    """Buttons and menus as one actions block; none when there are none."""
    if not buttons:
        return []
    return [{"type": "actions", "elements": buttons[: limits.ACTION_ELEMENTS]}]
