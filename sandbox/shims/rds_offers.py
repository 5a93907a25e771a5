# SPDX-License-Identifier: GPL-3.0-or-later
"""What RDS offers, and what it has in mind for an instance."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, PaginatedResult
from moto.ec2.models import ec2_backends
from moto.rds.models import RDSBackend
from moto.rds.responses import RDSResponse

from sandbox.shims import Hook, _rds_classes, _rds_rules
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "DescribeOrderableDBInstanceOptions for PostgreSQL: versions, classes, zones.",
    "DescribePendingMaintenanceActions, of which there are none.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSResponse, "describe_orderable_db_instance_options", ()),
    (RDSBackend, "describe_orderable_db_instance_options", ("engine", "engine_version")),
)


def options(engine: str, version: str, wanted: str, zones: list[str]) -> list[dict[str, Any]]:
    """The options of an engine; `version` and `wanted`, a class, are "" for all."""
    if engine != "postgres":
        return []
    return [
        {
            "Engine": engine,
            "EngineVersion": f"{major}.{minor}",
            "DBInstanceClass": name,
            "LicenseModel": "postgresql-license",
            "AvailabilityZones": [{"Name": zone} for zone in zones],
            "MultiAZCapable": True,
            "ReadReplicaCapable": True,
            "Vpc": True,
            "SupportsStorageEncryption": True,
            "StorageType": "gp3",
            "SupportsIops": True,
            "SupportsPerformanceInsights": True,
            "SupportsIAMDatabaseAuthentication": True,
        }
        for major, (first, last) in _rds_rules.POSTGRES_MINORS.items()
        for minor in range(first, last + 1)
        if version in ("", str(major), f"{major}.{minor}")
        for name in _rds_classes.classes(major)
        if wanted in ("", name)
    ]


def install(world: World) -> None:
    """Add what the emulator lacks."""

    @wrap(RDSResponse, "describe_orderable_db_instance_options")
    def orderable(original: Any, self: RDSResponse) -> ActionResult:
        engine = self.params.get("Engine")
        if engine != "postgres":
            answer: ActionResult = original()
            return answer
        ec2 = ec2_backends[self.current_account][self.region]
        zones = [zone.name for zone in ec2.describe_availability_zones()]
        found = options(
            engine,
            self.params.get("EngineVersion") or "",
            self.params.get("DBInstanceClass") or "",
            zones,
        )
        return PaginatedResult({"OrderableDBInstanceOptions": found})

    @add(RDSResponse, "describe_pending_maintenance_actions")
    def pending(self: RDSResponse) -> ActionResult:
        return ActionResult({"PendingMaintenanceActions": []})
