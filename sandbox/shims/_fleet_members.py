# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of an Auto Scaling group and of its instances beyond what the emulator keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import InstanceState

if TYPE_CHECKING:
    from sandbox.shims._fleet_hooks import LifecycleAction
    from sandbox.shims._fleet_refresh import Refresh

COMING = ("Pending", "Pending:Wait", "Pending:Proceed")
SERVING = (*COMING, "InService")
RESTING = ("Warmed:Stopped", "Warmed:Running", "Warmed:Hibernated")
LEAVING = ("Terminating", "Warmed:Terminating", "Detaching")


class Member(InstanceState):
    """An instance of a group: in it, on its way into it or out of it, or in its warm pool.

    launched: what it was launched from: LaunchTemplateId, LaunchTemplateName and Version (a
    number) of a template, or nothing.
    spec: the same as it was asked for, with the overrides' type where there are some.
    """

    def __init__(
        self,
        group: Any,
        instance: Any,
        lifecycle_state: str,
        launched: dict[str, str] | None = None,
        weight: int | None = None,
    ) -> None:
        instance.autoscaling_group = group
        super().__init__(
            instance,
            lifecycle_state=lifecycle_state,
            protected_from_scale_in=bool(group.new_instances_protected_from_scale_in),
            autoscaling_group=group,
        )
        self.launched = launched
        self.configuration = group.launch_configuration_name if group.launch_config else None
        self.units = weight or 1
        self.weighted_capacity = str(weight) if weight else None
        # Reasons why it is not warmed up yet, and why its health checks do not count yet.
        self.warming = 0
        self.graceful = 0
        self.returning = False  # on its way back to the warm pool
        self.actions: list[LifecycleAction] = []

    @property
    def launch_template(self) -> dict[str, str] | None:
        return self.launched

    @property
    def launch_configuration_name(self) -> str | None:
        return self.configuration

    @property
    def is_warm(self) -> bool:
        return str(self.lifecycle_state).startswith("Warmed:")

    @property
    def is_leaving(self) -> bool:
        return str(self.lifecycle_state).startswith(LEAVING)

    @property
    def is_ready(self) -> bool:
        """In service, healthy and warmed up."""
        state = (self.lifecycle_state, self.health_status)
        return state == ("InService", "Healthy") and not self.warming


@dataclass
class Fleet:
    """What a group does and remembers. `settle` has it do what is to be done next."""

    settle: Callable[[], None]
    warm: list[Member] = field(default_factory=list)
    activities: list[dict[str, Any]] = field(default_factory=list)
    refreshes: list[Refresh] = field(default_factory=list)
    trigger: str = ""  # why the desired capacity is what it is, as activities say it
    owed: list[str] = field(default_factory=list)  # causes of the launches that replace something
    balancing: bool = False  # one more than desired is launched in an emptier zone
    boot: float = 0.0  # real seconds that the longest boot of a host took
    dark: bool = False  # its region is dark
    failures: int = 0  # launches that failed one after the other
    halted: bool = False  # no launch is tried before a pause is over
    settling: bool = False
    again: bool = False


def fleet(group: Any) -> Fleet:
    """What is known of a group; made when it is made."""
    found: Fleet = group.__dict__["fleet"]
    return found


def suspended(group: Any, *processes: str) -> bool:
    """Whether one of these processes is suspended."""
    return any(one["ProcessName"] in processes for one in group.suspended_processes)


def alive(group: Any) -> bool:
    """Whether a group still exists and is not being deleted."""
    known = group.autoscaling_backend.autoscaling_groups.get(group.name) is group
    return known and not getattr(group, "status", None)


def live(group: Any) -> list[Any]:
    """The members that count as capacity."""
    return [member for member in group.instance_states if member.lifecycle_state in SERVING]


def capacity(members: list[Any]) -> int:
    """The units that members contribute."""
    return sum(member.units for member in members)


def members(group: Any) -> list[Any]:
    """All members, those of the warm pool last."""
    return [*group.instance_states, *fleet(group).warm]


def find(backend: Any, instance_id: str) -> tuple[Any, Any] | None:
    """The group and the member of an instance of a region."""
    for group in backend.autoscaling_groups.values():
        for member in members(group):
            if member.instance.id == instance_id:
                return group, member
    return None


def zones(group: Any) -> dict[str, str | None]:
    """The zones of a group, and a subnet in each (None where it names zones only)."""
    if not group.vpc_zone_identifier:
        return dict.fromkeys(group.availability_zones)
    ids = [one.strip() for one in group.vpc_zone_identifier.split(",")]
    found = group.ec2_backend.describe_subnets(subnet_ids=ids)
    ordered = sorted(found, key=lambda subnet: ids.index(subnet.id))
    return {subnet.availability_zone: subnet.id for subnet in reversed(ordered)}
