# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new replica is to obey it obeys when a run ends; nothing else is ever restarted."""

from __future__ import annotations

from typing import Any

import failing_over as over
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment, addresses, done

REPLICA = "production-recovery-database"


def restarts(environment: Environment, mark: int) -> list[str]:
    """The regions in which a database was restarted."""
    calls = environment.handle.log(mark)
    return [call["region"] for call in calls if call["action"] == "RebootDBInstance"]


def groups(environment: Environment, site: str, name: str) -> list[dict[str, Any]]:
    rds = environment.aws(site).client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return list(item["DBParameterGroups"])


def test_a_new_replica_obeys_its_parameters_at_the_end_of_the_run(empty: Environment) -> None:
    mark = empty.handle.mark()
    empty.run()
    assert groups(empty, "recovery", REPLICA) == [
        {"DBParameterGroupName": REPLICA, "ParameterApplyStatus": "in-sync"}
    ]
    assert restarts(empty, mark) == ["us-west-2"]


def test_neither_database_is_restarted_for_parameters_that_are_declared_later(
    built: Environment,
) -> None:
    """In which order is a matter of what is declared: docs/validate.md."""
    options = {"database": {"parameters": {"max_connections": "200"}}}
    mark = built.handle.mark()
    built.run(**options)
    assert {group["ParameterApplyStatus"] for group in groups(built, "recovery", REPLICA)} == {
        "pending-reboot"
    }
    assert done(built.run(**options)) == set()
    assert restarts(built, mark) == []


def test_where_home_is_dark_the_recovery_site_is_planned_without_it(built: Environment) -> None:
    over.go_dark(built)
    result = run(built.params("recovery", peer_absent=True), "site", dry=True)
    assert addresses({"recovery": result}) == set()
