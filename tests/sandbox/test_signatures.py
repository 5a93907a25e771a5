# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox with keys of its own serves only what is signed with their secrets."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from unittest import mock

import boto3
import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.background import Background
from sandbox.client import Client

REGION = "us-east-1"
WRONG = "w" * 40
ROLE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
    ],
}
Api = Callable[..., Any]
Ask = Callable[[Any], object]

ASKED: dict[str, Ask] = {
    "ec2": lambda api: api.describe_vpcs(),
    "rds": lambda api: api.describe_db_instances(),
    "iam": lambda api: api.list_roles(),
    "sts": lambda api: api.get_caller_identity(),
    "route53": lambda api: api.list_hosted_zones(),
    "s3": lambda api: api.list_buckets(),
    "secretsmanager": lambda api: api.list_secrets(),
    "cloudwatch": lambda api: api.describe_alarms(),
    "logs": lambda api: api.describe_log_groups(),
}
FOR_A_WRONG_SECRET = {
    "ec2": (401, "AuthFailure"),
    "rds": (403, "SignatureDoesNotMatch"),
    "iam": (403, "SignatureDoesNotMatch"),
    "sts": (403, "SignatureDoesNotMatch"),
    "route53": (403, "SignatureDoesNotMatch"),
    "s3": (403, "SignatureDoesNotMatch"),
    "secretsmanager": (400, "InvalidSignatureException"),
}
FOR_A_KEY_OF_NOBODY = {
    "ec2": (401, "AuthFailure"),
    "rds": (403, "InvalidClientTokenId"),
    "iam": (403, "InvalidClientTokenId"),
    "sts": (403, "InvalidClientTokenId"),
    "route53": (403, "InvalidClientTokenId"),
    "s3": (403, "InvalidAccessKeyId"),
    "secretsmanager": (400, "UnrecognizedClientException"),
}
FOR_A_WRONG_TOKEN = {**FOR_A_KEY_OF_NOBODY, "s3": (400, "InvalidToken")}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Endpoint and keys of a sandbox that takes no others."""
    folder = tmp_path_factory.mktemp("up") / "sandbox"
    background = Background(folder)
    background.up(None, None, "")
    try:
        yield json.loads((folder / "connection.json").read_text())
    finally:
        background.down()


@pytest.fixture(scope="module")
def api(told: dict[str, str]) -> Api:
    """Makes clients, with the account's own keys or others."""

    def make(
        service: str, key: str = "", secret: str = "", token: str | None = None, **config: Any
    ) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=told["endpoint_url"],
            aws_access_key_id=key or told["access_key"],
            aws_secret_access_key=secret or told["secret_key"],
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    return make


@pytest.fixture(scope="module")
def session(api: Api) -> dict[str, str]:
    """Keys of a role."""
    document = json.dumps(ROLE)
    role = api("iam").create_role(RoleName="r", AssumeRolePolicyDocument=document)["Role"]
    made = api("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    return {
        "key": made["AccessKeyId"],
        "secret": made["SecretAccessKey"],
        "token": made["SessionToken"],
    }


@pytest.fixture(scope="module")
def bucket(api: Api) -> str:
    api("s3").create_bucket(Bucket="a-bucket")
    return "a-bucket"


def refused(ask: Ask, client: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as problem:
        ask(client)
    answer: Any = problem.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


@pytest.mark.parametrize("service", ASKED)
def test_what_is_signed_with_the_secret_is_served(
    api: Api, session: dict[str, str], service: str
) -> None:
    ASKED[service](api(service))
    ASKED[service](api(service, **session))


@pytest.mark.parametrize("service", FOR_A_WRONG_SECRET)
def test_a_wrong_secret_is_refused_in_the_words_of_the_service(
    api: Api, session: dict[str, str], service: str
) -> None:
    expected = FOR_A_WRONG_SECRET[service]
    assert refused(ASKED[service], api(service, secret=WRONG)) == expected
    assert refused(ASKED[service], api(service, **{**session, "secret": WRONG})) == expected


@pytest.mark.parametrize("service", FOR_A_KEY_OF_NOBODY)
def test_a_key_of_nobody_is_refused_in_the_words_of_the_service(api: Api, service: str) -> None:
    nobody = api(service, key="AKIAIOSFODNN7EXAMPLE")
    assert refused(ASKED[service], nobody) == FOR_A_KEY_OF_NOBODY[service]


@pytest.mark.parametrize("service", FOR_A_KEY_OF_NOBODY)
def test_a_temporary_key_needs_its_own_session_token(
    api: Api, session: dict[str, str], service: str
) -> None:
    without = api(service, **{**session, "token": None})
    assert refused(ASKED[service], without) == FOR_A_KEY_OF_NOBODY[service]
    wrong = api(service, **{**session, "token": "x" * 100})
    assert refused(ASKED[service], wrong) == FOR_A_WRONG_TOKEN[service]


def test_a_key_that_lasts_takes_no_session_token(api: Api) -> None:
    assert refused(ASKED["rds"], api("rds", token="x" * 100)) == FOR_A_KEY_OF_NOBODY["rds"]


def test_a_users_key_is_taken_with_its_secret_until_it_is_inactive(api: Api) -> None:
    iam = api("iam")
    iam.create_user(UserName="u")
    made = iam.create_access_key(UserName="u")["AccessKey"]
    mine = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}
    assert api("sts", **mine).get_caller_identity()["Arn"].endswith("user/u")
    wrong = api("sts", **{**mine, "secret": WRONG})
    assert refused(ASKED["sts"], wrong) == FOR_A_WRONG_SECRET["sts"]
    iam.update_access_key(UserName="u", AccessKeyId=mine["key"], Status="Inactive")
    assert refused(ASKED["sts"], api("sts", **mine)) == FOR_A_KEY_OF_NOBODY["sts"]


@pytest.mark.parametrize("signed", [True, False])
def test_objects_of_all_names_and_forms_come_and_go(api: Api, bucket: str, signed: bool) -> None:
    s3 = api("s3", s3={"payload_signing_enabled": signed})
    for key in ("plain", "a b+c/d~e", "ä/ö//ü", "per%2Fcent", "que?ry=&=", "star*'()"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"two": "a  b"})
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
        source = {"Bucket": bucket, "Key": key}
        s3.copy_object(Bucket=bucket, Key=f"copy/{key}", CopySource=source)
        copied = s3.head_object(Bucket=bucket, Key=f"copy/{key}")
        assert copied["Metadata"] == {"two": "a  b"}
    found = s3.list_objects_v2(Bucket=bucket, Prefix="copy/ä/", Delimiter="//", MaxKeys=7)
    assert [one["Prefix"] for one in found["CommonPrefixes"]] == ["copy/ä/ö//"]
    s3.put_object(Bucket=bucket, Key="empty")
    s3.upload_fileobj(io.BytesIO(b"1" * 9_000_000), bucket, "parts")
    assert s3.head_object(Bucket=bucket, Key="parts")["ContentLength"] == 9_000_000
    objects = [{"Key": "parts"}, {"Key": "empty"}]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})["Deleted"]) == 2


@pytest.mark.parametrize("who", ["account", "role"])
def test_a_url_that_was_signed_beforehand_serves_what_it_was_signed_for(
    api: Api, session: dict[str, str], bucket: str, who: str
) -> None:
    s3 = api("s3", signature_version="s3v4", **(session if who == "role" else {}))
    given = {"Bucket": bucket, "Key": "a b/ü"}
    put = s3.generate_presigned_url("put_object", given)
    got = s3.generate_presigned_url("get_object", given)
    request = urllib.request.Request(put, data=b"sent", method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request)
    assert urllib.request.urlopen(got).read() == b"sent"
    for wrong in (got.replace("a%20b", "a%20c"), got.replace("Expires=3600", "Expires=9999")):
        with pytest.raises(urllib.error.HTTPError) as problem:
            urllib.request.urlopen(wrong)
        assert "<Code>SignatureDoesNotMatch</Code>" in problem.value.read().decode()


def test_a_url_that_a_role_has_signed_allows_what_the_role_may(
    told: dict[str, str], api: Api, session: dict[str, str], bucket: str
) -> None:
    api("s3").put_object(Bucket=bucket, Key="secret", Body=b"1")
    s3 = api("s3", signature_version="s3v4", **session)
    url = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "secret"})
    control = Client(told["endpoint_url"], told["secret_key"])
    control.call("POST", "permissions", {"enforced": True})
    try:
        with pytest.raises(urllib.error.HTTPError) as problem:
            urllib.request.urlopen(url)
    finally:
        control.call("POST", "permissions", {"enforced": False})
    assert "<Code>AccessDenied</Code>" in problem.value.read().decode()
    assert urllib.request.urlopen(url).read() == b"1"


def at(text: str) -> Any:
    """Sign as if it were this time."""
    moment = datetime.fromisoformat(text)
    return mock.patch.object(botocore.auth, "get_current_datetime", return_value=moment)


def test_a_signature_does_not_last_for_ever(api: Api, bucket: str) -> None:
    with at("2020-01-01T00:00:00+00:00"):
        assert refused(ASKED["s3"], api("s3")) == (403, "RequestTimeTooSkewed")
        assert refused(ASKED["rds"], api("rds")) == (403, "SignatureDoesNotMatch")
        assert refused(ASKED["ec2"], api("ec2")) == (400, "RequestExpired")
        assert refused(ASKED["secretsmanager"], api("secretsmanager")) == (
            400,
            "InvalidSignatureException",
        )
        s3 = api("s3", signature_version="s3v4")
        given = {"Bucket": bucket, "Key": "k"}
        url = s3.generate_presigned_url("get_object", given, ExpiresIn=3600)
    with pytest.raises(urllib.error.HTTPError) as problem:
        urllib.request.urlopen(url)
    assert "<Message>Request has expired</Message>" in problem.value.read().decode()


@pytest.mark.parametrize(
    ("service", "signer", "code"),
    [
        ("ec2", botocore.auth.SigV4Auth, "AuthFailure"),
        ("s3", botocore.auth.S3SigV4Auth, "XAmzContentSHA256Mismatch"),
    ],
)
def test_what_was_changed_after_it_was_signed_is_refused(
    told: dict[str, str], bucket: str, service: str, signer: Any, code: str
) -> None:
    path = f"/{bucket}/changed" if service == "s3" else "/"
    body = b"Action=DescribeVpcs&Version=2016-11-15"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    method = "PUT" if service == "s3" else "POST"
    request = AWSRequest(method, told["endpoint_url"] + path, kind, body)
    signer(Credentials(told["access_key"], told["secret_key"]), service, REGION).add_auth(request)
    headers = dict(request.headers.items())

    def send(sent: bytes) -> bytes:
        asked = urllib.request.Request(told["endpoint_url"] + path, sent, headers, method=method)
        content: bytes = urllib.request.urlopen(asked).read()
        return content

    send(body)
    with pytest.raises(urllib.error.HTTPError) as problem:
        send(body.replace(b"Vpcs", b"Tags"))
    assert f"<Code>{code}</Code>" in problem.value.read().decode()
