# SPDX-License-Identifier: GPL-3.0-or-later
"""In which region a bucket is, and what S3 says in any other.

Which endpoint a request was sent to is told by its host; where that is not one of AWS's names, it
is that of the region it is signed for, and a path names the bucket. Sources: S3's user guide,
"Request redirection and the REST API" and "Virtual hosting of buckets", and "Error responses" of
its API reference; botocore's S3RegionRedirectorv2 follows all of these answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends

from sandbox.answers import Answer, error
from sandbox.calls import Call

_HOME = "us-east-1"
_ENDPOINT = re.compile(
    r"(?:(?P<bucket>[a-z0-9.-]+)\.)?s3(?:\.dualstack)?(?:[.-](?P<region>[a-z]+(?:-[a-z]+)+-\d))?"
    r"\.amazonaws\.com(?::\d+)?"
)
# Only these point to each other; all that came after 20 March 2019 answer with an error.
_POINTING = frozenset(
    {
        *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
        *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
        *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
        *("ap-south-1", "ap-southeast-1", "ap-southeast-2"),
    }
)
# Of the name of a bucket, not of what is in it; GetBucketLocation answers everywhere.
_OF_NAMES = frozenset({"CreateBucket", "GetBucketLocation", "ListBuckets"})


def region_of(bucket: str) -> str:
    """The region of a bucket of any account, "" where there is none of that name."""
    partition, account = s3_backends.bucket_accounts.get(bucket, ("", ""))
    found = s3_backends[account][partition].buckets.get(bucket) if account else None
    return str(found.region_name) if found else ""


def reached(call: Call, environ: Mapping[str, Any]) -> frozenset[str]:
    """The regions of the buckets that a call reads or writes."""
    if call.service != "s3" or call.action in _OF_NAMES:
        return frozenset()
    _, bucket = _sent_to(call, environ)
    return frozenset(filter(None, (region_of(bucket), region_of(_source(environ)))))


def elsewhere(
    call: Call, environ: Mapping[str, Any], cut: Set[tuple[str, str]] = frozenset()
) -> Answer | None:
    """What S3 says where a call is not sent to the region of its bucket; None where it is.

    cut: pairs of regions, in order, between which nothing passes, so that nothing is copied.
    """
    if call.service != "s3" or call.action == "ListBuckets":
        return None
    endpoint, bucket = _sent_to(call, environ)
    place = region_of(bucket)
    if call.access_key and endpoint != call.region:
        return _wrongly_signed(call, endpoint)
    if not place or call.action in _OF_NAMES:
        return None
    if place != endpoint:
        return _pointing(call, bucket, place, _host(environ).startswith(f"{bucket}."))
    between = tuple(sorted({place, region_of(_source(environ)) or place}))
    if between in cut:
        return error(call, 503, "ServiceUnavailable", "Service is unable to handle request.")
    return None


def _sent_to(call: Call, environ: Mapping[str, Any]) -> tuple[str, str]:
    """The region of the endpoint of a call, and the bucket it names, "" where it names none."""
    named = _ENDPOINT.fullmatch(_host(environ))
    in_host = named["bucket"] if named else None
    bucket = in_host or call.path.lstrip("/").partition("/")[0]
    if named and named["region"]:
        return named["region"], bucket
    if in_host:
        # DNS leads the name without a region to where the bucket is.
        return region_of(bucket) or _HOME, bucket
    if named:
        return _HOME, bucket
    return (call.region if call.access_key else region_of(bucket) or _HOME), bucket


def _host(environ: Mapping[str, Any]) -> str:
    return str(environ.get("HTTP_HOST", ""))


def _source(environ: Mapping[str, Any]) -> str:
    """The bucket that a call copies from, "" for all other calls."""
    source = unquote(str(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")))
    return source.lstrip("/").partition("/")[0]


def _wrongly_signed(call: Call, endpoint: str) -> Answer:
    message = (
        "The authorization header is malformed; "
        f"the region '{call.region}' is wrong; expecting '{endpoint}'"
    )
    code = "AuthorizationHeaderMalformed"
    return _telling(error(call, 400, code, message, {"Region": endpoint}), endpoint)


def _pointing(call: Call, bucket: str, place: str, in_host: bool) -> Answer:
    if place not in _POINTING:
        message = (
            f"The {place} location constraint is incompatible for the region specific endpoint "
            "this request was sent to."
        )
        return _telling(error(call, 400, "IllegalLocationConstraintException", message), place)
    message = (
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint."
    )
    whole = f"s3.{place}.amazonaws.com"
    more = {"Endpoint": f"{bucket}.{whole}" if in_host else whole, "Bucket": bucket}
    return _telling(error(call, 301, "PermanentRedirect", message, more), place)


def _telling(answer: Answer, region: str) -> Answer:
    answer.headers.append(("x-amz-bucket-region", region))
    return answer
