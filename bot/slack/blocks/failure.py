"""What went wrong, told to the asker alone."""

from __future__ import annotations

from bot.model.errors import BadQuery, Cancelled, EngineError, FlowsError
from bot.slack import limits
from bot.slack.blocks.text import (
    Block,
    actions,
    button,
    code,
    context,
    cut_escaped,
    escape,
    preformatted,
    section,
)


def failure_blocks(error: FlowsError, line: str, slash: str) -> list[Block]:
    """What is wrong, where, and what to try; a query is shown with a caret under the place."""
    place = f" ({cut_escaped(error.where, 500)})" if error.where else ""
    blocks = [section(f":warning: *{cut_escaped(error.what, 1500)}*{place}")]
    if isinstance(error, BadQuery):
        blocks.append(preformatted(error.caret()))
    if error.hint:
        blocks.append(section(cut_escaped(error.hint, limits.SECTION)))
    again = isinstance(error, EngineError | Cancelled)
    return [*blocks, *_footer(line, slash, again=again)]


def broken_blocks(reference: str, line: str, slash: str) -> list[Block]:
    """Something unforeseen: an apology and the reference under which the log has the rest."""
    text = (
        ":warning: *Something broke on my side, and it was not your question.*\n"
        f"Whoever runs me finds the cause in the log under {code(reference)}."
    )
    return [section(text), *_footer(line, slash, again=True)]


def barred_blocks(reason: str, name: str, line: str, slash: str) -> list[Block]:
    """The bot may not write where it was asked: how to let it, or to be answered in private."""
    if reason in ("not_in_channel", "channel_not_found"):
        text = (
            "I am not in this conversation, so nothing was posted."
            f" Bring me in with {code(f'/invite @{name}')} and ask again,"
            " or have the answer in a direct message."
        )
    else:
        text = (
            f"Slack does not let me post here ({code(reason)}), so nothing was posted."
            " I can answer in a direct message."
        )
    private = len(line) <= limits.BUTTON_VALUE
    asks = [button("Answer in a direct message", "privately", line, "primary")] * private
    return [section(text), *actions(asks), context(_asked(line, slash))]


def refused_text(waiting: int, slash: str) -> str:
    """The line is full: mrkdwn."""
    return (
        f"{waiting} questions are waiting already, so I did not take this one."
        f" Please ask {escape(slash)} again in a minute."
    )


def _asked(line: str, slash: str) -> str:
    return f"You asked {code(f'{slash} {line}')}. Only you see this."


def _footer(line: str, slash: str, *, again: bool) -> list[Block]:
    possible = again and 0 < len(line) <= limits.BUTTON_VALUE
    asks = [button("Ask again", "again", line)] * possible
    return [*actions(asks), context(_asked(line, slash))]
