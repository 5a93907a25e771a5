# SPDX-License-Identifier: GPL-3.0-or-later
"""Which instance goes when a group has too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.shims._fleet_members import live, zones

Narrow = Callable[[list[Any], datetime], list[Any]]


def _born(member: Any) -> datetime:
    born: datetime = member.instance.launch_time
    return born.replace(tzinfo=None)


def _least(members: list[Any], key: Callable[[Any], Any]) -> list[Any]:
    least = min(map(key, members))
    return [member for member in members if key(member) == least]


def _oldest_template(members: list[Any], now: datetime) -> list[Any]:
    """Those of launch configurations first, then those of the oldest version of a template."""

    def age(member: Any) -> tuple[Any, ...]:
        told = member.launched
        return (told["LaunchTemplateId"], int(told["Version"])) if told else ()

    return _least(members, age)


def _next_hour(members: list[Any], now: datetime) -> list[Any]:
    return _least(members, lambda one: -((now - _born(one)).total_seconds() % 3600))


POLICIES: dict[str, tuple[Narrow, ...]] = {
    "Default": (_oldest_template, _next_hour),
    "OldestInstance": (lambda members, _: _least(members, _born),),
    "NewestInstance": (lambda members, now: _least(members, lambda one: now - _born(one)),),
    "OldestLaunchTemplate": (_oldest_template,),
    "OldestLaunchConfiguration": (
        lambda members, _: _least(members, lambda one: one.configuration is None),
    ),
    "ClosestToNextInstanceHour": (_next_hour,),
    "AllocationStrategy": (),
}


def victim(group: Any, now: datetime, stale: set[str] | None = None) -> Any:
    """The instance to terminate, None if all are protected.

    As AWS says: from the zone with the most instances, then by the group's termination policies.
    Instances in zones that the group has left, and those that are `stale`, go before all others.
    """
    free = [member for member in live(group) if not member.protected_from_scale_in]
    if not free:
        return None
    mine, full = zones(group), Counter(member.availability_zone for member in live(group))
    found = _least(free, lambda one: one.instance.id not in (stale or ()))
    found = _least(found, lambda one: one.availability_zone in mine)
    found = _least(found, lambda one: -full[one.availability_zone])
    for policy in group.termination_policies or ["Default"]:
        for narrow in POLICIES.get(policy, ()):
            found = narrow(found, now.replace(tzinfo=None))
    return found[0]
