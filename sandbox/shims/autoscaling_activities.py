# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Auto Scaling group tells of itself: activities, metrics, versions."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState, autoscaling_backends
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook, _fleet
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "DescribeScalingActivities; DisableMetricsCollection; all metrics where none is named.",
    "An instance tells the version of the launch template that it was launched from.",
)
HOOKS: tuple[Hook, ...] = (
    (FakeAutoScalingGroup, "enable_metrics_collection", ("metrics",)),
    (InstanceState, "launch_template", ()),
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


def install(world: World) -> None:
    """Change what the emulator tells of groups."""

    @wrap(AutoScalingResponse, "describe_scaling_activities")
    def describe(_original: Any, self: AutoScalingResponse) -> ActionResult:
        name = self._get_param("AutoScalingGroupName")
        backend = autoscaling_backends[self.current_account][self.region]
        groups = [group_of(self)] if name else list(backend.autoscaling_groups.values())
        found = [activity for group in groups for activity in _fleet.activities(group)]
        return ActionResult({"Activities": found[::-1][:100]})

    @wrap(FakeAutoScalingGroup, "enable_metrics_collection")
    def enable(_original: Any, self: Any, metrics: list[str] | None) -> None:
        self.metrics = sorted({*self.metrics, *(metrics or METRICS)})

    @add(AutoScalingResponse, "disable_metrics_collection")
    def disable(self: AutoScalingResponse) -> EmptyResult:
        group = group_of(self)
        gone = self._get_param("Metrics") or group.metrics
        group.metrics = [metric for metric in group.metrics if metric not in gone]
        return EmptyResult()

    before = InstanceState.launch_template

    def launch_template(self: Any) -> dict[str, Any] | None:
        told: dict[str, Any] | None = before.__get__(self)
        version = getattr(self, "launched_version", None)
        return {**told, "Version": version} if told and version else told

    InstanceState.launch_template = property(launch_template)  # type: ignore[method-assign, assignment]
