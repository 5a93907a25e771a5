# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduled actions of Auto Scaling groups, by the clock of the schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    AutoScalingBackend,
    FailedScheduledUpdateGroupActionRequest,
)
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims import _fleet_activities as told
from sandbox.shims._fleet_members import alive, fleet, suspended
from sandbox.shims._fleet_schedule import ScheduledAction, following, moment, zone
from sandbox.shims.autoscaling import check_sizes, group_of
from sandbox.shims.autoscaling_activities import page
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Scheduled actions happen, once or by their recurrence in their time zone, and are listed "
    "until they are over.",
    "Two groups may have scheduled actions of the same name; wrong times, sizes, recurrences and "
    "zones are refused, and so are two actions of a group at the same time.",
)
HOOKS: tuple[Hook, ...] = (
    (
        AutoScalingBackend,
        "describe_scheduled_actions",
        ("autoscaling_group_name", "scheduled_action_names"),
    ),
    (FailedScheduledUpdateGroupActionRequest, "__init__", ()),
    *(
        (AutoScalingResponse, name, ())
        for name in (
            "put_scheduled_update_group_action",
            "batch_put_scheduled_update_group_action",
            "describe_scheduled_actions",
            "delete_scheduled_action",
            "batch_delete_scheduled_action",
        )
    ),
)
SIZES = {"MinSize": "min_size", "MaxSize": "max_size", "DesiredCapacity": "desired_capacity"}


class Schedules:
    """Keeps the scheduled actions of all groups."""

    def __init__(self, world: World) -> None:
        self._world = world

    def put(self, group: Any, asked: dict[str, Any]) -> None:
        """Make or replace a scheduled action; AWS's refusal if it cannot be."""
        clock, backend = self._world.clock, group.autoscaling_backend
        name = asked["ScheduledActionName"]
        self._check(group, asked)
        action = ScheduledAction(
            group.name,
            name,
            f"arn:aws:autoscaling:{group.region}:{group.account_id}:scheduledUpdateGroupAction:"
            f"{group._id}:autoScalingGroupName/{group.name}:scheduledActionName/{name}",
            asked.get("MinSize"),
            asked.get("MaxSize"),
            asked.get("DesiredCapacity"),
            moment(asked.get("StartTime") or asked.get("Time")),
            moment(asked.get("EndTime")),
            asked.get("Recurrence"),
            asked.get("TimeZone"),
        )
        start = action.due(clock.now())
        if start is None:
            raise ValidationError("The scheduled action would never happen.")
        for other in backend.scheduled_actions.values():
            same = other.auto_scaling_group_name == group.name
            if same and other.start_time == start and other.scheduled_action_name != name:
                raise Refusal(
                    "AlreadyExists",
                    f"A scheduled action of {group.name} at {start:%Y-%m-%dT%H:%M:%SZ} exists: "
                    f"{other.scheduled_action_name}",
                )
        self.drop(group, name)
        backend.scheduled_actions[f"{group.name}/{name}"] = action
        self._await(group, action, start)

    def _check(self, group: Any, asked: dict[str, Any]) -> None:
        now = self._world.clock.now()
        start, end = moment(asked.get("StartTime")), moment(asked.get("EndTime"))
        sizes = {key: asked[key] for key in SIZES if asked.get(key) is not None}
        if not sizes:
            raise ValidationError(
                "At least one of MinSize, MaxSize or DesiredCapacity must be specified."
            )
        if "MinSize" in sizes and "MaxSize" in sizes:
            check_sizes(sizes["MinSize"], sizes["MaxSize"], sizes.get("DesiredCapacity"))
        if start and start <= now:
            raise ValidationError("Given start time is in the past")
        if end and end <= now:
            raise ValidationError("Given end time is in the past")
        if start and end and end <= start:
            raise ValidationError("Given end time is before the start time")
        if asked.get("TimeZone"):
            zone(asked["TimeZone"])
        if not start and not asked.get("Recurrence"):
            raise ValidationError("Either StartTime or Recurrence must be specified.")
        if asked.get("Recurrence"):
            following(asked["Recurrence"], asked.get("TimeZone"), now)

    def drop(self, group: Any, name: str) -> bool:
        """Forget an action; whether there was one."""
        backend = group.autoscaling_backend
        action = backend.scheduled_actions.pop(f"{group.name}/{name}", None)
        if action is not None:
            action.cancel()
        return action is not None

    def _await(self, group: Any, action: ScheduledAction, start: datetime) -> None:
        action.start_time = start
        label = f"{group.name}: {action.scheduled_action_name}"
        action.cancel = self._world.clock.at(start, lambda: self._happen(group, action), label)

    def _happen(self, group: Any, action: ScheduledAction) -> None:
        key = f"{group.name}/{action.scheduled_action_name}"
        actions = group.autoscaling_backend.scheduled_actions
        if actions.get(key) is not action or not alive(group):
            return
        again = action.due(max(action.start_time, self._world.clock.now()))
        if again is None:
            del actions[key]
        else:
            self._await(group, action, again)
        if not suspended(group, "ScheduledActions"):
            resize(self._world, group, action)


def resize(world: World, group: Any, action: Any) -> None:
    """Give a group the sizes of a scheduled action. What cannot be is told as a failed activity."""
    now = {name: getattr(group, name) for name in SIZES.values()}
    new = {name: getattr(action, name) for name in SIZES.values()}
    sizes = {name: now[name] if new[name] is None else int(new[name]) for name in now}
    if new["desired_capacity"] is None:
        bounded = max(sizes["desired_capacity"], sizes["min_size"])
        sizes["desired_capacity"] = min(bounded, sizes["max_size"])
    words = {"min_size": "min size", "max_size": "max size", "desired_capacity": "desired capacity"}
    changes = [
        f"Setting {words[name]} from {now[name]} to {sizes[name]}"
        for name in words
        if sizes[name] != now[name]
    ]
    why = ". ".join([f"the scheduled action {action.scheduled_action_name} executed", *changes])
    try:
        check_sizes(sizes["min_size"], sizes["max_size"], sizes["desired_capacity"])
    except ValidationError as problem:
        failed = told.begin(world, group, "Executing scheduled action", told.said(world, why))
        told.fail(world, failed, str(problem.message))
        return
    for name, size in sizes.items():
        setattr(group, name, size)
    told.because(world, group, why)
    fleet(group).settle()


def putting(schedules: Schedules) -> None:
    @wrap(AutoScalingResponse, "put_scheduled_update_group_action")
    def put(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        schedules.put(group_of(self), dict(self._get_params()))
        return EmptyResult()

    def each(self: AutoScalingResponse, names: list[Any], act: Any) -> ActionResult:
        failed = []
        for one in names:
            name = one if isinstance(one, str) else one["ScheduledActionName"]
            try:
                act(one)
            except Refusal as problem:
                failed.append(
                    FailedScheduledUpdateGroupActionRequest(
                        scheduled_action_name=name,
                        error_code=problem.code,
                        error_message=problem.message,
                    )
                )
        return ActionResult(failed)

    @wrap(AutoScalingResponse, "batch_put_scheduled_update_group_action")
    def put_all(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        asked = self._get_param("ScheduledUpdateGroupActions") or []
        failed = each(self, asked, lambda one: schedules.put(group, dict(one)))
        return ActionResult({"FailedScheduledUpdateGroupActions": failed.result})

    def drop(group: Any, name: str) -> None:
        if not schedules.drop(group, name):
            raise ValidationError(f"Scheduled action name not found: {name}")

    @wrap(AutoScalingResponse, "delete_scheduled_action")
    def delete(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        drop(group_of(self), self._get_param("ScheduledActionName"))
        return EmptyResult()

    @wrap(AutoScalingResponse, "batch_delete_scheduled_action")
    def delete_all(_original: Any, self: AutoScalingResponse) -> ActionResult:
        group = group_of(self)
        names = self._get_param("ScheduledActionNames") or []
        failed = each(self, names, lambda name: drop(group, name))
        return ActionResult({"FailedScheduledActions": failed.result})


def install(world: World) -> None:
    """Change how the emulator keeps scheduled actions."""
    putting(Schedules(world))

    @wrap(AutoScalingResponse, "describe_scheduled_actions")
    def describe(_original: Any, self: AutoScalingResponse) -> ActionResult:
        names = self._get_param("ScheduledActionNames")
        known: Any = self.autoscaling_backend.describe_scheduled_actions(
            self._get_param("AutoScalingGroupName"), names
        )
        found = cast(list[ScheduledAction], known)
        if not names:
            least, most = moment(self._get_param("StartTime")), moment(self._get_param("EndTime"))
            found = [
                one
                for one in found
                if (not least or one.start_time >= least) and (not most or one.start_time <= most)
            ]
        shown, token = page(self, sorted(found, key=lambda one: one.start_time), 50)
        return ActionResult({"ScheduledUpdateGroupActions": shown, "NextToken": token})
