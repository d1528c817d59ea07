from __future__ import annotations

import re

import pytest

from bot.app import describe_network, open_engine, open_network
from bot.engines.athena.errors import Place
from bot.engines.athena.opening import open_athena, parsed
from bot.model.errors import BadSource
from bot.network.snapshots import Network
from bot.settings import Settings


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("athena://eu-central-1/logs/flows", Place("eu-central-1", "logs", "flows")),
        ("athena://eu-central-1/Logs/Flows/", Place("eu-central-1", "logs", "flows")),
        (
            "athena://us-gov-west-1/logs/flows?workgroup=ops.team-1&catalog=Other",
            Place("us-gov-west-1", "logs", "flows", "ops.team-1", "Other"),
        ),
        (
            "athena://eu-central-1/logs/flows?output=s3://example-results/bot/",
            Place("eu-central-1", "logs", "flows", output="s3://example-results/bot/"),
        ),
    ],
)
def test_sources(source: str, place: Place) -> None:
    assert parsed(source) == place


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("cloudwatch://eu-central-1/logs", "is not a source of Athena"),
        ("athena://", "has no Region"),
        ("athena://nowhere/logs/flows", "has no Region: 'nowhere' is none"),
        ("athena://eu-central-1/logs", "does not name a database and a table"),
        ("athena://eu-central-1/a/b/c", "does not name a database and a table"),
        ('athena://eu-central-1/logs/fl"ows', "which is no name of one"),
        ("athena://eu-central-1/logs/a-b", "which is no name of one"),
        ("athena://eu-central-1//flows", "which is no name of one"),
        ("athena://eu-central-1/logs/flows?workgrop=x", "'workgrop', where workgroup"),
        ("athena://eu-central-1/logs/flows?workgroup=", "a workgroup '', which is none"),
        ("athena://eu-central-1/logs/flows?workgroup=a&workgroup=b", "workgroup 'b'"),
        ("athena://eu-central-1/logs/flows?output=/tmp", "which is none"),
        ("athena://eu-central-1/logs/flows?output=s3://Upper/x", "which is none"),
    ],
)
def test_sources_that_are_none(source: str, what: str) -> None:
    with pytest.raises(BadSource, match=re.escape(what)) as caught:
        parsed(source)
    assert "athena://eu-central-1/logs/vpc_flow_logs" in str(caught.value)


def test_opening_speaks_to_nobody() -> None:
    engine = open_athena("athena://eu-central-1/logs/flows", timeout=7)
    assert engine.source == "athena://eu-central-1/logs/flows"
    engine.close()


def test_the_app_opens_it() -> None:
    engine = open_engine("athena://eu-central-1/logs/flows", Settings())
    assert engine.name == "Athena"
    engine.close()


def test_its_network_is_what_ec2_says_in_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr("bot.network.ec2.open_ec2", asked.append)
    monkeypatch.setattr("bot.network.ec2.describe", lambda _: pytest.fail("nothing is asked yet"))
    source = "athena://eu-central-1/logs/flows"
    assert isinstance(open_network(source, Settings()), Network)
    with pytest.raises(pytest.fail.Exception, match="nothing is asked yet"):
        describe_network(source)
    assert asked == ["eu-central-1"]
