# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Subnet group of a database: the subnets that RDS may put it into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Conflict
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.errors import EngineError, SubnetInUse
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import rds_tags, retag_rds
from .base import Kind, changed, have_for, sought

MAIN = "main"
# Where an instance is, by the key under which RDS tells the zone.
PARTS = {"AvailabilityZone": "the instance", "SecondaryAvailabilityZone": "its standby"}
FREE_IT = (
    "declare the zone again. To leave it out, free it first: a standby goes where the database is "
    "declared with one zone (database_multi_az: false, of a replica database_replica_multi_az: "
    "false); an instance that has a standby changes places with it at `aws rds reboot-db-instance "
    "--force-failover`"
)


class DbSubnetGroup(Kind):
    """spec: name, description (str), subnets {zone: subnet id}, tags. facts: id, name, arn."""

    name: ClassVar[str] = "db_subnet_group"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"name"}), rank=20, container=True)
    services: ClassVar[tuple[str, ...]] = ("rds", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, MAIN):
            for item in _named(view, want.spec.get("name", view.scope.database)):
                tags = rds_tags(view, item["DBSubnetGroupArn"], wants)
                if view.scope.owns(tags, self.name):
                    spec = {**_spec(item), "tags": tags}
                    yield Have(self.name, want.id, spec, _facts(item))

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        return name if _named(view, name) else ""

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """RDS takes no subnet from a group in which an instance of it, or a standby, is."""
        yield from super().objections(view, want, have)
        lost = sorted(have.spec["subnets"].keys() - want.spec["subnets"].keys()) if have else []
        users = _users(view, str(want.spec["name"])) if lost else {}
        for zone in lost:
            if zone in users:
                yield SubnetInUse(
                    f"{want.address} cannot lose the subnet of {zone}: {', '.join(users[zone])} "
                    "there, and RDS takes no subnet from a group that an instance uses",
                    FREE_IT,
                )

    def create(self, aws: Aws, want: Want) -> Have:
        answer = aws.once("rds").create_db_subnet_group(
            **_arguments(want.spec), Tags=pairs(want.spec["tags"])
        )
        return have_for(want, _facts(answer["DBSubnetGroup"]))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if changed(changes) & {"description", "subnets"}:
            aws.client("rds").modify_db_subnet_group(**_arguments(want.spec))
        retag_rds(aws, have.facts["arn"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("rds").delete_db_subnet_group(DBSubnetGroupName=have.facts["name"])


def _named(view: View, name: str) -> list[dict[str, Any]]:
    """The group of this name, if there is one, in a list."""
    target = {"DBSubnetGroupName": name}
    return view.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups", **target)


def _users(view: View, group: str) -> dict[str, list[str]]:
    """Who is in which zone, of all instances of a group, also those of others."""
    found: dict[str, list[str]] = {}
    for item in view.pages("rds", "describe_db_instances", "DBInstances"):
        if (item.get("DBSubnetGroup") or {}).get("DBSubnetGroupName") == group:
            name = item["DBInstanceIdentifier"]
            for key, part in PARTS.items():
                found.setdefault(item.get(key, ""), []).append(f"{name} has {part}")
    return found


def _spec(item: Mapping[str, Any]) -> dict[str, Any]:
    """Two subnets of one zone, which nobody here declares, show as both ids."""
    subnets: dict[str, str] = {}
    for subnet in sorted(item["Subnets"], key=lambda entry: entry["SubnetIdentifier"]):
        zone, id = subnet["SubnetAvailabilityZone"]["Name"], subnet["SubnetIdentifier"]
        subnets[zone] = f"{subnets[zone]}, {id}" if zone in subnets else id
    return {
        "name": item["DBSubnetGroupName"],
        "description": item.get("DBSubnetGroupDescription", ""),
        "subnets": subnets,
    }


def _facts(item: Mapping[str, Any]) -> dict[str, str]:
    name = item["DBSubnetGroupName"]
    return {"id": name, "name": name, "arn": item["DBSubnetGroupArn"]}


def _arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "DBSubnetGroupName": spec["name"],
        "DBSubnetGroupDescription": spec["description"],
        "SubnetIds": sorted(spec["subnets"].values()),
    }
