# SPDX-License-Identifier: GPL-3.0-or-later
"""Single instances of an Auto Scaling group: attached, detached, on standby, protected, sick."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_health import soon
from sandbox.shims._fleet_members import Member, find, fleet, members, zones
from sandbox.shims._fleet_moves import forget, terminate
from sandbox.shims._fleet_targets import deregister, register
from sandbox.shims.autoscaling import at_rest, check_alive, group_of
from sandbox.shims.autoscaling_activities import page
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "AttachInstances, DetachInstances, EnterStandby, ExitStandby and "
    "TerminateInstanceInAutoScalingGroup want instances in the right state, keep the limits of the "
    "group, take time, and are told as activities.",
    "SetInstanceHealth respects the grace period unless told otherwise.",
    "DescribeAutoScalingInstances lists the warm pool too, and has pages.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "describe_auto_scaling_instances", ("instance_ids",)),
    *(
        (AutoScalingResponse, name, ())
        for name in (
            "attach_instances",
            "detach_instances",
            "enter_standby",
            "exit_standby",
            "set_instance_health",
            "set_instance_protection",
            "terminate_instance_in_auto_scaling_group",
            "describe_auto_scaling_instances",
        )
    ),
)
HEALTH = ("Healthy", "Unhealthy")
STANDBY = "Moving EC2 instance to Standby"
BACK = "Moving EC2 instance out of Standby"
DETACH = "Detaching EC2 instance"
ATTACH = "Attaching an existing EC2 instance"


def named(group: Any, ids: Iterable[str], *states: str) -> list[Member]:
    """The members with these ids, in one of these states; AWS's refusal where one is not."""
    known = {member.instance.id: member for member in members(group)}
    found = []
    for name in ids:
        member = known.get(name)
        if member is None or member.is_warm:
            raise ValidationError(
                f"The instance {name} is not part of Auto Scaling group {group.name}."
            )
        if member.lifecycle_state not in states:
            raise ValidationError(
                f"The instance {name} is not in {' or '.join(states)}: it is in "
                f"{member.lifecycle_state}."
            )
        found.append(member)
    return found


def fewer(group: Any, count: int) -> None:
    """Take away from the desired capacity, not below the minimum."""
    if group.desired_capacity - count < group.min_size:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance "
            "without replacement will violate group's min size constraint. Either set "
            "shouldDecrementDesiredCapacity flag to false or lower group's min size."
            if group.desired_capacity == group.min_size
            else f"The desired capacity of {group.name} would be {group.desired_capacity - count}, "
            f"below its min size {group.min_size}."
        )
    group.desired_capacity -= count


def more(group: Any, count: int, what: str) -> None:
    """Add to the desired capacity, not above the maximum."""
    if group.desired_capacity + count > group.max_size:
        raise ValidationError(
            f"{what} {count} instance(s) of AutoScalingGroup {group.name} would make its desired "
            f"capacity {group.desired_capacity + count}, above its max size {group.max_size}."
        )
    group.desired_capacity += count


def change(before: int, after: int) -> str:
    """How a cause tells that the capacity changed."""
    if before == after:
        return ""
    verb = "shrinking" if after < before else "increasing"
    return f", {verb} the capacity from {before} to {after}"


def moved(world: World, group: Any, member: Member, what: str, how: str, before: int) -> Any:
    """Begin the activity of something that a user asked for."""
    sentence = f"instance {member.instance.id} was {how} in response to a user request"
    cause = told.said(world, sentence + change(before, group.desired_capacity))
    return told.about(world, group, what, member, cause)


def out(world: World, group: Any, member: Member, state: str, then: Callable[[], None]) -> None:
    """Take a member out of service, and go on when it has drained."""
    member.lifecycle_state = state
    drains = deregister(group, member.instance.id)
    world.balancers.drain(world.scaled(drains), f"{member.instance.id} has drained", then)


def detaching(world: World) -> None:
    @wrap(AutoScalingResponse, "detach_instances")
    def detach(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group, ids = group_of(self), self._get_param("InstanceIds") or []
        check_alive(group)
        found = named(group, ids, "InService", "Standby")
        before = group.desired_capacity
        serving = [member for member in found if member.lifecycle_state == "InService"]
        if self._get_bool_param("ShouldDecrementDesiredCapacity"):
            fewer(group, len(serving))
        return _all(group, found, lambda one: _detach(world, group, one, before))

    @wrap(AutoScalingResponse, "attach_instances")
    def attach(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group, ids = group_of(self), self._get_param("InstanceIds") or []
        check_alive(group)
        instances = [_attachable(group, name) for name in ids]
        before = group.desired_capacity
        more(group, len(ids), "Attaching")
        with at_rest(group):
            for instance in instances:
                member = Member(group, instance, "InService")
                member.configuration = None
                group.instance_states.append(member)
                group.ec2_backend.create_tags([instance.id], {ASG_NAME_TAG: group.name})
                how = moved(world, group, member, ATTACH, "attached", before)
                told.end(world, how)
            register(group)
        fleet(group).settle()
        return EmptyResult()


def _all(group: Any, found: list[Member], act: Callable[[Member], Any]) -> ActionResult:
    """Do the same with each, then let the group go on; the activities as they began."""
    with at_rest(group):
        begun = [act(member) for member in found]
        shown = [dict(activity) for activity in begun]
    fleet(group).settle()
    return ActionResult({"Activities": shown})


def _detach(world: World, group: Any, member: Member, before: int) -> Any:
    activity = moved(world, group, member, DETACH, "detached", before)

    def gone() -> None:
        forget(group, member)
        group.ec2_backend.delete_tags([member.instance.id], {ASG_NAME_TAG: group.name})
        told.end(world, activity)
        fleet(group).settle()

    out(world, group, member, "Detaching", gone)
    return activity


def _attachable(group: Any, name: str) -> Any:
    instance = group.ec2_backend.get_instance_by_id(name)
    if instance is None or instance.state != "running":
        raise ValidationError(f"Invalid Instance ID(s): [{name}] specified: it is not running.")
    if find(group.autoscaling_backend, name):
        raise ValidationError(f"The instance {name} is already part of an AutoScalingGroup.")
    if instance.placement.zone not in zones(group):
        raise ValidationError(
            f"The instance {name} is in {instance.placement.zone}, which is no zone of the "
            f"AutoScalingGroup {group.name}."
        )
    return instance


def standby(world: World) -> None:
    @wrap(AutoScalingResponse, "enter_standby")
    def enter(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group, ids = group_of(self), self._get_param("InstanceIds") or []
        found = named(group, ids, "InService")
        before = group.desired_capacity
        if self._get_bool_param("ShouldDecrementDesiredCapacity"):
            fewer(group, len(found))

        def rest(member: Member) -> Any:
            activity = moved(world, group, member, STANDBY, "moved to standby", before)

            def rests() -> None:
                member.lifecycle_state = "Standby"
                told.end(world, activity)
                fleet(group).settle()

            out(world, group, member, "EnteringStandby", rests)
            return activity

        return _all(group, found, rest)

    @wrap(AutoScalingResponse, "exit_standby")
    def leave(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group, ids = group_of(self), self._get_param("InstanceIds") or []
        found = named(group, ids, "Standby")
        before = group.desired_capacity
        more(group, len(found), "Moving out of standby")

        def serve(member: Member) -> Any:
            activity = moved(world, group, member, BACK, "moved out of standby", before)
            told.waits(activity, "PreInService", 30)
            member.lifecycle_state = "Pending"

            def serves() -> None:
                if member.lifecycle_state == "Pending":
                    member.lifecycle_state = "InService"
                    register(group)
                    told.end(world, activity)
                    fleet(group).settle()

            wait = world.seconds("standby_left")
            world.later(wait, serves, f"{member.instance.id} leaves standby")
            return activity

        return _all(group, found, serve)


def health(world: World) -> None:
    @wrap(AutoScalingResponse, "set_instance_health")
    def mark(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        name, status = self._get_param("InstanceId"), self._get_param("HealthStatus")
        if status not in HEALTH:
            raise ValidationError("Valid instance health states are: [Healthy, Unhealthy].")
        found = find(self.autoscaling_backend, name)
        if found is None:
            raise ValidationError(
                f"Instance Id not found - No managed instance found for instance ID: {name}"
            )
        group, member = found
        respects = self._get_bool_param("ShouldRespectGracePeriod", True)
        if not (member.graceful and respects and status == "Unhealthy"):
            member.health_status = status
            soon(world, group)
        return EmptyResult()

    @wrap(AutoScalingResponse, "set_instance_protection")
    def protect(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group, ids = group_of(self), self._get_param("InstanceIds") or []
        for member in named(group, ids, "InService", "Standby", "Pending", "EnteringStandby"):
            member.protected_from_scale_in = self._get_bool_param("ProtectedFromScaleIn")
        fleet(group).settle()
        return EmptyResult()


def termination(world: World) -> None:
    @wrap(AutoScalingResponse, "terminate_instance_in_auto_scaling_group")
    def end(_original: Any, self: AutoScalingResponse) -> ActionResult:
        one, many = self._get_param("InstanceId"), self._get_param("InstanceIds")
        group = group_of(self) if many else _group_of(self, one)
        check_alive(group)
        ids = many or [one]
        found = named(group, ids, "InService", "Pending", "Standby", "Pending:Wait")
        before, less = (
            group.desired_capacity,
            self._get_bool_param("ShouldDecrementDesiredCapacity"),
        )
        if less:
            fewer(group, sum(member.lifecycle_state != "Standby" for member in found))

        def go(member: Member) -> Any:
            sentence = (
                f"instance {member.instance.id} was taken out of service in response to a user "
                f"request{change(before, group.desired_capacity)}"
            )
            return terminate(world, group, member, told.said(world, sentence))

        shown = _all(group, found, go)
        if many:
            return shown
        content: Any = shown.result
        return ActionResult({"Activity": content["Activities"][0]})


def _group_of(response: AutoScalingResponse, name: str) -> Any:
    found = find(response.autoscaling_backend, name)
    if found is None or found[1].is_warm:
        raise ValidationError(
            f"Instance Id not found - No managed instance found for instance ID: {name}"
        )
    return found[0]


def lists() -> None:
    @wrap(AutoScalingResponse, "describe_auto_scaling_instances")
    def describe(_original: Any, self: AutoScalingResponse) -> ActionResult:
        wanted = self._get_param("InstanceIds") or []
        found = [
            member
            for group in self.autoscaling_backend.autoscaling_groups.values()
            for member in members(group)
            if not wanted or member.instance.id in wanted
        ]
        shown, token = page(self, found, 50)
        return ActionResult({"AutoScalingInstances": shown, "NextToken": token})


def install(world: World) -> None:
    """Change how the emulator keeps the instances of groups."""
    detaching(world)
    standby(world)
    health(world)
    termination(world)
    lists()
