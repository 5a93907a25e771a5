# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a caller may do what it asks for, by its IAM policies, when that is switched on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from moto.iam.access_control import CreateAccessKeyFailure, create_access_key
from moto.iam.models import get_account_id_from
from moto.secretsmanager.models import secretsmanager_backends

from sandbox.answers import Answer, error
from sandbox.calls import Call
from sandbox.policies import ALLOWED, decision

# How policies name a service, where that is not botocore's name.
_PREFIX = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
# Operations of S3 that policies name otherwise (Service Authorization Reference, "Amazon S3").
_S3 = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
# Parameters that name the one resource of a call, and the ARN that is made of a bare name.
_NAMED = {
    "ssm": ({"Name", "Path"}, "arn:aws:ssm:{region}:{account}:parameter/{name}"),
    "secretsmanager": ({"SecretId"}, "arn:aws:secretsmanager:{region}:{account}:secret:{name}"),
    "sns": ({"TopicArn", "ResourceArn"}, "arn:aws:sns:{region}:{account}:{name}"),
    "kms": ({"KeyId"}, "arn:aws:kms:{region}:{account}:key/{name}"),
    "iam": ({"RoleName"}, "arn:aws:iam::{account}:role/{name}"),
    "sts": ({"RoleArn"}, "{name}"),
    "rds": ({"DBInstanceIdentifier"}, "arn:aws:rds:{region}:{account}:db:{name}"),
}


class Permissions:
    """The switch, and the look at one call. The account's own keys may do everything."""

    def __init__(self) -> None:
        self.enforced = False

    def switch(self, enforced: bool = False) -> None:
        self.enforced = bool(enforced)

    def refusal(self, call: Call, body: bytes, token: str) -> Answer | None:
        """The error that AWS sends to a caller without permission, None where it has it.

        token: of the session, "" where there is none. Called under the world's lock.
        """
        if not self.enforced or (call.service, call.action) == ("sts", "GetCallerIdentity"):
            return None
        caller = _caller(call, token)
        if caller is None:
            return None
        action = action_of(call)
        account = caller.account_id
        context = {
            "aws:RequestedRegion": call.region,
            "aws:PrincipalArn": caller.arn,
            "aws:PrincipalAccount": account,
            "aws:SecureTransport": "true",
        }
        policies = [document(policy) for policy in caller.collect_policies()]
        resource = resource_of(call, body, account)
        if decision(policies, action, resource, context) == ALLOWED:
            return None
        return _denied(call, caller.arn, action)


def _caller(call: Call, token: str) -> Any:
    """The user or the session whose key signed a call, None for the account's root."""
    headers = {"X-Amz-Security-Token": token} if token else {}
    try:
        return create_access_key(
            get_account_id_from(call.access_key), "aws", call.access_key, headers
        )
    except CreateAccessKeyFailure:
        return None


def document(policy: Any) -> dict[str, Any]:
    """The document of a policy in any of the forms in which the emulator hands them out."""
    if isinstance(policy, str):
        text = policy
    elif isinstance(policy, Mapping):
        text = policy["policy_document"]
    else:
        text = next(version.document for version in policy.versions if version.is_default)
    found: dict[str, Any] = json.loads(text) if isinstance(text, str) else dict(text)
    return found


def action_of(call: Call) -> str:
    """What a policy calls an operation, e.g. elasticloadbalancing:CreateRule."""
    prefix = _PREFIX.get(call.service, call.service)
    name = _S3.get(call.action, call.action) if call.service == "s3" else call.action
    return f"{prefix}:{name}"


def resource_of(call: Call, body: bytes, account: str) -> str | None:
    """The ARN of what a call is about, None where the call does not say it."""
    if call.service == "s3":
        path = call.path.strip("/")
        return f"arn:aws:s3:::{path}" if path else None
    names, form = _NAMED.get(call.service, (set(), ""))
    given = _parameters(call, body)
    value = next((given[name] for name in sorted(names) if given.get(name)), None)
    if value is None or str(value).startswith("arn:"):
        return value
    if call.service == "secretsmanager":
        secret = secretsmanager_backends[account][call.region].secrets.get(value)
        return str(secret.arn) if secret else None
    return form.format(region=call.region, account=account, name=str(value).strip("/"))


def _parameters(call: Call, body: bytes) -> dict[str, Any]:
    if call.protocol == "json":
        try:
            content = json.loads(body or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}
    text = body.decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(text).items()}


def _denied(call: Call, who: str, action: str) -> Answer:
    message = f"User: {who} is not authorized to perform: {action}"
    if call.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
        return error(call, 403, "UnauthorizedOperation", message)
    if call.protocol in {"json", "rest-json", "cbor"}:
        return error(call, 400, "AccessDeniedException", message)
    return error(call, 403, "AccessDenied", message)
