from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask.reading import LONGEST_LINE, read
from bot.model.answer import Answer, Question
from bot.model.command import Argument, Command, Logs, Takes
from bot.model.errors import BadLine
from bot.model.window import Window

NOW = datetime(2026, 11, 20, 15, 45, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def unused(_: Question, __: Logs) -> Answer:
    raise AssertionError("reading runs nothing")


COMMANDS = (
    Command(
        "db-clients",
        "clients",
        unused,
        (),
        (
            Argument("port", Takes.PORTS, "a port", required=True),
            Argument("host", Takes.NETWORK, "a server", "on"),
            Argument("top", Takes.COUNT, "how many", "top"),
        ),
    ),
    Command(
        "rejects",
        "rejects",
        unused,
        (),
        (
            Argument("source", Takes.NETWORK, "a source", "from"),
            Argument("target", Takes.NETWORK, "a target", "to"),
        ),
    ),
    Command(
        "top-talkers",
        "hosts",
        unused,
        (),
        (
            Argument("side", Takes.CHOICE, "a side", choices=("internal", "external")),
            Argument("measure", Takes.CHOICE, "a measure", choices=("bytes", "flows")),
            Argument("by", Takes.CHOICE, "what", "by", choices=("host", "tags")),
            Argument("key", Takes.CHOICE, "a key", "tag"),
        ),
        length=timedelta(hours=2),
    ),
    Command(
        "query", "text", unused, (), (Argument("text", Takes.REST, "Insights text", required=True),)
    ),
    Command(
        "help", "help", unused, (), (Argument("command", Takes.CHOICE, "a command"),), length=None
    ),
)


def question(line: str) -> Question:
    return read(line, COMMANDS, now=NOW, zone=UTC_ZONE)


def refusal(line: str) -> str:
    with pytest.raises(BadLine) as caught:
        question(line)
    return str(caught.value)


def test_a_full_line() -> None:
    read_line = question("  db-clients 5432,mongo on 10.0.3.5 15m top 20 ")
    assert read_line.command == "db-clients"
    assert read_line.line == "db-clients 5432,mongo on 10.0.3.5 15m top 20"
    assert read_line.ports("port") == (5432, 27017, 27018, 27019)
    assert read_line.network("host") == ip_network("10.0.3.5/32")
    assert read_line.arguments["top"] == 20
    assert read_line.window == Window.last(timedelta(minutes=15), NOW)


@pytest.mark.parametrize(
    "line",
    [
        "db-clients 1h 5432 on 10.0.3.5",
        "db-clients on 10.0.3.5 5432 1h",
        "DB_CLIENTS postgres ON 10.0.3.5 last 1h",
        "db-clients 'postgres' on \"10.0.3.5\" 60 min",
        "db-clients 5432 on 10.0.3.5",
        "db-clients 5432 on 10.0.3.5 14:45..15:45",
    ],
)
def test_the_same_question_in_other_words(line: str) -> None:
    read_line = question(line)
    assert read_line.ports("port") == (5432,)
    assert read_line.network("host") == ip_network("10.0.3.5/32")
    assert read_line.window == Window.last(timedelta(hours=1), NOW)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("top-talkers flows", {"measure": "flows"}),
        ("top-talkers FLOWS internal", {"measure": "flows", "side": "internal"}),
        ("top-talkers flows by host", {"measure": "flows", "by": "host"}),
        ("top-talkers by tag Name 1h", {"key": "name"}),
        ("top-talkers tag Name", {"key": "name"}),
        ("top-talkers by tags", {"by": "tags"}),
    ],
)  # fmt: skip
def test_a_word_goes_where_it_is_a_choice(line: str, values: dict[str, str]) -> None:
    assert question(line).arguments == values


@pytest.mark.parametrize(
    "line", ["top-talkers by 'tag' Name", "top-talkers by tag", "top-talkers by"]
)
def test_a_keyword_that_leads_nowhere(line: str) -> None:
    assert "Usage: top-talkers" in refusal(line)


def test_from_and_to_are_addresses_or_times_by_what_follows() -> None:
    read_line = question("rejects from 10.0.0.0/8 to 2001:db8::5 from 14:00 to 15:00")
    assert read_line.network("source") == ip_network("10.0.0.0/8")
    assert read_line.network("target") == ip_network("2001:db8::5/128")
    assert read_line.window == Window(
        NOW.replace(hour=14, minute=0), NOW.replace(hour=15, minute=0)
    )


def test_a_command_has_its_own_length() -> None:
    assert question("top-talkers").window == Window.last(timedelta(hours=2), NOW)


def test_an_empty_line_asks_for_help() -> None:
    assert question("").command == "help"
    assert question("help db_clients").word("command") == "db_clients"


def test_the_rest_of_a_line_is_untouched() -> None:
    text = 'filter  action = "REJECT"\n| stats count(*) by bin(5m)  # it\'s'
    read_line = question(f"query 24h {text} ")
    assert read_line.word("text") == text
    assert read_line.window == Window.last(timedelta(hours=24), NOW)
    assert question("query 2026-11-20 14:00..15:30 fields a").word("text") == "fields a"
    assert question("query fields 1h").word("text") == "fields 1h"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("db-client 5432", ("'db-client'", "Did you mean db-clients?")),
        ("nonsense", ("'nonsense'", "There are db-clients, rejects")),
        ("db-clients", ("needs PORT", "Usage: db-clients PORT [on HOST] [top TOP] [WINDOW]")),
        ("db-clients postgrse", ("'postgrse'", "Did you mean postgres", "Usage: db-clients")),
        ("db-clients 0", ("'0'", "1 to 65535")),
        ("db-clients 70000", ("'70000'", "1 to 65535")),
        ("db-clients 80-", ("'80-'",)),
        ("db-clients 90-80", ("'90-80'",)),
        ("db-clients 1-65535", ("too many ports",)),
        ("db-clients 5432 on", ("'on' needs host",)),
        ("db-clients 5432 on web-1", ("'web-1' is not an address",)),
        ("db-clients 5432 on 10.0.0.0/99", ("'10.0.0.0/99'",)),
        ("db-clients 5432 on 10.0.0.1 on 10.0.0.2", ("on is given twice", "'10.0.0.2'")),
        ("db-clients 5432 6379", ("does not understand '6379'",)),
        ("db-clients 5432 yesterdy", ("'yesterdy'", "Did you mean yesterday?")),
        ("db-clients 5432 1h today", ("two windows: 1h and today",)),
        ("db-clients 5432 top many", ("'many'",)),
        ("db-clients 5432 top 0", ("'0'",)),
        ("db-clients 5432 '1h", ("never closed", "Usage: db-clients")),
        ("db-clients 5432 2026-13-01", ("2026-13-01", "Usage")),
        ("rejects form 10.0.0.1", ("'form'", "Did you mean from?")),
        ("top-talkers internl", ("'internl'", "Did you mean internal")),
        ("query", ("query needs TEXT",)),
        ("query 1h", ("query needs TEXT", "Usage: query [WINDOW] TEXT")),
        ("help me now", ("'now'",)),
        ("help 1h today", ("'today'",)),
    ],
)
def test_refusals_say_what_where_and_what_to_try(line: str, said: tuple[str, ...]) -> None:
    message = refusal(line)
    for part in said:
        assert part in message


def test_a_quoted_word_is_no_window_and_no_keyword() -> None:
    assert "'1h' is not a port" in refusal("db-clients '1h'")
    assert "'on' is not a port" in refusal("db-clients 'on' 10.0.0.1")


def test_too_long_a_line() -> None:
    assert str(LONGEST_LINE) in refusal("query " + "x" * LONGEST_LINE)


def test_an_address_with_a_zone_is_refused() -> None:
    assert "fe80::1%eth0" in refusal("rejects from fe80::1%eth0")


words = st.sampled_from(
    "db-clients rejects query help 5432 postgres on from to 1h today since 14:00 .. ' \" 10.0.0.1"
    " top 3 2026-11-20 2026-11-20..x last internal :: -1 | 14:00..15:00 \u202e \x00".split()
)


@given(st.one_of(st.text(max_size=80), st.lists(words, max_size=8).map(" ".join)))
def test_any_line_is_read_or_refused_in_one_line(line: str) -> None:
    try:
        said = question(line).command
    except BadLine as error:
        said = str(error)
    assert said.strip()
    assert "\n" not in said


CLIENTS = Command(
    "clients",
    "new clients",
    unused,
    (),
    (
        Argument("port", Takes.PORTS, "a port"),
        Argument("earlier", Takes.WINDOW, "an earlier window", "new"),
    ),
)


def clients(line: str) -> Question:
    return read(line, (CLIENTS,), now=NOW, zone=UTC_ZONE)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("clients new 7d", (datetime(2026, 11, 13, 15, 45, tzinfo=UTC), NOW)),
        ("clients 5432 --new 7d 1h", (NOW - timedelta(days=7), NOW)),
        (
            "clients new yesterday 14:00..15:00 1h",
            (datetime(2026, 11, 19, 14, tzinfo=UTC), datetime(2026, 11, 19, 15, tzinfo=UTC)),
        ),
    ],
)
def test_a_second_window_behind_its_keyword(line: str, other: tuple[datetime, datetime]) -> None:
    found = clients(line)
    assert found.window == Window(NOW - timedelta(hours=1), NOW)
    assert found.other_window("earlier") == Window(*other)


def test_a_second_window_is_in_the_usage() -> None:
    assert CLIENTS.usage == "clients [PORT] [new WINDOW] [WINDOW]"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("clients new", "'new' needs earlier"),
        ("clients new 5432", "'5432' is no window. Write 15m"),
        ("clients new '7d'", "'7d' is no window"),
        ("clients new 7d new 8d", "new is given twice, again as '8d'"),
        ("clients 1h 2h new 7d", "there are two windows: 1h and 2h"),
    ],
)
def test_a_second_window_that_is_none(line: str, said: str) -> None:
    with pytest.raises(BadLine) as caught:
        clients(line)
    assert said in str(caught.value)
