# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a request was signed with a secret: Signature Version 4, in headers and in URLs.

What the signature should be is computed by botocore's own signers, from what was received. The
signatures of the single chunks of a signed stream are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import ReadOnlyCredentials

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<scope>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME = "%Y%m%dT%H%M%SZ"
# By which a clock may be wrong.
_SKEW = timedelta(minutes=15)
_DIGEST = re.compile(r"[0-9a-f]{64}")
# For S3 or not, in headers or not.
_SIGNERS = {
    (False, False): SigV4QueryAuth,
    (False, True): SigV4Auth,
    (True, False): S3SigV4QueryAuth,
    (True, True): S3SigV4Auth,
}
_PARAMETER = re.compile(r"&?X-Amz-Signature=[0-9a-f]*")


class Flaw(Enum):
    """What is wrong with a signature."""

    OTHER = "made with another secret, or for another request"
    LATE = "made too long ago, or in the future"
    EXPIRED = "of a URL whose time is over"
    CONTENT = "made for another body"


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a request says of its signature; `lasts` is None where it is in a header."""

    value: str
    scope: tuple[str, ...]  # access key, day, region, service, "aws4_request"
    headers: tuple[str, ...]
    made: datetime
    lasts: timedelta | None


def flaw(environ: Mapping[str, Any], body: bytes, secret: str, now: datetime) -> Flaw | None:
    """What is wrong with the signature of a WSGI request with this body; None if it holds.

    secret: that of the access key that the request names.
    """
    try:
        claimed = _claimed(environ)
    except (KeyError, ValueError, TypeError, OverflowError):
        return Flaw.OTHER
    if claimed is None or not compare_digest(
        _computed(claimed, environ, body, secret), claimed.value
    ):
        return Flaw.OTHER
    if claimed.lasts is None and abs(now - claimed.made) > _SKEW:
        return Flaw.LATE
    if claimed.lasts is not None and not -_SKEW <= now - claimed.made <= claimed.lasts:
        return Flaw.EXPIRED
    digest = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", ""))
    if _DIGEST.fullmatch(digest) and digest != sha256(body).hexdigest():
        return Flaw.CONTENT
    return None


def _claimed(environ: Mapping[str, Any]) -> _Signature | None:
    """What a request claims; None where it is not signed.

    Raises KeyError, ValueError, TypeError.
    """
    if header := _HEADER.match(str(environ.get("HTTP_AUTHORIZATION", ""))):
        given = environ.get("HTTP_X_AMZ_DATE")
        made = _moment(given) if given else parsedate_to_datetime(environ["HTTP_DATE"])
        names = tuple(header["headers"].split(";"))
        return _Signature(header["signature"], _scope(header["scope"]), names, made, None)
    asked = parse_qs(environ.get("QUERY_STRING", ""))
    if "X-Amz-Signature" not in asked:
        return None
    one = {name: values[0] for name, values in asked.items()}
    if not _DIGEST.fullmatch(one["X-Amz-Signature"]):
        return None
    return _Signature(
        one["X-Amz-Signature"],
        _scope(one["X-Amz-Credential"]),
        tuple(one["X-Amz-SignedHeaders"].split(";")),
        _moment(one["X-Amz-Date"]),
        timedelta(seconds=int(one["X-Amz-Expires"])),
    )


def _scope(text: str) -> tuple[str, ...]:
    parts = tuple(text.rsplit("/", 4))
    if len(parts) != 5:
        raise ValueError(f"no scope: {text}")
    return parts


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _computed(claimed: _Signature, environ: Mapping[str, Any], body: bytes, secret: str) -> str:
    """The signature that a request would have if it had been signed with this secret."""
    key, _, region, service, _ = claimed.scope
    signer = _SIGNERS[service == "s3", claimed.lasts is None]
    auth = signer(ReadOnlyCredentials(key, secret, None), service, region)
    # Those that were signed; botocore would leave out some that other clients sign.
    auth.headers_to_sign = lambda asked: asked.headers
    request = AWSRequest(environ["REQUEST_METHOD"], _url(environ), _signed(claimed, environ), body)
    request.context["timestamp"] = claimed.made.strftime(_TIME)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return str(auth.signature(text, request))


def _url(environ: Mapping[str, Any]) -> str:
    """The URL as it was sent, without the signature."""
    parts = urlsplit(f"http://host{environ['REQUEST_URI']}")
    return parts._replace(query=_PARAMETER.sub("", parts.query)).geturl()


def _signed(claimed: _Signature, environ: Mapping[str, Any]) -> HTTPHeaders:
    headers = HTTPHeaders()
    for name in claimed.headers:
        key = name.upper().replace("-", "_")
        value = environ.get(f"HTTP_{key}", environ.get(key, ""))
        headers[name] = str(value).encode("latin-1").decode("utf-8", "replace")
    return headers
