# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaling policies of Auto Scaling groups."""

from __future__ import annotations

import uuid
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult, EmptyResult

from sandbox.shims import Hook
from sandbox.shims.autoscaling import group_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "Two groups may have policies of the same name.",
    "A target tracking policy makes its two alarms and tells them; they go with it.",
    "ALBRequestCountPerTarget wants the label of a target group that is attached.",
    "A policy of an unknown group is refused, and so is deleting an unknown policy.",
)
HOOKS: tuple[Hook, ...] = (
    (AutoScalingBackend, "put_scaling_policy", ("name", "policy_type")),
    (AutoScalingBackend, "delete_policy", ("group_name",)),
    (AutoScalingResponse, "delete_policy", ()),
    (AutoScalingResponse, "put_scaling_policy", ()),
    (FakeScalingPolicy, "arn", ()),
)


def check_label(group: Any, policy: dict[str, Any]) -> None:
    """Refuse a label that names no target group of the group behind its load balancer."""
    spec = policy.get("PredefinedMetricSpecification") or {}
    if spec.get("PredefinedMetricType") != "ALBRequestCountPerTarget":
        return
    known = group.autoscaling_backend.elbv2_backend.target_groups
    labels = {
        f"{balancer.split(':loadbalancer/')[-1]}/{arn.split(':')[-1]}"
        for arn in group.target_group_arns
        if arn in known
        for balancer in known[arn].load_balancer_arns
    }
    if spec.get("ResourceLabel") not in labels:
        raise ValidationError(
            f"The load balancer target group in resource label {spec.get('ResourceLabel')} is not "
            "attached to the Auto Scaling group, or it has no load balancer."
        )


def make_alarms(policy: Any) -> list[dict[str, str]]:
    """The two alarms by which AWS runs a target tracking policy."""
    backend = policy.autoscaling_backend
    alarms = cloudwatch_backends[backend.account_id][backend.region_name]
    target = float(policy.target_tracking_configuration.TargetValue)
    made = []
    for kind, comparison, periods, threshold in (
        ("AlarmHigh", "GreaterThanThreshold", 3, target),
        ("AlarmLow", "LessThanThreshold", 15, target * 0.9),
    ):
        name = f"TargetTracking-{policy.auto_scaling_group_name}-{kind}-{uuid.uuid4()}"
        alarm = alarms.put_metric_alarm(
            name=name,
            namespace="AWS/EC2",
            metric_name="CPUUtilization",
            comparison_operator=comparison,
            evaluation_periods=periods,
            period=60,
            threshold=threshold,
            statistic="Average",
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
            dimensions=[{"Name": "AutoScalingGroupName", "Value": policy.auto_scaling_group_name}],
            alarm_actions=[policy.arn],
        )
        made.append({"AlarmName": name, "AlarmARN": alarm.alarm_arn})
    return made


def drop_alarms(policy: Any) -> None:
    backend = policy.autoscaling_backend
    alarms = cloudwatch_backends[backend.account_id][backend.region_name]
    for alarm in getattr(policy, "alarms", None) or ():
        alarms.alarms.pop(alarm["AlarmName"], None)


def install(world: World) -> None:
    """Change how the emulator keeps scaling policies."""

    @wrap(AutoScalingResponse, "put_scaling_policy")
    def put(original: Any, self: AutoScalingResponse) -> Any:
        group = group_of(self)
        check_label(group, self._get_param("TargetTrackingConfiguration") or {})
        original()
        policy: Any = self.autoscaling_backend.policies[
            f"{group.name}/{self._get_param('PolicyName')}"
        ]
        alarms = getattr(policy, "alarms", [])
        return ActionResult({"PolicyARN": policy.arn, "Alarms": alarms})

    @wrap(AutoScalingBackend, "put_scaling_policy")
    def store(original: Any, self: AutoScalingBackend, name: str, *args: Any, **kw: Any) -> Any:
        key = f"{kw['as_name']}/{name}"
        before = self.policies.get(key)
        policy: Any = original(name, *args, **kw)
        del self.policies[name]
        self.policies[key] = policy
        if before is not None:
            drop_alarms(before)
        if policy.target_tracking_configuration is not None:
            policy.alarms = make_alarms(policy)
        return policy

    @wrap(AutoScalingBackend, "delete_policy")
    def drop(_original: Any, self: AutoScalingBackend, key: str) -> None:
        policy = self.policies.pop(key, None)
        if policy is not None:
            drop_alarms(policy)

    @wrap(AutoScalingResponse, "delete_policy")
    def delete(_original: Any, self: AutoScalingResponse) -> EmptyResult:
        wanted, group = self._get_param("PolicyName"), self._get_param("AutoScalingGroupName")
        backend = self.autoscaling_backend
        for key, policy in list(backend.policies.items()):
            if wanted in (policy.arn, policy.name) and group in (
                None,
                policy.auto_scaling_group_name,
            ):
                backend.delete_policy(key)
                return EmptyResult()
        raise ValidationError(f"No scaling policy found with name {wanted}")
