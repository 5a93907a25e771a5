# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle hooks of Auto Scaling groups."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, LifecycleHook
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims._fleet_hooks import (
    ABANDON,
    CONTINUE,
    LAUNCHING,
    LONGEST,
    TERMINATING,
    LifecycleAction,
    beat,
    withdraw,
)
from sandbox.shims._fleet_members import members
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "Instances wait for lifecycle hooks, also on their way into and out of the warm pool, until "
    "CompleteLifecycleAction, or until the heartbeat times out and the default result holds.",
    "RecordLifecycleActionHeartbeat, CompleteLifecycleAction, DescribeLifecycleHookTypes.",
    "A hook put again keeps what is not said; limits and unknown names are refused.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "create_lifecycle_hook", ("name", "as_name", "transition", "timeout")),
    (AutoScalingBackend, "describe_lifecycle_hooks", ("as_name", "lifecycle_hook_names")),
    (LifecycleHook, "__init__", ("name", "as_name", "transition", "timeout", "result")),
    (AutoScalingResponse, "put_lifecycle_hook", ()),
    (AutoScalingResponse, "delete_lifecycle_hook", ()),
    (AutoScalingResponse, "describe_lifecycle_hooks", ()),
)
MOST = 50  # hooks of a group
# Parameters that the emulator ignores, and the attribute that its answers read.
IGNORED = {
    "RoleARN": "role_arn",
    "NotificationTargetARN": "notification_target_arn",
    "NotificationMetadata": "notification_metadata",
}


def checked(response: AutoScalingResponse, before: Any) -> dict[str, Any]:
    """The settings of a hook that is put, with those that it had; AWS's refusal of wrong ones."""
    transition = response._get_param("LifecycleTransition")
    timeout = response._get_int_param("HeartbeatTimeout")
    result = response._get_param("DefaultResult")
    if transition is None and before is None:
        raise ValidationError("LifecycleTransition is required for a new lifecycle hook.")
    if transition not in (None, LAUNCHING, TERMINATING):
        raise ValidationError(f"Invalid Lifecycle Transition: {transition}")
    if timeout is not None and not 30 <= timeout <= 7200:
        raise ValidationError("HeartbeatTimeout must be between 30 and 7200 seconds.")
    if result not in (None, CONTINUE, ABANDON):
        raise ValidationError(f"Invalid Lifecycle Action Result: {result}")
    kept = before or LifecycleHook("", "", None, None, None)
    return {
        "transition": transition or kept.lifecycle_transition,
        "timeout": timeout or kept.heartbeat_timeout,
        "result": result or kept.default_result,
    }


def action_of(response: AutoScalingResponse) -> LifecycleAction:
    """The lifecycle action that a request names by its token or its instance."""
    group = group_of(response)
    name = response._get_param("LifecycleHookName")
    token, instance = response._get_param("LifecycleActionToken"), response._get_param("InstanceId")
    for member in members(group):
        actions: list[LifecycleAction] = member.actions
        for action in actions:
            if action.hook.name == name and (
                action.token == token if token else member.instance.id == instance
            ):
                return action
    told = f"token {token}" if token else f"instance ID {instance}"
    raise ValidationError(f"No active Lifecycle Action found with {told}")


def putting() -> None:
    @wrap(AutoScalingResponse, "put_lifecycle_hook")
    def put(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        group, name = group_of(self), self._get_param("LifecycleHookName")
        backend = self.autoscaling_backend
        known = {hook.name: hook for hook in backend.describe_lifecycle_hooks(group.name)}
        before = known.get(name)
        settings = checked(self, before)
        if before is None and len(known) >= MOST:
            raise Refusal("LimitExceeded", f"You cannot have more than {MOST} lifecycle hooks.")
        hook: Any = before or backend.create_lifecycle_hook(name, group.name, **settings)
        hook.lifecycle_transition = settings["transition"]
        hook.heartbeat_timeout = settings["timeout"]
        hook.default_result = settings["result"]
        hook.global_timeout = min(LONGEST, 100 * settings["timeout"])
        for parameter, attribute in IGNORED.items():
            value = self._get_param(parameter)
            if value is not None or before is None:
                setattr(hook, attribute, value or None)
        return EmptyResult()

    @wrap(AutoScalingResponse, "describe_lifecycle_hooks")
    def describe(original: Any, self: AutoScalingResponse) -> Any:
        group_of(self)
        return original()

    @wrap(AutoScalingResponse, "delete_lifecycle_hook")
    def delete(original: Any, self: AutoScalingResponse) -> Any:
        group, name = group_of(self), self._get_param("LifecycleHookName")
        found = self.autoscaling_backend.describe_lifecycle_hooks(group.name, [name])
        if not found:
            raise ValidationError(f"No Lifecycle Hook found with name {name}")
        answer = original()
        withdraw(members(group), found[0])
        return answer

    @add(AutoScalingResponse, "describe_lifecycle_hook_types")
    def types(self: AutoScalingResponse) -> ActionResult:
        return ActionResult({"LifecycleHookTypes": [LAUNCHING, TERMINATING]})


def install(world: World) -> None:
    """Change how the emulator keeps lifecycle hooks."""
    putting()

    @add(AutoScalingResponse, "complete_lifecycle_action")
    def complete(self: AutoScalingResponse) -> EmptyResult:
        result = self._get_param("LifecycleActionResult")
        if result not in (CONTINUE, ABANDON):
            raise ValidationError(f"Invalid Lifecycle Action Result: {result}")
        action_of(self).end(result)
        return EmptyResult()

    @add(AutoScalingResponse, "record_lifecycle_action_heartbeat")
    def record(self: AutoScalingResponse) -> EmptyResult:
        beat(world, action_of(self))
        return EmptyResult()
