# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one instance of a group: it comes, serves, rests in the warm pool, and goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.shims import _fleet_activities as told
from sandbox.shims import _fleet_hooks as hooks
from sandbox.shims._fleet_hosts import Hosts
from sandbox.shims._fleet_members import Member, fleet
from sandbox.shims._fleet_places import Launch
from sandbox.shims._fleet_targets import deregister, proof, register
from sandbox.world import World


def comes(world: World, group: Any, instance: Any, way: Launch, cause: str, warm: bool) -> Member:
    """An instance was launched: it is a member, and goes into service or into the warm pool."""
    state = "Warmed:Pending" if warm else "Pending"
    member = Member(group, instance, state, way.launched, way.weight)
    (fleet(group).warm if warm else group.instance_states).append(member)
    what = f"{told.LAUNCH} into warm pool" if warm else told.LAUNCH
    activity = told.about(world, group, what, member, cause)
    after = settled_in if warm else in_service
    hosts, boot = Hosts(world), world.seconds("instance_running")
    runs = _arrival(world, group, member, activity, after)
    hosts.comes(instance, boot, runs)
    return member


def _arrival(
    world: World,
    group: Any,
    member: Member,
    activity: dict[str, Any],
    after: Callable[[World, Any, Member, dict[str, Any]], None],
) -> Callable[[], None]:
    """What is done when the host runs: wait for the hooks, and for the rest of the time."""
    state = str(member.lifecycle_state)
    rest = max(0.0, world.seconds("asg_in_service") - world.seconds("instance_running"))

    def arrived() -> None:
        if str(member.lifecycle_state) in (state, f"{state}:Proceed"):
            after(world, group, member, activity)

    def decided(abandoned: hooks.LifecycleAction | None) -> None:
        if abandoned:
            abandon(world, group, member, activity, abandoned)
            return
        hooks.proceed(member)
        told.waits(activity, "InProgress", 60)
        world.later(rest, arrived, f"{member.instance.id} goes into service")

    def runs() -> None:
        if member.lifecycle_state != state:
            return
        if hooks.hold(world, group, member, hooks.LAUNCHING, decided):
            told.waits(activity, "MidLifecycleAction", 40)
        else:
            world.later(rest, arrived, f"{member.instance.id} goes into service")

    return runs


def abandon(
    world: World,
    group: Any,
    member: Member,
    activity: dict[str, Any],
    action: hooks.LifecycleAction,
) -> None:
    """A launch is given up because its hook says so."""
    reason = (
        "Instance failed to complete user's Lifecycle Action: Lifecycle Action with token "
        f"{action.token} was abandoned: Lifecycle Action Completed with ABANDON Result"
    )
    told.fail(world, activity, reason, "Cancelled")
    cause = told.said(
        world, "an instance was taken out of service in response to an abandoned lifecycle action"
    )
    terminate(world, group, member, cause, hooked=False)


def in_service(world: World, group: Any, member: Member, activity: dict[str, Any]) -> None:
    """A member begins to serve: it is registered, warms up, and has its grace period."""
    if member.instance.state != "running":
        # Terminated or stopped by somebody else on its way in: that is the health check's affair.
        told.fail(
            world, activity, "Instance became unhealthy while waiting for it to be in service."
        )
        member.lifecycle_state = "InService"
        fleet(group).settle()
        return
    member.lifecycle_state = "InService"
    told.end(world, activity)
    member.graceful += 1
    member.warming += 1
    register(group)

    def booted(took: float) -> None:
        fleet(group).boot = max(fleet(group).boot, took)
        spare(world, group, member)
        _for_a_while(world, group, member, "warming", world.scaled(warm_up(group)))
        member.graceful -= 1
        member.warming -= 1
        fleet(group).settle()

    Hosts(world).boots(member.instance, booted)
    fleet(group).settle()


def grace(world: World, group: Any) -> float:
    """Real seconds of a group's grace period; what is real has time enough to pass its checks."""
    given = world.scaled(float(group.health_check_grace_period or 0))
    return max(given, proof(world, group))


def spare(world: World, group: Any, member: Member) -> None:
    """Let the health checks of a member not count before the grace period is over."""
    _for_a_while(world, group, member, "graceful", grace(world, group))


def warm_up(group: Any) -> float:
    """AWS seconds that a member warms up."""
    for refresh in fleet(group).refreshes[-1:]:
        if refresh.is_active:
            return float(refresh.preferences["InstanceWarmup"])
    default = getattr(group, "default_instance_warmup", None)
    return float(group.health_check_grace_period or 0 if default in (None, -1) else default)


def _for_a_while(world: World, group: Any, member: Member, what: str, seconds: float) -> None:
    setattr(member, what, getattr(member, what) + 1)

    def over() -> None:
        setattr(member, what, getattr(member, what) - 1)
        fleet(group).settle()

    label = f"{member.instance.id} is no longer {what}"
    world.later(seconds, over, label, listed=what == "warming")


def settled_in(world: World, group: Any, member: Member, activity: dict[str, Any]) -> None:
    """A member of the warm pool is prepared: it stops, hibernates or goes on running."""
    pool = group.warm_pool
    resting = pool.pool_state if pool else "Stopped"

    def rests() -> None:
        if not str(member.lifecycle_state).startswith("Warmed:Pending"):
            return
        if resting != "Running":
            group.ec2_backend.stop_instances([member.instance.id])
        member.lifecycle_state = f"Warmed:{resting}"
        told.end(world, activity)
        fleet(group).settle()

    if resting == "Running":
        rests()
    else:
        hibernates = resting == "Hibernated"
        wait = world.seconds("instance_stopped")
        Hosts(world).rests(member.instance, hibernates, wait, rests)


def draw(world: World, group: Any, member: Member, cause: str) -> None:
    """Take a member out of the warm pool and into service."""
    state = fleet(group)
    slept = member.lifecycle_state != "Warmed:Running"
    state.warm.remove(member)
    group.instance_states.append(member)
    member.lifecycle_state = "Pending"
    member.protected_from_scale_in = bool(group.new_instances_protected_from_scale_in)
    activity = told.about(world, group, f"{told.LAUNCH} from warm pool", member, cause)

    runs = _arrival(world, group, member, activity, in_service)
    if slept:
        group.ec2_backend.start_instances([member.instance.id])
        Hosts(world).wakes(member.instance, world.seconds("instance_running"), runs)
    else:
        runs()


def terminate(
    world: World,
    group: Any,
    member: Member,
    cause: str,
    hooked: bool = True,
    at_once: bool = False,
) -> dict[str, Any]:
    """Have a member drain, wait for its hooks (if `hooked`) and go; returns the activity."""
    activity = told.about(world, group, told.TERMINATE, member, cause)

    def gone() -> None:
        if member.instance.state not in ("terminated", "shutting-down"):
            group.ec2_backend.terminate_instances([member.instance.id])
        forget(group, member)
        told.end(world, activity)
        fleet(group).settle()

    def goes(_: object = None) -> None:
        hooks.proceed(member)
        told.waits(activity, "InProgress", 80)
        Hosts(world).goes(member.instance, 0.0, gone)

    def empty() -> None:
        dead = member.instance.state in ("terminated", "shutting-down")
        if hooked and not dead and hooks.hold(world, group, member, hooks.TERMINATING, goes):
            told.waits(activity, "MidLifecycleAction", 60)
        else:
            goes()

    _leaves(world, group, member, activity, at_once, empty)
    return activity


def _leaves(
    world: World,
    group: Any,
    member: Member,
    activity: dict[str, Any],
    at_once: bool,
    empty: Callable[[], None],
) -> None:
    """Take a member out of service, and go on when no connection is open any more."""
    hooks.drop(member)
    member.lifecycle_state = "Warmed:Terminating" if member.is_warm else "Terminating"
    drains = deregister(group, member.instance.id)
    if at_once:
        drains = 0.0
    if drains:
        told.waits(activity, "WaitingForELBConnectionDraining", 50, f" - {told.DRAINING}")
    world.balancers.drain(world.scaled(drains), f"{member.instance.id} has drained", empty)


def give_back(world: World, group: Any, member: Member, cause: str) -> None:
    """Return a member to the warm pool instead of terminating it."""
    member.returning = True
    activity = told.about(world, group, "Returning EC2 instance to warm pool", member, cause)

    def back(_: object = None) -> None:
        if member not in group.instance_states:
            return
        group.instance_states.remove(member)
        member.returning, member.lifecycle_state = False, "Warmed:Pending"
        member.health_status = "Healthy"
        fleet(group).warm.append(member)
        settled_in(world, group, member, activity)

    def empty() -> None:
        if not hooks.hold(world, group, member, hooks.TERMINATING, back):
            back()

    _leaves(world, group, member, activity, False, empty)


def forget(group: Any, member: Member) -> None:
    """A member is none any more."""
    hooks.drop(member)
    for kept in (group.instance_states, fleet(group).warm):
        if member in kept:
            kept.remove(member)
