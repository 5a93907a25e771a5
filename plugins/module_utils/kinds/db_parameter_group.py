# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Parameter group of a database. Static parameters wait for a reboot, never done unasked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import rds_tags, retag_rds
from .base import Kind, have_for, sought

MAIN = "main"
# AWS takes no more of them in one request.
BATCH = 20


class DbParameterGroup(Kind):
    """spec: name, family ("postgres16"), parameters {name: text}, tags. facts: id, name, arn.

    Parameters that were set and are not declared are others', and named.
    """

    name: ClassVar[str] = "db_parameter_group"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"name", "family"}),
        rank=20,
        partial=frozenset({"tags", "parameters"}),
        container=True,
    )
    services: ClassVar[tuple[str, ...]] = ("rds", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, MAIN):
            for item in _named(view, want.spec.get("name", view.scope.database)):
                tags = rds_tags(view, item["DBParameterGroupArn"], wants)
                if view.scope.owns(tags, self.name):
                    yield _have(view, want, item, tags)

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["name"])
        return name if _named(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        item = aws.once("rds").create_db_parameter_group(
            DBParameterGroupName=want.spec["name"],
            DBParameterGroupFamily=want.spec["family"],
            Description=f"PostgreSQL of {aws.scope.prefix}",
            Tags=pairs(want.spec["tags"]),
        )["DBParameterGroup"]
        _set(aws, want, want.spec["parameters"])
        return have_for(want, _facts(item))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _set(aws, want, [c.path[1] for c in changes if c.key == "parameters"])
        retag_rds(aws, have.facts["arn"], changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("rds").delete_db_parameter_group(DBParameterGroupName=have.facts["name"])


def _named(view: View, name: str) -> list[dict[str, Any]]:
    """The group of this name, if there is one, in a list."""
    target = {"DBParameterGroupName": name}
    return view.pages("rds", "describe_db_parameter_groups", "DBParameterGroups", **target)


def _have(view: View, want: Want, item: Mapping[str, Any], tags: Mapping[str, str]) -> Have:
    name = item["DBParameterGroupName"]
    listed = view.pages(
        "rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name, Source="user"
    )
    values = {p["ParameterName"]: str(p.get("ParameterValue", "")) for p in listed}
    declared = want.spec.get("parameters", {})
    spec = {
        "name": name,
        "family": item["DBParameterGroupFamily"],
        "parameters": values,
        "tags": tags,
    }
    foreign = tuple(f"parameter {key} of {name}" for key in sorted(values) if key not in declared)
    return Have("db_parameter_group", want.id, spec, _facts(item), foreign=foreign)


def _facts(item: Mapping[str, Any]) -> dict[str, str]:
    name = item["DBParameterGroupName"]
    return {"id": name, "name": name, "arn": item["DBParameterGroupArn"]}


def _set(aws: Aws, want: Want, names: Iterable[str]) -> None:
    """Sets these parameters: at once where AWS says that they are dynamic, else at a reboot."""
    names, group = sorted(names), want.spec["name"]
    dynamic = set(_dynamic(aws, group)) if names else set()
    for start in range(0, len(names), BATCH):
        aws.client("rds").modify_db_parameter_group(
            DBParameterGroupName=group,
            Parameters=[
                {
                    "ParameterName": name,
                    "ParameterValue": want.spec["parameters"][name],
                    "ApplyMethod": "immediate" if name in dynamic else "pending-reboot",
                }
                for name in names[start : start + BATCH]
            ],
        )


def _dynamic(aws: Aws, group: str) -> Iterator[str]:
    listed = View(aws).pages(
        "rds", "describe_db_parameters", "Parameters", DBParameterGroupName=group
    )
    return (p["ParameterName"] for p in listed if p.get("ApplyType") == "dynamic")
