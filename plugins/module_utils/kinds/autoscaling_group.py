# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auto scaling group. How many hosts there are within its bounds is the policies' business.

It says what its hosts are launched with, in the words of the launch template: another template
version is a change of the group too, and the plan shows which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import autoscaling, elbv2
from .base import Kind, changed, have_for
from .launch_data import spec_of, versions

# Hosts cannot be healthy before the database serves; scaling_processes takes this back in time.
HELD_BACK = ("ReplaceUnhealthy",)

MOVING = "until the listener forwards to the new target group, hosts stay in the old one too"


class AutoscalingGroup(Kind):
    """spec: template (id), template_version (text), launch (see launch_template), min_size,
    max_size, subnets {our id: id}, target_groups (ARNs, unordered), targets (name of the target
    group), health_check, grace, warmup (seconds), metrics (unordered), tags, propagate {tag key:
    bool}. facts: id, arn, name.

    Hosts stay in a target group that the listener forwards to. Until it forwards to `targets`, a
    group that is to leave the other one is not settled.
    A new group starts at min_size, and without replacing hosts that are not healthy yet.
    """

    name: ClassVar[str] = "autoscaling_group"
    rules: ClassVar[Rules] = Rules(rank=50, partial=frozenset({"launch", "propagate", "tags"}))
    services: ClassVar[tuple[str, ...]] = ("autoscaling", "ec2", "elbv2")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in autoscaling.groups(view):
            tags = canon.tags(item["Tags"])
            if view.scope.owns(tags, self.name):
                deleting = item.get("Status", "")
                name, id = item["AutoScalingGroupName"], view.scope.id_of(tags)
                spec = {**_spec(view, item), "launch": _launch(view, item), "tags": tags}
                targets = next((w.spec.get("targets", "") for w in wants if w.id == id), "")
                spec["targets"] = _targets(spec["target_groups"], targets)
                moving = _moving(view, spec["target_groups"], targets)
                yield Have(
                    self.name,
                    id,
                    spec,
                    _facts(name, item["AutoScalingGroupARN"]),
                    settled=not (deleting or moving),
                    status=deleting or moving or f"{len(item['Instances'])} hosts",
                    foreign=autoscaling.foreign_policies(view, name),
                )

    def taken(self, view: View, want: Want) -> str:
        name = view.scope.name(want.id)
        return name if autoscaling.named(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        spec, name = want.spec, aws.scope.name(want.id)
        aws.once("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            DesiredCapacity=spec["min_size"],
            TargetGroupARNs=list(spec["target_groups"]),
            **_arguments(spec),
            Tags=autoscaling.tags(name, spec["tags"], spec["propagate"]),
        )
        client = aws.client("autoscaling")
        client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(HELD_BACK))
        autoscaling.collect(aws, name, spec["metrics"])
        # Only describing tells the ARN, and nobody refers to it.
        return have_for(want, _facts(name, ""))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        client, name, keys = aws.client("autoscaling"), have.facts["name"], changed(changes)
        if keys - {"target_groups", "metrics", "tags", "propagate"}:
            client.update_auto_scaling_group(AutoScalingGroupName=name, **_arguments(want.spec))
        serving: frozenset[str] = frozenset()
        if "target_groups" in keys:
            old, new = (frozenset(spec["target_groups"]) for spec in (have.spec, want.spec))
            serving = (old - new) & elbv2.forwarded(View(aws))
            autoscaling.move(aws, name, old, new | serving)
        if "metrics" in keys:
            autoscaling.collect(aws, name, want.spec["metrics"])
        autoscaling.retag(aws, name, want.spec, changes)
        if not serving:
            return None
        groups = {"target_groups": canon.unordered(new | serving)}
        return Have(
            self.name, want.id, {**have.spec, **want.spec, **groups}, have.facts, False, MOVING
        )

    def delete(self, aws: Aws, have: Have) -> None:
        """Begins to remove it with all its hosts."""
        aws.client("autoscaling").delete_auto_scaling_group(
            AutoScalingGroupName=have.facts["name"], ForceDelete=True
        )


def _arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    template = {"LaunchTemplateId": spec["template"], "Version": spec["template_version"]}
    return {
        "LaunchTemplate": template,
        "MinSize": spec["min_size"],
        "MaxSize": spec["max_size"],
        "VPCZoneIdentifier": ",".join(sorted(spec["subnets"].values())),
        "HealthCheckType": spec["health_check"],
        "HealthCheckGracePeriod": spec["grace"],
        "DefaultInstanceWarmup": spec["warmup"],
    }


def _spec(view: View, item: Mapping[str, Any]) -> dict[str, Any]:
    template = item.get("LaunchTemplate", {})
    return {
        "template": template.get("LaunchTemplateId"),
        "template_version": template.get("Version"),
        "min_size": item["MinSize"],
        "max_size": item["MaxSize"],
        "subnets": autoscaling.subnets(view, item.get("VPCZoneIdentifier", "")),
        "target_groups": canon.unordered(item.get("TargetGroupARNs", ())),
        "health_check": item["HealthCheckType"],
        "grace": item["HealthCheckGracePeriod"],
        "warmup": item.get("DefaultInstanceWarmup"),
        "metrics": canon.unordered(m["Metric"] for m in item.get("EnabledMetrics", ())),
        "propagate": {tag["Key"]: tag["PropagateAtLaunch"] for tag in item["Tags"]},
    }


def _targets(groups: Iterable[str], wanted: str) -> str:
    """The wanted target group's name where the hosts are in it, else what they are in."""
    names = sorted(map(elbv2.named, groups))
    return wanted if wanted in names else ", ".join(names)


def _moving(view: View, groups: Sequence[str], wanted: str) -> str:
    """What hosts wait for that are in the wanted target group and in one that still serves."""
    if len(groups) < 2 or not wanted:
        return ""
    serving = {elbv2.named(group) for group in elbv2.forwarded(view) & set(groups)}
    return MOVING if serving and wanted not in serving else ""


def _launch(view: View, item: Mapping[str, Any]) -> dict[str, Any]:
    """What the group launches; unknown, and so another, where it uses no default version."""
    template = item.get("LaunchTemplate", {})
    for version in versions(view, template.get("LaunchTemplateName", "")):
        if str(version["VersionNumber"]) == template.get("Version"):
            return spec_of(version["LaunchTemplateData"])
    return {}


def _facts(name: str, arn: str) -> dict[str, Any]:
    return {"id": name, "arn": arn, "name": name}
