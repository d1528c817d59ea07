"""What stands besides rules: block public access of the account, encryption controls of VPCs.

Source: the VPC guide on block public access (modes, exclusions, what each lets pass) and on
encryption controls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.model.inventory import Controls

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

OPTIONS = "describe-vpc-block-public-access-options"
EXCLUSIONS = "describe-vpc-block-public-access-exclusions"
ENCRYPTION = "describe-vpc-encryption-controls"
KEYS = {
    OPTIONS: "VpcBlockPublicAccessOptions",
    EXCLUSIONS: "VpcBlockPublicAccessExclusions",
    ENCRYPTION: "VpcEncryptionControls",
}
DONE = frozenset({"create-complete", "update-complete"})
IN_PROGRESS = "changing"
MOST_PAGES = 20

Documents = Mapping[str, Mapping[str, Any]]


def controls(documents: Documents) -> Controls:
    """The controls that documents describe; without them nothing is known, which is not `off`.

    Nor is a mode known without the exclusions from it, or while it is being changed.
    """
    options = documents.get(OPTIONS, {}).get(KEYS[OPTIONS], {})
    mode = options.get("InternetGatewayBlockMode")
    settled = options.get("State") != "update-in-progress"
    settled = settled and (mode == "off" or EXCLUSIONS in documents)
    exclusions = documents.get(EXCLUSIONS, {}).get(KEYS[EXCLUSIONS], ())
    encryption = documents.get(ENCRYPTION, {}).get(KEYS[ENCRYPTION], ())
    return Controls(
        public_access=mode if settled else None,
        excluded={
            str(one["ResourceArn"]).rpartition("/")[2]: (
                str(one["InternetGatewayExclusionMode"])
                if one.get("State") in DONE
                else IN_PROGRESS
            )
            for one in exclusions
            if one.get("State") not in {"delete-complete", "disable-complete", "create-failed"}
        },
        encrypted=frozenset(
            str(one["VpcId"])
            for one in encryption
            if (one.get("Mode"), one.get("State")) == ("enforce", "available")
        ),
    )


def with_controls(documents: Documents, ec2: EC2Client) -> Documents:
    """The documents with what EC2 says of controls.

    Best effort: nothing is added for what may not be asked, or is not known in the Region.
    """
    found = {operation: _all(ec2, operation) for operation in KEYS}
    return {**documents, **{name: one for name, one in found.items() if one is not None}}


def _all(ec2: EC2Client, operation: str) -> Mapping[str, Any] | None:
    """What an operation answers, its pages joined; None where it may not be asked."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    key, call = KEYS[operation], getattr(ec2, operation.replace("-", "_"))
    try:
        page = call()
        found = page.get(key)
        for _ in range(MOST_PAGES):
            if not page.get("NextToken"):
                return {key: found}
            page = call(NextToken=page["NextToken"])
            found = [*found, *page.get(key, ())]
    except (ClientError, BotoCoreError):
        return None
    return None
