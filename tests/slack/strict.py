"""The rules of Block Kit as far as the bot uses it; what is not listed is refused.

Written from Slack's reference, apart from the builders' own limits on purpose: a wrong number in
one place must not hide in both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

_MENTION = re.compile(r"<@U[A-Z0-9]+>")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")


class Invalid(Exception):
    """What a real Slack would answer with `invalid_blocks`."""


def need(condition: bool, complaint: str) -> None:
    if not condition:
        raise Invalid(complaint)


def keys(thing: Any, where: str, required: str, optional: str = "") -> None:
    need(isinstance(thing, dict), f"{where}: must be an object")
    must, may = set(required.split()), set(optional.split())
    need(must <= set(thing), f"{where}: missing {sorted(must - set(thing))}")
    need(set(thing) <= must | may, f"{where}: unexpected {sorted(set(thing) - must - may)}")


def length(text: Any, where: str, most: int) -> None:
    need(isinstance(text, str), f"{where}: must be a string")
    need(1 <= len(text) <= most, f"{where}: must be 1 to {most} characters, has {len(text)}")


def many(items: Any, where: str, most: int) -> None:
    need(isinstance(items, list), f"{where}: must be an array")
    need(1 <= len(items) <= most, f"{where}: must be 1 to {most} items, has {len(items)}")


def pings(text: str) -> list[str]:
    """What in a mrkdwn text Slack would take for a mention, a link or a command."""
    return [found for found in re.findall(r"<[^>]*>?", text) if not _MENTION.fullmatch(found)]


def mrkdwn_is_safe(text: str, where: str) -> None:
    need(not pings(text), f"{where}: unescaped control sequence {pings(text)}")
    bare = [m for m in re.findall(r"&[^\s;]*;?", text) if not _ENTITY.fullmatch(m)]
    need(not bare, f"{where}: unescaped ampersand {bare}")


def text_object(thing: Any, where: str, most: int, kinds: str = "plain_text mrkdwn") -> None:
    keys(thing, where, "type text", "emoji verbatim")
    need(thing["type"] in kinds.split(), f"{where}: type {thing['type']!r} is not allowed here")
    length(thing["text"], where, most)
    if thing["type"] == "mrkdwn":
        need("emoji" not in thing, f"{where}: mrkdwn has no emoji")
        need(thing.get("verbatim") is True, f"{where}: addresses would become links")
        mrkdwn_is_safe(thing["text"], where)


def button(thing: Any, where: str) -> None:
    keys(thing, where, "type text action_id", "value url style")
    need(thing["type"] == "button", f"{where}: only buttons and menus are used")
    text_object(thing["text"], f"{where}/text", 75, "plain_text")
    length(thing["action_id"], f"{where}/action_id", 255)
    need("value" in thing or "url" in thing, f"{where}: a button that does nothing")
    if "value" in thing:
        length(thing["value"], f"{where}/value", 2000)
    if "url" in thing:
        length(thing["url"], f"{where}/url", 3000)
        need(thing["url"].startswith("https://"), f"{where}/url: must be https")
    need(thing.get("style", "primary") in ("primary", "danger"), f"{where}/style")


def menu(thing: Any, where: str) -> None:
    keys(thing, where, "type action_id options", "placeholder")
    length(thing["action_id"], f"{where}/action_id", 255)
    if "placeholder" in thing:
        text_object(thing["placeholder"], f"{where}/placeholder", 150, "plain_text")
    many(thing["options"], f"{where}/options", 100)
    for n, option in enumerate(thing["options"]):
        keys(option, f"{where}/options/{n}", "text value")
        text_object(option["text"], f"{where}/options/{n}/text", 75, "plain_text")
        length(option["value"], f"{where}/options/{n}/value", 150)
    values = [option["value"] for option in thing["options"]]
    need(len(values) == len(set(values)), f"{where}/options: a value twice")


def header(block: Any, where: str) -> None:
    keys(block, where, "type text", "block_id")
    text_object(block["text"], f"{where}/text", 150, "plain_text")


def section(block: Any, where: str) -> None:
    keys(block, where, "type text", "block_id accessory")
    text_object(block["text"], f"{where}/text", 3000)
    if "accessory" in block:
        button(block["accessory"], f"{where}/accessory")


def context(block: Any, where: str) -> None:
    keys(block, where, "type elements", "block_id")
    many(block["elements"], f"{where}/elements", 10)
    for n, element in enumerate(block["elements"]):
        text_object(element, f"{where}/elements/{n}", 2000)


def image(block: Any, where: str) -> None:
    keys(block, where, "type slack_file alt_text", "block_id title")
    length(block["alt_text"], f"{where}/alt_text", 2000)
    keys(block["slack_file"], f"{where}/slack_file", "id")


def actions(block: Any, where: str) -> None:
    keys(block, where, "type elements", "block_id")
    many(block["elements"], f"{where}/elements", 25)
    for n, element in enumerate(block["elements"]):
        kind = menu if element.get("type") == "static_select" else button
        kind(element, f"{where}/elements/{n}")


def divider(block: Any, where: str) -> None:
    keys(block, where, "type", "block_id")


def rich_text(block: Any, where: str) -> None:
    keys(block, where, "type elements", "block_id")
    many(block["elements"], f"{where}/elements", 50)
    for n, element in enumerate(block["elements"]):
        place = f"{where}/elements/{n}"
        keys(element, place, "type elements", "border")
        need(element["type"] == "rich_text_preformatted", f"{place}: type")
        for leaf in element["elements"]:
            keys(leaf, place, "type text")
            need(leaf["type"] == "text", f"{place}: type")
            length(leaf["text"], place, 3000)


def table(block: Any, where: str) -> None:
    keys(block, where, "type rows", "block_id column_settings")
    many(block["rows"], f"{where}/rows", 100)
    total = 0
    for n, row in enumerate(block["rows"]):
        many(row, f"{where}/rows/{n}", 20)
        need(len(row) == len(block["rows"][0]), f"{where}/rows/{n}: ragged")
        for cell in row:
            keys(cell, f"{where}/rows/{n}", "type text")
            need(cell["type"] == "raw_text", f"{where}/rows/{n}: type")
            length(cell["text"], f"{where}/rows/{n}", 10_000)
            total += len(cell["text"])
    need(total <= 10_000, f"{where}: {total} characters in all")
    settings = block.get("column_settings", [])
    need(len(settings) <= 20, f"{where}/column_settings: at most 20")
    for setting in settings:
        keys(setting, f"{where}/column_settings", "", "align is_wrapped")
        need(setting.get("align", "left") in ("left", "center", "right"), f"{where}: align")


def _options(thing: Any, where: str) -> None:
    many(thing["options"], f"{where}/options", 100)
    for n, option in enumerate(thing["options"]):
        keys(option, f"{where}/options/{n}", "text value", "description")
        text_object(option["text"], f"{where}/options/{n}/text", 75, "plain_text")
        length(option["value"], f"{where}/options/{n}/value", 150)
    if "initial_option" in thing:
        need(
            thing["initial_option"] in thing["options"], f"{where}/initial_option: is none of them"
        )


def field(thing: Any, where: str) -> None:
    """An element of an input block."""
    match thing.get("type"):
        case "static_select":
            keys(thing, where, "type action_id options", "initial_option")
            _options(thing, where)
        case "users_select":
            keys(thing, where, "type action_id", "initial_user")
        case "datetimepicker":
            keys(thing, where, "type action_id", "initial_date_time")
            moment = thing.get("initial_date_time", 10**9)
            need(
                type(moment) is int and 10**9 <= moment < 10**10, f"{where}: ten digits of seconds"
            )
        case "plain_text_input":
            keys(thing, where, "type action_id", "multiline max_length min_length initial_value")
            need(1 <= thing.get("max_length", 1) <= 3000, f"{where}/max_length")
        case kind:
            raise Invalid(f"{where}: unknown element {kind!r}")


def form(view: Any) -> None:
    """Raise `Invalid` unless it is a modal that Slack opens."""
    keys(view, "view", "type title blocks callback_id", "submit close private_metadata")
    need(view["type"] == "modal", "view: must be a modal")
    for name in ("title", "submit", "close"):
        text_object(view[name], f"view/{name}", 24, "plain_text")
    length(view["callback_id"], "view/callback_id", 255)
    length(view.get("private_metadata", "-"), "view/private_metadata", 3000)
    many(view["blocks"], "view/blocks", 100)
    ids = [block["block_id"] for block in view["blocks"] if "block_id" in block]
    need(len(ids) == len(set(ids)), f"block_id used twice: {ids}")
    for n, block in enumerate(view["blocks"]):
        if block.get("type") == "input":
            keys(block, f"view/blocks/{n}", "type label element", "block_id optional hint")
            text_object(block["label"], f"view/blocks/{n}/label", 2000, "plain_text")
            field(block["element"], f"view/blocks/{n}/element")
        else:
            check([block])


def initial(element: Any) -> dict[str, Any]:
    """What a field says in `state` as long as nobody touches it, under its action's id."""
    kind = element["type"]
    found: dict[str, Any] = {"type": kind}
    match kind:
        case "static_select":
            found["selected_option"] = element.get("initial_option")
        case "users_select":
            found["selected_user"] = element.get("initial_user")
        case "datetimepicker":
            found["selected_date_time"] = element.get("initial_date_time")
        case _:
            found["value"] = element.get("initial_value")
    return {element["action_id"]: found}


RULES: dict[str, Callable[[Any, str], None]] = {
    "header": header,
    "section": section,
    "context": context,
    "image": image,
    "actions": actions,
    "divider": divider,
    "rich_text": rich_text,
    "table": table,
}


def check(blocks: Any, most: int = 50) -> None:
    """Raise `Invalid` unless `blocks` are what Slack takes in one message (or Home tab)."""
    need(isinstance(blocks, list), "blocks: must be an array")
    need(len(blocks) <= most, f"blocks: at most {most}, has {len(blocks)}")
    for n, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, dict) else None
        need(kind in RULES, f"blocks/{n}: unknown type {kind!r}")
        RULES[str(kind)](block, f"blocks/{n}")
    need(sum(b["type"] == "table" for b in blocks) <= 1, "only_one_table_allowed")
    ids = [element["action_id"] for element in elements(blocks)]
    need(len(ids) == len(set(ids)), f"action_id used twice: {ids}")


def elements(blocks: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Every button and menu in the blocks."""
    for block in blocks:
        if block["type"] == "actions":
            yield from block["elements"]
        elif "accessory" in block:
            yield block["accessory"]


def words(blocks: Iterable[dict[str, Any]]) -> str:
    """Everything that can be read in the blocks, a line a piece."""
    found: list[str] = []

    def walk(thing: Any) -> None:
        if isinstance(thing, dict):
            found.extend(
                v for k, v in thing.items() if k in ("text", "alt_text") and type(v) is str
            )
            for value in thing.values():
                walk(value)
        elif isinstance(thing, list):
            for value in thing:
                walk(value)

    walk(list(blocks))
    return "\n".join(found)
