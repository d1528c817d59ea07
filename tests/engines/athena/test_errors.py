"""What AWS says, in words. The texts of AWS were seen in public reports."""

from __future__ import annotations

import pytest

from bot.engines.athena.errors import ending
from bot.model.errors import (
    AccessDenied,
    BadSource,
    EngineError,
    FlowsError,
    Throttled,
    TimedOut,
)

from .conftest import PLACE, Aws, asked

NO_ACTION = "User: arn:aws:sts::123456789012:assumed-role/bot/x is not authorized to perform: {}"
BEGINNINGS = [
    (
        "get_table_metadata",
        "AccessDeniedException",
        NO_ACTION.format("glue:GetTable on resource: arn:aws:glue:eu-central-1:123456789012:c"),
        AccessDenied,
        "glue:GetTable is not allowed",
    ),
    (
        "get_table_metadata",
        "MetadataException",
        "EntityNotFoundException: Entity Not Found (Service: AmazonDataCatalog; Status 400)",
        BadSource,
        "there is no table flows in logs",
    ),
    (
        "get_table_metadata",
        "MetadataException",
        "Database logs not found.",
        BadSource,
        "there is no database logs",
    ),
    (
        "get_table_metadata",
        "MetadataException",
        "Insufficient Lake Formation permission(s): Required Describe on flows",
        AccessDenied,
        "lakeformation:GetDataAccess is not allowed",
    ),
    (
        "start_query_execution",
        "InvalidRequestException",
        "No output location provided. An output location is required either through the Workgroup"
        " result configuration setting or as an API input.",
        BadSource,
        "the workgroup ops does not say where results go",
    ),
    (
        "start_query_execution",
        "InvalidRequestException",
        "WorkGroup ops is not found.",
        BadSource,
        "the workgroup ops does not exist",
    ),
    (
        "start_query_execution",
        "InvalidRequestException",
        "WorkGroup is disabled.",
        BadSource,
        "the workgroup ops is disabled",
    ),
    (
        "start_query_execution",
        "InvalidRequestException",
        "Unable to verify/create output bucket example-results",
        AccessDenied,
        "s3:PutObject, on the results of queries is not allowed",
    ),
    (
        "start_query_execution",
        "InvalidRequestException",
        "line 1:8: something about arn:aws:iam::123456789012:role/bot",
        EngineError,
        "AWS refuses athena:StartQueryExecution: line 1:8: something about",
    ),
    (
        "start_query_execution",
        "ExpiredTokenException",
        "The security token included in the request is expired",
        AccessDenied,
        "the AWS credentials have expired",
    ),
    (
        "start_query_execution",
        "UnrecognizedClientException",
        "",
        AccessDenied,
        "AWS does not accept the credentials",
    ),
]


@pytest.mark.parametrize("case", BEGINNINGS, ids=lambda case: case[-1])
def test_calls_that_are_refused(
    aws: Aws, case: tuple[str, str, str, type[FlowsError], str]
) -> None:
    operation, code, said, kind, told = case
    if operation != "get_table_metadata":
        aws.table()
    aws.error(operation, code, said)
    with pytest.raises(kind) as caught:
        aws.engine().run(asked("stats count(*)"), aws.watch())
    assert told in str(caught.value)
    assert "123456789012" not in str(caught.value)


ENDINGS = [
    (
        "FAILED",
        "SCHEMA_NOT_FOUND: line 3:8: Schema 'logs' does not exist",
        BadSource,
        "database logs",
    ),
    ("FAILED", "TABLE_NOT_FOUND: Table 'a.logs.flows' does not exist", BadSource, "no table flows"),
    (
        "FAILED",
        "HIVE_BAD_DATA: Error parsing field value for field 3",
        EngineError,
        "definition does not fit its files: HIVE_BAD_DATA",
    ),
    (
        "FAILED",
        "PERMISSION_DENIED: -> com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied"
        " (Service: Amazon S3; Status Code: 403; Request ID: X)",
        AccessDenied,
        "s3:GetObject or s3:ListBucket",
    ),
    ("FAILED", "Query exhausted resources at this scale factor", EngineError, "more memory"),
    ("FAILED", "Query timeout", TimedOut, "at its time limit"),
    (
        "FAILED",
        "HIVE_CANNOT_OPEN_SPLIT: Please reduce your request rate (Service: S3; SlowDown)",
        Throttled,
        "too many files at once",
    ),
    (
        "CANCELLED",
        "Bytes scanned limit was exceeded",
        EngineError,
        "read 12.0 MB and met the limit of the workgroup ops",
    ),
    ("CANCELLED", "Query cancelled by user", EngineError, "somebody stopped the query in AWS"),
    ("FAILED", "", EngineError, "it does not say why"),
]


@pytest.mark.parametrize(("state", "reason", "kind", "told"), ENDINGS)
def test_queries_that_end_otherwise(
    state: str, reason: str, kind: type[FlowsError], told: str
) -> None:
    execution = {
        "Status": {"State": state, "StateChangeReason": reason},
        "Statistics": {"DataScannedInBytes": 12_000_000},
    }
    error = ending(execution, PLACE)
    assert type(error) is kind
    assert told in str(error)
