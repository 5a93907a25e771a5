# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts of a site may do, and no more."""

from __future__ import annotations

from typing import Any

from ..aws.scope import Scope
from ..engine.model import Ref
from .login import secret_name
from .policies import allow, bucket_arn, policy

METRICS = "Phoenix/Application"
# What the agent of Session Manager needs; none of these actions can be bound to a resource.
SESSIONS = (
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


def trust() -> dict[str, Any]:
    """EC2 acts in the role, for its instances."""
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def permissions(scope: Scope, home: Scope) -> dict[str, Any]:
    """Releases, configuration and the database's secret to read; metrics, logs and sessions.

    home: whose secret it is; the other region holds a copy under the same name.
    """
    releases = bucket_arn(scope, "releases")
    parameters = scope.arn("ssm", f"parameter/{scope.environment}/{scope.site}")
    logs = scope.arn("logs", f"log-group:/{scope.environment}/{scope.site}/*")
    # Secrets Manager appends a dash and six characters of its own.
    secret = scope.arn("secretsmanager", f"secret:{secret_name(home)}-??????")
    return policy(
        allow("Releases", ("s3:GetObject", "s3:GetObjectVersion"), f"{releases}/*"),
        allow("ListReleases", ("s3:ListBucket",), releases),
        allow(
            "Configuration",
            ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
            (parameters, f"{parameters}/*"),
        ),
        allow(
            "DatabaseSecret",
            ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
            secret,
        ),
        {
            **allow("Decrypt", ("kms:Decrypt",), Ref("kms_key/main", "arn")),
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": [
                        f"{service}.{scope.region}.amazonaws.com"
                        for service in ("s3", "secretsmanager")
                    ]
                }
            },
        },
        {
            **allow("Metrics", ("cloudwatch:PutMetricData",), "*"),
            "Condition": {"StringEquals": {"cloudwatch:namespace": METRICS}},
        },
        allow(
            "Logs",
            (
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ),
            logs,
        ),
        allow("Sessions", SESSIONS, "*"),
    )
