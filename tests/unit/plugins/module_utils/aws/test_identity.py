# SPDX-License-Identifier: GPL-3.0-or-later
"""STS is asked in the region that is chosen, whatever a profile or the environment says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws import credentials
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.reach import (
    OutOfReach,
    Reach,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from botocore.awsrequest import AWSRequest, AWSResponse

LOST, TAKES_OVER = "us-east-1", "us-west-2"
ROLE = "arn:aws:iam::123456789012:role/phoenix"
CONFIG = f"""
[profile keys]
region = {LOST}
sts_regional_endpoints = legacy

[profile role]
region = {LOST}
sts_regional_endpoints = legacy
role_arn = {ROLE}
source_profile = keys

[profile login]
sso_session = work
sso_account_id = 123456789012
sso_role_name = admin

[profile from-login]
role_arn = {ROLE}
source_profile = login

[profile of-role]
role_arn = {ROLE}-two
source_profile = role

[profile session]

[profile from-session]
role_arn = {ROLE}
source_profile = session

[profile of-session]
role_arn = {ROLE}-two
source_profile = from-session

[profile from-environment]
role_arn = {ROLE}
credential_source = Environment

[profile process]
credential_process = echo '{{"Version": 1, "AccessKeyId": "x", "SecretAccessKey": "x"}}'

[profile from-process]
role_arn = {ROLE}
source_profile = process

[sso-session work]
sso_region = {LOST}
sso_start_url = https://example.awsapps.com/start
"""
CREDENTIALS = """
[keys]
aws_access_key_id = x
aws_secret_access_key = x

[session]
aws_access_key_id = x
aws_secret_access_key = x
aws_session_token = y
"""
ASSUMED = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>b</SecretAccessKey>
<SessionToken>c</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
<AssumedRoleUser><AssumedRoleId>d:e</AssumedRoleId><Arn>arn:aws:sts::123456789012:x</Arn>
</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"""
CALLER = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/phoenix/x</Arn>
<UserId>x</UserId><Account>123456789012</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""
Making = Callable[[Connection], Aws]


@pytest.fixture
def sent() -> list[str]:
    """ "host Operation" of the requests that would have been sent."""
    return []


@pytest.fixture
def making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: list[str]) -> Making:
    """Clients of the lost region as an isolated run makes them, whose requests go nowhere."""
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(CREDENTIALS)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def answer(event_name: str, request: AWSRequest, **_more: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        sent.append(f"{request.url.split('/')[2]} {operation}")
        text = (ASSUMED if operation == "AssumeRole" else CALLER).encode()
        raw = type("Raw", (), {"stream": lambda self, **_: iter([text])})()
        return AWSResponse(request.url, 200, {}, raw)

    def make(connection: Connection) -> Aws:
        scope = Scope("production", "home", LOST, "123456789012")
        aws = Aws(scope, connection, TAKES_OVER, Reach(TAKES_OVER))
        aws._session = aws._open()
        emitter = aws._session.get_component("event_emitter")
        emitter.register_last("before-send.sts", answer)
        if connection.role_arn:
            # The role's own client is made by the session at the first request.
            assert sent == []
        return aws

    return make


@pytest.mark.parametrize(
    "connection",
    [
        Connection(profile="role"),
        Connection(profile="keys", role_arn=ROLE),
        Connection(access_key="x", secret_key="x", role_arn=ROLE),
    ],
    ids=["role of a profile", "role of the task", "role and keys of the task"],
)
def test_a_role_is_assumed_by_the_sts_of_the_region_that_takes_over(
    making: Making, sent: list[str], connection: Connection
) -> None:
    aws = making(connection)
    aws.verify_account()
    assert [one.split()[1] for one in sent] == ["AssumeRole", "GetCallerIdentity"]
    assert {one.split()[0] for one in sent} == {f"sts.{TAKES_OVER}.amazonaws.com"}


@pytest.mark.parametrize(
    "url", ["https://sts.amazonaws.com", f"https://sts.{LOST}.amazonaws.com"], ids=["all", "lost"]
)
def test_an_sts_of_another_region_is_not_asked_also_for_the_role_of_a_profile(
    making: Making, sent: list[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    with pytest.raises(OutOfReach, match="AssumeRole in us-west-2 was not sent"):
        making(Connection(profile="role")).verify_account()
    assert sent == []


def test_of_credentials_it_is_told_whose_they_are_and_how_long_they_hold(
    making: Making, sent: list[str]
) -> None:
    role = making(Connection(profile="role")).credentials()
    assert (role["method"], role["renewed"], role["temporary"]) == ("assume-role", True, True)
    assert role["expires"].year == 2099
    assert role["arn"].endswith("assumed-role/phoenix/x")
    sent.clear()
    # Of a role that the task names what it is assumed from counts: that is to hold.
    keys = making(Connection(profile="keys", role_arn=ROLE)).credentials()
    assert (keys["method"], keys["temporary"]) == ("shared-credentials-file", False)


@pytest.mark.parametrize(
    ("profile", "renewed"),
    [
        ("role", True),
        ("of-role", True),
        ("from-process", True),
        ("from-session", None),
        ("of-session", None),
    ],
)
def test_a_role_of_a_profile_is_renewed_for_as_long_as_that_holds_at_which_its_chain_begins(
    making: Making, sent: list[str], profile: str, renewed: bool | None
) -> None:
    found = making(Connection(profile=profile)).credentials()
    assert (found["method"], found["renewed"]) == ("assume-role", renewed)
    # A role of the task is assumed from that of the profile.
    sent.clear()
    assert making(Connection(profile=profile, role_arn=ROLE)).credentials()["renewed"] is renewed


@pytest.mark.parametrize(("token", "renewed"), [("", True), ("y", None)])
def test_a_role_that_begins_at_keys_of_the_environment_hangs_on_whether_these_are_of_a_session(
    making: Making, monkeypatch: pytest.MonkeyPatch, token: str, renewed: bool | None
) -> None:
    for name in "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY":
        monkeypatch.setenv(name, "x")
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    found = making(Connection(profile="from-environment")).credentials()
    assert (found["method"], found["renewed"]) == ("assume-role", renewed)


def test_a_role_that_begins_at_a_login_is_renewed_for_as_long_as_that_holds(making: Making) -> None:
    session = making(Connection(profile="from-login"))._session
    chain = session.get_credentials()
    login = chain._refresh_using.__self__._source_credentials
    assert login.method == "sso"
    assert credentials.renewed(chain) is None and credentials.renewed(login) is None


@pytest.mark.parametrize("profile", ["login", "from-login"])
def test_the_region_of_a_login_is_known_also_where_another_profile_begins_at_it(
    making: Making, profile: str
) -> None:
    session = making(Connection(profile=profile))._session
    assert credentials.login_region(session.full_config, profile) == LOST
    assert credentials.login_region(session.full_config, "keys") == ""
