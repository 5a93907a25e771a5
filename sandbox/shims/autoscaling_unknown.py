# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests about Auto Scaling groups and policies that do not exist."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse

from sandbox.shims import Hook
from sandbox.shims.autoscaling import check_known, group_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A request about a group or a policy that does not exist is refused with ValidationError.",
)
NAMED = (
    "enable_metrics_collection",
    "attach_load_balancer_target_groups",
    "detach_load_balancer_target_groups",
    "describe_load_balancer_target_groups",
    "attach_load_balancers",
    "detach_load_balancers",
    "describe_load_balancers",
)
TAGGED = ("create_or_update_tags", "delete_tags")
HOOKS: tuple[Hook, ...] = tuple(
    (AutoScalingResponse, name, ()) for name in (*NAMED, *TAGGED, "execute_policy")
)


def install(world: World) -> None:
    """Have the emulator refuse them."""
    for name in NAMED:
        _named(name)
    for name in TAGGED:
        _tagged(name)
    _policies()


def _named(name: str) -> None:
    @wrap(AutoScalingResponse, name)
    def call(original: Any, self: AutoScalingResponse) -> Any:
        group_of(self)
        return original()


def _tagged(name: str) -> None:
    @wrap(AutoScalingResponse, name)
    def call(original: Any, self: AutoScalingResponse) -> Any:
        for tag in self._get_param("Tags") or []:
            check_known(self, tag.get("ResourceId"))
        return original()


def _policies() -> None:
    @wrap(AutoScalingResponse, "execute_policy")
    def execute(_original: Any, self: AutoScalingResponse) -> Any:
        group, wanted = self._get_param("AutoScalingGroupName"), self._get_param("PolicyName")
        if group is not None:
            check_known(self, group)
        policies = self.autoscaling_backend.policies.values()
        if not any(
            wanted in (one.name, one.arn) and group in (None, one.auto_scaling_group_name)
            for one in policies
        ):
            raise ValidationError(f"No scaling policy found with name {wanted}")
        raise NotImplementedError("scaling policies do not act")
