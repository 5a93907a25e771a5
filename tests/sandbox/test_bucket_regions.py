# SPDX-License-Identifier: GPL-3.0-or-later
"""A bucket is in one region: others point to it, and nobody reaches it while that one is dark."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from sandbox.running import Handle

from .conftest import Clients

EAST, WEST, OPT_IN = "us-east-1", "us-west-2", "af-south-1"


def make(client: Clients, name: str, region: str) -> None:
    where = {"LocationConstraint": region}
    more = {} if region == EAST else {"CreateBucketConfiguration": where}
    client("s3", region).create_bucket(Bucket=name, **more)
    client("s3", region).put_object(Bucket=name, Key="k", Body=b"content")


def asked(
    cloud: Handle, method: str, path: str, region: str, host: str = ""
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body, as no client has followed or changed them."""
    connection = http.client.HTTPConnection(cloud.endpoint.removeprefix("http://"))
    scope = f"AKIAIOSFODNN7EXAMPLE/20260101/{region}/s3/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    named = {"Host": host} if host else {}
    connection.request(method, path, headers={"Authorization": signature, **named})
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return answer.status, headers, answer.read().decode()


def test_another_region_than_that_of_the_bucket_says_where_it_is(
    cloud: Handle, client: Clients
) -> None:
    make(client, "west-bucket", WEST)
    status, headers, body = asked(cloud, "GET", "/west-bucket/k", EAST)
    assert status == 301
    assert headers["x-amz-bucket-region"] == WEST
    assert "location" not in headers
    assert "<Code>PermanentRedirect</Code>" in body
    assert "<Endpoint>s3.us-west-2.amazonaws.com</Endpoint>" in body
    assert "<Bucket>west-bucket</Bucket>" in body
    assert "content" not in body.replace("contents", "")


def test_a_look_at_the_head_of_a_bucket_elsewhere_has_no_body(
    cloud: Handle, client: Clients
) -> None:
    make(client, "west-bucket", WEST)
    for path in ("/west-bucket", "/west-bucket/k"):
        status, headers, body = asked(cloud, "HEAD", path, EAST)
        assert (status, headers["x-amz-bucket-region"], body) == (301, WEST, "")
    assert client("s3", EAST).head_bucket(Bucket="west-bucket")["BucketRegion"] == WEST


def test_an_endpoint_of_another_region_than_the_signatures_finds_the_signature_wrong(
    cloud: Handle, client: Clients
) -> None:
    make(client, "west-bucket", WEST)
    for host in ("west-bucket.s3.amazonaws.com", f"west-bucket.s3.{WEST}.amazonaws.com"):
        status, headers, body = asked(cloud, "GET", "/k", EAST, host)
        assert (status, headers["x-amz-bucket-region"]) == (400, WEST)
        assert "<Code>AuthorizationHeaderMalformed</Code>" in body
        assert f"the region '{EAST}' is wrong; expecting '{WEST}'" in body
        assert f"<Region>{WEST}</Region>" in body
    status, _, body = asked(cloud, "GET", "/k", EAST, f"west-bucket.s3.{EAST}.amazonaws.com")
    assert status == 301
    assert "<Endpoint>west-bucket.s3.us-west-2.amazonaws.com</Endpoint>" in body
    assert asked(cloud, "GET", "/k", WEST, "west-bucket.s3.amazonaws.com")[2] == "content"


def test_a_region_that_is_to_be_opted_into_is_not_pointed_to(
    cloud: Handle, client: Clients
) -> None:
    make(client, "far-bucket", OPT_IN)
    status, headers, body = asked(cloud, "GET", "/far-bucket/k", EAST)
    assert (status, headers["x-amz-bucket-region"]) == (400, OPT_IN)
    assert "<Code>IllegalLocationConstraintException</Code>" in body


def test_a_client_of_another_region_follows_once_and_knows_it_then(
    cloud: Handle, client: Clients
) -> None:
    make(client, "west-bucket", WEST)
    mark = cloud.mark()
    s3 = client("s3", EAST)
    assert s3.get_object(Bucket="west-bucket", Key="k")["Body"].read() == b"content"
    s3.put_object(Bucket="west-bucket", Key="new", Body=b"1")
    told = [(entry["region"], entry["status"]) for entry in cloud.log(mark)]
    assert told == [(EAST, 301), (WEST, 200), (WEST, 200)]
    assert [entry["executed"] for entry in cloud.log(mark)] == [False, True, True]


def test_what_is_known_of_buckets_everywhere_is_answered_everywhere(
    cloud: Handle, client: Clients
) -> None:
    make(client, "west-bucket", WEST)
    make(client, "east-bucket", EAST)
    mark = cloud.mark()
    for region in (EAST, WEST):
        found = client("s3", region).list_buckets()["Buckets"]
        assert {one["Name"] for one in found} == {"east-bucket", "west-bucket"}
    told = client("s3", EAST).get_bucket_location(Bucket="west-bucket")
    assert told["LocationConstraint"] == WEST
    assert {entry["status"] for entry in cloud.log(mark)} == {200}


def test_a_bucket_is_made_where_the_request_is_sent_or_from_the_global_endpoint(
    cloud: Handle, client: Clients
) -> None:
    def refused(region: str, where: str) -> str:
        more = {"CreateBucketConfiguration": {"LocationConstraint": where}} if where else {}
        with pytest.raises(ClientError) as problem:
            client("s3", region).create_bucket(Bucket="wanted", **more)
        return str(problem.value.response["Error"]["Code"])

    assert refused(WEST, "eu-west-1") == "IllegalLocationConstraintException"
    assert refused(WEST, EAST) == "IllegalLocationConstraintException"
    assert refused(WEST, "") == "IllegalLocationConstraintException"
    assert client("s3").list_buckets()["Buckets"] == []
    # s3.amazonaws.com, which takes signatures for us-east-1, makes buckets everywhere.
    where = {"LocationConstraint": WEST}
    client("s3", EAST).create_bucket(Bucket="wanted", CreateBucketConfiguration=where)
    assert client("s3", WEST).head_bucket(Bucket="wanted")["BucketRegion"] == WEST
    # A name that is taken is no bucket to be sent to.
    assert refused(EAST, "eu-west-1") == "BucketAlreadyOwnedByYou"


READ_OR_WRITTEN: dict[str, Callable[[Any], object]] = {
    "list": lambda s3: s3.list_objects_v2(Bucket="east-bucket"),
    "get": lambda s3: s3.get_object(Bucket="east-bucket", Key="k"),
    "head": lambda s3: s3.head_object(Bucket="east-bucket", Key="k"),
    "put": lambda s3: s3.put_object(Bucket="east-bucket", Key="new", Body=b"1"),
    "delete": lambda s3: s3.delete_object(Bucket="east-bucket", Key="k"),
    "copy": lambda s3: s3.copy_object(
        Bucket="west-bucket", Key="copy", CopySource={"Bucket": "east-bucket", "Key": "k"}
    ),
}


@pytest.mark.parametrize("region", [EAST, WEST])
@pytest.mark.parametrize("what", READ_OR_WRITTEN)
def test_what_is_in_a_bucket_of_a_dark_region_is_reached_from_nowhere(
    cloud: Handle, client: Clients, region: str, what: str
) -> None:
    make(client, "east-bucket", EAST)
    make(client, "west-bucket", WEST)
    cloud.faults([{"effect": "dark", "region": EAST}])
    mark = cloud.mark()
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        READ_OR_WRITTEN[what](client("s3", region))
    assert not any(entry["executed"] for entry in cloud.log(mark))
    assert cloud.fired()
    found = client("s3", WEST).list_objects_v2(Bucket="west-bucket")["Contents"]
    assert [one["Key"] for one in found] == ["k"]
    cloud.faults([])
    found = client("s3", EAST).list_objects_v2(Bucket="east-bucket")["Contents"]
    assert [one["Key"] for one in found] == ["k"]


def test_nothing_is_copied_between_buckets_of_regions_that_are_cut(
    cloud: Handle, client: Clients
) -> None:
    make(client, "east-bucket", EAST)
    make(client, "west-bucket", WEST)
    source = {"Bucket": "east-bucket", "Key": "k"}
    cloud.strike("regions-cut", one=EAST, other=WEST)
    with pytest.raises(ClientError) as refused:
        client("s3", WEST).copy_object(Bucket="west-bucket", Key="copy", CopySource=source)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    cloud.strike("regions-cut", one=EAST, other=WEST, cut=False)
    client("s3", WEST).copy_object(Bucket="west-bucket", Key="copy", CopySource=source)
