# SPDX-License-Identifier: GPL-3.0-or-later
"""After a failover playbook site agrees with it: it touches no data, and then has nothing to do."""

from __future__ import annotations

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from environment import Environment, addresses, done
from objects import stateful_ids

OLD = "home db_instance/main"
# Home serves no more: its hosts have no login, nothing is copied from it, nobody is woken for it.
OF_HOME = {
    "change ssm_parameter/database_access",
    "change launch_template/web",
    "change autoscaling_group/web",
    "destroy bucket_replication/backups",
    "destroy bucket_replication/releases",
    "destroy iam_role/replication",
    "destroy health_check/endpoint",
    "destroy alarm/endpoint",
    "destroy alarm/balancer-errors",
    "destroy ssm_parameter/database_configuration",
    "destroy ssm_parameter/database_endpoint",
    "destroy ssm_parameter/database_port",
}
# The other one does, in two zones, and is watched.
OF_RECOVERY = {
    "change ssm_parameter/database_access",
    "create ssm_parameter/database_configuration",
    "change launch_template/web",
    "change autoscaling_group/web",
    "change db_instance/main",
    "create health_check/endpoint",
    "create alarm/balancer-errors",
    "destroy alarm/database-lag",
}
IN_WEB = "destroy security_group_rule/database/in-web"


@pytest.fixture(params=[pytest.param("home answered", marks=pytest.mark.sweep), "home was dark"])
def moved(built: Environment, request: pytest.FixtureRequest) -> Environment:
    """An environment that was failed over, with the region of home back."""
    if request.param == "home was dark":
        over.go_dark(built)
    over.upto(built, "close", accept_unfenced=request.param == "home was dark")
    built.handle.faults([])
    return built


def planned(environment: Environment, site: str) -> set[str]:
    actions = environment.plan()[site]["actions"]
    return {f"{a['action']} {a['address']}" for a in actions if a["action"] != "keep"}


def test_what_is_planned_after_a_failover_is_what_turns_the_sites_round_and_then_nothing(
    moved: Environment,
) -> None:
    before, mark = stateful_ids(moved), moved.handle.mark()
    home, recovery = planned(moved, "home"), planned(moved, "recovery")
    assert home - {IN_WEB} == OF_HOME
    assert recovery == OF_RECOVERY
    assert moved.handle.writes_since(mark) == []
    # Where home was dark nobody has taken the rule away yet.
    assert (IN_WEB in home) == bool(over.let_in(moved))
    ran = moved.run()
    assert addresses(ran) == done(ran)
    assert addresses(moved.plan()) == set()
    assert stateful_ids(moved) == before
    assert over.let_in(moved) == []


@pytest.mark.parametrize("last", ["fence", "promote", "logins"])
def test_while_a_failover_is_under_way_no_other_playbook_undoes_what_it_has_done(
    built: Environment, last: str
) -> None:
    over.upto(built, last)
    mark, before = built.handle.mark(), over.let_in(built)
    for site in ("home", "recovery"):
        for dry in (True, False):
            with pytest.raises(Refusal, match="moves the environment since") as caught:
                run(built.params(site), "site", dry=dry)
            assert caught.value.result["code"] == "moving"
    assert built.handle.writes_since(mark) == []
    assert over.let_in(built) == before == []


@pytest.mark.sweep
def test_of_the_old_database_nothing_is_changed_when_home_is_back(moved: Environment) -> None:
    client = moved.aws("home").client("rds")

    def old() -> dict[str, object]:
        found = client.describe_db_instances(DBInstanceIdentifier="production-home-database")
        # How far it could be restored to goes on by itself.
        return {**found["DBInstances"][0], "LatestRestorableTime": None}

    before, mark = old(), moved.handle.mark()
    moved.run()
    assert old() == before
    touched = {c["action"] for c in moved.handle.writes_since(mark) if c["service"] == "rds"}
    assert touched <= {"ModifyDBInstance"}
    assert OLD not in addresses(moved.plan())
    mended = over.database(moved)
    assert mended["MultiAZ"]
    assert not mended.get("ReadReplicaSourceDBInstanceIdentifier")


@pytest.mark.sweep
def test_the_hosts_of_a_home_that_was_dark_go_with_the_next_run(moved: Environment) -> None:
    moved.run()
    client = moved.aws("home").client("autoscaling")
    [group] = client.describe_auto_scaling_groups(AutoScalingGroupNames=["production-home-web"])[
        "AutoScalingGroups"
    ]
    assert group["MinSize"] == 0
    assert group["Instances"] == []
