"""What is asked of AWS, and what AWS says, without what must not be passed on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.engines.cloudwatch.sent import Sent

_SERVICES = {
    "logs": "CloudWatch Logs",
    "ec2": "EC2",
    "athena": "Athena",
    "cloudwatch": "CloudWatch",
}
_SECRETS = (
    r"arn:aws[^\s'\",)\]]*",
    r"\b\d{12}\b",
    r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{8,}\b",
    r"\(Service: [^)]*\)",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to AWS: `action` as a policy spells it, and what it is about."""

    action: str
    region: str
    log_groups: tuple[str, ...]
    sent: Sent | None = None

    @property
    def service(self) -> str:
        return _SERVICES[self.action.partition(":")[0]]

    @property
    def subject(self) -> str:
        groups = ", ".join(self.log_groups)
        return f"{groups} in {self.region}" if self.action.startswith("logs:") else self.region


def scrubbed(said: str) -> str:
    """What AWS said, on one line, without account numbers, ARNs and key ids."""
    for secret in _SECRETS:
        said = re.sub(secret, "…", said)
    return " ".join(said.split())[:500].strip("… ")
