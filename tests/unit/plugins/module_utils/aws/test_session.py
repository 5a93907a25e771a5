# SPDX-License-Identifier: GPL-3.0-or-later
"""What may change something is sent only while the guard lets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.errors import EngineError
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(
            Scope("production", "home", "us-east-1", "123456789012"),
            Connection(access_key="x", secret_key="x"),
        )


def refuse() -> None:
    raise EngineError("no more")


def vpcs(aws: Aws) -> int:
    found = aws.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])
    return len(found["Vpcs"])


@pytest.mark.parametrize("how", ["client", "once"])
def test_what_the_guard_forbids_is_not_sent_and_what_only_reads_is(aws: Aws, how: str) -> None:
    client = getattr(aws, how)("ec2")
    aws.guard = refuse
    with pytest.raises(EngineError, match="no more"):
        client.create_vpc(CidrBlock="10.0.0.0/16")
    assert vpcs(aws) == 0
    aws.unguarded().client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert vpcs(aws) == 1


def test_what_the_sdk_sends_again_is_guarded_again(aws: Aws) -> None:
    client, sent = aws.client("ec2"), []

    def lost(event_name: str, **_request: object) -> None:
        if not event_name.endswith(".CreateVpc"):
            return
        sent.append(True)
        aws.guard = refuse
        raise ConnectionClosedError(endpoint_url="https://ec2")

    client.meta.events.register_last("before-send", lost)
    with pytest.raises(EngineError, match="no more"):
        client.create_vpc(CidrBlock="10.0.0.0/16")
    assert len(sent) == vpcs(aws) == 1
