# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed is finished by the same command: nothing twice, nothing lost."""

from __future__ import annotations

import signal

import pytest
from environment import Environment, addresses, done
from killing import killed_run
from objects import objects, stateful_ids

# Spread over all kinds: calls that make an object, and calls that complete one.
CALLS = (
    "CreateKey",
    "CreateAlias",
    "CreateBucket",
    "PutBucketVersioning",
    "PutBucketReplication",
    "CreateRole",
    "PutRolePolicy",
    "CreateSecret",
    "ReplicateSecretToRegions",
    "CreateVpc",
    "ModifyVpcAttribute",
    "CreateSubnet",
    "AttachInternetGateway",
    "AllocateAddress",
    "CreateNatGateway",
    "CreateRouteTable",
    "CreateRoute",
    "CreateFlowLogs",
    "AuthorizeSecurityGroupIngress",
    "CreateDBParameterGroup",
    "CreateDBInstance",
    "CreateDBInstanceReadReplica",
    "CreateHostedZone",
    "RequestCertificate",
    "CreateLoadBalancer",
    "CreateListener",
    "ChangeResourceRecordSets",
    "CreateHealthCheck",
    "CreateLaunchTemplate",
    "CreateAutoScalingGroup",
    "PutScalingPolicy",
)
# Each so many-th in `make test`, and `make sweep` kills at the others.
SAMPLE = 10


@pytest.mark.parametrize(
    ("action", "mode"),
    [
        pytest.param(
            action,
            ("after", "before")[number % 2],
            marks=[] if number % SAMPLE == 0 else pytest.mark.sweep,
        )
        for number, action in enumerate(CALLS)
    ],
)
def test_the_same_command_finishes_what_a_killed_run_began(
    empty: Environment, action: str, mode: str
) -> None:
    assert killed_run(empty, {"action": action, "at": 1, "mode": mode}) == -signal.SIGKILL
    assert [entry["action"] for entry in empty.handle.fired()] == [action]
    empty.handle.faults([])
    before = stateful_ids(empty)
    mark = empty.handle.mark()
    planned = empty.plan()
    assert empty.handle.writes_since(mark) == []
    ran = empty.run()
    assert addresses(planned) == addresses(ran) == done(ran)
    assert max(objects(empty).values()) == 1
    assert before.items() <= stateful_ids(empty).items()
    assert addresses(empty.plan()) == set()
