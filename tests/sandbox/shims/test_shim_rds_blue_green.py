# SPDX-License-Identifier: GPL-3.0-or-later
"""Blue/green deployments: a green replica takes over the name of the blue instance."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.databases import one, prepare, settings


def deploy(cloud: Any, **more: Any) -> dict[str, Any]:
    """A deployment of the instance `db`, whose zones are two."""
    net = prepare(cloud)
    cloud.client("rds").create_db_instance(**settings(net))
    told = cloud.client("rds").create_blue_green_deployment(
        BlueGreenDeploymentName="bg", Source=one(cloud)["DBInstanceArn"], **more
    )
    return dict(told["BlueGreenDeployment"])


def status(cloud: Any) -> str:
    found = cloud.client("rds").describe_blue_green_deployments()["BlueGreenDeployments"]
    return str(found[0]["Status"])


def test_a_green_instance_replicates_the_blue_one_with_what_was_asked_for(cloud: Any) -> None:
    made = deploy(cloud, TargetEngineVersion="16.9", TargetDBInstanceClass="db.t4g.small")
    assert (made["Status"], status(cloud)) == ("PROVISIONING", "AVAILABLE")
    name = made["Target"].rpartition(":")[2]
    assert name.startswith("db-green-")
    green = one(cloud, name)
    assert green["ReadReplicaSourceDBInstanceIdentifier"] == "db"
    assert (green["EngineVersion"], green["DBInstanceClass"], green["MultiAZ"]) == (
        *("16.9", "db.t4g.small"),
        True,
    )


def test_a_switchover_gives_the_green_instance_the_name_and_cuts_the_replication(
    cloud: Any,
) -> None:
    made = deploy(cloud)
    blue = one(cloud)["DbiResourceId"]
    green = one(cloud, made["Target"].rpartition(":")[2])["DbiResourceId"]
    cloud.slow()
    rds = cloud.client("rds")
    told = rds.switchover_blue_green_deployment(
        BlueGreenDeploymentIdentifier=made["BlueGreenDeploymentIdentifier"]
    )
    assert told["BlueGreenDeployment"]["Status"] == "SWITCHOVER_IN_PROGRESS"
    assert one(cloud)["DbiResourceId"] == blue
    cloud.advance(3600)
    assert status(cloud) == "SWITCHOVER_COMPLETED"
    now, old = one(cloud), one(cloud, "db-old1")
    assert (now["DbiResourceId"], old["DbiResourceId"]) == (green, blue)
    assert now["Endpoint"]["Address"].startswith("db.")
    assert "ReadReplicaSourceDBInstanceIdentifier" not in now
    assert old["ReadReplicaDBInstanceIdentifiers"] == []


def test_plain_the_green_instance_replicates_nothing(plain: Any) -> None:
    net = prepare(plain)
    plain.client("rds").create_db_instance(**settings(net))
    made = plain.client("rds").create_blue_green_deployment(
        BlueGreenDeploymentName="bg", Source=one(plain)["DBInstanceArn"]
    )["BlueGreenDeployment"]
    green = one(plain, made["Target"].rpartition(":")[2])
    assert "ReadReplicaSourceDBInstanceIdentifier" not in green
