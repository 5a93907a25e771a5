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
