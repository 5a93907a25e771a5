# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups: their instances come, register, are replaced, and go."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    autoscaling_backends,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from sandbox.shims import Hook, _fleet
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Instances are spread over the zones, `Pending` first, then `InService`, then registered.",
    "Scale-in drains and deregisters; a lost or unhealthy instance is replaced.",
    "Suspended Launch, Terminate, AddToLoadBalancer and ReplaceUnhealthy do not happen.",
    "A group's name in use, and a desired capacity outside of its limits, are refused.",
    "A target group that does not exist is refused.",
    "DeleteAutoScalingGroup honours ForceDelete and DeletionProtection, and takes time.",
    "UpdateAutoScalingGroup changes cooldown, warm-up, lifetime and termination policies too.",
    "The health check grace period is 0 unless given.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "create_auto_scaling_group", ("name",)),
    (AutoScalingBackend, "update_auto_scaling_group", ("name",)),
    (AutoScalingBackend, "set_desired_capacity", ("group_name", "desired_capacity")),
    (AutoScalingBackend, "update_attached_target_groups", ("group_name",)),
    (AutoScalingBackend, "notify_terminate_instances", ("instance_ids",)),
    (AutoScalingBackend, "set_instance_health", ("instance_id", "health_status")),
    (AutoScalingBackend, "detach_instances", ("group_name", "instance_ids", "should_decrement")),
    (
        AutoScalingBackend,
        "detach_load_balancer_target_groups",
        ("group_name", "target_group_arns"),
    ),
    (AutoScalingBackend, "resume_processes", ("group_name", "scaling_processes")),
    (FakeAutoScalingGroup, "set_desired_capacity", ("new_capacity",)),
    (AutoScalingResponse, "create_auto_scaling_group", ()),
    (AutoScalingResponse, "update_auto_scaling_group", ()),
    (AutoScalingResponse, "delete_auto_scaling_group", ()),
)
# Parameters that the emulator ignores, and the attribute that its answers read.
IGNORED = {
    "DefaultCooldown": "default_cooldown",
    "DefaultInstanceWarmup": "default_instance_warmup",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "AvailabilityZoneDistribution": "availability_zone_distribution",
    "DeletionProtection": "deletion_protection",
    "PlacementGroup": "placement_group",
    "Context": "context",
}


def group_of(response: AutoScalingResponse) -> Any:
    """The group that a request names, or AWS's refusal."""
    name = response._get_param("AutoScalingGroupName")
    group = autoscaling_backends[response.current_account][response.region].autoscaling_groups.get(
        name
    )
    if group is None:
        raise ValidationError(
            f"AutoScalingGroup name not found - AutoScalingGroup {name} not found"
        )
    return group


def check_sizes(smallest: int, largest: int, desired: int | None) -> None:
    if smallest > largest:
        raise ValidationError(f"Max bound, {largest}, must be greater than min bound, {smallest}")
    if desired is not None and not smallest <= desired <= largest:
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{smallest} and max "
            f"size:{largest}"
        )


def creation(world: World) -> None:
    @wrap(AutoScalingResponse, "create_auto_scaling_group")
    def create(original: Any, self: AutoScalingResponse) -> Any:
        backend = autoscaling_backends[self.current_account][self.region]
        if self._get_param("AutoScalingGroupName") in backend.autoscaling_groups:
            raise Refusal(
                "AlreadyExists",
                "AutoScalingGroup by this name already exists - A group with the name "
                f"{self._get_param('AutoScalingGroupName')} already exists",
            )
        sizes = (self._get_int_param("MinSize"), self._get_int_param("MaxSize"))
        check_sizes(*sizes, self._get_int_param("DesiredCapacity"))
        for arn in self._get_param("TargetGroupARNs", []):
            if arn not in backend.elbv2_backend.target_groups:
                raise ValidationError(f"Target group '{arn}' not found")
        answer = original()
        group: Any = group_of(self)
        group.health_check_grace_period = self._get_int_param("HealthCheckGracePeriod") or 0
        remember(self, group)
        _fleet.reconcile(world, group, "a user request created an AutoScalingGroup")
        return answer

    @wrap(FakeAutoScalingGroup, "set_desired_capacity")
    def set_desired(_original: Any, self: Any, new_capacity: int | None) -> None:
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        cause = f"a user request set the desired capacity to {self.desired_capacity}"
        _fleet.reconcile(world, self, cause)


def remember(response: AutoScalingResponse, group: Any) -> None:
    for parameter, attribute in IGNORED.items():
        value = response._get_param(parameter)
        if value is not None:
            setattr(group, attribute, value)


def changes(world: World) -> None:
    @wrap(AutoScalingResponse, "update_auto_scaling_group")
    def update(original: Any, self: AutoScalingResponse) -> Any:
        group = group_of(self)
        check_alive(group)
        smallest = self._get_int_param("MinSize", group.min_size)
        largest = self._get_int_param("MaxSize", group.max_size)
        desired = self._get_int_param("DesiredCapacity")
        check_sizes(smallest, largest, desired)
        answer = original()
        remember(self, group)
        if desired is None:
            desired = min(max(group.desired_capacity, smallest), largest)
        group.set_desired_capacity(desired)
        return answer

    @wrap(AutoScalingBackend, "set_desired_capacity")
    def set_desired(
        original: Any, self: AutoScalingBackend, group_name: str, desired_capacity: int | None
    ) -> None:
        group: Any = self.autoscaling_groups.get(group_name)
        if group is None:
            raise ValidationError(f"AutoScalingGroup name not found - {group_name}")
        if desired_capacity is not None and desired_capacity > group.max_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {desired_capacity} is above max value "
                f"{group.max_size} for the AutoScalingGroup."
            )
        if desired_capacity is not None and desired_capacity < group.min_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {desired_capacity} is below min value "
                f"{group.min_size} for the AutoScalingGroup."
            )
        original(group_name, desired_capacity)

    @wrap(AutoScalingBackend, "resume_processes")
    def resume(
        original: Any, self: AutoScalingBackend, group_name: str, scaling_processes: list[str]
    ) -> None:
        original(group_name, scaling_processes)
        group = self.autoscaling_groups[group_name]
        _fleet.register(group)
        _fleet.reconcile(world, group, "a user request resumed processes")


def check_alive(group: Any) -> None:
    if getattr(group, "status", None):
        raise Refusal(
            "ScalingActivityInProgress",
            f"You cannot update an AutoScalingGroup that is being deleted: {group.name}",
        )


def health(world: World) -> None:
    @wrap(AutoScalingBackend, "notify_terminate_instances")
    def lost(_original: Any, self: AutoScalingBackend, instance_ids: list[str]) -> None:
        for group in list(self.autoscaling_groups.values()):
            _fleet.lost(world, group, instance_ids)

    @wrap(AutoScalingBackend, "set_instance_health")
    def set_health(
        original: Any, self: AutoScalingBackend, instance_id: str, health_status: str
    ) -> None:
        original(instance_id, health_status)
        for group in self.autoscaling_groups.values():
            for state in group.instance_states:
                if state.instance.id == instance_id and health_status == "Unhealthy":
                    _fleet.unhealthy(world, group, state)

    @wrap(AutoScalingBackend, "detach_instances")
    def detach(
        original: Any,
        self: AutoScalingBackend,
        group_name: str,
        instance_ids: list[str],
        should_decrement: bool,
    ) -> Any:
        for instance_id in instance_ids:
            _fleet.deregister(self.autoscaling_groups[group_name], instance_id)
        return original(group_name, instance_ids, should_decrement)


def targets() -> None:
    @wrap(AutoScalingBackend, "update_attached_target_groups")
    def attach(_original: Any, self: AutoScalingBackend, group_name: str) -> None:
        group = self.autoscaling_groups[group_name]
        for arn in group.target_group_arns:
            if arn not in self.elbv2_backend.target_groups:
                raise ValidationError(f"Target group '{arn}' not found")
        _fleet.register(group)

    @wrap(AutoScalingBackend, "detach_load_balancer_target_groups")
    def detach(
        _original: Any, self: AutoScalingBackend, group_name: str, target_group_arns: list[str]
    ) -> None:
        group = self.autoscaling_groups[group_name]
        kept = [arn for arn in group.target_group_arns if arn not in target_group_arns]
        group.target_group_arns = target_group_arns
        for state in group.instance_states:
            _fleet.deregister(group, state.instance.id)
        group.target_group_arns = kept


def deletion(world: World) -> None:
    @wrap(AutoScalingResponse, "delete_auto_scaling_group")
    def delete(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        force = bool(self._get_param("ForceDelete"))
        protection = getattr(group, "deletion_protection", None) or "none"
        if protection == "prevent-all-deletion" or (force and protection != "none"):
            raise Refusal("ResourceInUse", f"The group {group.name} is protected from deletion")
        if group.instance_states and not force:
            raise Refusal(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                f"instance request(s) still in the group: {group.name}",
            )
        group.status, group.desired_capacity = "Delete in progress", 0
        for state in list(group.instance_states):
            _fleet.terminate(world, group, state, "a user request force-deleted", at_once=True)

        def gone() -> None:
            backend = group.autoscaling_backend
            if backend.autoscaling_groups.get(group.name) is group:
                del backend.autoscaling_groups[group.name]
            for key, policy in list(backend.policies.items()):
                if policy.auto_scaling_group_name == group.name:
                    backend.delete_policy(key)

        world.later(world.seconds("instance"), gone, f"group {group.name} is gone")
        return EmptyResult()


def install(world: World) -> None:
    """Change how the emulator keeps Auto Scaling groups."""
    creation(world)
    changes(world)
    health(world)
    targets()
    deletion(world)
