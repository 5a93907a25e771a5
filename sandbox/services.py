# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of services, and which operation of a service an HTTP request is."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

from botocore.exceptions import UnknownServiceError, ValidationError
from moto.core.request import Request
from moto.core.routing import ServiceOperationRouter, get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

UNKNOWN = "Unknown"

# What a site is made of, as the emulator names it.
USUAL = (
    *("ec2", "sts", "s3", "iam", "rds", "elbv2", "autoscaling", "route53", "acm", "kms"),
    *("secretsmanager", "ssm", "logs", "sns", "cloudwatch", "resourcegroupstaggingapi"),
)

# What a request is signed for, where that is not the name that botocore gives the service.
_SIGNED_AS = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "email": "sesv2",
}
_CLASSIC_BALANCER = b"Version=2012-06-01"

# Services that are one for the whole world; their requests carry us-east-1.
GLOBAL = frozenset({"iam", "route53", "cloudfront", "organizations", "account", "shield"})

_READ = re.compile(
    r"(Describe|Get|List|Head|Search|BatchGet|Lookup|Query|Scan|Select|Simulate|Check|TestDNS"
    r"|Preview|Estimate|Validate|Filter|Count|Encrypt|Decrypt|ReEncrypt|Generate|Sign$|Verify"
    r"|Assume|Decode)"
)
# Begin like reads, and change something.
_WRITES_ALL_THE_SAME = frozenset({"GenerateServiceLastAccessedDetails", "GenerateCredentialReport"})


def service_of(signed_for: str, path: str, body: bytes) -> str:
    """The service's name as botocore has it, from the name that the request is signed for."""
    name = _SIGNED_AS.get(signed_for, signed_for)
    if name == "elbv2" and _CLASSIC_BALANCER in body:
        return "elb"
    if name == "s3" and path.startswith("/v20180820/"):
        return "s3control"
    return name


def is_write(service: str, action: str, method: str) -> bool:
    """Whether the operation changes anything, by its name (for S3 by the HTTP method)."""
    if service == "s3":
        return method not in {"GET", "HEAD", "OPTIONS"} and action != "SelectObjectContent"
    return action in _WRITES_ALL_THE_SAME or not _READ.match(action)


@cache
def _router(service: str) -> ServiceOperationRouter | None:
    try:
        return get_service_router(service)
    except Exception:
        return None


def operations(service: str) -> frozenset[str]:
    """The operations of a service as botocore names them; none where there is no such service."""
    try:
        return frozenset(get_service_model(service).operation_names)
    except (UnknownServiceError, ValidationError):
        return frozenset()


@cache
def prefix_of(service: str) -> str:
    """How the name of its endpoints begins: "monitoring" for "cloudwatch"; "" if it is unknown."""
    try:
        return str(get_service_model(service).endpoint_prefix)
    except (UnknownServiceError, ValidationError):
        return ""


_CBOR_PATH = re.compile(r"^/service/[^/]+/operation/([A-Za-z0-9]+)$")
_ACTION = re.compile(rb"(?:^|&)Action=([^&]+)")


def operation_of(service: str, environ: dict[str, Any], body: bytes) -> str:
    """Name of the operation as botocore has it, or `Unknown`."""
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return str(target).rpartition(".")[2]
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        path = _CBOR_PATH.match(environ.get("PATH_INFO", ""))
        return path.group(1) if path else UNKNOWN
    form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
    action = _ACTION.search(body) if form else None
    if action is None and service != "s3":
        action = _ACTION.search(environ.get("QUERY_STRING", "").encode("latin-1"))
    if action:
        return unquote_plus(action.group(1).decode("ascii", "replace"))
    return _rest_operation(service, environ)


def _rest_operation(service: str, environ: dict[str, Any]) -> str:
    router = _router(service)
    if router is None:
        return UNKNOWN
    try:
        operation, _ = router.match(Request(environ))
    except (HTTPException, NotImplementedError):
        return UNKNOWN
    return str(operation.name)
