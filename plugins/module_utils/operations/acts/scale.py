# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The web tier comes to the size at which it ran: the traffic that moves was served by so many.

Each host of the site that serves has told the other region once a minute that it is there. The most
that were there at once within a day are asked for, within the declared bounds, and only once: from
then on the group scales by itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...aws.session import Aws
from ...aws.view import View
from ...kinds import autoscaling, serving
from ..errors import NotDone
from . import decide
from .stage import Evidence, Stage

HOSTS = "Hosts"
# Seconds after which fewer hosts than asked for will do, if they are as many as are declared at
# least: those that serve are better than none.
PATIENCE = 600.0
HINT = (
    "aws autoscaling describe-scaling-activities tells why there are no more. Where AWS has no "
    "capacity, declare web_tier_fallback_instance_types; then run the same playbook again"
)


def ran(aws: Aws) -> int | None:
    """The most hosts that were there in a minute of the last day; None where none has told."""
    return max((round(point["Sum"]) for point in decide.told(aws, HOSTS, "Sum")), default=None)


def sized(stage: Stage, told: Mapping[str, Any]) -> Evidence:
    """What the tier's task has told, with how many hosts ran where the environment comes from (None
    where that is not known), are declared, were asked for and are in service. The group has its
    declared bounds by now.

    Raises NotDone where there are fewer than declared when the task's time is over.
    """
    group, known = _group(stage), ran(stage.here)
    least, most = int(group["MinSize"]), int(group["MaxSize"])
    asked = max(least, min(known or 0, most))
    did = list(told.get("did", ()))
    if group["DesiredCapacity"] < asked:
        name = group["AutoScalingGroupName"]
        stage.here.client("autoscaling").set_desired_capacity(
            AutoScalingGroupName=name, DesiredCapacity=asked
        )
        did.append(f"autoscaling SetDesiredCapacity {name} {asked}")
    found, began, patience = 0, time.monotonic(), min(PATIENCE, 0.9 * stage.timeout)

    def missing() -> str:
        nonlocal found
        found = serving.healthy(View(stage.here), _group(stage))
        enough = asked if time.monotonic() - began < patience else least
        return "" if found >= enough else f"{found} of {enough} hosts healthy"

    stage.wait("the web tier", missing, HINT)
    figures = {"known": known, "least": least, "most": most, "asked": asked, "in_service": found}
    return {**told, **figures, "did": did}


def _group(stage: Stage) -> Mapping[str, Any]:
    name = stage.scope.name("web")
    for group in autoscaling.named(View(stage.here), name):
        return group
    raise NotDone(f"there is no group {name} in {stage.scope.region}", HINT)
