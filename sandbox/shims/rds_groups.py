# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnet groups and parameter groups of RDS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError
from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import DBParameterGroup, RDSBackend, rds_backends
from moto.rds.responses import RDSResponse

from sandbox.shims import Hook, _rds_parameters, _rds_rules, _rds_servers
from sandbox.shims._rds_parameters import STATIC
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "CreateDBSubnetGroup refuses a name in use, subnets of one zone, and subnets of two VPCs.",
    "ModifyDBSubnetGroup keeps the group (the emulator loses it), and every subnet in use.",
    "A subnet group or parameter group in use, and a default one, is not deleted.",
    "CreateDBParameterGroup refuses an unknown family.",
    "ModifyDBParameterGroup refuses `immediate` for static parameters and more than 20 at once.",
    "ModifyDBParameterGroup refuses parameters that PostgreSQL and RDS have not, those that only "
    "RDS sets, and values that a parameter does not take.",
    "DescribeDBParameters filters by Source, tells ApplyType, and knows the default groups.",
    "DescribeDBParameterGroups of an unknown name is refused.",
    "ResetDBParameterGroup.",
)
HOOKS: tuple[Hook, ...] = (
    (RDSBackend, "create_subnet_group", ("subnet_name", "description", "subnets", "tags")),
    (RDSBackend, "modify_db_subnet_group", ("subnet_name", "description", "subnets")),
    (RDSBackend, "delete_subnet_group", ("subnet_name",)),
    (RDSBackend, "create_db_parameter_group", ("db_parameter_group_kwargs",)),
    (RDSBackend, "delete_db_parameter_group", ("db_parameter_group_name",)),
    (RDSBackend, "describe_db_parameter_groups", ("db_parameter_group_kwargs",)),
    (
        RDSBackend,
        "modify_db_parameter_group",
        ("db_parameter_group_name", "db_parameter_group_parameters"),
    ),
    (RDSResponse, "describe_db_parameters", ()),
    (DBParameterGroup, "update_parameters", ("new_parameters",)),
)
MOST_AT_ONCE = 20


def check_subnets(subnets: list[Any]) -> None:
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise Refusal("InvalidSubnet", "The subnets are in different VPCs.")
    if len({subnet.availability_zone for subnet in subnets}) < 2:
        raise Refusal(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current "
            "AZ coverage: 1. Add subnets to cover at least 2 AZs.",
        )


def check_in_use(backend: Any, group: Any, subnets: list[Any]) -> None:
    """Refuse to take from a group a subnet in which one of its instances, or a standby, is.

    The code is that of the operation's model, the text is as users have reported it.
    """
    kept = {subnet.id for subnet in subnets}
    lost = sorted(_used(backend, group) - kept)
    if lost:
        raise Refusal(
            "SubnetAlreadyInUse",
            f"Some of the subnets to be deleted are currently in use: {', '.join(lost)}",
        )


def _used(backend: Any, group: Any) -> set[str]:
    """The subnets that the instances of a group are in: of each of their zones the first."""
    first: dict[str, str] = {}
    for subnet in group.subnets:
        first.setdefault(subnet["SubnetAvailabilityZone"]["Name"], subnet["SubnetIdentifier"])
    zones = {
        zone
        for db in _members(backend, group)
        for zone in (db.availability_zone, db.__dict__.get("secondary_availability_zone"))
    }
    return {id for zone, id in first.items() if zone in zones}


def _members(backend: Any, group: Any) -> list[Any]:
    """The instances that are in a subnet group."""
    found = backend.databases.values()
    return [db for db in found if getattr(db, "db_subnet_group", None) is group]


def subnet_groups() -> None:
    @wrap(RDSBackend, "create_subnet_group")
    def create_subnet_group(
        original: Any, self: RDSBackend, subnet_name: str, description: str, subnets: Any, tags: Any
    ) -> Any:
        if subnet_name in self.subnet_groups:
            raise Refusal(
                "DBSubnetGroupAlreadyExists", f"The DB subnet group {subnet_name} already exists."
            )
        check_subnets(subnets)
        return original(subnet_name, description, subnets, tags)

    @wrap(RDSBackend, "modify_db_subnet_group")
    def modify_db_subnet_group(
        original: Any, self: RDSBackend, subnet_name: str, description: str, subnets: Any
    ) -> Any:
        if subnet_name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(subnet_name)
        check_subnets(subnets)
        check_in_use(self, self.subnet_groups[subnet_name], subnets)
        group = original(subnet_name, description, subnets)
        self.subnet_groups[subnet_name] = group
        return group

    @wrap(RDSBackend, "delete_subnet_group")
    def delete_subnet_group(original: Any, self: RDSBackend, subnet_name: str) -> Any:
        group = self.subnet_groups.get(subnet_name)
        users = [db.db_instance_identifier for db in _members(self, group)] if group else []
        if users:
            raise Refusal(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one database "
                f"instance: {users[0]} is still using it.",
            )
        return original(subnet_name)


def parameter_groups() -> None:
    @wrap(RDSBackend, "create_db_parameter_group")
    def create_db_parameter_group(original: Any, _self: RDSBackend, kwargs: Any) -> Any:
        family = kwargs.get("db_parameter_group_family") or ""
        known = {f"postgres{major}" for major in _rds_rules.POSTGRES_MINORS}
        if family.startswith("postgres") and family not in known:
            raise Refusal(
                "InvalidParameterValue", f"ParameterGroupFamily {family} is not a valid family."
            )
        if str(kwargs.get("db_parameter_group_name", "")).startswith("default."):
            raise Refusal("InvalidParameterValue", "A name can't begin with 'default.'")
        return original(kwargs)

    @wrap(RDSBackend, "delete_db_parameter_group")
    def delete_db_parameter_group(
        original: Any, self: RDSBackend, db_parameter_group_name: str
    ) -> Any:
        default = db_parameter_group_name.startswith("default.")
        used = any(
            getattr(db, "db_parameter_group_name", None) == db_parameter_group_name
            for db in self.databases.values()
        )
        if default or used:
            raise Refusal(
                "InvalidDBParameterGroupState",
                "Default DBParameterGroup cannot be deleted: " + db_parameter_group_name
                if default
                else "One or more database instances are still members of this parameter group "
                f"{db_parameter_group_name}, so the group cannot be deleted",
            )
        return original(db_parameter_group_name)

    @wrap(RDSBackend, "describe_db_parameter_groups")
    def describe_db_parameter_groups(original: Any, self: RDSBackend, kwargs: Any) -> Any:
        name = kwargs.get("db_parameter_group_name")
        if name and name.startswith("default."):
            default_group(self, name)
        found = original(kwargs)
        if name and not found:
            raise DBParameterGroupNotFoundError(name)
        return found


def default_group(backend: RDSBackend, name: str) -> None:
    """Make the default group of a family, which AWS has from the beginning."""
    family = name.removeprefix("default.")
    known = {f"postgres{major}" for major in _rds_rules.POSTGRES_MINORS}
    if name not in backend.db_parameter_groups and family in known:
        make: Any = DBParameterGroup
        backend.db_parameter_groups[name] = make(
            backend, name, f"Default parameter group for {family}", family, []
        )


def check_parameters(family: str, parameters: list[dict[str, Any]]) -> None:
    """Refuse what AWS refuses about a change of parameters; they have values unless it is a reset.

    Of engines other than PostgreSQL the parameters are not known.
    """
    if len(parameters) > MOST_AT_ONCE:
        raise Refusal(
            "InvalidParameterCombination",
            f"Cannot modify more than {MOST_AT_ONCE} parameters in a single request",
        )
    for parameter in parameters:
        name = parameter["ParameterName"]
        if family.startswith("postgres"):
            _rds_parameters.check_name(name)
            if parameter.get("ParameterValue") is not None:
                _rds_parameters.check_value(name, str(parameter["ParameterValue"]))
        if name in STATIC and parameter.get("ApplyMethod") == "immediate":
            raise Refusal(
                "InvalidParameterCombination",
                f"cannot use immediate apply method for static parameter: {name}",
            )


def shown(parameter: dict[str, Any]) -> dict[str, Any]:
    """A parameter that was set, with what AWS tells about it."""
    static = parameter["ParameterName"] in STATIC
    return {
        "ApplyMethod": "pending-reboot" if static else "immediate",
        **parameter,
        "ApplyType": "static" if static else "dynamic",
        "Source": "user",
        "IsModifiable": True,
    }


def pending_reboot(backend: RDSBackend, group: str, parameters: Iterable[dict[str, Any]]) -> None:
    """Instances of the group need a reboot if a parameter that waits for one was changed."""
    if any(p.get("ApplyMethod") == "pending-reboot" for p in parameters):
        for db in backend.databases.values():
            if getattr(db, "db_parameter_group_name", None) == group:
                db.parameter_apply_status = "pending-reboot"  # type: ignore[attr-defined]


def apply(world: World, backend: RDSBackend, group: str, names: Iterable[str]) -> None:
    """Have the servers of a group take the values of these parameters now."""
    changed = set(names)
    for db in backend.databases.values():
        own = getattr(db, "db_parameter_group_name", None) == group
        if not own or not changed or db.__dict__.get("place") is None:
            continue
        held = dict(_rds_servers.parameters_in_force(db))
        wanted = _rds_servers.parameters_of_group(db)
        for name in changed:
            held.pop(name, None)
        held |= {name: wanted[name] for name in changed if name in wanted}
        db.in_force = held  # type: ignore[attr-defined]
        _rds_servers.follow(world, db)


def immediate(parameters: Iterable[dict[str, Any]]) -> list[str]:
    """The names of those that are not to wait for a reboot."""
    return [
        parameter["ParameterName"]
        for parameter in parameters
        if shown(parameter)["ApplyMethod"] == "immediate"
    ]


def parameters(world: World) -> None:
    @wrap(RDSBackend, "modify_db_parameter_group")
    def modify_db_parameter_group(
        original: Any, self: RDSBackend, db_parameter_group_name: str, new: Iterable[dict[str, Any]]
    ) -> Any:
        wanted = list(new)
        if db_parameter_group_name.startswith("default."):
            raise Refusal("InvalidParameterValue", "Cannot modify a default parameter group.")
        known = self.db_parameter_groups.get(db_parameter_group_name)
        check_parameters(str(known.family) if known else "", wanted)
        group = original(db_parameter_group_name, wanted)
        pending_reboot(self, db_parameter_group_name, wanted)
        apply(world, self, db_parameter_group_name, immediate(wanted))
        return group

    @wrap(RDSResponse, "describe_db_parameters")
    def describe_db_parameters(_original: Any, self: RDSResponse) -> ActionResult:
        backend = rds_backends[self.current_account][self.region]
        name = self.params.get("DBParameterGroupName")
        group = backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        source = self.params.get("Source")
        found = [shown(parameter) for parameter in group.parameters.values()]
        return ActionResult({"Parameters": found if source in (None, "user") else []})

    @add(RDSResponse, "reset_db_parameter_group")
    def reset_db_parameter_group(self: RDSResponse) -> ActionResult:
        backend = rds_backends[self.current_account][self.region]
        name = self.params["DBParameterGroupName"]
        group = backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        if self.params.get("ResetAllParameters"):
            gone = [shown(parameter) for parameter in group.parameters.values()]
        else:
            gone = [p.original_dict() for p in self.params.get("Parameters", [])]
            check_parameters(str(group.family), gone)
        for parameter in gone:
            group.parameters.pop(parameter["ParameterName"], None)
        pending_reboot(backend, group.name, gone)
        apply(world, backend, group.name, immediate(gone))
        return ActionResult({"DBParameterGroupName": group.name})


def install(world: World) -> None:
    """Change how the emulator keeps subnet groups and parameter groups."""
    subnet_groups()
    parameter_groups()
    parameters(world)
