# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Target group of instances. Port and protocol are in its name: others make another group.

A group in use cannot be deleted, so it is not replaced: listener and hosts move over to the new
one, and the old one is removed as no longer declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.scope import Scope, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import elbv2
from .arn_tags import tagged
from .base import Kind, changed, have_for

CHECK = {
    "path": "HealthCheckPath",
    "interval": "HealthCheckIntervalSeconds",
    "timeout": "HealthCheckTimeoutSeconds",
    "healthy": "HealthyThresholdCount",
    "unhealthy": "UnhealthyThresholdCount",
}


class TargetGroup(Kind):
    """spec: port, protocol, vpc (id), check {path, interval, timeout (seconds), healthy, unhealthy
    (times), codes}, attributes {AWS's key: text; others stay as they are}, tags.
    facts: id, arn, name, suffix (its name in metrics).
    """

    name: ClassVar[str] = "target_group"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset({"port", "protocol", "vpc"}),
        rank=40,
        partial=frozenset({"attributes", "tags"}),
    )
    services: ClassVar[tuple[str, ...]] = ("elbv2", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        names = {w.id: _name(view.scope, w.id, w.spec) for w in wants if "port" in w.spec}
        items = _items(view, names.values())
        tags = elbv2.tags_by_arn(view, list(items), wants)
        for arn, item in items.items():
            marks, name = tags.get(arn, {}), item["TargetGroupName"]
            if view.scope.owns(marks, self.name):
                id = view.scope.id_of(marks)
                current = names.get(id, name) == name
                answer = view.call("elbv2", "describe_target_group_attributes", TargetGroupArn=arn)
                spec = _spec(item, answer["Attributes"] if answer else (), marks)
                yield Have(self.name, id if current else name, spec, _facts(item))

    def taken(self, view: View, want: Want) -> str:
        name = _name(view.scope, want.id, want.spec)
        return name if _described(view, Names=[name]) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        spec = want.spec
        item = aws.once("elbv2").create_target_group(
            Name=_name(aws.scope, want.id, spec),
            Protocol=spec["protocol"],
            Port=spec["port"],
            VpcId=spec["vpc"],
            TargetType="instance",
            **_check(spec),
            Tags=pairs(spec["tags"]),
        )["TargetGroups"][0]
        _set_attributes(aws, item["TargetGroupArn"], pairs(spec["attributes"]))
        return have_for(want, _facts(item))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        arn = have.facts["arn"]
        if "check" in changed(changes):
            check = _check(want.spec)
            aws.client("elbv2").modify_target_group(TargetGroupArn=arn, **check)
        _set_attributes(aws, arn, elbv2.edits(changes, "attributes"))
        elbv2.retag(aws, arn, changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("elbv2").delete_target_group(TargetGroupArn=have.facts["arn"])


def name_of(scope: Scope, id: str, port: int, protocol: str) -> str:
    """The name of a group: of HTTPS with an s behind the port."""
    return elbv2.name(scope, id, f"{port}s" if protocol == "HTTPS" else str(port))


def _name(scope: Scope, id: str, spec: Mapping[str, Any]) -> str:
    return name_of(scope, id, spec["port"], spec["protocol"])


def _items(view: View, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The groups of these names, and all others that carry our tags."""
    found = [item for name in names for item in _described(view, Names=[name])]
    known = {item["TargetGroupArn"] for item in found}
    for arn, tags in tagged(view, "elasticloadbalancing").items():
        if arn not in known and view.scope.owns(tags, TargetGroup.name) and ":targetgroup/" in arn:
            found += _described(view, TargetGroupArns=[arn])
    return {item["TargetGroupArn"]: item for item in found}


def _described(view: View, **arguments: Any) -> list[dict[str, Any]]:
    return view.pages("elbv2", "describe_target_groups", "TargetGroups", **arguments)


def _set_attributes(aws: Aws, arn: str, attributes: list[dict[str, str]]) -> None:
    if attributes:
        aws.client("elbv2").modify_target_group_attributes(
            TargetGroupArn=arn, Attributes=attributes
        )


def _check(spec: Mapping[str, Any]) -> dict[str, Any]:
    check = spec["check"]
    named = {name: check[key] for key, name in CHECK.items()}
    return {
        **named,
        "HealthCheckEnabled": True,
        "HealthCheckProtocol": spec["protocol"],
        "HealthCheckPort": "traffic-port",
        "Matcher": {"HttpCode": check["codes"]},
    }


def _spec(
    item: Mapping[str, Any], attributes: Iterable[Mapping[str, str]], tags: Mapping[str, str]
) -> dict[str, Any]:
    check = {key: item.get(name) for key, name in CHECK.items()}
    return {
        "port": item["Port"],
        "protocol": item["Protocol"],
        "vpc": item["VpcId"],
        "check": {**check, "codes": item.get("Matcher", {}).get("HttpCode")},
        "attributes": elbv2.attributes(attributes),
        "tags": tags,
    }


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    arn = item["TargetGroupArn"]
    name = item["TargetGroupName"]
    return {"id": arn, "arn": arn, "name": name, "suffix": arn.rpartition(":")[2]}
