# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of AWS that the emulator does not give: errors, in the protocol of the request."""

from __future__ import annotations

import json
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.sax.saxutils import escape

from sandbox.calls import Call
from sandbox.signatures import Flaw

NO_MORE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `status` is e.g. 200, `headers` are without the length."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def error(
    call: Call, status: int, code: str, message: str, more: Mapping[str, str] = NO_MORE
) -> Answer:
    """An AWS error as the service of the call would send it; `more` are elements of S3's."""
    request = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request)]
    if call.protocol in {"json", "rest-json"}:
        kind = "application/json" if call.protocol == "rest-json" else "application/x-amz-json-1.1"
        headers += [("Content-Type", kind), ("x-amzn-ErrorType", code)]
        text = json.dumps({"__type": code, "message": message}).encode()
    elif call.protocol == "cbor":
        headers += [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")]
        text = _cbor({"__type": code, "message": message})
    else:
        headers.append(("Content-Type", "text/xml"))
        text = _xml(call, status, code, message, request, more).encode()
    return Answer(status, headers, b"" if call.method == "HEAD" else text)


def _xml(
    call: Call, status: int, code: str, message: str, request: str, more: Mapping[str, str]
) -> str:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    told = {"Code": code, "Message": message, **more}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    if call.protocol == "ec2":
        return (
            f"{head}<Response><Errors><Error>{inner}</Error></Errors>"
            f"<RequestID>{request}</RequestID></Response>"
        )
    if call.service == "s3":
        return f"{head}<Error>{inner}<RequestId>{request}</RequestId></Error>"
    side = "Receiver" if status >= 500 else "Sender"
    return (
        f"{head}<ErrorResponse><Error><Type>{side}</Type>{inner}</Error>"
        f"<RequestId>{request}</RequestId></ErrorResponse>"
    )


def _cbor(texts: dict[str, str]) -> bytes:
    """A CBOR map of text to text (RFC 8949): all that an error needs."""
    parts = [bytes([0xA0 | len(texts)])]
    for text in (part for pair in texts.items() for part in pair):
        raw = text.encode()
        parts += [b"\x7a" + len(raw).to_bytes(4, "big"), raw]
    return b"".join(parts)


# Where the error of a service is not that of its protocol. Sources: the services' lists of common
# errors, and the retry rules of botocore, which know these codes.
_THROTTLE = {
    "ec2": (503, "RequestLimitExceeded", "Request limit exceeded."),
    "s3": (503, "SlowDown", "Please reduce your request rate."),
}
_FAILURE = {
    "ec2": "InternalError",
    "s3": "InternalError",
    "kms": "KMSInternalException",
    "ssm": "InternalServerError",
    "secretsmanager": "InternalServiceError",
}


def throttled(call: Call) -> Answer:
    """The service asks the caller to slow down."""
    if call.service in _THROTTLE:
        status, code, message = _THROTTLE[call.service]
        return error(call, status, code, message)
    if call.protocol in {"json", "rest-json"}:
        return error(call, 400, "ThrottlingException", "Rate exceeded")
    return error(call, 400, "Throttling", "Rate exceeded")


def failed(call: Call) -> Answer:
    """The service has failed inside; whether it has done anything is open."""
    code = _FAILURE.get(call.service, "InternalFailure")
    return error(call, 500, code, "An internal error has occurred")


def unknown_key(call: Call) -> Answer:
    """The access key is nobody's."""
    message = "The security token included in the request is invalid."
    if call.service == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return error(call, 403, "InvalidAccessKeyId", message)
    if call.service == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return error(call, 401, "AuthFailure", message)
    if call.protocol == "query" or call.protocol == "rest-xml":
        return error(call, 403, "InvalidClientTokenId", message)
    return error(call, 400, "UnrecognizedClientException", message)


def wrong_token(call: Call) -> Answer:
    """The session token is not that of the temporary access key."""
    if call.service == "s3":
        message = "The provided token is malformed or otherwise invalid."
        return error(call, 400, "InvalidToken", message)
    return unknown_key(call)


def wrong_signature(call: Call, flaw: Flaw) -> Answer:
    """The signature is not that of the request with the secret of its access key."""
    if call.service == "s3":
        return error(call, *_S3_FLAWS[flaw])
    if call.service == "ec2":
        if flaw in {Flaw.LATE, Flaw.EXPIRED}:
            return error(call, 400, "RequestExpired", "Request has expired.")
        message = "AWS was not able to validate the provided access credentials"
        return error(call, 401, "AuthFailure", message)
    message = (
        "Signature expired."
        if flaw in {Flaw.LATE, Flaw.EXPIRED}
        else "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation "
        "for details."
    )
    if call.protocol in {"query", "rest-xml"}:
        return error(call, 403, "SignatureDoesNotMatch", message)
    status = 403 if call.protocol == "rest-json" else 400
    return error(call, status, "InvalidSignatureException", message)


_S3_FLAWS = {
    Flaw.OTHER: (
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check "
        "your key and signing method.",
    ),
    Flaw.LATE: (
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
    ),
    Flaw.EXPIRED: (403, "AccessDenied", "Request has expired"),
    Flaw.CONTENT: (
        400,
        "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
}


def unknown_region(call: Call) -> Answer:
    """The signature names a region that does not exist, or not for this account."""
    message = "Credential should be scoped to a valid region."
    if call.service == "s3":
        message = f"The authorization header is malformed; the region '{call.region}' is wrong"
        return error(call, 400, "AuthorizationHeaderMalformed", message)
    if call.service == "ec2":
        return error(call, 401, "AuthFailure", message)
    if call.protocol == "query" or call.protocol == "rest-xml":
        return error(call, 403, "SignatureDoesNotMatch", message)
    return error(call, 400, "InvalidSignatureException", message)


def not_emulated(call: Call, what: str) -> Answer:
    """The emulator cannot do it. 501, which no client retries and no fault rule sends."""
    return error(call, 501, "InvalidAction", f"not emulated: {what}")


def emulator_broke(call: Call, crash: Exception) -> Answer:
    """The emulator fell over. 501 as well: it is no fault of AWS and would happen again."""
    traceback.print_exception(crash)
    where = traceback.extract_tb(crash.__traceback__)[-1]
    what = f"{type(crash).__name__}: {crash} ({where.filename}:{where.lineno})"
    return error(call, 501, "EmulatorError", f"the emulator failed: {what}")
