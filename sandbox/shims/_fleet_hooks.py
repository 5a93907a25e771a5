# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifecycle hooks: an instance waits until somebody says how it goes on, or time is up."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.shims._fleet_members import LEAVING, Member
from sandbox.world import Cancel, World

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"
TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING"
CONTINUE, ABANDON = "CONTINUE", "ABANDON"
LONGEST = 172800  # AWS seconds that an instance can wait at most


@dataclass
class LifecycleAction:
    """An instance that waits for one hook. `ended` is called once, with the result."""

    hook: Any
    ended: Callable[[LifecycleAction, str], object]
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: str = ""
    cancel: list[Cancel] = field(default_factory=list)  # of the heartbeat, then of the whole wait

    def end(self, result: str) -> None:
        """The action is completed, by whoever is the first to do so."""
        if not self.result:
            self.result = result
            for cancel in self.cancel:
                cancel()
            self.ended(self, result)


def _patience(world: World, seconds: float) -> float:
    """Real seconds of a wait that somebody is expected to end, also where all else is at once."""
    return world.scaled(seconds) or seconds


def beat(world: World, action: LifecycleAction) -> None:
    """Let the heartbeat timeout of an action begin anew."""
    for cancel in action.cancel[:1]:
        cancel()
    wait = _patience(world, float(action.hook.heartbeat_timeout))
    label = f"lifecycle hook {action.hook.name}"
    timeout = world.later(wait, lambda: action.end(action.hook.default_result), label)
    action.cancel[:1] = [timeout]


def hold(
    world: World,
    group: Any,
    member: Member,
    transition: str,
    then: Callable[[LifecycleAction | None], object],
) -> bool:
    """Have an instance wait for the hooks of a transition; False if there are none.

    `then` is called once: with None when all said CONTINUE, with the action as soon as one said
    ABANDON, after which the others are not waited for.
    """
    backend = group.autoscaling_backend
    hooks = [
        hook
        for hook in backend.describe_lifecycle_hooks(group.name)
        if hook.lifecycle_transition == transition
    ]

    def ended(action: LifecycleAction, result: str) -> None:
        if action not in member.actions:
            return
        member.actions.remove(action)
        if result == ABANDON:
            rest, member.actions = member.actions, []
            for other in rest:
                other.end(ABANDON)
            then(action)
        elif not member.actions:
            then(None)

    if not hooks:
        return False
    member.lifecycle_state = f"{member.lifecycle_state}:Wait"
    member.actions = [LifecycleAction(hook, ended) for hook in hooks]
    for action in member.actions:
        beat(world, action)
        whole = _patience(world, float(action.hook.global_timeout))
        end = _default(action)
        action.cancel.append(world.later(whole, end, f"lifecycle hook {action.hook.name}", False))
    return True


def _default(action: LifecycleAction) -> Callable[[], None]:
    return lambda: action.end(action.hook.default_result)


def drop(member: Member) -> None:
    """Nobody waits for this instance's hooks any more."""
    actions, member.actions = member.actions, []
    for action in actions:
        action.end(ABANDON)


def proceed(member: Member) -> None:
    """The wait is over."""
    member.lifecycle_state = str(member.lifecycle_state).replace(":Wait", ":Proceed")


def withdraw(group_members: list[Any], hook: Any) -> None:
    """A hook was deleted: what waits for it ends, abandoned if it was on its way in."""
    for member in group_members:
        for action in list(member.actions):
            if action.hook is hook:
                leaving = str(member.lifecycle_state).startswith(LEAVING)
                action.end(CONTINUE if leaving else ABANDON)
