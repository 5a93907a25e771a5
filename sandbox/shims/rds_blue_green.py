# SPDX-License-Identifier: GPL-3.0-or-later
"""Blue/green deployments of instances: the green one is a replica until it takes over the name."""

from __future__ import annotations

import dataclasses
from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import BlueGreenDeployment, DBInstance, RDSBackend

from sandbox.databases.orders import Change, Promote
from sandbox.shims import Hook, _rds_rules, _rds_servers
from sandbox.shims.rds_modify import rename
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateBlueGreenDeployment: the green instance replicates the blue one, and the deployment is "
    "`PROVISIONING` until it is available.",
    "SwitchoverBlueGreenDeployment takes its time, promotes the green instance, gives it the blue "
    "one's name, and the blue one that name with `-old1`.",
)
HOOKS: tuple[Hook, ...] = (
    (BlueGreenDeployment, "__init__", ("backend", "blue_green_deployment_name", "source")),
    (BlueGreenDeployment, "_create_green_instance", ("target_engine_version",)),
    (BlueGreenDeployment, "switchover", ()),
    (BlueGreenDeployment, "set_status", ("value",)),
    (RDSBackend, "create_db_instance_read_replica", ("db_kwargs",)),
)
# What a replica takes from the call in which it is made; the rest is set afterwards.
_AS_REPLICA = {
    "db_instance_class": "target_db_instance_class",
    "iops": "target_iops",
    "storage_type": "target_storage_type",
    "allocated_storage": "target_allocated_storage",
    "storage_throughput": "target_storage_throughput",
}
_States = BlueGreenDeployment.SupportedStates


def settings(blue: Any, name: str, asked: Any) -> dict[str, Any]:
    """The call that makes the green instance."""
    group = getattr(blue, "db_subnet_group", None)
    given = {own: asked.get(theirs) for own, theirs in _AS_REPLICA.items()}
    return {
        "db_instance_identifier": name,
        "source_db_instance_identifier": blue.db_instance_identifier,
        "db_subnet_group_name": group.name if group is not None else None,
        "vpc_security_group_ids": list(blue.vpc_security_group_ids),
        "multi_az": blue.multi_az,
        "publicly_accessible": blue.publicly_accessible,
        "copy_tags_to_snapshot": blue.copy_tags_to_snapshot,
        "backup_retention_period": blue.backup_retention_period,
        "tags": list(blue.tags),
        **{key: value for key, value in given.items() if value is not None},
    }


def creation(world: World) -> None:
    @wrap(BlueGreenDeployment, "_create_green_instance")
    def create(original: Any, self: Any, *args: Any, **kwargs: Any) -> str:
        blue: Any = self._get_valid_instance_or_raise(self.source)
        if not isinstance(blue, DBInstance):
            return str(original(*args, **kwargs))
        name = self._generate_green_id(blue.db_instance_identifier)
        green = self.backend.create_db_instance_read_replica(settings(blue, name, kwargs))
        if version := kwargs.get("target_engine_version"):
            green.engine_version = _rds_rules.engine_version(green.engine, version)
        group = kwargs.get("target_db_parameter_group_name")
        if group:
            _rds_rules.parameter_group(self.backend, group, green.engine, green.engine_version)
            green.db_parameter_group_name = group
        return str(green.db_instance_arn)

    @wrap(BlueGreenDeployment, "__init__")
    def init(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        if self.backend._is_cluster(self.target):
            return
        self.set_status(_States.PROVISIONING)
        name = self.target.rpartition(":")[2]

        def provisioned() -> None:
            green: Any = self.backend.databases.get(name)
            if green is not None and green.status == "available":
                self.set_status(_States.AVAILABLE)
            elif green is not None and green.status == "creating":
                world.later(1.0, provisioned, f"{self.blue_green_deployment_name} is provisioned")

        wait = world.seconds("db_replica_same_region")
        world.later(wait, provisioned, f"{self.blue_green_deployment_name} is provisioned")


def switchover(world: World) -> None:
    @wrap(BlueGreenDeployment, "switchover")
    def switch(original: Any, self: Any) -> None:
        if self.backend._is_cluster(self.source):
            original()
            return
        blue: Any = self._get_valid_instance_or_raise(self.source)
        green: Any = self._get_valid_instance_or_raise(self.target)
        for db in (blue, green):
            _rds_rules.available(db)
        if blue.replicas != [green.db_instance_identifier]:
            raise Refusal(
                "InvalidBlueGreenDeploymentStateFault",
                "The blue DB instance has other replicas than the green one.",
            )
        self.set_status(_States.SWITCHOVER_IN_PROGRESS)
        name = blue.db_instance_identifier
        old = f"{name}-old1"

        def order(db: Any, become: str, make: type[Promote] | type[Change]) -> Promote | Change:
            server = dataclasses.replace(
                _rds_servers.instance(db),
                name=become,
                endpoint=_rds_servers.endpoint_of(db.account_id, db.region, become),
            )
            return make(server)

        def done() -> None:
            _rds_rules.cut(green)
            rename(blue, old)
            rename(green, name)
            self.source, self.target = blue.db_instance_arn, green.db_instance_arn
            self.status_details = "Switchover completed"
            self.set_status(_States.SWITCHOVER_COMPLETED)
            _rds_servers.change(world, blue, lambda: order(blue, old, Change), f"{old} is renamed")

        def failed(_problem: Exception) -> None:
            self.set_status(_States.SWITCHOVER_FAILED)

        world.databases.carry_out(
            lambda: order(green, name, Promote),
            world.seconds("promote"),
            f"{self.blue_green_deployment_name} switches over",
            done,
            failed,
        )


def install(world: World) -> None:
    """Change how the emulator makes and switches blue/green deployments."""
    creation(world)
    switchover(world)
