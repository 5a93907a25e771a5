# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kinds of Auto Scaling share: groups and policies as one look sees them, and tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change
from .base import changed, tag_edits

SERVICE = "autoscaling"
TAGGED = "auto-scaling-group"


def groups(view: View) -> list[dict[str, Any]]:
    """The groups that carry the site's owner tags."""
    filters = view.scope.filters()
    return view.pages(SERVICE, "describe_auto_scaling_groups", "AutoScalingGroups", Filters=filters)


def named(view: View, name: str) -> list[dict[str, Any]]:
    """The group of this name, whosever it is, if there is one, in a list."""
    names = [name]
    return view.pages(
        SERVICE, "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=names
    )


def subnets(view: View, identifier: str) -> dict[str, str]:
    """The subnets of a group's "VPCZoneIdentifier" by our ids; those of others by their own."""
    listed = view.owned("subnet", "ec2", "describe_subnets", "Subnets")
    names = {item["SubnetId"]: id for id, item, _tags in listed}
    return {names.get(key, key): key for key in identifier.split(",") if key}


def template(chosen: Mapping[str, Any]) -> Mapping[str, Any]:
    """The launch template and version of a group, or of what an instance refresh is to bring; {}
    where it names none.
    """
    mixed: Mapping[str, Any] = chosen.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    found: Mapping[str, Any] = chosen.get("LaunchTemplate") or mixed.get(
        "LaunchTemplateSpecification", {}
    )
    return found


def policies(view: View, group: str) -> list[dict[str, Any]]:
    """All policies of a group, those of others too."""
    return view.pages(SERVICE, "describe_policies", "ScalingPolicies", AutoScalingGroupName=group)


def foreign_policies(view: View, group: str) -> tuple[str, ...]:
    ours = view.scope.name("")
    names = [item["PolicyName"] for item in policies(view, group)]
    return tuple(f"scaling policy {name}" for name in names if not name.startswith(ours))


def tags(
    group: str, values: Mapping[str, str], propagate: Mapping[str, bool]
) -> list[dict[str, Any]]:
    """Tags in Auto Scaling's list form."""
    return [
        {
            "ResourceId": group,
            "ResourceType": TAGGED,
            "Key": key,
            "Value": values[key],
            "PropagateAtLaunch": propagate.get(key, False),
        }
        for key in sorted(values)
    ]


def retag(aws: Aws, group: str, spec: Mapping[str, Any], changes: Sequence[Change]) -> None:
    """Sets all declared tags where one differs; removes the undeclared ones among the changes."""
    client, (put, drop) = aws.client(SERVICE), tag_edits(changes)
    if put or "propagate" in changed(changes):
        client.create_or_update_tags(Tags=tags(group, spec["tags"], spec["propagate"]))
    if drop:
        client.delete_tags(
            Tags=[{"ResourceId": group, "ResourceType": TAGGED, "Key": key} for key in drop]
        )


def collect(aws: Aws, group: str, metrics: Iterable[str]) -> None:
    aws.client(SERVICE).enable_metrics_collection(
        AutoScalingGroupName=group, Granularity="1Minute", Metrics=list(metrics)
    )


def move(aws: Aws, group: str, before: Iterable[str], after: Iterable[str]) -> None:
    """Registers the hosts with the new target groups before they leave the old ones."""
    client, old, new = aws.client(SERVICE), set(before), set(after)
    if new - old:
        client.attach_load_balancer_target_groups(
            AutoScalingGroupName=group, TargetGroupARNs=sorted(new - old)
        )
    if old - new:
        client.detach_load_balancer_target_groups(
            AutoScalingGroupName=group, TargetGroupARNs=sorted(old - new)
        )
