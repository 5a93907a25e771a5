# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policy documents of buckets, of the secret and of the replication role, in canonical form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.scope import Scope
from ..engine import canon
from ..engine.model import Ref

VERSION = "2012-10-17"
# What the buckets of a site are for.
PURPOSES = ("releases", "backups", "logs")
Statement = Mapping[str, Any]


def policy(*statements: Statement) -> dict[str, Any]:
    """A canonical policy document."""
    return canon.policy({"Version": VERSION, "Statement": list(statements)})


def allow(
    sid: str, actions: Iterable[str], resources: str | Ref | Sequence[str | Ref]
) -> dict[str, Any]:
    """A statement that allows these actions on these resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resources}


def bucket(scope: Scope, purpose: str) -> dict[str, Any]:
    """Who may use a bucket: nobody without TLS; that of the logs takes what AWS delivers."""
    arn = bucket_arn(scope, purpose)
    refusal = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return policy(refusal, *(_deliveries(scope, arn) if purpose == "logs" else ()))


def bucket_arn(scope: Scope, purpose: str) -> str:
    return scope.arn("s3", scope.bucket(purpose), regional=False)


def _deliveries(scope: Scope, arn: str) -> Iterable[Statement]:
    """Of load balancers and of flow logs; AWS adds the latter where it does not find them."""
    folders = [f"{arn}/AWSLogs/{scope.account}/*", f"{arn}/*/AWSLogs/{scope.account}/*"]
    source = {
        "StringEquals": {"aws:SourceAccount": scope.account},
        "ArnLike": {"aws:SourceArn": scope.arn("logs", "*")},
    }
    flow_logs = {"Service": "delivery.logs.amazonaws.com"}
    acl = {"s3:x-amz-acl": "bucket-owner-full-control"}
    yield {
        "Sid": "LoadBalancerLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": folders,
    }
    yield {
        "Sid": "AWSLogDeliveryWrite",
        "Effect": "Allow",
        "Principal": flow_logs,
        "Action": "s3:PutObject",
        "Resource": folders,
        "Condition": {**source, "StringEquals": {**source["StringEquals"], **acl}},
    }
    yield {
        "Sid": "AWSLogDeliveryAclCheck",
        "Effect": "Allow",
        "Principal": flow_logs,
        "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
        "Resource": arn,
        "Condition": source,
    }


def secret(scope: Scope) -> dict[str, Any]:
    """No principal of another account reads the secret, whatever its own policies allow."""
    return policy(
        {
            "Sid": "ThisAccountOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:*",
            "Resource": "*",
            "Condition": {
                "StringNotEquals": {"aws:PrincipalAccount": scope.account},
                "Bool": {"aws:PrincipalIsAWSService": "false"},
            },
        }
    )


def replication_trust() -> dict[str, Any]:
    """S3 acts in the role."""
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def replication(scope: Scope, peer: Scope, purposes: Iterable[str]) -> dict[str, Any]:
    """Reading these buckets here, writing their copies there, each with the key of its region."""
    here = [bucket_arn(scope, purpose) for purpose in purposes]
    there = [bucket_arn(peer, purpose) for purpose in purposes]
    return policy(
        allow("Configuration", ["s3:GetReplicationConfiguration", "s3:ListBucket"], here),
        allow(
            "Read",
            [
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            _objects(here),
        ),
        allow(
            "Write",
            ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            _objects(there),
        ),
        {
            **allow("Decrypt", ["kms:Decrypt"], [Ref("kms_key/main", "arn")]),
            "Condition": _through_s3(scope, here),
        },
        {
            **allow("Encrypt", ["kms:Encrypt", "kms:GenerateDataKey"], [peer.arn("kms", "key/*")]),
            "Condition": {
                **_through_s3(peer, there),
                # The other region's key is named by its alias: its id is not known here.
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": peer.key_alias},
            },
        },
    )


def _objects(arns: Iterable[str]) -> list[str]:
    return [f"{arn}/*" for arn in arns]


def _through_s3(scope: Scope, arns: list[str]) -> dict[str, Any]:
    return {
        "StringEquals": {"kms:ViaService": f"s3.{scope.region}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [*arns, *_objects(arns)]},
    }
