# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The service itself: nothing is made; the balancer is asked how many hosts answer well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.view import View
from ..engine import canon
from ..engine.model import Have, Want
from . import autoscaling
from .autoscaling_group import AutoscalingGroup
from .observed import Observed


class Serving(Observed):
    """spec: minimum (number of hosts that must be healthy). facts: id, healthy (number).

    Settled: every target group of the site's group has that many healthy targets.
    """

    name: ClassVar[str] = "serving"
    services: ClassVar[tuple[str, ...]] = ("autoscaling", "elbv2")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in wants:
            for item in autoscaling.groups(view):
                arns = item.get("TargetGroupARNs", [])
                if arns and view.scope.owns(canon.tags(item["Tags"]), AutoscalingGroup.name):
                    answering = healthy(view, item)
                    least = int(want.spec["minimum"])
                    yield Have(
                        self.name,
                        want.id,
                        {"minimum": least},
                        {"id": item["AutoScalingGroupName"], "healthy": answering},
                        settled=answering >= least,
                        status=f"{answering} of {least} hosts healthy",
                    )


def healthy(view: View, group: Mapping[str, Any]) -> int:
    """How many hosts of a group answer well behind the balancer: in all its target groups."""
    return min((_healthy(view, arn) for arn in group.get("TargetGroupARNs", ())), default=0)


def _healthy(view: View, arn: str) -> int:
    answer = view.call("elbv2", "describe_target_health", TargetGroupArn=arn)
    states = (
        [item["TargetHealth"]["State"] for item in answer["TargetHealthDescriptions"]]
        if answer
        else []
    )
    return states.count("healthy")
