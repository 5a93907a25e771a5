# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an AWS answer means for us. Codes are compared here and nowhere else."""

from __future__ import annotations

import enum

from .sdk import ClientError, ConnectionError, HTTPClientError, ResponseParserError

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "ProvisionedThroughputExceededException",
        "LimitExceededException.Throttled",
        "PriorRequestNotComplete",
        "SlowDown",
        "TooManyUpdates",
        "EC2ThrottledException",
    }
)
# A zone lacks what a host takes, and made none; in another zone the same may go through. Some of
# these AWS tells with status 500.
SHORT = frozenset(
    {
        "InsufficientFreeAddressesInSubnet",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientVolumeCapacity",
        "Unsupported",
    }
)
# An IAM principal or a key that was just made is not yet known to the service that uses it.
UNPROPAGATED = (
    "Invalid IAM Instance Profile",
    "Invalid IamInstanceProfile",
    "instance profile",
    "MalformedPolicyDocument",
    "MalformedPolicy",
    "Invalid principal in policy",
    "cannot be assumed",
    "is not authorized to perform: sts:AssumeRole",
    "KMSKeyNotAccessible",
    "Unable to validate",
    "Access Denied for bucket",
    "A conflicting conditional operation is currently in progress",
    # A key whose deletion was taken back a moment ago.
    "is pending deletion",
)


# Services that say of what is not there only by their text that it is not.
ABSENT_TOLD = (
    ("InvalidChangeBatch", "but it was not found"),
    ("ValidationError", "AutoScalingGroup name not found"),
)


class Meaning(enum.Enum):
    """How a failed call goes on."""

    ABSENT = "the object is not there"
    EXISTS = "an object of this identity is there already"
    THROTTLED = "it was not executed; again, later"
    UNCLEAR = "nobody knows whether it was executed; look"
    UNPROPAGATED = "something it needs was just made; again, later"
    BLOCKED = "something else still uses it"
    REFUSED = "it was refused"


def code(error: BaseException) -> str:
    """The AWS error code, or the name of the exception where there is none."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def request_id(error: BaseException) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("ResponseMetadata", {}).get("RequestId", ""))
    return ""


def status(error: BaseException) -> int:
    if isinstance(error, ClientError):
        return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return 0


def meaning(error: BaseException) -> Meaning:
    """Classifies an exception from a call."""
    if isinstance(error, NotYet):
        return Meaning.UNPROPAGATED
    if isinstance(error, StillUsed):
        return Meaning.BLOCKED
    if not isinstance(error, ClientError):
        lost = isinstance(error, (ConnectionError, HTTPClientError, ResponseParserError))
        return Meaning.UNCLEAR if lost else Meaning.REFUSED
    name = code(error)
    if name in THROTTLED:
        return Meaning.THROTTLED
    if status(error) >= 500:
        return Meaning.REFUSED if short(error) else Meaning.UNCLEAR
    told = any(name == one and text in str(error) for one, text in ABSENT_TOLD)
    if told or _absent(name):
        return Meaning.ABSENT
    if _exists(name):
        return Meaning.EXISTS
    if any(text in str(error) for text in UNPROPAGATED):
        return Meaning.UNPROPAGATED
    if name in BLOCKED or "DependencyViolation" in name:
        return Meaning.BLOCKED
    return Meaning.REFUSED


def short(error: BaseException) -> bool:
    """Whether a launch was refused for what its zone lacks."""
    return isinstance(error, ClientError) and code(error) in SHORT


def collided(error: BaseException) -> bool:
    """Whether S3 did not execute a conditional write because another one of the same object was
    under way, which may have been an earlier attempt of this one: again, and it tells.
    """
    return code(error) == "ConditionalRequestConflict"


BLOCKED = frozenset(
    {
        "DeleteConflict",
        "ResourceInUse",
        "ResourceInUseException",
        "InvalidIPAddress.InUse",
        "InvalidDBSubnetGroupStateFault",
        "InvalidDBParameterGroupState",
        "InvalidDBInstanceState",
        "ScalingActivityInProgress",
        "HostedZoneNotEmpty",
        "TargetGroupAssociationLimit",
    }
)


def _absent(name: str) -> bool:
    return (
        name.endswith((".NotFound", "NotFound", "NotFoundException", "NotFoundFault", ".Malformed"))
        or name.startswith(("NoSuch",))
        or name
        in {
            "404",
            "Gateway.NotAttached",
            "InvalidAllocationID.NotFound",
            "InvalidServiceName",
            "ParameterNotFound",
            "ReplicationConfigurationNotFoundError",
            "ServerSideEncryptionConfigurationNotFoundError",
            "NotFoundError",
        }
    )


def _exists(name: str) -> bool:
    return (
        "AlreadyExist" in name
        or ".Duplicate" in name
        or name.startswith("Duplicate")
        or name
        in {
            "EntityAlreadyExists",
            "BucketAlreadyOwnedByYou",
            "ResourceExistsException",
            "RouteAlreadyExists",
            "ParameterAlreadyExists",
            "FlowLogAlreadyExists",
            "Resource.AlreadyAssociated",
            "InvalidSubnet.Conflict",
            "InstanceRefreshInProgress",
            "PreconditionFailed",
        }
    )


# What to do where the SDK does not get as far as a call, by the name of its exception.
WAYS_ON = {
    "ProfileNotFound": (
        "name a profile that `aws configure list-profiles` lists, in phoenix_aws or at the site, "
        "make this one with `aws configure --profile`, or leave it out: then credentials are taken "
        "from the environment"
    ),
    "NoCredentialsError": (
        "name a profile in phoenix_aws, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; "
        "`aws sts get-caller-identity` says whether they are found"
    ),
}


# Ends of the codes with which services refuse what a quota does not allow.
USED_UP = ("LimitExceeded", "LimitExceededException", "QuotaExceeded", "QuotaExceededFault")
RAISE_QUOTA = (
    "a quota of the account is used up in this region: raise it in Service Quotas, remove what is "
    "not used, or declare less (of addresses, a site with `nat: one` takes one, not one a zone)"
)


def way_on(error: BaseException) -> str:
    """What to do about an exception, "" where nothing is known."""
    # Too many requests at once are no quota that one raises.
    throttled = code(error) == "RequestLimitExceeded"
    used_up = isinstance(error, ClientError) and code(error).endswith(USED_UP) and not throttled
    return RAISE_QUOTA if used_up else WAYS_ON.get(type(error).__name__, "")


# Services that are one for all regions.
WORLDWIDE = frozenset({"iam", "route53"})


def note_place(error: BaseException, service: str, region: str) -> None:
    """Marks an exception with whom was asked: what the SDK says of a connection names neither."""
    if not hasattr(error, "place"):
        error.place = (service, region)  # type: ignore[attr-defined]


def silent(error: BaseException) -> tuple[str, str]:
    """Service and region that did not answer; two empty ones where it is not known, or answered."""
    if not isinstance(error, (ConnectionError, HTTPClientError)):
        return ("", "")
    return getattr(error, "place", ("", ""))


# What to do where a name that we choose is taken.
RENAME = "rename or remove what is not ours, or choose another phoenix_environment"


class NotYet(Exception):
    """AWS is not so far: it will go through later, without anybody doing anything."""


class StillUsed(Exception):
    """The object does not go before something ends that ends by itself, however long that takes."""


class NoCapacity(Exception):
    """None of the zones in which a host may stand can launch it."""

    code = "no_capacity"
    hint = (
        "run the same playbook again later, or declare another web_tier_instance_type, which its "
        "zones have, or others beside it as web_tier_fallback_instance_types"
    )


class AccountMismatch(Exception):
    """The credentials belong to another account than the declaration names."""

    code = "wrong_account"


class Conflict(Exception):
    """The name is taken by something that is not ours. hint: the next thing to do, for people."""

    code = "foreign_object"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def not_ours(what: str, prefix: str) -> Conflict:
    """Something of a name of ours, as in "alarm production-home-latency", without our tags.

    prefix: the environment and site that it does not belong to.
    """
    return Conflict(
        f"{what} is there without the owner tags of {prefix}: it is not ours, and was left alone",
        RENAME,
    )
