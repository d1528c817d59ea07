from __future__ import annotations

from datetime import timedelta

from bot.model.answer import Answer, Question
from bot.model.command import Argument, Command, Logs, Takes


def unused(_: Question, __: Logs) -> Answer:
    raise AssertionError("usage asks nothing")


def test_usage_of_arguments() -> None:
    assert Argument("port", Takes.PORTS, "a port", required=True).usage == "PORT"
    assert Argument("host", Takes.NETWORK, "a host", "on").usage == "[on HOST]"
    assert Argument("side", Takes.CHOICE, "a side", choices=("in", "out")).usage == "[in|out]"


def test_usage_of_commands() -> None:
    text = Argument("text", Takes.REST, "text", required=True)
    port = Argument("port", Takes.PORTS, "a port")
    assert Command("query", "q", unused, (), (text, port)).usage == "query [PORT] [WINDOW] TEXT"
    assert Command("help", "h", unused, (), (port,), length=None).usage == "help [PORT]"
    assert Command("x", "x", unused, (), length=timedelta(hours=2)).usage == "x [WINDOW]"
