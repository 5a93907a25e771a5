# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that is changed or switched off takes effect on what stands.

What it no longer declares is removed, or kept where it holds data, or named where nobody can tell
whose it is; a further plan is empty; and what was removed is built again when it is switched back.
None of these changes needs allow_replace.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import BY_NAME
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.login import LOGINS
from environment import TRAFFIC, Environment, Result, addresses
from options import Options, at, everywhere, named, stands

__all__ = ["stands"]
COPY = "production/home/database"


@dataclass(frozen=True)
class Step:
    """One change of the declaration and all that it removes, makes and keeps: "site address"."""

    options: Options
    gone: frozenset[str] = frozenset()
    made: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


REPLICA = named("recovery", "db_instance/main")
# What watches the replica, and stays as long as that does.
WATCH = named(
    "recovery", *(f"alarm/database-{what}" for what in ("cpu", "lag", "memory", "storage"))
)
# What a database is made of where no replica is declared.
COPYING = named("recovery", "db_backup_replication/main")
# What tells the hosts where it is.
OF_REPLICA = named("recovery", "ssm_parameter/database_endpoint", "ssm_parameter/database_port")
# What watches hosts that stand.
OF_HOSTS = named("recovery", "alarm/balancer-errors", "health_check/endpoint")


def nat(*zones: str) -> frozenset[str]:
    return named(
        "home", *(f"{kind}{z}" for z in zones for kind in ("elastic_ip/nat-", "nat_gateway/"))
    )


# Of a site that lives from copies of backups, and stands by.
WAY_OUT = named(
    "recovery",
    *(f"{kind}{z}" for z in "abc" for kind in ("elastic_ip/nat-", "nat_gateway/", "route/app-")),
)
STORIES: dict[str, tuple[Step, ...]] = {
    "no copies": (
        Step(
            {"storage": {"replicate": False}},
            gone=named(
                "home",
                "bucket_replication/releases",
                "bucket_replication/backups",
                "iam_role/replication",
                *(f"secret_replica/{login}" for login in LOGINS),
            ),
        ),
    ),
    "pilot light to backups and back": (
        Step(
            at("recovery", strategy="backup_restore"),
            gone=OF_REPLICA | WAY_OUT,
            made=COPYING,
            kept=REPLICA | WATCH,
        ),
    ),
    "pilot light to warm standby and back": (
        Step(at("recovery", strategy="warm_standby"), made=OF_HOSTS),
    ),
    "warm standby to backups": (
        Step(at("recovery", strategy="warm_standby"), made=OF_HOSTS),
        Step(
            at("recovery", strategy="backup_restore"),
            gone=OF_REPLICA | OF_HOSTS | WAY_OUT,
            made=COPYING,
            kept=REPLICA | WATCH,
        ),
        Step(
            at("recovery", strategy="warm_standby"),
            gone=COPYING,
            made=OF_REPLICA | OF_HOSTS | WAY_OUT,
        ),
    ),
    "no flow logs": (Step({"network": {"flow_logs": False}}, gone=everywhere("flow_log/main")),),
    "no endpoint": (Step({"network": {"s3_endpoint": False}}, gone=everywhere("vpc_endpoint/s3")),),
    "no scaling by requests": (
        Step({"web_tier": {"requests_target": 0}}, gone=everywhere("scaling_policy/requests")),
    ),
    "fewer gateways": (
        Step(at("home", nat="one"), gone=nat("b", "c")),
        Step(
            at("home", nat="none"),
            gone=nat("a") | named("home", "route/app-a", "route/app-b", "route/app-c"),
        ),
    ),
    "fewer zones": (
        Step(
            at("home", zones=["a", "b"]),
            gone=nat("c")
            | named(
                "home",
                "route/app-c",
                "route_table/app-c",
                "subnet/app-c",
                "subnet/database-c",
                "subnet/public-c",
            ),
        ),
    ),
}
# Of those in `make test`; `make sweep` tells the others.
SAMPLE = ("warm standby to backups",)


def settled(environment: Environment, step: Step) -> None:
    """Runs the step's declaration and checks what that does, and that nothing is left to do."""
    ran = environment.run(**step.options)
    assert addresses(ran, "destroy") == step.gone
    assert addresses(ran, "create") == step.made
    assert addresses(ran, "replace") == set()
    assert addresses(ran, "keep") == step.kept
    planned = environment.plan(**step.options)
    assert addresses(planned) == set()
    assert addresses(planned, "keep") == step.kept


@pytest.mark.parametrize(
    "story",
    [
        pytest.param(story, id=name, marks=[] if name in SAMPLE else pytest.mark.sweep)
        for name, story in STORIES.items()
    ],
)
def test_what_is_no_longer_declared_goes_or_is_kept_and_comes_back(
    stands: Environment, story: tuple[Step, ...]
) -> None:
    absent: set[str] = set()
    extra: set[str] = set()
    for step in story:
        settled(stands, step)
        extra, absent = (
            (extra | (step.made - absent)) - step.gone,
            (absent | (step.gone - extra)) - step.made,
        )
    settled(stands, Step({}, gone=frozenset(extra), made=frozenset(absent)))


def resources(results: dict[str, Result], site: str) -> set[str]:
    return {item["address"] for item in results[site]["resources"]}


def test_a_database_that_is_kept_is_shown_and_holds_up_a_teardown(stands: Environment) -> None:
    options = at("recovery", strategy="backup_restore")
    stands.run(**options)
    told = stands.info(**options)
    assert "db_instance/main" in resources(told, "recovery")
    assert told["recovery"]["drift"] == []
    with pytest.raises(Refusal, match=r"protected against deletion: .*db_instance/main"):
        stands.destroy("recovery", confirm="production", **options)


@pytest.mark.sweep
def test_a_database_that_is_kept_is_in_the_cost_and_its_alarms_go_with_it(
    stands: Environment,
) -> None:
    options = at("recovery", strategy="backup_restore")
    stands.run(**options)
    charged = {
        (item["tier"], item["address"], item["key"])
        for item in stands.plan(**options)["recovery"]["usages"]
    }
    instance = "rds.instance.postgres.db.t4g.medium.single_az"
    assert ("database", "db_instance/main", instance) in charged
    assert ("database", "db_instance/main", "rds.storage.gp3.single_az") in charged
    assert ("traffic", "alarm/database-cpu", "cloudwatch.alarm") in charged
    rds = stands.aws("recovery").client("rds")
    name = {"DBInstanceIdentifier": "production-recovery-database"}
    rds.modify_db_instance(**name, DeletionProtection=False)
    rds.delete_db_instance(**name, SkipFinalSnapshot=True)
    planned = stands.plan(**options)
    assert addresses(planned, "keep") == set()
    assert addresses(planned, "destroy") == WATCH


def test_without_copies_the_secret_is_in_its_own_region_only(stands: Environment) -> None:
    there = stands.aws("recovery").client("secretsmanager")
    assert there.describe_secret(SecretId=COPY)
    stands.run(storage={"replicate": False})
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.describe_secret(SecretId=COPY)
    here = stands.aws("home").client("secretsmanager")
    assert here.describe_secret(SecretId=COPY).get("ReplicationStatus", []) == []


def test_who_reads_the_alarms_no_longer_by_declaration_is_named_and_left(
    stands: Environment,
) -> None:
    silent = {"traffic": {**TRAFFIC, "alarm_email": ""}}
    assert stands.run()["home"]["foreign"] == []
    mark = stands.handle.mark()
    for told in (stands.run(**silent), stands.plan(**silent)):
        assert addresses(told) == set()
        for site in told:
            assert told[site]["foreign"] == [
                f"sns_topic/alarms: email subscription of {TRAFFIC['alarm_email']}"
            ]
    assert stands.handle.writes_since(mark) == []


@pytest.mark.parametrize("tier", BY_NAME)
def test_a_run_of_one_tier_leaves_those_of_the_others_alone(stands: Environment, tier: str) -> None:
    assert addresses(stands.run_tier(tier)) == set()


@pytest.mark.sweep
def test_a_changed_port_is_planned_wherever_the_run_tells_it(stands: Environment) -> None:
    for options in ({"database_port": 6000}, {}):
        planned = stands.plan(**options)
        ran = stands.run(**options)
        assert addresses(planned) == addresses(ran)
        assert everywhere("ssm_parameter/database_port") <= addresses(ran, "change")


@pytest.mark.sweep
def test_port_and_certificate_change_in_one_run_and_hosts_stay_where_the_listener_points(
    built: Environment,
) -> None:
    aws = built.aws("home")
    old = _forwarded(aws)
    names = {**TRAFFIC, "certificate_names": ["api.shop.example.com"]}
    built.declared |= {"application_port": 9090, "traffic": names}
    traffic = built.start_tier("traffic", "home")
    built.start_tier("web_tier", "home", traffic)
    assert _forwarded(aws) == old
    (group,) = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert old in group["TargetGroupARNs"] and len(group["TargetGroupARNs"]) == 2
    built.run()
    (group,) = aws.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [_forwarded(aws)] == group["TargetGroupARNs"] != [old]
    assert addresses(built.plan()) == set()


def _forwarded(aws: Aws) -> str:
    """The target group that the listener on port 443 forwards to."""
    elbv2 = aws.client("elbv2")
    (balancer,) = elbv2.describe_load_balancers()["LoadBalancers"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    (action,) = next(item["DefaultActions"] for item in listeners if item["Port"] == 443)
    return str(action["TargetGroupArn"])
