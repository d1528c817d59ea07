"""Which ports are used outside: DNS past the resolvers, DNS over TLS and mail unless told else."""

from __future__ import annotations

from datetime import timedelta

from bot.model.answer import Answer, Question
from bot.model.command import Command, Logs
from bot.network import conversations, crossing

# DNS, DNS over TLS and mail between servers: what hosts seldom have to send out themselves.
WATCHED = (25, 53, 853)


def answer(question: Question, logs: Logs) -> Answer:
    what = crossing.crossing(question, inbound=False, only=WATCHED)
    return crossing.answer(question, logs, what)


COMMAND = Command(
    name="outbound",
    summary="which ports are used outside: DNS, DNS over TLS and mail, or those off an allow-list",
    answer=answer,
    arguments=crossing.ARGUMENTS,
    needs=conversations.NEEDS,
    length=timedelta(hours=24),
    examples=("outbound", "outbound allow 80,443 24h", "outbound only smtp,dns except 192.0.2.53"),
)
