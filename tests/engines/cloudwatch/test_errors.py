"""AWS's errors in the shapes botocore gives them, and what a person reads."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from bot.engines.cloudwatch.call import Call, scrubbed
from bot.engines.cloudwatch.errors import Truncated, passes, told
from bot.model.errors import AccessDenied, EngineError, FlowsError, NoSuchLogGroup, Throttled

START = Call("logs:StartQuery", "eu-central-1", ("/vpc/flows", "/vpc/flows-2"))
LOOK = Call("logs:GetQueryResults", "eu-central-1", ("/vpc/flows",))
FLOW_LOGS = Call("ec2:DescribeFlowLogs", "eu-central-1", ("/vpc/flows",))
WHO = "User: arn:aws:sts::123456789012:assumed-role/flows/i-0abc"


def refused(code: str, message: str = "", status: int = 400) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "Any")  # type: ignore[arg-type]


ENDPOINT = {"endpoint_url": "https://logs.eu-central-1.amazonaws.com/"}
CASES: list[tuple[Exception, Call, type[FlowsError], str, bool]] = [
    (refused("ThrottlingException", "Rate exceeded"), START, Throttled, "StartQuery calls", True),
    (refused("RequestLimitExceeded", "", 503), FLOW_LOGS, Throttled, "DescribeFlowLogs", True),
    (
        refused(
            "LimitExceededException", "Account maximum query concurrency limit of [30] reached."
        ),
        START,
        Throttled,
        "at most 30 queries .* Try again",
        True,
    ),
    (refused("LimitExceededException", "no number"), START, Throttled, "how many queries", True),
    (refused("LimitExceededException", "Too much"), FLOW_LOGS, Throttled, "Too much", True),
    (
        refused("ServiceUnavailableException", "", 503),
        LOOK,
        EngineError,
        "out of order: logs:GetQueryResults gives ServiceUnavailableException",
        True,
    ),
    (refused("500", "", 500), START, EngineError, "out of order", True),
    (
        refused(
            "AccessDeniedException",
            f"{WHO} is not authorized to perform: logs:StartQuery on resource:"
            " arn:aws:logs:eu-central-1:123456789012:log-group:/vpc/flows:log-stream: because no"
            " identity-based policy allows the logs:StartQuery action",
        ),
        START,
        AccessDenied,
        r"^logs:StartQuery is not allowed \(/vpc/flows, /vpc/flows-2 in eu-central-1\)\. Allow",
        False,
    ),
    (
        refused(
            "AccessDeniedException",
            f"{WHO} is not authorized to perform: kms:Decrypt with an explicit deny in a service"
            " control policy",
        ),
        START,
        AccessDenied,
        "^kms:Decrypt is not allowed, by an explicit deny in a service control policy",
        False,
    ),
    (
        refused("UnauthorizedOperation", "You are not authorized to perform this operation.", 403),
        FLOW_LOGS,
        AccessDenied,
        r"^ec2:DescribeFlowLogs is not allowed \(eu-central-1\)",
        False,
    ),
    (refused("ExpiredTokenException", "expired"), START, AccessDenied, "have expired", False),
    (refused("RequestExpired", "", 400), FLOW_LOGS, AccessDenied, "have expired", False),
    (
        refused("UnrecognizedClientException", "The security token is invalid."),
        START,
        AccessDenied,
        "does not accept the credentials .*Region is enabled",
        False,
    ),
    (refused("InvalidSignatureException"), START, AccessDenied, "clock", False),
    (refused("AuthFailure", "", 401), FLOW_LOGS, AccessDenied, "does not accept", False),
    (
        refused(
            "ResourceNotFoundException",
            "Log group '/vpc/flows-2' does not exist for account ID '123456789012'",
        ),
        START,
        NoSuchLogGroup,
        r"^there is no log group /vpc/flows-2 \(eu-central-1\)",
        False,
    ),
    (
        refused("ResourceNotFoundException", "Query does not exist"),
        LOOK,
        EngineError,
        "no longer knows the query",
        False,
    ),
    (
        refused("InvalidParameterException", "Query 123456789012 in arn:aws:logs:x is wrong"),
        START,
        EngineError,
        "refuses logs:StartQuery with InvalidParameterException: Query … in … is wrong",
        False,
    ),
    (refused("MalformedQueryException"), FLOW_LOGS, EngineError, "MalformedQuery", False),
    (exceptions.NoCredentialsError(), START, AccessDenied, "no AWS credentials .*role", False),
    (exceptions.ProfileNotFound(profile="p"), START, AccessDenied, "no AWS credentials", False),
    (
        exceptions.TokenRetrievalError(provider="sso", error_msg="x"),
        START,
        AccessDenied,
        "aws sso login",
        False,
    ),
    (exceptions.UnauthorizedSSOTokenError(), START, AccessDenied, "aws sso login", False),
    (
        exceptions.EndpointConnectionError(**ENDPOINT),
        START,
        EngineError,
        "cannot be reached .*Region is spelled right",
        True,
    ),
    (
        exceptions.ConnectTimeoutError(**ENDPOINT),
        FLOW_LOGS,
        EngineError,
        "EC2 cannot be reached",
        True,
    ),
    (exceptions.ReadTimeoutError(**ENDPOINT), LOOK, EngineError, "broke off .ReadTimeout", True),
    (exceptions.ConnectionClosedError(**ENDPOINT), LOOK, EngineError, "broke off", True),
    (
        exceptions.IncompleteReadError(actual_bytes=1, expected_bytes=2),
        LOOK,
        EngineError,
        "broke off",
        True,
    ),
    (
        exceptions.SSLError(endpoint_url="e", error="self-signed"),
        START,
        EngineError,
        "not trusted .*AWS_CA_BUNDLE",
        False,
    ),
    (
        exceptions.InvalidRegionError(region_name="x_y"),
        START,
        EngineError,
        "is not a Region",
        False,
    ),
    (exceptions.DataNotFoundError(data_path="x"), START, EngineError, "before it was sent", False),
    (Truncated("status"), LOOK, EngineError, "without status", True),
]


@pytest.mark.parametrize(("error", "call", "kind", "words", "again"), CASES)
def test_an_error_is_told_by_its_kind(
    error: Exception, call: Call, kind: type[FlowsError], words: str, again: bool
) -> None:
    found = told(error, call)
    assert type(found) is kind
    assert re.search(words, str(found)), str(found)
    assert not re.search(r"\d{12}|arn:|User:|assumed-role", str(found)), str(found)
    assert passes(error) is again


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("flows", "flows"),
        ("/vpc/flows", "/vpc/flows"),
        ("/vpc/flows-2", "/vpc/flows-2"),
        ("?", "flows or /vpc/flows or /vpc/flows-2"),
    ],
)
def test_the_group_that_is_missing_is_told_from_others_of_like_names(
    missing: str, named: str
) -> None:
    call = Call("logs:StartQuery", "eu-central-1", ("flows", "/vpc/flows", "/vpc/flows-2"))
    said = f"Log group '{missing}' does not exist for account ID '123456789012'"
    error = told(refused("ResourceNotFoundException", said), call)
    assert error.what == f"there is no log group {named}"


@pytest.mark.parametrize(
    ("said", "told_on"),
    [
        ("see arn:aws:iam::123456789012:user/ann, please", "see …, please"),
        ("account 123456789012", "account"),
        ("key AKIAIOSFODNN7EXAMPLE is\nold", "key … is old"),
        ("no (Service: AWSLogs; Status Code: 400; Request ID: 1)", "no"),
        ("x" * 900, "x" * 500),
    ],
)
def test_what_aws_says_is_passed_on_without_names_of_accounts_and_keys(
    said: str, told_on: str
) -> None:
    assert scrubbed(said) == told_on


@pytest.mark.parametrize("make", [lambda: ClientError({}, "X"), lambda: refused("")])
def test_an_error_without_a_name_is_told_too(make: Callable[[], ClientError]) -> None:
    assert "an error without a name" in str(told(make(), START))
    assert passes(make()) is False
