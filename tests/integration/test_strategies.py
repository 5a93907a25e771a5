# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery site lives from a replica or from copied backups, and changes from either to the other
without being without both.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from environment import Environment, addresses, live_from, ways_out

SOURCE = "arn:aws:rds:us-east-1:123456789012:db:production-home-database"
REPLICA = "production-recovery-database"
COPYING = "recovery db_backup_replication/main"
START = "StartDBInstanceAutomatedBackupsReplication"
STOP = "StopDBInstanceAutomatedBackupsReplication"


def backups(environment: Environment) -> list[dict[str, Any]]:
    rds = environment.aws("recovery").client("rds")
    found = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    return [item for item in found if item["DBInstanceArn"] == SOURCE]


def let_replica_go(environment: Environment) -> None:
    """As docs/plan.md has it."""
    rds, name = environment.aws("recovery").client("rds"), {"DBInstanceIdentifier": REPLICA}
    rds.modify_db_instance(**name, DeletionProtection=False, ApplyImmediately=True)
    rds.delete_db_instance(**name, SkipFinalSnapshot=True)


def ordered(environment: Environment, mark: int, *actions: str) -> list[str]:
    return [c["action"] for c in environment.handle.log(mark) if c["action"] in actions]


@pytest.fixture
def from_backups(empty: Environment) -> Environment:
    live_from(empty, "backup_restore")
    empty.run()
    return empty


def test_backups_are_copied_with_the_key_of_the_region_and_a_second_run_changes_nothing(
    from_backups: Environment,
) -> None:
    [backup] = backups(from_backups)
    kms = from_backups.aws("recovery").client("kms")
    key = kms.describe_key(KeyId="alias/phoenix-production-recovery")["KeyMetadata"]["Arn"]
    assert (backup["Status"], backup["KmsKeyId"]) == ("replicating", key)
    assert backup["BackupRetentionPeriod"] == 7
    assert backup["RestoreWindow"]["LatestTime"]
    mark = from_backups.handle.mark()
    assert addresses(from_backups.run()) == set()
    assert from_backups.handle.writes_since(mark) == []


def test_copying_that_somebody_ended_is_found_and_begun_again(from_backups: Environment) -> None:
    rds = from_backups.aws("recovery").client("rds")
    rds.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=SOURCE)
    assert addresses(from_backups.plan()) == {COPYING}
    from_backups.run()
    assert {item["Status"] for item in backups(from_backups)} == {"retained", "replicating"}
    assert addresses(from_backups.plan()) == set()


def test_backups_are_kept_for_as_many_days_as_is_declared_anew(from_backups: Environment) -> None:
    from_backups.declared["database"] = {"backup_days": 14}
    assert COPYING in addresses(from_backups.plan(), "change")
    from_backups.run()
    [now] = [item for item in backups(from_backups) if item["Status"] == "replicating"]
    assert now["BackupRetentionPeriod"] == 14
    assert addresses(from_backups.plan()) == set()


def test_from_a_replica_to_backups_the_replica_stays_until_somebody_lets_it_go(
    built: Environment,
) -> None:
    live_from(built, "backup_restore")
    assert addresses(built.run(), "keep") >= {"recovery db_instance/main"}
    assert [item["Status"] for item in backups(built)] == ["replicating"]
    assert addresses(built.plan()) == set()
    let_replica_go(built)
    gone = addresses(built.run())
    assert gone and all(name.startswith("recovery alarm/database-") for name in gone)
    assert addresses(built.plan(), "keep", "create", "change", "destroy") == set()


def test_from_backups_to_a_replica_copying_ends_once_there_is_one(
    from_backups: Environment,
) -> None:
    live_from(from_backups, "pilot_light")
    mark = from_backups.handle.mark()
    made = from_backups.run()
    assert "recovery db_instance/main" in addresses(made, "create")
    assert addresses(made, "destroy") == {COPYING}
    order = ordered(from_backups, mark, "CreateDBInstanceReadReplica", STOP)
    assert order == ["CreateDBInstanceReadReplica", STOP]
    # What was copied is no less to restore from.
    assert [item["Status"] for item in backups(from_backups)] == ["retained"]
    assert addresses(from_backups.plan()) == set()


def gateways(environment: Environment) -> list[dict[str, Any]]:
    """Those of the recovery site that AWS charges for."""
    states = [{"Name": "state", "Values": ["pending", "available"]}]
    ec2 = environment.aws("recovery").client("ec2")
    return list(ec2.describe_nat_gateways(Filters=states)["NatGateways"])


WAYS_OUT = {
    f"recovery {address}"
    for letter in "abc"
    for address in (f"elastic_ip/nat-{letter}", f"nat_gateway/{letter}", f"route/app-{letter}")
}


def test_a_site_that_is_to_live_from_backups_loses_its_gateways_and_gets_them_back(
    empty: Environment,
) -> None:
    live_from(empty, "warm_standby")
    empty.run()
    assert len(gateways(empty)) == 3
    live_from(empty, "backup_restore")
    assert ways_out(empty.plan(), "destroy") == WAYS_OUT
    assert ways_out(empty.run()) == WAYS_OUT
    ec2 = empty.aws("recovery").client("ec2")
    assert gateways(empty) == [] == ec2.describe_addresses()["Addresses"]
    assert addresses(empty.plan()) == set()
    live_from(empty, "warm_standby")
    assert ways_out(empty.run(), "create") == WAYS_OUT
    assert len(gateways(empty)) == 3
    assert addresses(empty.plan()) == set()


def test_copying_that_somebody_else_began_is_named_and_left(built: Environment) -> None:
    live_from(built, "backup_restore")
    rds = built.aws("recovery").client("rds")
    rds.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=SOURCE, KmsKeyId="alias/phoenix-production-recovery"
    )
    mark = built.handle.mark()
    with pytest.raises(Refusal, match="are copied to us-west-2 already") as caught:
        built.plan()
    assert "stop-db-instance-automated-backups-replication" in caught.value.result["hint"]
    assert built.handle.writes_since(mark) == []


@pytest.mark.parametrize("effect", ["lost", "error500"])
def test_copying_is_begun_once_where_the_answer_does_not_come(
    empty: Environment, effect: str
) -> None:
    live_from(empty, "backup_restore")
    empty.handle.faults([{"effect": effect, "action": START, "times": 1}])
    empty.run()
    assert [fault["action"] for fault in empty.handle.fired()] == [START]
    assert [item["Status"] for item in backups(empty)] == ["replicating"]
    assert addresses(empty.plan()) == set()


def test_a_site_that_is_taken_down_ends_copying_and_tells_what_aws_keeps(
    from_backups: Environment,
) -> None:
    from_backups.unprotect("recovery", confirm="production")
    kept = [
        f"backup {backups(from_backups)[0]['DBInstanceAutomatedBackupsArn'].rpartition(':')[2]} "
        f"of {SOURCE}, which AWS removes 7 days after its last moment"
    ]
    options = {"confirm": "production", "empty_buckets": ["releases", "backups", "logs"]}
    foreseen = from_backups.foresee("recovery", **options)
    assert set(kept) <= set(foreseen["kept"])
    done = from_backups.destroy("recovery", **options)
    assert set(kept) <= set(done["kept"])
    assert [item["Status"] for item in backups(from_backups)] == ["retained"]
