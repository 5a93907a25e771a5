# SPDX-License-Identifier: GPL-3.0-or-later
"""Auto Scaling groups: their instances come, register, are replaced, and go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FakeAutoScalingGroup,
    autoscaling_backends,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.ec2.models.instances import InstanceBackend as EC2InstanceBackend

from sandbox.shims import Hook
from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet import Watch
from sandbox.shims._fleet_health import soon
from sandbox.shims._fleet_members import fleet, members
from sandbox.shims._fleet_places import check_launch, source
from sandbox.shims._fleet_refresh import active
from sandbox.shims._fleet_targets import deregister, register
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Instances are spread over the zones, `Pending` first, then `InService`, then registered; "
    "where a zone has no capacity, other types and zones of the group are tried.",
    "A group that has become uneven launches in the emptiest zone, and terminates in the fullest.",
    "Scale-in drains and deregisters, and takes whom the termination policies say.",
    "An instance that was terminated or stopped, or that fails the balancer's health checks after "
    "the grace period where the group has these, is replaced.",
    "What is launched from a mixed instances policy has the overrides' types, templates, weights "
    "and share of spot instances; an update without a policy keeps it.",
    "A group's name in use, and a desired capacity outside of its limits, are refused.",
    "A target group that does not exist is refused.",
    "A launch template from which nothing can be launched in the group's subnets is refused, when "
    "a group is made or changed and when a refresh is to launch from it.",
    "UpdateAutoScalingGroup changes cooldown, warm-up, lifetime and termination policies too.",
    "The health check grace period is 0 unless given; grace and warm-up of a real host begin when "
    "it has booted.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "create_auto_scaling_group", ("name",)),
    (AutoScalingBackend, "update_auto_scaling_group", ("name",)),
    (AutoScalingBackend, "set_desired_capacity", ("group_name", "desired_capacity")),
    (AutoScalingBackend, "update_attached_target_groups", ("group_name",)),
    (AutoScalingBackend, "notify_terminate_instances", ("instance_ids",)),
    (
        AutoScalingBackend,
        "detach_load_balancer_target_groups",
        ("group_name", "target_group_arns"),
    ),
    (FakeAutoScalingGroup, "set_desired_capacity", ("new_capacity",)),
    (FakeAutoScalingGroup, "launch_template", ()),
    (FakeAutoScalingGroup, "_set_launch_configuration", ("launch_config_name", "launch_template")),
    (EC2InstanceBackend, "stop_instances", ("instance_ids",)),
    (AutoScalingResponse, "create_auto_scaling_group", ()),
    (AutoScalingResponse, "update_auto_scaling_group", ()),
)
LAUNCH = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy")
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
    return check_known(response, response._get_param("AutoScalingGroupName"))


def check_known(response: AutoScalingResponse, name: str) -> Any:
    """The group of that name, or AWS's refusal."""
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


def creation(world: World, watch: Watch) -> None:
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
        check_policy(self._get_param("MixedInstancesPolicy"))
        for arn in self._get_param("TargetGroupARNs", []):
            if arn not in backend.elbv2_backend.target_groups:
                raise ValidationError(f"Target group '{arn}' not found")
        check_source(self)
        answer = original()
        group: Any = group_of(self)
        group.health_check_grace_period = self._get_int_param("HealthCheckGracePeriod") or 0
        remember(self, group)
        told.because(world, group, "a user request created an AutoScalingGroup", 0)
        fleet(group).settle()
        return answer

    @wrap(FakeAutoScalingGroup, "set_desired_capacity")
    def set_desired(_original: Any, self: Any, new_capacity: int | None) -> None:
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        if "fleet" not in self.__dict__:
            watch.adopt(self)
        fleet(self).settle()


def check_policy(policy: dict[str, Any] | None) -> None:
    """Refuse what a mixed instances policy cannot say; what is not emulated is a gap."""
    overrides = ((policy or {}).get("LaunchTemplate") or {}).get("Overrides") or []
    if any("InstanceRequirements" in one for one in overrides):
        raise NotImplementedError("InstanceRequirements of a mixed instances policy")
    weights = ["WeightedCapacity" in one for one in overrides]
    if any(weights) and not all(weights):
        raise ValidationError(
            "If you specify a weighted capacity for one instance type, you must specify it for all."
        )


def check_source(response: AutoScalingResponse, group: Any = None) -> None:
    """Refuse to launch from what cannot be launched in the subnets; `group` is to be changed."""
    template, policy = (response._get_param(name) for name in LAUNCH[1:])
    subnets = response._get_param("VPCZoneIdentifier")
    wanted: dict[str, Any] = {}
    if template or (policy and policy.get("LaunchTemplate")):
        wanted = {"LaunchTemplate": template} if template else {"MixedInstancesPolicy": policy}
    elif group and subnets:
        wanted = source(group)
    if wanted:
        backend = autoscaling_backends[response.current_account][response.region]
        place = SimpleNamespace(
            ec2_backend=backend.ec2_backend,
            vpc_zone_identifier=subnets or getattr(group, "vpc_zone_identifier", None),
            availability_zones=response._get_param("AvailabilityZones") or [],
        )
        check_launch(place, wanted)


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
        check_policy(self._get_param("MixedInstancesPolicy"))
        new = [name for name in LAUNCH if self._get_param(name)]
        check_free(group, new)
        check_source(self, group)
        before, policy = group.desired_capacity, group.mixed_instances_policy
        with at_rest(group):
            answer = original()
            launches(group, new, policy)
            remember(self, group)
            if desired is None:
                desired = min(max(before, smallest), largest)
            group.desired_capacity = desired
        if desired != before:
            limits = f"constraints to min: {smallest}, max: {largest}, desired: {desired}"
            why = f"a user request update of AutoScalingGroup {limits}"
            told.because(world, group, why, before)
        fleet(group).settle()
        return answer


def capacity(world: World) -> None:
    @wrap(AutoScalingBackend, "set_desired_capacity")
    def set_desired(
        _original: Any, self: AutoScalingBackend, group_name: str, desired_capacity: int | None
    ) -> None:
        group: Any = self.autoscaling_groups.get(group_name)
        if group is None:
            raise ValidationError(f"AutoScalingGroup name not found - {group_name}")
        check_alive(group)
        desired = group.min_size if desired_capacity is None else desired_capacity
        if desired > group.max_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {desired_capacity} is above max value "
                f"{group.max_size} for the AutoScalingGroup."
            )
        if desired < group.min_size:
            raise ValidationError(
                f"New SetDesiredCapacity value {desired_capacity} is below min value "
                f"{group.min_size} for the AutoScalingGroup."
            )
        before, group.desired_capacity = group.desired_capacity, desired
        why = "a user request explicitly set group desired capacity"
        told.because(world, group, why, before)
        fleet(group).settle()


def template() -> None:
    def launch_template(self: Any) -> dict[str, Any] | None:
        """A group with a mixed instances policy tells no template beside it."""
        template = self.ec2_launch_template
        if template is None or self.mixed_instances_policy:
            return None
        version = getattr(self, "provided_launch_template_version", None)
        named = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name}
        return {**named, "Version": version}

    FakeAutoScalingGroup.launch_template = property(launch_template)  # type: ignore[method-assign, assignment]


def launches(group: Any, new: list[str], policy: dict[str, Any] | None) -> None:
    """Make what an update named the only thing that a group launches from."""
    if not new:
        group.mixed_instances_policy = policy
    elif "LaunchConfigurationName" in new:
        group.ec2_launch_template = None
    else:
        group.launch_config, group.launch_configuration_name = None, None


@contextmanager
def at_rest(group: Any) -> Iterator[None]:
    """Let a group do nothing while more than one thing of it is changed."""
    state = fleet(group)
    state.settling = True
    try:
        yield
    finally:
        state.settling = False


def check_free(group: Any, new: list[str]) -> None:
    """Refuse to change what a group launches while a refresh is to change it."""
    refresh = active(group)
    if new and refresh and refresh.desired:
        raise ValidationError(
            "An active instance refresh with a desired configuration exists. All configuration "
            "options derived from the desired configuration are not available for update while the "
            "instance refresh is active."
        )


def check_alive(group: Any) -> None:
    if getattr(group, "status", None):
        raise Refusal(
            "ScalingActivityInProgress",
            f"You cannot update an AutoScalingGroup that is being deleted: {group.name}",
        )


def health(world: World) -> None:
    def notice(backend: AutoScalingBackend, instance_ids: list[str]) -> None:
        for group in list(backend.autoscaling_groups.values()):
            if any(member.instance.id in instance_ids for member in members(group)):
                soon(world, group)

    @wrap(AutoScalingBackend, "notify_terminate_instances")
    def lost(_original: Any, self: AutoScalingBackend, instance_ids: list[str]) -> None:
        notice(self, instance_ids)

    @wrap(EC2InstanceBackend, "stop_instances")
    def stopped(original: Any, self: Any, instance_ids: list[str]) -> Any:
        answer = original(instance_ids)
        notice(autoscaling_backends[self.account_id][self.region_name], instance_ids)
        return answer


def targets() -> None:
    @wrap(AutoScalingBackend, "update_attached_target_groups")
    def attach(_original: Any, self: AutoScalingBackend, group_name: str) -> None:
        group = self.autoscaling_groups[group_name]
        for arn in group.target_group_arns:
            if arn not in self.elbv2_backend.target_groups:
                raise ValidationError(f"Target group '{arn}' not found")
        register(group)

    @wrap(AutoScalingBackend, "detach_load_balancer_target_groups")
    def detach(
        _original: Any, self: AutoScalingBackend, group_name: str, target_group_arns: list[str]
    ) -> None:
        group = self.autoscaling_groups[group_name]
        kept = [arn for arn in group.target_group_arns if arn not in target_group_arns]
        group.target_group_arns = target_group_arns
        for state in group.instance_states:
            deregister(group, state.instance.id)
        group.target_group_arns = kept


def install(world: World) -> None:
    """Change how the emulator keeps Auto Scaling groups."""
    creation(world, Watch(world))
    changes(world)
    capacity(world)
    template()
    health(world)
    targets()
