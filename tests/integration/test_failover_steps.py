# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a failover, one by one, with the region of home dark or there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    manifest,
    perform,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import stage
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.steps import FAILOVER
from environment import Environment

HOME, RECOVERY = "us-east-1", "us-west-2"
DATABASE = "production-recovery-database"
# What hosts would tell.
TOLD: dict[str, dict[str, Any]] = {
    "intake": {"in_recovery": True, "snapshot": "100:104:", "lsn": "0/1"},
    "sequences": {"moved": {"public.pledge_id_seq": 1000}},
    "logins": {"application": {"user": "application_application_b", "version": "v2"}},
    "grade": {"changed": ["db_instance/main"]},
    "scale": {"changed": ["autoscaling_group/web"]},
    "smoke": {"status": 200},
    "lock": {"locked": {"application": "application_application_a"}},
    "names": {"answers": ["192.0.2.1"], "wanted": ["192.0.2.1"]},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "LOOK", 0.1)


@pytest.fixture
def built(empty: Environment) -> Environment:
    """Both sites, with the manifest that playbook site writes at its end."""
    knowledge = {site: result["known"] for site, result in empty.run().items()}
    for site in ("home", "recovery"):
        manifest.write(empty.params(site, knowledge=knowledge), dry=False)
    return empty


@pytest.fixture
def dark(built: Environment) -> Iterator[Environment]:
    """The region of home answers nothing."""
    built.handle.faults([{"effect": "dark", "region": HOME}])
    yield built
    built.handle.faults([])


def step(environment: Environment, name: str, **more: Any) -> dict[str, Any]:
    given = {"operation": "failover", "step": name, "confirm": "production", **more}
    return perform.perform(environment.params("recovery", wait_timeout=60, **given), dry=False)


def upto(environment: Environment, last: str, **more: Any) -> list[dict[str, Any]]:
    """All steps up to this one."""
    found = []
    for one in FAILOVER:
        given = dict(more)
        if one.told:
            step(environment, one.name, **given)
            proof = {"in_recovery": False, "proof": found[0]["id"]}
            given["told"] = TOLD.get(one.name, proof)
        found.append(step(environment, one.name, **given))
        if one.name == last:
            break
    return found


def database(environment: Environment) -> dict[str, Any]:
    rds = environment.aws("recovery").client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier=DATABASE)["DBInstances"]
    return dict(item)


def test_a_failover_needs_nothing_of_the_dark_region_but_tries_to_fence_it(
    dark: Environment,
) -> None:
    mark = dark.handle.mark()
    upto(dark, "close", accept_unfenced=True)
    calls = dark.handle.log(mark)
    assert not database(dark).get("ReadReplicaSourceDBInstanceIdentifier")
    home = {call["action"] for call in calls if call["region"] == HOME}
    assert home == {"GetParameter", "UpdateAutoScalingGroup", "DescribeSecurityGroupRules"}
    assert not {call["service"] for call in calls} & {"iam", "route53"}
    assert active.read(dark.aws("recovery")).site == "recovery"
