# SPDX-License-Identifier: GPL-3.0-or-later
"""From what no instance can be launched, and AWS's words for it."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.ec2.exceptions import EC2ClientError, InvalidSecurityGroupNotFoundError
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES
from moto.iam.models import iam_backends

MOST_USER_DATA = 16384  # bytes, before they are made base64


@dataclass(frozen=True, slots=True)
class Asked:
    """What an instance is to be launched from, by templates and requests; "" is not said.

    image: as it is after `resolve:ssm:`. user_data: in base64. groups: the ids of security groups.
    subnets: those in which it may be. profile: name and ARN of its instance profile.
    """

    image: str
    kind: str
    key: str = ""
    user_data: str = ""
    groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    profile: tuple[str, str] = ("", "")


def of_template(data: dict[str, Any], image: str, kind: str, subnets: Iterable[str]) -> Asked:
    """What a version of a launch template asks for; `data` is its content."""
    card = (data.get("NetworkInterfaces") or [{}])[0]
    profile = data.get("IamInstanceProfile") or {}
    return Asked(
        image,
        kind,
        str(data.get("KeyName") or ""),
        text(data.get("UserData")),
        tuple(data.get("SecurityGroupIds") or card.get("Groups") or ()),
        tuple(subnets),
        (str(profile.get("Name") or ""), str(profile.get("Arn") or "")),
    )


def text(user_data: Any) -> str:
    """User data in base64, as the emulator keeps it in one type or another."""
    return user_data.decode() if isinstance(user_data, bytes) else str(user_data or "")


def check(ec2: Any, asked: Asked) -> None:
    """Refuse what cannot be launched in a region. Raises EC2ClientError."""
    check_image(ec2, asked.image)
    _check_kind(ec2, asked)
    if asked.key and asked.key not in ec2.key_pairs:
        raise EC2ClientError(
            "InvalidKeyPair.NotFound", f"The key pair '{asked.key}' does not exist"
        )
    if len(base64.b64decode(asked.user_data)) > MOST_USER_DATA:
        raise _invalid(f"User data is limited to {MOST_USER_DATA} bytes")
    _check_groups(ec2, asked)
    check_profile(ec2, *asked.profile)


def check_image(ec2: Any, image_id: str) -> None:
    """Refuse an image that is not there, is there no more, or is not ready or has failed."""
    if not image_id:
        raise EC2ClientError("MissingParameter", "The request must contain the parameter ImageId")
    # Also loads what public parameters name.
    ec2.describe_images(ami_ids=[image_id])
    image = ec2.amis.get(image_id)
    if image is None or image.state != "available":
        raise EC2ClientError(
            "InvalidAMIID.Unavailable", f"The image ID '{image_id}' is not available"
        )


def _check_kind(ec2: Any, asked: Asked) -> None:
    # Of the newest regions the emulator does not know what they offer.
    offered = INSTANCE_TYPE_OFFERINGS["region"].get(ec2.region_name)
    here = offered is None or any(one["InstanceType"] == asked.kind for one in offered)
    if not here or asked.kind not in INSTANCE_TYPES:
        raise _invalid(f"Invalid value '{asked.kind}' for InstanceType.")
    able = INSTANCE_TYPES[asked.kind]["ProcessorInfo"]["SupportedArchitectures"]
    made_for = ec2.amis[asked.image].architecture
    if made_for not in able:
        raise _invalid(
            f"The architecture '{','.join(able)}' of the specified instance type does not match "
            f"the architecture '{made_for}' of the specified AMI. Specify an instance type and an "
            "AMI that have matching architectures, and try again. You can use "
            "'describe-instance-types' or 'describe-images' to discover the architecture of the "
            "instance type or AMI."
        )


def _check_groups(ec2: Any, asked: Asked) -> None:
    for number in asked.groups:
        group = ec2.get_security_group_from_id(number)
        if group is None:
            raise InvalidSecurityGroupNotFoundError(number)
        for subnet in asked.subnets:
            if ec2.get_subnet(subnet).vpc_id != group.vpc_id:
                raise EC2ClientError(
                    "InvalidParameter",
                    f"Security group {number} and subnet {subnet} belong to different networks.",
                )


def check_profile(ec2: Any, name: str, arn: str) -> None:
    """Refuse an instance profile that is not there; "" is none."""
    profiles = iam_backends[ec2.account_id][ec2.partition].instance_profiles.values()
    if name and not any(one.name == name for one in profiles):
        raise _invalid(
            f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM "
            "Instance Profile name"
        )
    if arn and not any(one.arn == arn for one in profiles):
        raise _invalid(
            f"Value ({arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance "
            "Profile ARN"
        )


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)
