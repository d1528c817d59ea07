from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.cloudwatch.opening import Clients, open_cloudwatch, parsed
from bot.model.errors import BadSource

ARN = "arn:aws:logs:eu-central-1:123456789012:log-group:/vpc/flows"


@pytest.mark.parametrize(
    ("source", "region", "groups"),
    [
        ("cloudwatch://eu-central-1/vpc-flows", "eu-central-1", ("vpc-flows",)),
        ("cloudwatch://us-gov-west-1//aws/vpc/f_l.o#w", "us-gov-west-1", ("/aws/vpc/f_l.o#w",)),
        ("cloudwatch://eu-central-1/a/b,/c/d, e", "eu-central-1", ("a/b", "/c/d", "e")),
        ("cloudwatch://eu-central-1/a,b,a", "eu-central-1", ("a", "b")),
        (f"cloudwatch://eu-central-1/{ARN}", "eu-central-1", (ARN,)),
        (f"cloudwatch://eu-central-1/{ARN}:*,x", "eu-central-1", (ARN, "x")),
    ],
)
def test_a_source_is_region_and_groups(source: str, region: str, groups: tuple[str, ...]) -> None:
    assert parsed(source) == (region, groups)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("cloudwatch://", "not a CloudWatch source"),
        ("cloudwatch://eu-central-1", "not a CloudWatch source"),
        ("s3://eu-central-1/x", "not a CloudWatch source"),
        ("cloudwatch:///vpc/flows", "has no Region: '' is none"),
        ("cloudwatch://vpc-flows/x", "'vpc-flows' is none"),
        ("cloudwatch://eu-central-1a/x", "'eu-central-1a' is none"),
        ("cloudwatch://eu-central-1/", "log group ''"),
        ("cloudwatch://eu-central-1/a,,b", "log group ''"),
        ("cloudwatch://eu-central-1/a b", "log group 'a b'"),
        ("cloudwatch://eu-central-1/a*", "log group 'a[*]'"),
        ("cloudwatch://eu-central-1/" + "x" * 513, "no name of one"),
        ("cloudwatch://eu-central-1/arn:aws:s3:::x", "not the ARN of a log group"),
        (f"cloudwatch://us-east-1/{ARN}", "is in us-east-1, but .* in eu-central-1"),
        (
            "cloudwatch://eu-central-1/" + ",".join(f"g{n}" for n in range(51)),
            "has 51 log groups; a query takes at most 50",
        ),
    ],
)
def test_a_wrong_source_is_told_with_an_example(source: str, why: str) -> None:
    with pytest.raises(BadSource, match=why) as caught:
        parsed(source)
    assert "cloudwatch://eu-central-1/vpc-flow-logs" in str(caught.value)
    assert len(str(caught.value)) < 1200


def test_fifty_groups_are_fine() -> None:
    assert len(parsed("cloudwatch://eu-central-1/" + ",".join(f"g{n}" for n in range(50)))[1]) == 50


@given(st.text())
def test_whatever_stands_there_is_a_source_or_a_clear_error(text: str) -> None:
    for source in (text, f"cloudwatch://{text}", f"cloudwatch://eu-central-1/{text}"):
        try:
            _, groups = parsed(source)
        except BadSource:
            continue
        assert all(groups)


def test_an_engine_remembers_how_its_source_was_written() -> None:
    engine = open_cloudwatch("cloudwatch://eu-central-1//vpc/flows", timeout=5)
    assert engine.source == "cloudwatch://eu-central-1//vpc/flows"
    engine.close()


def test_opening_does_not_import_boto3() -> None:
    program = (
        "import sys; from bot.engines.cloudwatch.opening import open_cloudwatch;"
        "open_cloudwatch('cloudwatch://eu-central-1/x').close();"
        "print([name for name in ('boto3', 'botocore') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    clients = Clients("eu-central-1")
    yield clients
    clients.close()


def test_a_client_is_made_once_with_bounds_of_its_own(made: Clients) -> None:
    logs = made.logs()
    assert made.logs() is logs
    assert logs.meta.region_name == "eu-central-1"
    config: Any = logs.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 1}
    assert (config.connect_timeout, config.read_timeout) == (5, 30)
    assert "flows-bot" in config.user_agent
    assert made.ec2().meta.service_model.service_name == "ec2"
