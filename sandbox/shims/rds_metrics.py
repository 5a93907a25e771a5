# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS measures of real servers, as metrics."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.rds.models import rds_backends

from sandbox.shims import Hook
from sandbox.world import World

MENDED = ("With real databases, AWS/RDS has the ReplicaLag of each replica, every minute.",)
HOOKS: tuple[Hook, ...] = ((CloudWatchBackend, "put_metric_data", ("namespace", "metric_data")),)


def replica_lag(resource_id: str, seconds: float) -> None:
    """Put a measured lag among the metrics of the instance's region."""
    found = [
        db
        for account in list(rds_backends.values())
        for backend in list(account.values())
        for db in backend.databases.values()
        if db.dbi_resource_id == resource_id
    ]
    for db in found:
        datum: dict[str, Any] = {
            "MetricName": "ReplicaLag",
            "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": db.db_instance_identifier}],
            "Value": seconds,
            "Unit": "Seconds",
        }
        cloudwatch_backends[db.account_id][db.region].put_metric_data("AWS/RDS", [datum])


def install(world: World) -> None:
    """Have what is measured be told."""
    world.databases.watch(replica_lag)
