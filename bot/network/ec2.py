"""A snapshot of the network read from EC2: every page, and whatever the permissions allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.model.errors import AccessDenied, EngineError
from bot.network.clients import open_client
from bot.network.documents import OPERATIONS, PREFIX_LIST_FILE

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
# AWS's own lists; their entries come with DescribePrefixLists, and reading them again is refused.
AWS_OWNED = "AWS"


def open_ec2(region: str | None) -> EC2Client:
    """A client for a Region, or for the one that AWS's own settings name. Raises `EngineError`."""
    client: EC2Client = open_client("ec2", region, connect=5, read=30, attempts=4)
    return client


def describe(ec2: EC2Client) -> dict[str, Mapping[str, Any]]:
    """Documents of every operation the caller may use, by the operation's file name.

    Raises `AccessDenied` when none of them is allowed, `EngineError` when EC2 cannot be asked.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    for operation in OPERATIONS:
        items = _pages(ec2, operation.file, operation.key)
        if items is not None:
            documents[operation.file] = {operation.key: items}
    if not documents:
        raise AccessDenied(
            "EC2 may not be asked about the network",
            hint="Allow ec2:DescribeNetworkInterfaces and the other ec2:Describe… actions.",
        )
    for prefix_list in documents.get("describe-managed-prefix-lists", {}).get("PrefixLists", ()):
        if prefix_list.get("OwnerId") != AWS_OWNED:
            name = prefix_list["PrefixListId"]
            entries = _pages(ec2, "get-managed-prefix-list-entries", "Entries", PrefixListId=name)
            documents[f"{PREFIX_LIST_FILE}{name}"] = {"Entries": entries or []}
    return documents


def _pages(ec2: EC2Client, file: str, key: str, **arguments: str) -> list[Any] | None:
    """Items of all pages; None when the caller may not ask."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    paginator: Any = ec2.get_paginator(file.replace("-", "_"))  # type: ignore[call-overload]
    try:
        return [item for page in paginator.paginate(**arguments) for item in page.get(key, ())]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in DENIED:
            return None
        raise EngineError(f"EC2 refused {file}: {code}") from None
    except BotoCoreError as error:
        raise EngineError(f"EC2 cannot be asked: {type(error).__name__}") from None
