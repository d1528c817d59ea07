"""Which ports of ours, or of a named range, are used from outside it: allow-lists, block-lists."""

from __future__ import annotations

from datetime import timedelta

from bot.model.answer import Answer, Question
from bot.model.command import Command, Logs
from bot.network import conversations, crossing


def answer(question: Question, logs: Logs) -> Answer:
    return crossing.answer(question, logs, crossing.crossing(question, inbound=True))


COMMAND = Command(
    name="inbound",
    summary="which ports are used from outside, or from outside a named range; off an allow-list",
    answer=answer,
    arguments=crossing.ARGUMENTS,
    needs=conversations.NEEDS,
    length=timedelta(hours=24),
    examples=("inbound", "inbound allow 80,443 24h", "inbound only ssh,rdp,telnet 2d"),
)
