# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Auto Scaling group does by itself: whatever happens, it comes back to what is desired."""

from __future__ import annotations

from typing import Any

from sandbox.shims import _fleet_activities as told
from sandbox.shims import _fleet_health as health
from sandbox.shims import _fleet_refresh as refreshing
from sandbox.shims import _fleet_warm as warm
from sandbox.shims._fleet_choice import victim
from sandbox.shims._fleet_launch import launch
from sandbox.shims._fleet_members import (
    COMING,
    Fleet,
    alive,
    capacity,
    fleet,
    live,
    suspended,
)
from sandbox.shims._fleet_moves import draw, give_back, spare, terminate
from sandbox.shims._fleet_places import uneven
from sandbox.shims._fleet_refreshing import advance
from sandbox.shims._fleet_targets import doubtful
from sandbox.world import World

ROUNDS = 1000  # steps that a group can take at once


class Watch:
    """Looks after every group each half minute of AWS, for what happens without a request."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups: list[Any] = []
        world.on_reset(self._groups.clear)
        world.on_disturbance(self._disturbed)

    def adopt(self, group: Any) -> None:
        """Look after a group from now on, and have it keep itself as it should be."""

        def settle_this() -> None:
            settle(self._world, group)

        group.__dict__["fleet"] = Fleet(settle=settle_this)
        self._groups.append(group)
        if len(self._groups) == 1:
            self._again()

    def _disturbed(self) -> None:
        """What load balancers found in the dark does not count when it is light again."""
        for group in self._groups:
            state, dark = fleet(group), group.region in self._world.dark
            if state.dark and not dark:
                for member in live(group):
                    spare(self._world, group, member)
            state.dark = dark

    def _again(self) -> None:
        wait = max(self._world.scaled(health.NOTICED), 0.5)
        self._world.later(wait, self._look, "health checks of groups", listed=False)

    def _look(self) -> None:
        self._groups[:] = [group for group in self._groups if alive(group)]
        for group in list(self._groups):
            fleet(group).settle()
        if self._groups:
            self._again()


def settle(world: World, group: Any) -> None:
    """Do what is to be done next, until there is nothing more to do but wait."""
    state = fleet(group)
    if state.settling:
        state.again = True
        return
    state.settling = True
    try:
        for _ in range(ROUNDS):
            state.again = False
            # Where a region is dark, what keeps the groups is as dead as the rest.
            if not alive(group) or group.region in world.dark:
                return
            health.check(world, group)
            advance(world, group)
            scale(world, group)
            balance(world, group)
            warm.fill(world, group, refreshing.configuration(group))
            if not state.again:
                return
        raise RuntimeError(f"the group {group.name} does not come to rest")
    finally:
        state.settling = False


def scale(world: World, group: Any) -> None:
    """Launch or terminate until the group has as many instances as desired."""
    state = fleet(group)
    wanted = group.desired_capacity + refreshing.surplus(group) + int(state.balancing)
    before = capacity(live(group))
    if before < wanted and not suspended(group, "Launch"):
        _grow(world, group, before, wanted)
    if before > wanted and not suspended(group, "Terminate"):
        _shrink(world, group, before, wanted)
    if capacity(live(group)) == wanted:
        state.trigger = ""
        state.owed.clear()


def _grow(world: World, group: Any, before: int, wanted: int) -> None:
    refresh, state = refreshing.active(group), fleet(group)
    stale = refresh.old if refresh else set()
    while capacity(live(group)) < wanted:
        if state.owed:
            sentence = f"an instance was launched in response to {state.owed.pop(0)}"
            cause = told.said(world, sentence)
        elif refresh and not state.trigger:
            cause = told.said(world, f"an instance was launched in response to {told.REFRESH}")
        else:
            cause = told.difference(world, group, "started", before, wanted)
        rested = warm.ready(world, group, stale)
        if rested:
            draw(world, group, rested, cause)
        elif state.halted or not launch(world, group, refreshing.configuration(group), cause):
            return


def _shrink(world: World, group: Any, before: int, wanted: int) -> None:
    refresh = refreshing.active(group)
    stale = refresh.old if refresh else refreshing.vain(group)
    while True:
        member = victim(group, world.now(), stale)
        if member is None or capacity(live(group)) - member.units < wanted:
            return
        cause = told.difference(world, group, "taken out of service", before, wanted)
        selected = f"instance {member.instance.id} was selected for termination"
        cause = f"{cause}  {told.said(world, selected)}"
        if member.lifecycle_state == "InService" and warm.takes_back(group):
            give_back(world, group, member, cause)
        else:
            terminate(world, group, member, cause)


def balance(world: World, group: Any) -> None:
    """Launch in the emptiest zone what is too much in the fullest; that one goes afterwards."""
    state = fleet(group)
    coming = any(member.lifecycle_state in COMING for member in group.instance_states)
    if state.balancing and not coming and not any(doubtful(group, one) for one in live(group)):
        state.balancing, state.again = False, True
        return
    if (
        coming
        or state.halted
        or suspended(group, "AZRebalance", "Launch", "Terminate")
        or refreshing.active(group)
        or capacity(live(group)) != group.desired_capacity
    ):
        return
    off = uneven(group, world.dead_zones)
    if off is None:
        return
    fullest, emptiest = off
    free = [one for one in live(group) if one.availability_zone == fullest]
    if all(one.protected_from_scale_in for one in free):
        return
    sentence = (
        f"an instance was launched to balance instances in zones {emptiest} with other zones "
        "resulting in more than desired number of instances in the group"
    )
    state.balancing = True
    launched = launch(
        world, group, refreshing.configuration(group), told.said(world, sentence), zone=emptiest
    )
    if launched is None:
        state.balancing = False
