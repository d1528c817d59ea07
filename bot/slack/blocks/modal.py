"""The form in which a warning is quieted: scope, end, reason, and who answers for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.model.message import Offer
from bot.slack import limits
from bot.slack.blocks.text import Block, code, cut, plain, section

QUIET = "quiet"  # the form's callback id
TITLES = {"expect": "Expected", "snooze": "Snooze"}
_ALL = "all"  # stands for an empty scope: an option needs a value
SCOPE, UNTIL, REASON, OWNER = "scope", "until", "reason", "owner"


def quiet_view(verb: str, offer: Offer, user: str, channel: str) -> Block:
    """The form for `expect` or `snooze`, filled in with what is usual; `user` pressed the button.

    An expected thing has a reason; a snooze may do without.
    """
    options = [
        {"text": plain(label, limits.OPTION_TEXT), "value": value or _ALL}
        for value, label in offer.scopes
        if len(value) <= limits.OPTION_VALUE
    ][: limits.OPTIONS]
    reason = {"type": "plain_text_input", "action_id": REASON, "max_length": limits.REASON}
    return {
        "type": "modal",
        "callback_id": QUIET,
        "private_metadata": json.dumps({"verb": verb, "key": offer.key, "channel": channel}),
        "title": plain(TITLES[verb], limits.VIEW_TITLE),
        "submit": plain("Save", limits.VIEW_TITLE),
        "close": plain("Cancel", limits.VIEW_TITLE),
        "blocks": [
            section(f"Nobody is told of this for a while: {code(offer.headline)}"),
            _input(
                SCOPE,
                "What",
                {
                    "type": "static_select",
                    "action_id": SCOPE,
                    "options": options,
                    "initial_option": options[0],
                },
            ),
            _input(
                UNTIL,
                "Until",
                {
                    "type": "datetimepicker",
                    "action_id": UNTIL,
                    "initial_date_time": int(offer.until.timestamp()),
                },
            ),
            _input(REASON, "Because", reason, optional=verb == "snooze"),
            _input(
                OWNER,
                "Owner",
                {"type": "users_select", "action_id": OWNER, "initial_user": user},
            ),
        ],
    }


def quiet_line(view: Mapping[str, Any]) -> tuple[str, str]:
    """The order that a filled-in form gives, and the channel it belongs to."""
    about = json.loads(view["private_metadata"])
    given = {block: next(iter(of.values())) for block, of in view["state"]["values"].items()}
    scope = given[SCOPE]["selected_option"]["value"]
    words = [about["verb"], about["key"]]
    words += ["scope", scope] if scope != _ALL else []
    words += ["until", str(given[UNTIL]["selected_date_time"])]
    words += ["owner", f"<@{given[OWNER]['selected_user']}>"]
    reason = " ".join((given[REASON].get("value") or "").split())
    words += ["because", reason] if reason else []
    return " ".join(words), about["channel"]


def missing_reason(view: Mapping[str, Any]) -> bool:
    """Whether a reason is asked for and only spaces were given."""
    about = json.loads(view["private_metadata"])
    value = view["state"]["values"][REASON][REASON].get("value") or ""
    return about["verb"] == "expect" and not value.strip()


def refused(part: str, what: str) -> dict[str, str]:
    """A complaint where it belongs, as Slack shows it below a field."""
    return {part: cut(what, limits.FIELD_ERROR)}


def _input(block: str, label: str, element: Block, *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block,
        "label": plain(label, limits.INPUT_LABEL),
        "element": element,
        "optional": optional,
    }
