# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of an Auto Scaling group, suspended and resumed."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup
from moto.autoscaling.responses import AutoScalingResponse

from sandbox.shims import Hook
from sandbox.shims._fleet_members import fleet
from sandbox.shims._fleet_targets import register
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Suspended processes do not happen, and go on when they are resumed: Launch, Terminate, "
    "AddToLoadBalancer, HealthCheck, ReplaceUnhealthy, AZRebalance, InstanceRefresh, "
    "ScheduledActions.",
    "A suspended process tells since when it is; an unknown process is refused.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "suspend_processes", ("group_name", "scaling_processes")),
    (AutoScalingBackend, "resume_processes", ("group_name", "scaling_processes")),
    (FakeAutoScalingGroup, "suspended_processes", ()),
    (AutoScalingResponse, "suspend_processes", ()),
    (AutoScalingResponse, "resume_processes", ()),
)
PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)


def checked(response: AutoScalingResponse) -> Any:
    """Refuse an unknown group or process."""
    group = group_of(response)
    for name in response._get_param("ScalingProcesses") or []:
        if name not in PROCESSES:
            raise ValidationError(
                f"{name} is not a valid process type. Valid types are: {', '.join(PROCESSES)}"
            )
    return group


def install(world: World) -> None:
    """Change how the emulator keeps processes."""

    def told(self: Any) -> list[dict[str, str]]:
        since: dict[str, str] = self.__dict__.get("suspended_since", {})
        return [
            {"ProcessName": name, "SuspensionReason": since.get(name, "")}
            for name in PROCESSES
            if name in self._suspended_processes
        ]

    def keep(self: Any, names: list[str]) -> None:
        since = self.__dict__.setdefault("suspended_since", {})
        for name in names:
            since.setdefault(name, f"User suspended at {world.now():%Y-%m-%dT%H:%M:%SZ}")
        for name in set(since) - set(names):
            del since[name]
        self._suspended_processes = names

    FakeAutoScalingGroup.suspended_processes = property(told, keep)  # type: ignore[assignment]

    @wrap(AutoScalingResponse, "suspend_processes")
    def suspend(original: Any, self: AutoScalingResponse) -> Any:
        checked(self)
        return original()

    @wrap(AutoScalingResponse, "resume_processes")
    def resume(original: Any, self: AutoScalingResponse) -> Any:
        group = checked(self)
        answer = original()
        register(group)
        fleet(group).settle()
        return answer
