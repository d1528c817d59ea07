"""What AWS says when something is wrong, told in words: what, where, and what to do.

Codes and shapes are those of botocore's models, or were seen in public reports. What AWS says is
not passed on unread: it names accounts, users and keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.engines.cloudwatch.call import Call, scrubbed
from bot.engines.cloudwatch.malformed import malformed
from bot.model.errors import AccessDenied, EngineError, FlowsError, NoSuchLogGroup, Throttled

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_THROTTLED = frozenset(
    "ThrottlingException Throttling ThrottledException RequestThrottled RequestThrottledException"
    " TooManyRequestsException RequestLimitExceeded SlowDown PriorRequestNotComplete".split()
)
_UNAVAILABLE = frozenset(
    "ServiceUnavailableException ServiceUnavailable Unavailable InternalFailure InternalError"
    " InternalServerError RequestTimeout RequestTimeoutException".split()
)
_DENIED = frozenset("AccessDeniedException AccessDenied UnauthorizedOperation".split())
_EXPIRED = frozenset("ExpiredTokenException ExpiredToken RequestExpired".split())
_NOT_ACCEPTED = frozenset(
    "UnrecognizedClientException InvalidClientTokenId InvalidSignatureException"
    " SignatureDoesNotMatch AuthFailure MissingAuthenticationToken IncompleteSignature"
    " MissingAuthenticationTokenException OptInRequired".split()
)
_LIMIT = "LimitExceededException"
_MALFORMED = "MalformedQueryException"
_NOT_FOUND = "ResourceNotFoundException"

# botocore's own errors, by name.
_SIGNED_OUT = frozenset(
    "TokenRetrievalError UnauthorizedSSOTokenError SSOTokenLoadError LoginRefreshRequired".split()
)
_NO_CREDENTIALS = frozenset(
    "NoCredentialsError PartialCredentialsError CredentialRetrievalError ProfileNotFound"
    " UnknownCredentialError NoAuthTokenError MetadataRetrievalError InfiniteLoopConfigError"
    " RefreshWithMFAUnsupportedError SSOError LoginError".split()
)
_NO_REGION = frozenset("InvalidRegionError UnknownRegionError NoRegionError".split())


class Truncated(Exception):
    """A response that ends before a value it must have."""


def passes(error: Exception) -> bool:
    """Whether the same call may succeed a little later."""
    from botocore import exceptions  # noqa: PLC0415

    if isinstance(error, exceptions.ClientError):
        return code(error) in _THROTTLED | _UNAVAILABLE | {_LIMIT} or _status(error) >= 500
    if isinstance(error, exceptions.SSLError | exceptions.ProxyConnectionError):
        return False
    return isinstance(error, Truncated) or _is_network(error)


def told(error: Exception, call: Call) -> FlowsError:
    """The error as a person can read it."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    if isinstance(error, ClientError):
        return _refused(error, call)
    if isinstance(error, Truncated):
        return EngineError(
            f"{call.service} answered {call.action} without {error}, several times",
            where=call.region,
            hint="Try again; if it goes on, look for a proxy that cuts answers off.",
        )
    return _unreached(error, call) if _is_network(error) else _not_sent(error, call)


def _refused(error: ClientError, call: Call) -> FlowsError:
    name = code(error)
    if name in _THROTTLED:
        return Throttled(
            f"AWS takes no more {call.action} calls for now",
            where=call.region,
            hint="Try again in a minute: they are counted over the whole account.",
        )
    if name == _LIMIT:
        return _too_many(message(error), call)
    if name in _DENIED:
        return _denied(message(error), call)
    if name in _EXPIRED | _NOT_ACCEPTED:
        return _credentials(name, call)
    if name == _MALFORMED and call.sent:
        return malformed(message(error), error.response.get("queryCompileError"), call, call.sent)
    if name == _NOT_FOUND:
        return _not_found(message(error), call)
    return _other(error, call)


def _other(error: ClientError, call: Call) -> EngineError:
    if code(error) in _UNAVAILABLE or _status(error) >= 500:
        return EngineError(
            f"{call.service} is out of order: {call.action} gives {code(error)}",
            where=call.region,
            hint="Try again in a few minutes; the AWS Health Dashboard may say more.",
        )
    said = scrubbed(message(error))
    return EngineError(
        f"AWS refuses {call.action} with {code(error)}{': ' if said else ''}{said}",
        where=call.region,
    )


def _too_many(said: str, call: Call) -> Throttled:
    if call.action != "logs:StartQuery":
        return Throttled(f"{call.action} is at a limit of AWS: {scrubbed(said)}", where=call.region)
    limit = re.search(r"\[(\d+)\]", said)
    most = f"AWS runs at most {limit[1]} queries" if limit else "AWS limits how many queries run"
    return Throttled(
        f"{most} at the same time in this account, and as many are running",
        where=call.region,
        hint="Try again in a minute. Dashboards and other people's queries count too.",
    )


def _denied(said: str, call: Call) -> AccessDenied:
    named = re.search(r"not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z]+)", said)
    because = re.search(r"explicit deny in an? [a-z -]+ policy", said)
    action = named[1] if named else call.action
    return AccessDenied(
        f"{action} is not allowed" + (f", by an {because[0]}" if because else ""),
        where=call.subject,
        hint=f"Allow {action} to the role the bot runs as; docs/cloudwatch.md has the policy.",
    )


def _credentials(name: str, call: Call) -> AccessDenied:
    if name in _EXPIRED:
        return AccessDenied(
            "the AWS credentials have expired",
            where=call.region,
            hint="Sign in again (aws sso login), or renew what the bot runs with.",
        )
    return AccessDenied(
        f"AWS does not accept the credentials ({name})",
        where=call.region,
        hint="Check the keys, whether the Region is enabled for the account, and this machine's"
        " clock.",
    )


def _not_found(said: str, call: Call) -> EngineError:
    if call.action in ("logs:GetQueryResults", "logs:StopQuery"):
        return EngineError("AWS no longer knows the query", where=call.region, hint="Ask again.")
    named = [group for group in call.log_groups if _names(said, group)]
    return NoSuchLogGroup(
        f"there is no log group {' or '.join(named or call.log_groups)}",
        where=call.region,
        hint="Check the name, the Region and the account.",
    )


def _names(said: str, group: str) -> bool:
    """Whether AWS speaks of this group, and not of one whose name only begins or ends like it."""
    return re.search(rf"(?<![\w/#.-]){re.escape(group)}(?![\w/#.-])", said) is not None


def _unreached(error: Exception, call: Call) -> EngineError:
    from botocore import exceptions  # noqa: PLC0415

    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        return EngineError(
            f"{call.service} cannot be reached",
            where=call.region,
            hint="Check that the Region is spelled right, and that this machine has a way to AWS:"
            " a network, a proxy or a VPC endpoint.",
        )
    if isinstance(error, exceptions.SSLError):
        return EngineError(
            f"the connection to {call.service} is not trusted",
            where=call.region,
            hint="A proxy on the way may need its certificate in AWS_CA_BUNDLE.",
        )
    return EngineError(
        f"the connection to {call.service} broke off ({type(error).__name__})",
        where=call.region,
        hint="Try again; if it goes on, look at the network between here and AWS.",
    )


def _not_sent(error: Exception, call: Call) -> FlowsError:
    name = type(error).__name__
    if name in _SIGNED_OUT:
        return _credentials("ExpiredToken", call)
    if name in _NO_CREDENTIALS:
        return AccessDenied(
            f"there are no AWS credentials to use ({name})",
            where=call.region,
            hint="Set AWS_PROFILE, run aws configure, or give the machine or pod a role.",
        )
    if name in _NO_REGION:
        return EngineError(f"{call.region} is not a Region", hint="Write one like eu-central-1.")
    return EngineError(f"{call.action} failed before it was sent ({name})", where=call.region)


def code(error: ClientError) -> str:
    """The name AWS gave the error."""
    return str(error.response.get("Error", {}).get("Code") or "an error without a name")


def message(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message") or "")


def _status(error: ClientError) -> int:
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    return int(metadata.get("HTTPStatusCode", 0))


def _is_network(error: Exception) -> bool:
    from botocore import exceptions  # noqa: PLC0415

    network = (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,
        exceptions.IncompleteReadError,
    )
    return isinstance(error, network)
