# SPDX-License-Identifier: GPL-3.0-or-later
"""Target groups, and the health of what is registered with them."""

from __future__ import annotations

import itertools
from typing import Any

from moto.core.responses import ActionResult
from moto.elbv2.exceptions import DuplicateTargetGroupName
from moto.elbv2.exceptions import ELBClientError as Refusal
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeTargetGroup, elbv2_backends
from moto.elbv2.responses import ELBV2Response

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateTargetGroup with a name in use returns the same one, or refuses other settings.",
    "A target group has all attributes that AWS describes.",
    "A target is `unused` without a listener, `initial` at first, then `healthy`.",
    "A deregistered target is `draining` for the deregistration delay, and listed meanwhile.",
    "A target is `unhealthy` while `target-fails` is ordered for it; where balancers are real "
    "their checks of it fail then, and it gets no requests.",
    "RegisterTargets refuses an unknown instance.",
    "DescribeTargetGroups and DescribeListeners have pages.",
)
HOOKS: tuple[Hook, ...] = (
    (ELBv2Backend, "create_target_group", ("name",)),
    (ELBv2Backend, "describe_target_health", ("target_group_arn", "targets")),
    (FakeTargetGroup, "register", ("targets",)),
    (FakeTargetGroup, "deregister", ("targets",)),
    (FakeTargetGroup, "deregister_terminated_instances", ("instance_ids",)),
    (FakeTargetGroup, "health_for", ("target", "ec2_backend")),
    (FakeHealthStatus, "__init__", ("instance_id", "port", "health_port", "status", "reason")),
    (ELBV2Response, "describe_target_groups", ()),
    (ELBV2Response, "describe_listeners", ()),
    (ELBV2Response, "modify_target_group", ()),
)
ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "false",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
REGISTRATIONS = itertools.count(1)


def create() -> None:
    @wrap(ELBv2Backend, "create_target_group")
    def create_target_group(original: Any, self: ELBv2Backend, name: str, **kwargs: Any) -> Any:
        wanted = {key: value for key, value in kwargs.items() if key != "tags"}
        for group in self.target_groups.values():
            if group.name == name:
                if getattr(group, "asked", None) == wanted:
                    return group
                raise DuplicateTargetGroupName
        made = original(name, **kwargs)
        made.asked = wanted
        if made.protocol in ("HTTP", "HTTPS"):
            made.attributes = dict(ATTRIBUTES)
        return made

    @wrap(ELBV2Response, "modify_target_group")
    def modify_target_group(original: Any, self: ELBV2Response) -> Any:
        answer = original()
        group: Any = self.elbv2_backend.target_groups[self._get_param("TargetGroupArn")]
        # A changed group is no longer what a repeated create asks for.
        group.asked = None
        return answer


def registration(world: World) -> None:
    @wrap(FakeTargetGroup, "register")
    def register(original: Any, self: Any, targets: list[dict[str, Any]]) -> None:
        for target in targets:
            known = self.ec2_backend.get_instance_by_id(target["Id"])
            if self.target_type == "instance" and known is None:
                raise Refusal(
                    "InvalidTarget",
                    f"The following targets are not valid instance IDs: {target['Id']}",
                )
        new = [target for target in targets if target["Id"] not in self.targets]
        original(targets)
        for target in new:
            self.terminated_targets.pop(target["Id"], None)
            if self.load_balancer_arns:
                await_health(world, self, target["Id"])

    @wrap(FakeTargetGroup, "deregister")
    def deregister(original: Any, self: Any, targets: list[dict[str, Any]]) -> None:
        known = [target for target in targets if target["Id"] in self.targets]
        for target in known:
            drain(world, self, target["Id"])
        original(targets)

    @wrap(FakeTargetGroup, "deregister_terminated_instances")
    def deregister_terminated(_original: Any, self: Any, instance_ids: list[str]) -> None:
        gone = [{"Id": target} for target in self.targets if target in instance_ids]
        if gone:
            self.deregister(gone)


def marks(group: Any) -> dict[str, Any]:
    """What is known of a group's targets: 'healthy' or 'draining' and a registration's number."""
    found: dict[str, Any] = group.__dict__.setdefault("marks", {})
    return found


def await_health(world: World, group: Any, target: str) -> None:
    """A target is healthy after the checks; those of a fleet have booted before they register."""
    number = next(REGISTRATIONS)
    marks(group)[target] = ("initial", number)

    def healthy() -> None:
        if marks(group).get(target) == ("initial", number):
            marks(group)[target] = ("healthy", number)

    seconds = max(0.0, world.seconds("target_healthy") - world.seconds("asg_in_service"))
    world.later(seconds, healthy, f"target {target} becomes healthy")


def drain(world: World, group: Any, target: str) -> None:
    number = next(REGISTRATIONS)
    if not group.load_balancer_arns:
        marks(group).pop(target, None)
        return
    marks(group)[target] = ("draining", number)

    def drained() -> None:
        if marks(group).get(target) == ("draining", number):
            del marks(group)[target]

    delay = float(group.attributes["deregistration_delay.timeout_seconds"])
    world.balancers.drain(world.scaled(delay), f"target {target} has drained", drained)


STATES: dict[str, tuple[str, ...]] = {
    "healthy": ("healthy",),
    "initial": (
        "initial",
        "Elb.RegistrationInProgress",
        "Target registration is in progress",
    ),
    "draining": (
        "draining",
        "Target.DeregistrationInProgress",
        "Target deregistration is in progress",
    ),
    "unhealthy": ("unhealthy", "Target.FailedHealthChecks", "Health checks failed"),
    "unused": (
        "unused",
        "Target.NotInUse",
        "Target group is not configured to receive traffic from the load balancer",
    ),
}


def health(world: World) -> None:
    def checked(group: Any, target: str) -> tuple[str, ...] | None:
        """What real checks found; None where there is nothing that could answer them."""
        there = group.target_type == "ip" or world.machines.real
        # Only application load balancers are real.
        real = there and group.protocol in ("HTTP", "HTTPS")
        return world.balancers.health(group.arn, target) if real else None

    @wrap(FakeTargetGroup, "health_for")
    def health_for(original: Any, self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        told = original(target, ec2_backend)
        mark = marks(self).get(target["Id"], ("", 0))[0]
        if target["Id"] in self.targets:
            if told.status != "healthy":
                return told
            state = checked(self, target["Id"]) or STATES[mark or "initial"]
            state = state if self.load_balancer_arns else STATES["unused"]
        elif mark == "draining":
            state = STATES["draining"]
        else:
            return told
        port = self.targets.get(target["Id"], {}).get("Port", self.port)
        return FakeHealthStatus(target["Id"], port, self.health_check_port, *state)

    @wrap(ELBv2Backend, "describe_target_health")
    def describe_target_health(
        original: Any, self: ELBv2Backend, target_group_arn: str, targets: Any
    ) -> Any:
        group = self.target_groups.get(target_group_arn)
        if group is not None and not targets:
            leaving = [
                {"Id": target}
                for target, mark in marks(group).items()
                if mark[0] == "draining" and target not in group.targets
            ]
            targets = [*group.targets.values(), *leaving]
            if not targets:
                return []
        return original(target_group_arn, targets)


def disasters(world: World) -> None:
    """Have targets fail their health checks on order, and pass them again."""

    def mark(region: str, instance: str, state: str) -> None:
        groups = [
            group
            for account in elbv2_backends.values()
            for group in account[region].target_groups.values()
            if instance in group.targets
        ]
        if not groups:
            raise ValueError(f"{instance} is no target in {region}")
        for group in groups:
            marks(group)[instance] = (state, next(REGISTRATIONS))

    def fails(region: str, instance: str) -> None:
        """Let a target fail its health checks, whatever it answers."""
        mark(region, instance, "unhealthy")

    def recovers(region: str, instance: str) -> None:
        """Let a target's health checks go by what it answers again."""
        mark(region, instance, "healthy")

    world.disasters["target-fails"] = fails
    world.disasters["target-recovers"] = recovers


def pages(name: str, key: str) -> None:
    @wrap(ELBV2Response, name)
    def page(original: Any, self: ELBV2Response) -> ActionResult:
        answer: Any = original()._result
        found = list(answer[key])
        start = int(self._get_param("Marker") or 0)
        end = start + int(self._get_param("PageSize") or 400)
        marker = str(end) if end < len(found) else None
        return ActionResult({key: found[start:end], "NextMarker": marker})


def install(world: World) -> None:
    """Change how the emulator keeps target groups and tells the health of targets."""
    create()
    registration(world)
    health(world)
    disasters(world)
    pages("describe_target_groups", "TargetGroups")
    pages("describe_listeners", "Listeners")
