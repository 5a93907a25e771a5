# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifting the deletion protection: from what stands there, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from environment import SITES, Environment, addresses

from playbooks import Playbooks, changed
from sandbox.running import Handle

CONFIRMED = ("-e", "destroy_confirm=production")
# What holds each site, and the calls that let it go.
# A run that writes holds the lease of the site meanwhile.
LEASED = {"PutParameter", "DeleteParameter"}
LIFTED = {"ModifyDBInstance", "ModifyLoadBalancerAttributes"}


@pytest.fixture
def playbooks(tmp_path: Path, sandbox: Handle) -> Playbooks:
    sandbox.faults([])
    sandbox.reset()
    return Playbooks(sandbox, tmp_path)


def protected(environment: Environment, site: str) -> list[str]:
    """What AWS itself says that it would not delete."""
    aws = environment.aws(site)
    found = [
        item["DBInstanceIdentifier"]
        for item in aws.client("rds").describe_db_instances()["DBInstances"]
        if item["DeletionProtection"]
    ]
    elb = aws.client("elbv2")
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        listed = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        if {"Key": "deletion_protection.enabled", "Value": "true"} in listed:
            found.append(balancer["LoadBalancerName"])
    return found


def writes(handle: Handle, mark: int) -> set[str]:
    return {entry["action"] for entry in handle.log(mark) if entry["write"]}


def test_on_an_empty_account_nothing_is_protected_and_nothing_is_made(
    playbooks: Playbooks,
) -> None:
    mark = playbooks.handle.mark()
    ran = playbooks.run("unprotect", *CONFIRMED)
    assert changed(ran) == {"home": 0, "recovery": 0}
    assert ran.stdout.count("nothing is protected") == 2
    assert writes(playbooks.handle, mark) == set()


def test_on_a_half_built_account_nothing_is_built_further(playbooks: Playbooks) -> None:
    environment = Environment(playbooks.handle)
    for tier in ("storage", "network"):
        environment.run_tier(tier)
    mark = playbooks.handle.mark()
    ran = playbooks.run("unprotect", *CONFIRMED)
    assert changed(ran) == {"home": 0, "recovery": 0}
    assert ran.stdout.count("nothing is protected") == 2
    assert writes(playbooks.handle, mark) == set()


def test_what_stands_is_shown_by_check_then_lifted_and_then_there_is_nothing_left(
    playbooks: Playbooks,
) -> None:
    environment = Environment(playbooks.handle)
    environment.run()
    assert {len(protected(environment, site)) for site in SITES} == {2}
    mark = playbooks.handle.mark()
    planned = playbooks.run("unprotect", "--check")
    assert changed(planned) == {"home": 1, "recovery": 1}
    for site in SITES:
        assert f"{site}: would lift the protection of db_instance/main" in planned.stdout
        assert f"{site}: would lift the protection of load_balancer/main" in planned.stdout
    assert writes(playbooks.handle, mark) == set()
    mark = playbooks.handle.mark()
    ran = playbooks.run("unprotect", *CONFIRMED)
    assert changed(ran) == {"home": 1, "recovery": 1}
    assert "home: lifted the protection of db_instance/main" in ran.stdout
    assert writes(playbooks.handle, mark) == LIFTED | LEASED
    assert {len(protected(environment, site)) for site in SITES} == {0}
    again = playbooks.run("unprotect", *CONFIRMED)
    assert changed(again) == {"home": 0, "recovery": 0}
    assert again.stdout.count("nothing is protected") == 2
    # All else is as declared, and the next run turns the protection on again.
    drift = addresses(environment.plan())
    names = ("db_instance/main", "load_balancer/main")
    assert drift == {f"{site} {name}" for site in SITES for name in names}


def test_a_replica_that_is_no_longer_declared_is_let_go_too(playbooks: Playbooks) -> None:
    environment = Environment(playbooks.handle)
    environment.run()
    recovery: dict[str, Any] = {**SITES["recovery"], "strategy": "backup_restore"}
    environment.declared["sites"] = {**SITES, "recovery": recovery}
    lifted = environment.unprotect("recovery", confirm="production")
    assert set(lifted["done"]) == {"db_instance/main", "load_balancer/main"}
    assert protected(environment, "recovery") == []


def test_a_database_that_is_still_being_made_is_waited_for_and_let_go(
    playbooks: Playbooks,
) -> None:
    environment = Environment(playbooks.handle)
    environment.run_tier("storage")
    environment.run_tier("network")
    playbooks.handle.speed(600.0)
    try:
        environment.start_tier("database", "home")
        lifted = environment.unprotect("home", confirm="production")
    finally:
        playbooks.handle.speed(0.0)
    assert lifted["done"] == ["db_instance/main"]
    assert protected(environment, "home") == []


def test_without_the_typed_name_nothing_is_touched(playbooks: Playbooks) -> None:
    Environment(playbooks.handle).run()
    mark = playbooks.handle.mark()
    for options in ((), ("-e", "destroy_confirm=staging")):
        refused = playbooks.run("unprotect", *options)
        assert refused.returncode != 0
        assert "-e destroy_confirm=production" in refused.stdout
    assert writes(playbooks.handle, mark) == set()
