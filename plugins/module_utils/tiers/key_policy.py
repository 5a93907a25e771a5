# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may use the customer key of a site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..aws.scope import Scope
from .policies import Statement, policy

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
USE = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
)
# Services through which principals of the account use the key, as far as their policies allow.
SERVICES = ("ec2", "rds", "s3", "secretsmanager", "sns", "ssm")
# Of these, the ones that keep a volume or a database open on their own.
GRANTED = ("ec2", "rds")
SCALING = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def key(scope: Scope, copied_to: str = "") -> dict[str, Any]:
    """The account administers the key, and uses it through AWS services only, those of its region.

    copied_to: the region to which images are copied, "" for none. EC2 of that region reads them for
    the copy, and in whose name it then asks for the key AWS does not say.
    """
    account = {"AWS": scope.arn("iam", "root", regional=False)}
    return policy(
        {
            "Sid": "Administration",
            "Effect": "Allow",
            "Principal": account,
            "Action": ADMINISTRATION,
            "Resource": "*",
        },
        {
            "Sid": "UseThroughServices",
            "Effect": "Allow",
            "Principal": account,
            "Action": USE,
            "Resource": "*",
            "Condition": {"StringEquals": _through(scope, SERVICES, copied_to)},
        },
        {
            "Sid": "GrantsThroughServices",
            "Effect": "Allow",
            "Principal": account,
            "Action": "kms:CreateGrant",
            "Resource": "*",
            "Condition": {
                "StringEquals": _through(scope, GRANTED, copied_to),
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        },
        *_auto_scaling(scope),
        *_services(scope),
    )


def _through(scope: Scope, services: Iterable[str], copied_to: str) -> dict[str, Any]:
    names = [f"{name}.{scope.region}.amazonaws.com" for name in services]
    copies = [f"ec2.{copied_to}.amazonaws.com"] if copied_to else []
    return {"kms:CallerAccount": scope.account, "kms:ViaService": [*names, *copies]}


def _auto_scaling(scope: Scope) -> Iterable[Statement]:
    """Auto Scaling starts instances with encrypted disks.

    Its role is named in a condition, not as the principal: AWS makes the role with an account's
    first group, and refuses a key policy whose principal does not exist.
    """
    role = {
        "StringEquals": {"kms:CallerAccount": scope.account},
        "ArnEquals": {"aws:PrincipalArn": scope.arn("iam", SCALING, regional=False)},
    }
    common = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Resource": "*"}
    yield {"Sid": "AutoScalingUse", "Action": USE, "Condition": role, **common}
    yield {
        "Sid": "AutoScalingGrants",
        "Action": "kms:CreateGrant",
        "Condition": {**role, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        **common,
    }


def _services(scope: Scope) -> Iterable[Statement]:
    """Services that use the key in their own name: alarms into encrypted topics, and log groups."""
    yield {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": scope.account},
            "ArnLike": {"aws:SourceArn": scope.arn("cloudwatch", "alarm:*")},
        },
    }
    yield {
        "Sid": "LogGroups",
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{scope.region}.amazonaws.com"},
        "Action": USE,
        "Resource": "*",
        "Condition": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": scope.arn("logs", "*")},
        },
    }
