# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover with the region of home dark: what it asks of whom, and how it ends."""

from __future__ import annotations

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment

ATTEMPTS = {
    "ssm GetParameter",
    "ssm GetParametersByPath",
    "autoscaling UpdateAutoScalingGroup",
    "ec2 DescribeSecurityGroupRules",
}
WORLDWIDE = {"iam", "route53"}
OBJECTS = {"GetObject", "PutObject", "ListObjectsV2"}


def test_a_failover_needs_nothing_of_the_dark_region_but_tries_to_fence_it(
    dark: Environment,
) -> None:
    mark = dark.handle.mark()
    over.upto(dark, "close", accept_unfenced=True)
    log = dark.handle.log(mark)
    home = {f"{c['service']} {c['action']}" for c in log if c["region"] == over.HOME}
    assert home == ATTEMPTS
    assert {call["region"] for call in log} == {over.HOME, over.RECOVERY}
    assert not {call["service"] for call in log} & WORLDWIDE
    assert {call["action"] for call in log if call["service"] == "s3"} == OBJECTS
    assert not over.is_replica(dark)
    assert over.switched(dark)
    assert active.read(dark.aws("recovery")).site == "recovery"


def test_once_it_is_through_the_same_command_says_who_serves_and_does_nothing(
    dark: Environment,
) -> None:
    over.upto(dark, "close", accept_unfenced=True)
    before, mark = over.told(dark), dark.handle.mark()
    with pytest.raises(Refusal, match="site recovery serves already since"):
        over.step(dark, "open")
    assert over.told(dark) == before
    assert over.beside_journal(dark, mark) == set()
    assert before.count("close closed") == 1


def test_a_database_that_is_a_replica_gets_no_traffic(
    built: Environment,
) -> None:
    over.upto(built, "proof")
    right = over.TOLD["contents"]
    for wrong, why in (
        ({"in_recovery": True}, "it is a replica still"),
        ({"in_recovery": None}, "it is a replica still"),
    ):
        with pytest.raises(Refusal, match=why) as caught:
            over.step(built, "contents", told={**right, **wrong})
        assert caught.value.result["code"] == "not_done"
    with pytest.raises(Refusal, match="has not done contents"):
        over.step(built, "switch")
    large = {**right, "tables": {}, "not_read": {"public.pledge": "too large"}}
    # What is done is not told again.
    for told in (large, right):
        over.step(built, "contents", told=told)
        [done] = [e for e in over.entries(built) if (e["step"], e["state"]) == ("contents", "done")]
        assert {key: done["facts"][key] for key in large} == large
