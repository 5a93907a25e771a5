# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scaling policy that keeps one metric at a target. Policies of others are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import autoscaling
from .base import Kind, have_for

TRACKING = "TargetTrackingScaling"


class ScalingPolicy(Kind):
    """spec: group (name), metric (a predefined metric's type), label (of the metric's resource, ""
    for none), target (float), scale_in (bool), enabled (bool). facts: id, arn, name.
    """

    name: ClassVar[str] = "scaling_policy"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"group"}), rank=60)
    services: ClassVar[tuple[str, ...]] = ("autoscaling",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        start = view.scope.name("")
        for group in autoscaling.groups(view):
            for item in autoscaling.policies(view, group["AutoScalingGroupName"]):
                name = item["PolicyName"]
                if name.startswith(start):
                    yield Have(self.name, name.removeprefix(start), _spec(item), _facts(item))

    def create(self, aws: Aws, want: Want) -> Have:
        name = aws.scope.name(want.id)
        return have_for(want, _facts({"PolicyName": name, **_put(aws, name, want.spec)}))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        _put(aws, have.facts["name"], want.spec)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("autoscaling").delete_policy(
            AutoScalingGroupName=have.spec["group"], PolicyName=have.facts["name"]
        )


def _put(aws: Aws, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Makes the policy, or makes it so: the same call does both."""
    metric = {"PredefinedMetricType": spec["metric"]}
    if spec["label"]:
        metric["ResourceLabel"] = spec["label"]
    answer: dict[str, Any] = aws.client("autoscaling").put_scaling_policy(
        AutoScalingGroupName=spec["group"],
        PolicyName=name,
        PolicyType=TRACKING,
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": metric,
            "TargetValue": spec["target"],
            "DisableScaleIn": not spec["scale_in"],
        },
        Enabled=spec["enabled"],
    )
    return answer


def _spec(item: Mapping[str, Any]) -> dict[str, Any]:
    config = item.get("TargetTrackingConfiguration", {})
    metric = config.get("PredefinedMetricSpecification", {})
    return {
        "group": item["AutoScalingGroupName"],
        "metric": metric.get("PredefinedMetricType"),
        "label": metric.get("ResourceLabel", ""),
        "target": config.get("TargetValue"),
        "scale_in": not config.get("DisableScaleIn", False),
        "enabled": item.get("Enabled", True),
    }


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": item["PolicyName"], "arn": item.get("PolicyARN", ""), "name": item["PolicyName"]}
