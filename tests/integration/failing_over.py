# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover step by step, with what hosts would tell, and what it has left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Taker,
    taken_alone,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    manifest,
    perform,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import Journal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.procedures import (
    OPERATIONS,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.steps import FAILOVER
from environment import SITES, Environment

HOME, RECOVERY = "us-east-1", "us-west-2"
DATABASE = "production-recovery-database"
BUCKET = "production-recovery-backups-123456789012-us-west-2"
# What hosts would tell.
TOLD: dict[str, dict[str, Any]] = {
    "intake": {"in_recovery": True, "snapshot": "100:104:", "lsn": "0/1"},
    "freeze": {"frozen": ["application_application_a"], "lsn": "0/2"},
    "caught": {"caught": True, "differ": []},
    "thaw": {"thawed": []},
    "orphans": {"tables": {"public.pledge": 2}, "total": 2, "in_doubt": []},
    "contents": {
        "tables": {"public.pledge": {"rows": 40, "checksum": "00000000000000a7"}},
        "not_read": {},
        "migrations": {"public.alembic_version": "0002"},
        "beat": {"id": 7, "at": 1795860900.0, "age": 12.5},
        "in_recovery": False,
    },
    "sequences": {"moved": {"public.pledge_id_seq": 1000}},
    "logins": {"application": {"user": "application_application_b", "version": "v2"}},
    "grade": {"changed": ["db_instance/main"]},
    "scale": {"changed": ["autoscaling_group/web"]},
    "smoke": {"status": 200, "write": {"status": 201}},
    "lock": {"locked": {"application": "application_application_a"}},
    "names": {"answers": ["192.0.2.1"], "wanted": ["192.0.2.1"]},
    "led": {"answers": ["192.0.2.1"], "wanted": ["192.0.2.1"]},
}
REPORT = {"report.html", "report.json"}
Call = Mapping[str, Any]


def steps(*sampled: str) -> list[Any]:
    """The names of all steps; those that are not sampled are for the sweep."""
    sweep = pytest.mark.sweep
    return [
        one.name if one.name in sampled else pytest.param(one.name, marks=sweep) for one in FAILOVER
    ]


def build(environment: Environment) -> Environment:
    """Both sites, with the manifest that playbook site writes at its end."""
    knowledge = {site: result["known"] for site, result in environment.run().items()}
    for site in ("home", "recovery"):
        manifest.write(environment.params(site, knowledge=knowledge), dry=False)
    return environment


def go_dark(environment: Environment, *more: dict[str, Any]) -> None:
    """The region of home answers nothing."""
    environment.handle.faults([{"effect": "dark", "region": HOME}, *more])


def step(
    environment: Environment,
    name: str,
    *,
    dry: bool = False,
    lease: Taker = taken_alone,
    say: Callable[[str], None] = lambda line: None,
    site: str = "recovery",
    **more: Any,
) -> dict[str, Any]:
    given = {"operation": "failover", "step": name, "confirm": "production", **more}
    params, kept = environment.params(site, **{"wait_timeout": 60, **given}), environment.journals

    def heard(journal: Journal) -> None:
        kept[journal.id] = list(journal.entries)

    return perform.perform(
        params, dry=dry, lease=lease, say=say, heard=heard, kept=lambda id: kept.get(id, ())
    )


def upto(
    environment: Environment, last: str, *, lease: Taker = taken_alone, **more: Any
) -> list[dict[str, Any]]:
    """All steps up to this one, as a playbook does them: what is done is not told again."""
    found: list[dict[str, Any]] = []
    for one in OPERATIONS[more.get("operation", "failover")]:
        result = step(environment, one.name, lease=lease, **more)
        if one.by and not result["done"]:
            proof = {"in_recovery": False, "proof": result["id"]}
            told = TOLD.get(one.name, proof)
            result = step(environment, one.name, lease=lease, told=told, **more)
        found.append(result)
        if one.name == last:
            break
    return found


def serving(environment: Environment) -> set[tuple[str, bool]]:
    """Which site serves, and whether that moves, by the records of both."""
    found = [active.read(environment.aws(site)) for site in SITES]
    return {(one.site, one.moving) for one in found}


def abandon(environment: Environment, **more: Any) -> dict[str, Any]:
    """As playbook dr_abandon does it: a host lets write who was frozen, in between."""
    frozen = step(environment, "abandon", **more)["evidence"]["frozen"]
    return step(environment, "abandon", told={"thawed": frozen}, **more)


def database(environment: Environment) -> dict[str, Any]:
    rds = environment.aws("recovery").client("rds")
    [item] = rds.describe_db_instances(DBInstanceIdentifier=DATABASE)["DBInstances"]
    return dict(item)


def is_replica(environment: Environment) -> bool:
    return bool(database(environment).get("ReadReplicaSourceDBInstanceIdentifier"))


def let_in(environment: Environment) -> list[str]:
    """The rules by which somebody gets in to the old database."""
    ec2 = environment.aws("home").client("ec2")
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["production-home-database"]}]
    )["SecurityGroups"]
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )["SecurityGroupRules"]
    return [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]


def switched(environment: Environment) -> bool:
    """Whether the switch sends traffic away from home."""
    client = environment.aws("recovery").client("cloudwatch")
    [alarm] = client.describe_alarms(AlarmNames=["production-recovery-switch"])["MetricAlarms"]
    return bool(alarm["StateValue"] == "ALARM")


def objects(environment: Environment) -> list[str]:
    """All that operations have kept at the recovery site, but for its drills, asked of S3."""
    client, where = environment.aws("recovery").client("s3"), "operations/recovery/"
    found = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=where)
    keys = [item["Key"] for page in found for item in page.get("Contents", [])]
    return [key for key in keys if not key.startswith(f"{where}drill/")]


def keys(environment: Environment) -> list[str]:
    """The entries of the journals at the recovery site."""
    names = objects(environment)
    return [key for key in names if not key.rpartition("/")[2].startswith("report.")]


def reported(environment: Environment) -> set[str]:
    """What there is of the reports of operations."""
    return {key.rpartition("/")[2] for key in objects(environment)} & REPORT


def entries(environment: Environment) -> list[dict[str, Any]]:
    client = environment.aws("recovery").client("s3")
    bodies = [client.get_object(Bucket=BUCKET, Key=key)["Body"] for key in keys(environment)]
    return [json.loads(body.read()) for body in bodies]


def told(environment: Environment) -> list[str]:
    """ "step state" of each entry."""
    return [f"{entry['step']} {entry['state']}" for entry in entries(environment)]


def calls(environment: Environment, mark: int, *, writes: bool = False) -> set[str]:
    """ "region service Action" of the requests after a mark, or of those that write."""
    return {
        f"{call['region']} {call['service']} {call['action']}"
        for call in environment.handle.log(mark)
        if call["write"] or not writes
    }


def beside_journal(environment: Environment, mark: int) -> set[str]:
    """The writes after a mark but those of lease and journal."""
    own = {f"{RECOVERY} s3 PutObject"}
    own |= {f"{RECOVERY} ssm {action}" for action in ("PutParameter", "DeleteParameter")}
    return calls(environment, mark, writes=True) - own
