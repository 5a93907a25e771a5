# SPDX-License-Identifier: GPL-3.0-or-later
"""What an HTTP request to the sandbox is, in the words of AWS."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sandbox.services import UNKNOWN, is_write, operation_of, service_of

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_UNSIGNED_STS = re.compile(rb"Action=AssumeRoleWith(SAML|WebIdentity)")

# Parameters that say what a request is about. Anything else could be a secret.
_ABOUT = re.compile(
    r"^(Name|Attribute|Filter|[A-Za-z0-9]*(Id|Ids|Identifier|Name|Names|Arn|ARN|Arns|Alias))"
    r"(\.(member\.)?\d+)?(\.Name)?$"
)
_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    `service` and `action` are named as botocore names them ("elbv2", "DescribeLoadBalancers");
    `protocol` is ec2, query, rest-xml, rest-json, json or cbor; `write` says whether the operation
    changes anything (a dry run does not). `region` is that of the signature.
    """

    service: str
    action: str
    region: str
    access_key: str
    protocol: str
    method: str
    path: str
    write: bool
    dry_run: bool
    about: dict[str, str]


def identify(environ: dict[str, Any], body: bytes) -> Call:
    """The call that a WSGI environment with this body is."""
    key, region, signed_for = _signature(environ, body)
    path = environ.get("PATH_INFO", "/")
    method = environ.get("REQUEST_METHOD", "GET")
    service = service_of(signed_for, path, body)
    action = operation_of(service, environ, body)
    protocol = _protocol(service, environ, body)
    about = _about(protocol, environ, body)
    dry_run = service == "ec2" and b"DryRun=true" in body
    return Call(
        service=service,
        action=action,
        region=region,
        access_key=key,
        protocol=protocol,
        method=method,
        path=path,
        write=is_write(service, action, method) and not dry_run,
        dry_run=dry_run,
        about=about,
    )


def unknown(environ: dict[str, Any]) -> Call:
    """The call of a request of which nothing more could be found out."""
    method, path = environ.get("REQUEST_METHOD", "GET"), environ.get("PATH_INFO", "/")
    return Call(
        service=UNKNOWN,
        action=UNKNOWN,
        region="us-east-1",
        access_key="",
        protocol="query",
        method=method,
        path=path,
        write=is_write(UNKNOWN, UNKNOWN, method),
        dry_run=False,
        about={},
    )


def _signature(environ: dict[str, Any], body: bytes) -> tuple[str, str, str]:
    header = environ.get("HTTP_AUTHORIZATION", "")
    match = _CREDENTIAL.search(header)
    if match is None and "X-Amz-Credential" in environ.get("QUERY_STRING", ""):
        asked = dict(parse_qsl(environ["QUERY_STRING"]))
        match = _CREDENTIAL.search("Credential=" + asked["X-Amz-Credential"])
    if match:
        return match.group(1), match.group(2), match.group(3).lower()
    if _UNSIGNED_STS.search(body):
        return "", "us-east-1", "sts"
    return "", "us-east-1", "s3"


def _protocol(service: str, environ: dict[str, Any], body: bytes) -> str:
    if environ.get("HTTP_SMITHY_PROTOCOL") == "rpc-v2-cbor":
        return "cbor"
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    if service in {"s3", "s3control", "route53", "cloudfront"}:
        return "rest-xml"
    if service == "ec2":
        return "ec2"
    if b"Action=" in body or "Action=" in environ.get("QUERY_STRING", ""):
        return "query"
    return "rest-json"


def _about(protocol: str, environ: dict[str, Any], body: bytes) -> dict[str, str]:
    if protocol in {"ec2", "query"}:
        pairs = parse_qsl(body[:4000].decode("utf-8", "replace"))
    elif protocol in {"json", "rest-json"} and 0 < len(body) < 20_000:
        try:
            content = json.loads(body)
        except ValueError:
            return {}
        if not isinstance(content, dict):
            return {}
        pairs = [(name, value) for name, value in content.items() if isinstance(value, str)]
    elif protocol == "rest-xml":
        return {"path": environ.get("PATH_INFO", "")[:200]}
    else:
        return {}
    found = {name: value[:200] for name, value in pairs if _ABOUT.match(name)}
    return dict(list(found.items())[:_AT_MOST])
