# SPDX-License-Identifier: GPL-3.0-or-later
"""The activities of an Auto Scaling group, in AWS's words where a record of them is public."""

from __future__ import annotations

import json
import uuid
from typing import Any

from sandbox.shims._fleet_members import fleet
from sandbox.world import World

LAUNCH = "Launching a new EC2 instance"
TERMINATE = "Terminating EC2 instance"
DRAINING = "Waiting For ELB Connection Draining."
GONE = "an EC2 health check indicating it has been terminated or stopped"
BALANCER = "an ELB system health check failure"
USER_CHECK = "a user health-check"
REFRESH = "an instance refresh"
UNHEALTHY = "an unhealthy instance needing to be replaced"


def said(world: World, *sentences: str) -> str:
    """A cause: each sentence with the time before it."""
    return "  ".join(f"At {world.now():%Y-%m-%dT%H:%M:%SZ} {sentence}." for sentence in sentences)


def begin(
    world: World, group: Any, description: str, cause: str, zone: str = "", subnet: str | None = ""
) -> dict[str, Any]:
    """Begin an activity. The group remembers the newest last."""
    place = {"Subnet ID": subnet} if subnet else {}
    activity = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Description": description,
        "Cause": cause[:1023],
        "StartTime": world.now(),
        "StatusCode": "InProgress",
        "Progress": 50,
        "Details": json.dumps({**place, "Availability Zone": zone} if zone else {}),
    }
    fleet(group).activities.append(activity)
    return activity


def about(world: World, group: Any, what: str, member: Any, cause: str) -> dict[str, Any]:
    """Begin an activity with one instance."""
    instance = member.instance
    place = (member.availability_zone, instance.subnet_id)
    return begin(world, group, f"{what}: {instance.id}", cause, *place)


def waits(activity: dict[str, Any], status: str, progress: int, more: str = "") -> None:
    """An activity waits for something."""
    activity.update(StatusCode=status, Progress=progress)
    activity["Description"] = activity["Description"].partition(" - ")[0] + more


def end(world: World, activity: dict[str, Any]) -> None:
    """An activity succeeded."""
    waits(activity, "Successful", 100)
    activity["EndTime"] = world.now()


def fail(world: World, activity: dict[str, Any], reason: str, status: str = "Failed") -> None:
    """An activity failed, or was cancelled (`status`)."""
    waits(activity, status, 100, f".  Status Reason: {reason}")
    activity.update(EndTime=world.now(), StatusMessage=reason[:255])


def because(world: World, group: Any, why: str, before: int | None = None) -> None:
    """Remember why the desired capacity is what it is, until it is reached.

    before: what it was, where that is to be told.
    """
    change = "" if before is None else f" changing the desired capacity from {before} to "
    change += "" if before is None else str(group.desired_capacity)
    state = fleet(group)
    state.trigger = said(world, why + change)
    state.halted, state.failures = False, 0


def difference(world: World, group: Any, verb: str, before: int, after: int) -> str:
    """The cause of a launch or a termination that the desired capacity asks for."""
    how = "increasing" if after > before else "shrinking"
    sentence = (
        f"an instance was {verb} in response to a difference between desired and actual capacity, "
        f"{how} the capacity from {before} to {after}"
    )
    trigger = fleet(group).trigger
    return f"{trigger}  {said(world, sentence)}" if trigger else said(world, sentence)
