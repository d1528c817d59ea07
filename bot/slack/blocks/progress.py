"""What stands in a channel until the answer is there, or when there will be none."""

from __future__ import annotations

from bot.model.query import Progress
from bot.model.writing import count, duration, many, size
from bot.slack import limits
from bot.slack.blocks.text import Block, actions, button, code, context, section
from bot.slack.request import Request


def waiting_blocks(request: Request, slash: str, ahead: int) -> list[Block]:
    """All workers are busy: how many questions come first."""
    come = "comes" if ahead == 1 else "come"
    return _card(
        f":hourglass: In line: {many(ahead, 'question')} {come} first.", request, slash, cancel=True
    )


def looking_blocks(
    request: Request, slash: str, progress: Progress | None = None, seconds: float = 0
) -> list[Block]:
    """The question is being answered; with what was read so far, once there is something."""
    read = f" {progress_text(progress, seconds)}" if progress else ""
    return _card(f":mag: *Looking…*{read}", request, slash, cancel=True)


def progress_text(progress: Progress, seconds: float) -> str:
    """How far a query has come: records and bytes scanned, and time since the question."""
    seen = progress.statistics
    return (
        f"{count(seen.records_scanned)} records and {size(seen.bytes_scanned)} read"
        f" in {duration(round(seconds))}"
    )


def stopped_blocks(request: Request, slash: str, why: str) -> list[Block]:
    """The question was stopped; `why` is mrkdwn. It can be asked again."""
    return _card(f":black_square_for_stop: {why}", request, slash, cancel=False)


def _card(text: str, request: Request, slash: str, *, cancel: bool) -> list[Block]:
    again = len(request.line) <= limits.BUTTON_VALUE
    buttons = (
        [button("Cancel", "cancel", request.id, "danger")]
        if cancel
        else [button("Ask again", "again", request.line)] * again
    )
    return [
        section(text),
        context(f"{code(f'{slash} {request.line}')}  ·  <@{request.user}>"),
        *actions(buttons),
    ]
