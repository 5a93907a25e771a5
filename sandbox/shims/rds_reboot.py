# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboots of database instances, and failovers to their second zone."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from sandbox.databases.orders import Order, Reboot
from sandbox.shims import Hook, _rds_rules, _rds_servers
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "RebootDBInstance: `rebooting`, and ForceFailover swaps the zones of a Multi-AZ instance.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "reboot_db_instance", ("db_instance_identifier",)),
    (RDSResponse, "reboot_db_instance", ()),
)


def elsewhere(db: Any) -> None:
    """Take a place in the second zone of an instance."""
    _rds_servers.leave(db)
    here = db.availability_zone
    db.availability_zone = db.secondary_availability_zone
    try:
        _rds_servers.instance(db)
    finally:
        db.availability_zone = here


def install(world: World) -> None:
    """Change how the emulator reboots database instances."""

    @wrap(RDSResponse, "reboot_db_instance")
    def reboot_db_instance(_original: Any, self: RDSResponse) -> ActionResult:
        name = self.params.get("DBInstanceIdentifier")
        db: Any = rds_backends[self.current_account][self.region].describe_db_instances(name)[0]
        # A reboot is the way out once the parameters have been mended.
        if db.status != "incompatible-parameters":
            _rds_rules.available(db)
        swap = bool(self.params.get("ForceFailover"))
        if swap and not db.multi_az:
            raise Refusal(
                "InvalidParameterCombination",
                "ForceFailover can be specified only for Multi-AZ instances.",
            )
        if swap and db.secondary_availability_zone in world.dead_zones:
            raise Refusal(
                "InvalidDBInstanceState",
                f"The second zone of DB instance {name} is not available for a failover.",
            )
        db.status = "rebooting"

        def up() -> None:
            db.status, db.parameter_apply_status = "available", "in-sync"
            if swap:
                _rds_servers.swap_zones(db)
            _rds_servers.note(db, "DB instance restarted", "availability")

        def order() -> Order:
            db.in_force = None
            if swap:
                elsewhere(db)
            return Reboot(_rds_servers.instance(db))

        label = f"{name} has rebooted"
        failed = _rds_servers.failing(
            db, "incompatible-parameters", "The DB instance did not start."
        )

        def reboot() -> None:
            world.databases.carry_out(order, world.seconds("db_reboot"), label, up, failed)

        # A host that died is replaced first, and nothing starts in a zone that is dead.
        world.once(lambda: _rds_servers.serves(db), reboot, label)
        return ActionResult({"DBInstance": db})
