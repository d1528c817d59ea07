"""Clients of AWS for what is asked about the network."""

from __future__ import annotations

from typing import Any

from bot.model.errors import EngineError

SPOKEN = {"ec2": "EC2", "logs": "CloudWatch Logs", "cloudtrail": "CloudTrail"}


def open_client(
    service: str, region: str | None, *, connect: float, read: float, attempts: int
) -> Any:
    """boto3's client for a Region, or for the one that AWS's own settings name.

    `connect` and `read` are seconds, `attempts` how often boto3 makes a call. Raises `EngineError`.
    """
    import boto3  # noqa: PLC0415  # 0.3 s, and only where AWS is asked
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    config = Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": attempts},
        user_agent_extra="flows-bot",
    )
    try:
        return boto3.client(service, region_name=region, config=config)  # type: ignore[call-overload]
    except BotoCoreError as error:
        raise EngineError(
            f"{SPOKEN[service]} cannot be asked: {str(error).rstrip('.')}",
            hint="Set AWS_REGION, or name the Region.",
        ) from None
