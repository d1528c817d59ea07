"""Which ports of administration the internet reaches, and who uses them."""

from __future__ import annotations

from datetime import timedelta

from bot.model.answer import Answer, Question
from bot.model.command import Command, Logs
from bot.network import conversations, exposure
from bot.network.ports import ADMINISTRATION


def answer(question: Question, logs: Logs) -> Answer:
    return exposure.answer(question, logs, exposure.Ports(ADMINISTRATION, "administration port"))


COMMAND = Command(
    name="admin-ports",
    summary="who outside reaches SSH, RDP and other ports of administration, or guesses passwords",
    answer=answer,
    needs=conversations.NEEDS,
    length=timedelta(hours=24),
    examples=("admin-ports", "admin-ports 3d"),
)
