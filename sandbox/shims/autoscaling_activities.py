# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Auto Scaling group tells of itself: activities, metrics, versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError as Refusal
from moto.autoscaling.models import FakeAutoScalingGroup, autoscaling_backends
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims._fleet_members import fleet
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "DescribeScalingActivities, with its filters and pages; DisableMetricsCollection; all metrics "
    "where none is named.",
    "An instance tells the version of the launch template that it was launched from.",
)
HOOKS: tuple[Hook, ...] = (
    (FakeAutoScalingGroup, "enable_metrics_collection", ("metrics",)),
    (AutoScalingResponse, "describe_scaling_activities", ()),
)
METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)
KEPT = timedelta(weeks=6)


def page(
    response: AutoScalingResponse, found: list[Any], usual: int
) -> tuple[list[Any], str | None]:
    """The part of a list that a request asks for, and the token of the next."""
    token = response._get_param("NextToken")
    if token is not None and not str(token).isdigit():
        raise Refusal("InvalidNextToken", "The NextToken value is not valid.")
    start, size = int(token or 0), response._get_int_param("MaxRecords") or usual
    end = start + min(size, 100)
    return found[start:end], str(end) if end < len(found) else None


def chosen(activity: dict[str, Any], name: str, values: list[str]) -> bool:
    """Whether a filter of the API lets an activity through."""
    if name == "Status":
        return activity["StatusCode"] in values
    given = datetime.fromisoformat(values[0])
    bound = given if given.tzinfo else given.replace(tzinfo=UTC)
    if name == "StartTimeLowerBound":
        return bool(activity["StartTime"] >= bound)
    return bool(activity["StartTime"] <= bound)


def install(world: World) -> None:
    """Change what the emulator tells of groups."""

    @wrap(AutoScalingResponse, "describe_scaling_activities")
    def describe(_original: Any, self: AutoScalingResponse) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        backend = autoscaling_backends[self.current_account][self.region]
        groups = [group_of(self)] if name else list(backend.autoscaling_groups.values())
        wanted = self._get_param("ActivityIds")
        found = [
            activity
            for group in groups
            for activity in fleet(group).activities
            if (not wanted or activity["ActivityId"] in wanted)
            and world.now() - activity["StartTime"] < KEPT
            and all(
                chosen(activity, one["Name"], one["Values"])
                for one in self._get_param("Filters") or []
            )
        ]
        found.sort(key=lambda activity: activity["StartTime"])
        shown, token = page(self, found[::-1], 100)
        return ActionResult({"Activities": shown, "NextToken": token})

    @wrap(FakeAutoScalingGroup, "enable_metrics_collection")
    def enable(_original: Any, self: Any, metrics: list[str] | None) -> None:
        self.metrics = sorted({*self.metrics, *(metrics or METRICS)})

    @add(AutoScalingResponse, "disable_metrics_collection")
    def disable(self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        gone = self._get_param("Metrics") or group.metrics
        group.metrics = [metric for metric in group.metrics if metric not in gone]
        return EmptyResult()
