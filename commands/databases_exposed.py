"""Which databases the internet reaches, and who uses them."""

from __future__ import annotations

from datetime import timedelta

from bot.model.answer import Answer, Question
from bot.model.command import Command, Logs
from bot.network import conversations, exposure
from bot.network.ports import DATABASES


def answer(question: Question, logs: Logs) -> Answer:
    return exposure.answer(question, logs, exposure.Ports(DATABASES, "database port"))


COMMAND = Command(
    name="databases-exposed",
    summary="who outside reaches a database, or guesses passwords at one",
    answer=answer,
    needs=conversations.NEEDS,
    length=timedelta(hours=24),
    examples=("databases-exposed", "databases-exposed today"),
)
