# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the hosts of a site may do, and the host on which they are prepared, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..aws.scope import Scope
from ..engine.model import Ref
from .database_access import PARAMETER
from .login import APPLICATION, LOGINS, ROTATED
from .policies import Statement, allow, bucket_arn, policy

METRICS = ("Phoenix/Application", "Phoenix/Heartbeat")
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
    """Releases, configuration and the application's login to read; metrics, logs and sessions.

    home: whose secret it is; the other region holds a copy under the same name.
    """
    logs = scope.arn("logs", f"log-group:/{scope.environment}/{scope.site}/*")
    return policy(
        *_reading(scope, home, (APPLICATION,)),
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


def builder_permissions(scope: Scope, home: Scope) -> dict[str, Any]:
    """What the host needs on which images are made and from which the database is set up.

    It reads what hosts read, and all logins. It writes which configuration the database has, and
    new passwords of those that are rotated. home: as in `permissions`.
    """
    configured = f"parameter/{scope.environment}/{scope.site}/{PARAMETER}"
    return policy(
        *_reading(scope, home, LOGINS),
        allow("Configured", ("ssm:PutParameter",), scope.arn("ssm", configured)),
        allow(
            "NewPasswords",
            ("secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"),
            [_secret_arn(scope, home, login) for login in ROTATED],
        ),
        {
            **allow("Encrypt", ("kms:GenerateDataKey",), Ref("kms_key/main", "arn")),
            "Condition": _through(scope, "secretsmanager"),
        },
        allow("Sessions", SESSIONS, "*"),
    )


def _reading(scope: Scope, home: Scope, logins: Iterable[str]) -> Iterator[Statement]:
    """Releases, configuration and these logins."""
    releases = bucket_arn(scope, "releases")
    parameters = scope.arn("ssm", f"parameter/{scope.environment}/{scope.site}")
    yield allow("Releases", ("s3:GetObject", "s3:GetObjectVersion"), f"{releases}/*")
    yield allow("ListReleases", ("s3:ListBucket",), releases)
    yield allow(
        "Configuration",
        ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
        (parameters, f"{parameters}/*"),
    )
    yield allow(
        "DatabaseLogins",
        ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"),
        [_secret_arn(scope, home, login) for login in logins],
    )
    yield {
        **allow("Decrypt", ("kms:Decrypt",), Ref("kms_key/main", "arn")),
        "Condition": _through(scope, "s3", "secretsmanager", "ssm"),
    }


def _secret_arn(scope: Scope, home: Scope, login: str) -> str:
    """Of a secret as it is in the site's region. AWS appends a dash and six characters."""
    return scope.arn("secretsmanager", f"secret:{home.secret(login)}-??????")


def _through(scope: Scope, *services: str) -> dict[str, Any]:
    return {
        "StringEquals": {
            "kms:ViaService": [f"{name}.{scope.region}.amazonaws.com" for name in services]
        }
    }
