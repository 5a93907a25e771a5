# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of one instance of a group: it is launched, serves, rests in the warm pool, and goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG
from moto.core.exceptions import ServiceException

from sandbox.shims import _fleet_activities as told
from sandbox.shims import _fleet_hooks as hooks
from sandbox.shims._fleet_hosts import behind
from sandbox.shims._fleet_members import Member, fleet, suspended
from sandbox.shims._fleet_places import Launch, market, places, ways
from sandbox.shims._fleet_targets import deregister, register
from sandbox.world import World

PAUSE = 60.0  # AWS seconds after a launch that failed; doubled each time
LONGEST_PAUSE = 900.0


def launch(
    world: World,
    group: Any,
    configuration: dict[str, Any],
    cause: str,
    warm: bool = False,
    zone: str = "",
) -> Member | None:
    """Launch an instance where and how it can be; None, and a pause, if it can nowhere.

    zone: only there.
    """
    for place, subnet in places(group):
        if zone and place != zone:
            continue
        reasons = []
        for way in ways(group, configuration):
            try:
                instance = _run(group, way, market(group, configuration), place, subnet)
            except ServiceException as problem:
                reasons.append(f"{problem.code} - {problem.message}")
                continue
            fleet(group).failures = 0
            return _comes(world, group, instance, way, cause, warm)
        _failed(world, group, configuration, cause, reasons, place, subnet)
    _pause(world, group)
    return None


def _failed(
    world: World,
    group: Any,
    configuration: dict[str, Any],
    cause: str,
    reasons: list[str],
    place: str,
    subnet: str | None,
) -> None:
    if "MixedInstancesPolicy" in configuration:
        reason = f"Could not launch On-Demand Instances. {'; '.join(reasons)}"
    else:
        reason = reasons[-1].partition(" - ")[2]
    activity = told.begin(world, group, told.LAUNCH, cause, place, subnet)
    told.fail(world, activity, f"{reason} Launching EC2 instance failed.")


def _pause(world: World, group: Any) -> None:
    state = fleet(group)
    state.failures += 1
    state.halted = True

    def over() -> None:
        state.halted = False
        state.settle()

    wait = min(PAUSE * 2 ** (state.failures - 1), LONGEST_PAUSE)
    label = f"group {group.name} tries again to launch"
    world.later(world.scaled(wait) or 1.0, over, label, listed=False)


def _run(group: Any, way: Launch, bought: str, zone: str, subnet: str | None) -> Any:
    version = way.version
    config = None if version else group.launch_config
    data: Any = version or config
    own = version.instance_tags if version else {}
    run: Any = group.ec2_backend.run_instances
    spot = {"instance_market_options": {"MarketType": "spot"}} if bought == "spot" else {}
    reservation = run(
        data.image_id,
        1,
        data.user_data,
        data.security_groups,
        instance_type=way.instance_type,
        tags={"instance": {**own, **group.get_propagated_tags(), ASG_NAME_TAG: group.name}},
        placement=zone,
        region_name=group.region,
        launch_config=config,
        launch_template=(
            {"LaunchTemplateId": way.template.id, "Version": str(version.number)}
            if version
            else None
        ),
        is_instance_type_default=False,
        associate_public_ip=config.associate_public_ip_address if config else None,
        subnet_id=subnet,
        **spot,
    )
    return reservation.instances[0]


def _comes(world: World, group: Any, instance: Any, way: Launch, cause: str, warm: bool) -> Member:
    state = "Warmed:Pending" if warm else "Pending"
    member = Member(group, instance, state, way.launched, way.weight)
    (fleet(group).warm if warm else group.instance_states).append(member)
    what = f"{told.LAUNCH} into warm pool" if warm else told.LAUNCH
    activity = told.about(world, group, what, member, cause)
    after = settled_in if warm else in_service
    hosts, boot = behind(world), world.seconds("instance_running")
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
    member.graceful = member.warming = True
    told.end(world, activity)
    register(group)
    _for_a_while(world, group, member, "graceful", float(group.health_check_grace_period or 0))
    _for_a_while(world, group, member, "warming", warm_up(group))
    fleet(group).balancing = False
    fleet(group).settle()


def warm_up(group: Any) -> float:
    """AWS seconds that a member warms up."""
    for refresh in fleet(group).refreshes[-1:]:
        if refresh.is_active:
            return float(refresh.preferences["InstanceWarmup"])
    default = getattr(group, "default_instance_warmup", None)
    return float(group.health_check_grace_period or 0 if default in (None, -1) else default)


def _for_a_while(world: World, group: Any, member: Member, flag: str, seconds: float) -> None:
    def over() -> None:
        setattr(member, flag, False)
        fleet(group).settle()

    label = f"{member.instance.id} is no longer {flag}"
    world.later(world.scaled(seconds), over, label, listed=flag == "warming")


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
        behind(world).rests(member.instance, hibernates, wait, rests)


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
        behind(world).wakes(member.instance, world.seconds("instance_running"), runs)
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
        behind(world).goes(member.instance, 0.0, gone)

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
    world.later(world.scaled(drains), empty, f"{member.instance.id} has drained")


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


def may(group: Any, *processes: str) -> bool:
    """Whether none of these processes is suspended."""
    return not suspended(group, *processes)
