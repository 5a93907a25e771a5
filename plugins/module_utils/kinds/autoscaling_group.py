# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Auto scaling group. How many hosts there are within its bounds is the policies' business.

It says what its hosts are launched with, in the words of the launch template: another template
version is a change of the group too, and the plan shows which. An instance refresh brings it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import UNTOLD, Change, Have, Rules, Want
from . import autoscaling, elbv2, mixed, refreshing
from .base import Kind, changed, have_for
from .launch_data import spec_of, version_of, versions
from .mixed import launching

# Hosts cannot be healthy before the database serves; scaling_processes takes this back in time.
HELD_BACK = ("ReplaceUnhealthy",)

# What an instance refresh brings.
LAUNCHED = frozenset({"template", "template_version", "launch"})
# What it brings with that, and what by itself is no reason to replace a host.
BROUGHT = frozenset({"fallback_types"})
MOVING = "until the listener forwards to the new target group, hosts stay in the old one too"


class AutoscalingGroup(Kind):
    """spec: template (id), template_version (text), launch (see launch_template), fallback_types
    (of instances, in order, where there is none of launch's), min_size, max_size, subnets {our id:
    id}, target_groups (ARNs, unordered), targets (name of the target group), health_check, grace,
    warmup (seconds), metrics (unordered), watched (names of alarms that stop an instance refresh),
    tags, propagate {tag key: bool}. facts: id, arn,
    name, hosts (number), refresh (state of one that is under way, else ""), image (that of the
    group itself, whatever a refresh is to bring), fixed (whether AWS can return to what the group
    launches now).

    Hosts stay in a target group that the listener forwards to. Until it forwards to `targets`, a
    group that is to leave the other one is not settled.
    A new group starts at min_size, and without replacing hosts that are not healthy yet.
    While hosts are replaced it is said to launch what the new ones are launched with, and is not
    settled; where that was given up it has failed.
    """

    name: ClassVar[str] = "autoscaling_group"
    rules: ClassVar[Rules] = Rules(rank=50, partial=frozenset({"launch", "propagate", "tags"}))
    services: ClassVar[tuple[str, ...]] = ("autoscaling", "cloudwatch", "ec2", "elbv2")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in autoscaling.groups(view):
            tags = canon.tags(item["Tags"])
            if view.scope.owns(tags, self.name):
                id = view.scope.id_of(tags)
                targets = next((w.spec.get("targets", "") for w in wants if w.id == id), "")
                refresh = refreshing.newest(view, item)
                failed = _gave_up(view, item, refresh)
                replacing = failed or refreshing.moves(refresh)
                waits = (
                    item.get("Status", ""),
                    _moving(view, item.get("TargetGroupARNs", ()), targets),
                    refreshing.told(refresh) if replacing else "",
                )
                status = ", ".join(filter(None, waits))
                yield Have(
                    self.name,
                    id,
                    {**_spec(view, item, refresh, targets), "tags": tags},
                    _facts(item, refresh, *_own(view, item)),
                    settled=not status,
                    status=status or f"{len(item['Instances'])} hosts",
                    foreign=autoscaling.foreign_policies(view, item["AutoScalingGroupName"]),
                    failed=failed,
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
            **launching(spec),
            **_bounds(spec),
            Tags=autoscaling.tags(name, spec["tags"], spec["propagate"]),
        )
        client = aws.client("autoscaling")
        client.suspend_processes(AutoScalingGroupName=name, ScalingProcesses=list(HELD_BACK))
        autoscaling.collect(aws, name, spec["metrics"])
        # Only describing tells the ARN, and nobody refers to it.
        item = {"AutoScalingGroupName": name, "AutoScalingGroupARN": "", "Instances": ()}
        return have_for(want, _facts(item, {}, spec["launch"].get("image"), False))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        client, name, keys = aws.client("autoscaling"), have.facts["name"], changed(changes)
        launched = keys & LAUNCHED
        if have.facts["refresh"] and keys & {*launched, *BROUGHT, "target_groups"}:
            # What is wanted no more is put back first; the rest waits for that.
            forward = have.facts["refresh"] in refreshing.FORWARD
            if launched and forward and _can_return(have, have.spec):
                refreshing.turn_back(aws, name)
            return have
        by_refresh = launched if have.facts["hosts"] else frozenset[str]()
        if by_refresh:
            by_refresh |= keys & BROUGHT
        if keys - by_refresh - {"target_groups", "targets", "metrics", "tags", "propagate"}:
            launched_by = {} if by_refresh else launching(want.spec)
            client.update_auto_scaling_group(
                AutoScalingGroupName=name, **launched_by, **_bounds(want.spec)
            )
        serving: frozenset[str] = frozenset()
        if "target_groups" in keys:
            old, new = (frozenset(spec["target_groups"]) for spec in (have.spec, want.spec))
            serving = (old - new) & elbv2.forwarded(View(aws))
            autoscaling.move(aws, name, old, new | serving)
        if "metrics" in keys:
            autoscaling.collect(aws, name, want.spec["metrics"])
        autoscaling.retag(aws, name, want.spec, changes)
        spec = {**have.spec, **want.spec}
        if serving:
            # Hosts are replaced once they are where they belong.
            spec |= {key: have.spec[key] for key in by_refresh}
            spec |= {"target_groups": canon.unordered(new | serving)}
            return Have(self.name, want.id, spec, have.facts, False, MOVING)
        if by_refresh:
            refreshing.begin(
                aws,
                name,
                want.spec,
                have.facts["hosts"],
                can_return=_can_return(have, want.spec),
            )
            return Have(self.name, want.id, spec, have.facts, False, "instance refresh begins")
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Begins to remove it with all its hosts."""
        aws.client("autoscaling").delete_auto_scaling_group(
            AutoScalingGroupName=have.facts["name"], ForceDelete=True
        )


def _bounds(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "MinSize": spec["min_size"],
        "MaxSize": spec["max_size"],
        "VPCZoneIdentifier": ",".join(sorted(spec["subnets"].values())),
        "HealthCheckType": spec["health_check"],
        "HealthCheckGracePeriod": spec["grace"],
        "DefaultInstanceWarmup": spec["warmup"],
    }


def _spec(
    view: View, item: Mapping[str, Any], refresh: Mapping[str, Any], targets: str
) -> dict[str, Any]:
    groups = canon.unordered(item.get("TargetGroupARNs", ()))
    launched = _launched(view, refreshing.launches(item, refresh))
    chosen = refreshing.comes(refresh) or item
    return {
        **launched,
        "fallback_types": mixed.fallbacks(chosen, launched["launch"].get("instance_type")),
        "min_size": item["MinSize"],
        "max_size": item["MaxSize"],
        "subnets": autoscaling.subnets(view, item.get("VPCZoneIdentifier", "")),
        "target_groups": groups,
        "targets": _targets(groups, targets),
        "health_check": item["HealthCheckType"],
        "grace": item["HealthCheckGracePeriod"],
        "warmup": item.get("DefaultInstanceWarmup"),
        "metrics": canon.unordered(m["Metric"] for m in item.get("EnabledMetrics", ())),
        "watched": UNTOLD,
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


def _launched(view: View, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What hosts are launched with, in the words of a spec."""
    data = version_of(view, chosen)
    return {
        "template": chosen.get("LaunchTemplateId"),
        "template_version": chosen.get("Version"),
        "launch": spec_of(data) if data else {},
    }


def _gave_up(view: View, item: Mapping[str, Any], refresh: Mapping[str, Any]) -> bool:
    """Whether an instance refresh could not bring the version of the template that is declared."""
    chosen = autoscaling.template(item)
    declared = versions(view, chosen.get("LaunchTemplateName", "")) if refresh else []
    numbers = [str(version["VersionNumber"]) for version in declared]
    return any(n != chosen.get("Version") and refreshing.gave_up(refresh, n) for n in numbers)


def _own(view: View, item: Mapping[str, Any]) -> tuple[str, bool]:
    """The image of a group itself, and whether AWS can return to what the group launches.

    It returns to neither an alias nor a parameter.
    """
    chosen = autoscaling.template(item)
    image = str(version_of(view, chosen).get("ImageId", ""))
    return image, chosen.get("Version", "").isdigit() and _is_named(image)


def _can_return(have: Have, coming: Mapping[str, Any]) -> bool:
    """Whether AWS can return from what is coming: where neither that nor its own is a parameter."""
    return bool(have.facts["fixed"]) and _is_named(str(coming["launch"].get("image", "")))


def _is_named(image: str) -> bool:
    return bool(image) and not image.startswith("resolve:")


def _facts(
    item: Mapping[str, Any], refresh: Mapping[str, Any], image: str, fixed: bool
) -> dict[str, Any]:
    name = item["AutoScalingGroupName"]
    return {
        "id": name,
        "arn": item["AutoScalingGroupARN"],
        "name": name,
        "hosts": len(item["Instances"]),
        "refresh": refresh["Status"] if refreshing.moves(refresh) else "",
        "image": image,
        "fixed": fixed,
    }
