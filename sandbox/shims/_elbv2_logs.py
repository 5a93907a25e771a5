# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a bucket can take the logs of a load balancer."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.elbv2.exceptions import ELBClientError as Refusal
from moto.elbv2.models import ELBv2Backend
from moto.s3.models import s3_backends

from sandbox.shims.s3 import policy_seen
from sandbox.world import World


def check_bucket(world: World, backend: ELBv2Backend, name: str, prefix: str) -> None:
    """Refuse a bucket that is missing, elsewhere, closed to ELB, or encrypted with a KMS key."""
    bucket: Any = s3_backends[backend.account_id][backend.partition].buckets.get(name)
    usable = (
        bucket is not None
        and bucket.region_name == backend.region_name
        and "aws:kms" not in json.dumps(bucket.encryption or {})
        and lets_write(bucket, policy_seen(world, bucket), f"{prefix}/" if prefix else "")
    )
    if not usable:
        raise Refusal(
            "InvalidConfigurationRequest",
            f"Access Denied for bucket: {name}. Please check S3bucket permission",
        )


def listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def lets_write(bucket: Any, policy: Any, prefix: str) -> bool:
    """Whether a policy of the bucket lets the log delivery of ELB put objects under the prefix."""
    path = f"arn:aws:s3:::{bucket.name}/{prefix}AWSLogs/{bucket.account_id}/x"
    for statement in json.loads(policy or "{}").get("Statement", []):
        principal = json.dumps(statement.get("Principal", ""))
        if (
            statement.get("Effect") == "Allow"
            and {"s3:PutObject", "s3:Put*", "s3:*"} & set(listed(statement.get("Action")))
            and re.search(r"logdelivery\.elasticloadbalancing|:iam::\d{12}:root|\*", principal)
            and any(
                re.fullmatch(re.escape(resource).replace(r"\*", ".*"), path)
                for resource in listed(statement.get("Resource"))
            )
        ):
            return True
    return False
