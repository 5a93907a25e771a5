# SPDX-License-Identifier: GPL-3.0-or-later
"""Instance refreshes of Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult

from sandbox.shims import Hook
from sandbox.shims import _fleet_refreshing as steps
from sandbox.shims._fleet_members import fleet
from sandbox.shims._fleet_moves import warm_up
from sandbox.shims._fleet_places import check_launch, source, template_of
from sandbox.shims._fleet_refresh import Refresh, active, progress
from sandbox.shims.autoscaling import check_alive, check_policy, group_of
from sandbox.shims.autoscaling_activities import page
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "StartInstanceRefresh, CancelInstanceRefresh, RollbackInstanceRefresh and "
    "DescribeInstanceRefreshes: minimum and maximum healthy percentage, warm-up, skip matching, "
    "checkpoints, bake time, alarms, roll back, standby and protected instances.",
    "Where ELB health checks count, a refresh goes on when load balancers find the new instances "
    "healthy.",
    "While a refresh is active, load balancers, warm pools and (with a desired configuration) what "
    "the group launches cannot be changed.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingResponse, "attach_load_balancer_target_groups", ()),
    (AutoScalingResponse, "attach_load_balancers", ()),
)
DEFAULTS = {
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Wait",
    "StandbyInstances": "Wait",
}
CHOICES = {
    "ScaleInProtectedInstances": ("Refresh", "Ignore", "Wait"),
    "StandbyInstances": ("Terminate", "Ignore", "Wait"),
}
RANGES = {
    "MinHealthyPercentage": (0, 100),
    "MaxHealthyPercentage": (100, 200),
    "CheckpointDelay": (0, 172800),
    "BakeTime": (0, 172800),
}
INVALID = "The request isn't valid. "
MOST_ALARMS = 10


def preferences(group: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The preferences of a refresh with all defaults; AWS's refusal of what cannot be meant."""
    for name, (least, most) in RANGES.items():
        if name in given and not least <= given[name] <= most:
            raise ValidationError(f"{name} must be between {least} and {most}.")
    for name, known in CHOICES.items():
        if given.get(name, known[0]) not in known:
            raise ValidationError(f"{name} must be one of {', '.join(known)}.")
    _check_healthy(given)
    _check_checkpoints(given)
    alarms = (given.get("AlarmSpecification") or {}).get("Alarms") or []
    if len(alarms) > MOST_ALARMS:
        raise ValidationError(f"You can specify up to {MOST_ALARMS} alarms.")
    backend = group.autoscaling_backend
    known_alarms = cloudwatch_backends[backend.account_id][backend.region_name].alarms
    for name in alarms:
        if name not in known_alarms:
            raise ValidationError(f"The CloudWatch alarm {name} does not exist.")
    usual = {**DEFAULTS, "MinHealthyPercentage": 90, "InstanceWarmup": int(warm_up(group))}
    policy = getattr(group, "instance_maintenance_policy", None) or {}
    if "MinHealthyPercentage" not in given and policy.get("MinHealthyPercentage", -1) >= 0:
        usual.update(policy)
    if given.get("CheckpointPercentages"):
        usual["CheckpointDelay"] = 3600
    return {**usual, **given}


def _check_healthy(given: dict[str, Any]) -> None:
    if "MaxHealthyPercentage" not in given:
        return
    if "MinHealthyPercentage" not in given:
        raise ValidationError(
            f"{INVALID}If you specify MaxHealthyPercentage, you must also specify "
            "MinHealthyPercentage."
        )
    if given["MaxHealthyPercentage"] - given["MinHealthyPercentage"] > 100:
        raise ValidationError(
            f"{INVALID}The difference between MinHealthyPercentage and MaxHealthyPercentage cannot "
            "be greater than 100."
        )


def _check_checkpoints(given: dict[str, Any]) -> None:
    steps = given.get("CheckpointPercentages")
    if not steps:
        if "CheckpointDelay" in given:
            raise ValidationError(
                f"{INVALID}If you specify CheckpointDelay, you must also specify "
                "CheckpointPercentages."
            )
        return
    if steps != sorted(set(steps)) or not 1 <= steps[0] <= steps[-1] <= 100:
        raise ValidationError(
            f"{INVALID}CheckpointPercentages must be unique, in ascending order and between 1 and "
            "100."
        )


def desired(group: Any, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The desired configuration; AWS's refusal of one that cannot be launched."""
    if not given:
        return None
    if ("LaunchTemplate" in given) == ("MixedInstancesPolicy" in given):
        raise ValidationError(
            f"{INVALID}If you specify a desired configuration, you must specify either a "
            "LaunchTemplate or a MixedInstancesPolicy."
        )
    check_policy(given.get("MixedInstancesPolicy"))
    check_launch(group, given)
    return given


def irreversible(group: Any, wanted: dict[str, Any] | None) -> str:
    """Why a refresh cannot be rolled back; empty if it can be."""
    if wanted is None:
        return "there is no desired configuration"
    now = source(group)
    mixed = now.get("MixedInstancesPolicy") or {}
    spec = now.get("LaunchTemplate") or (mixed.get("LaunchTemplate") or {}).get(
        "LaunchTemplateSpecification"
    )
    if not spec:
        return ""
    if str(spec.get("Version") or "$Default").startswith("$"):
        return "the Auto Scaling group uses the launch template's $Latest or $Default version"
    _, version = template_of(group, spec)
    if str(version.data.get("ImageId", "")).startswith("resolve:ssm:"):
        return "the launch template of the Auto Scaling group uses a Systems Manager parameter"
    return ""


def check_rollback(group: Any, wanted: dict[str, Any] | None) -> None:
    """Refuse AutoRollback where there is nothing to return to."""
    if wanted is None:
        raise ValidationError(
            f"{INVALID}The AutoRollback parameter cannot be set to true when the "
            "DesiredConfiguration parameter is empty. Set AutoRollback to false or specify a "
            "desired configuration and try again."
        )
    if why := irreversible(group, wanted):
        raise ValidationError(
            f"{INVALID}The AutoRollback parameter cannot be set to true when {why}."
        )


def shown(group: Any, refresh: Refresh) -> dict[str, Any]:
    """A refresh as DescribeInstanceRefreshes tells it."""
    told = {
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StatusReason": refresh.reason or None,
        "StartTime": refresh.start,
        "EndTime": refresh.end,
        "Preferences": refresh.preferences,
        "DesiredConfiguration": refresh.desired,
        "RollbackDetails": refresh.rollback,
        "Strategy": "Rolling",
        **progress(group, refresh),
    }
    return {name: value for name, value in told.items() if value is not None}


def running(group: Any) -> Refresh:
    """The refresh of a group that is going on."""
    refresh = active(group)
    if refresh is None:
        raise Refusal(
            "ActiveInstanceRefreshNotFound",
            f"No in progress or pending Instance Refresh found for Auto Scaling group {group.name}",
        )
    return refresh


def check_none(group: Any) -> None:
    """Refuse what cannot be done while a refresh is going on."""
    if active(group):
        raise Refusal(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance "
            "Refresh.",
        )


def starting(world: World) -> None:
    @add(AutoScalingResponse, "start_instance_refresh")
    def start(self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        check_alive(group)
        if (self._get_param("Strategy") or "Rolling") != "Rolling":
            raise NotImplementedError("the strategy ReplaceRootVolume of an instance refresh")
        wanted = desired(group, self._get_param("DesiredConfiguration"))
        prefer = preferences(group, dict(self._get_param("Preferences") or {}))
        if prefer["AutoRollback"]:
            check_rollback(group, wanted)
        check_none(group)
        refresh = Refresh(prefer, wanted, source(group), world.now())
        steps.start(world, group, refresh)
        return ActionResult({"InstanceRefreshId": refresh.id})

    @add(AutoScalingResponse, "describe_instance_refreshes")
    def describe(self: AutoScalingResponse) -> ActionResult:
        group, ids = group_of(self), self._get_param("InstanceRefreshIds")
        found = [
            shown(group, refresh)
            for refresh in reversed(fleet(group).refreshes)
            if not ids or refresh.id in ids
        ]
        some, token = page(self, found, 50)
        return ActionResult({"InstanceRefreshes": some, "NextToken": token})


def stopping(world: World) -> None:
    @add(AutoScalingResponse, "cancel_instance_refresh")
    def cancel(self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        refresh = running(group)
        wait = self._get_bool_param("WaitForTransitioningInstances", True)
        steps.cancel(world, group, refresh, bool(wait))
        return ActionResult({"InstanceRefreshId": refresh.id})

    @add(AutoScalingResponse, "rollback_instance_refresh")
    def rollback(self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        refresh = running(group)
        if refresh.status not in ("Pending", "InProgress", "Baking"):
            raise Refusal(
                "ActiveInstanceRefreshNotFound",
                f"The Instance Refresh {refresh.id} is {refresh.status} and cannot be rolled back.",
            )
        if why := irreversible(group, refresh.desired):
            raise Refusal(
                "IrreversibleInstanceRefresh", f"The instance refresh cannot be rolled back: {why}."
            )
        steps.undo(world, group, refresh, "Rollback started by a user request.")
        return ActionResult({"InstanceRefreshId": refresh.id})


def install(world: World) -> None:
    """Give the emulator instance refreshes."""
    starting(world)
    stopping(world)

    def blocked(name: str) -> None:
        @wrap(AutoScalingResponse, name)
        def call(original: Any, self: AutoScalingResponse) -> Any:
            check_none(group_of(self))
            return original()

    for name in ("attach_load_balancer_target_groups", "attach_load_balancers"):
        blocked(name)
