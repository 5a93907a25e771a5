# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Traffic is moved by a figure: the alarm on it is what the health check of home's record follows.

The alarm is at the recovery site, and so is this act where an environment is moved there.
"""

from __future__ import annotations

from typing import Any

from ...tiers.alarms import SWITCH
from ..errors import OutOfOrder
from .stage import Evidence, Stage

HINT = (
    "look at the alarm's history (aws cloudwatch describe-alarm-history); run the same playbook "
    "again, and it writes the figure anew"
)
AGAIN = 60  # a figure is told anew each so many looks, should one have been lost


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where there is no alarm."""
    _state(stage)


def look(stage: Stage) -> Evidence | None:
    """What shows that traffic is sent away from home already."""
    state = _state(stage)
    return {"alarm": stage.scope.name("switch"), "state": state} if state == "ALARM" else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where the alarm does not follow, and OutOfOrder where there is none."""
    looks = 0

    def missing() -> str:
        nonlocal looks
        if looks % AGAIN == 0:
            _put(stage)
        looks += 1
        state = _state(stage)
        return "" if state == "ALARM" else f"alarm {stage.scope.name('switch')} is {state}"

    stage.wait("the switch", missing, HINT)
    name = "/".join(SWITCH)
    return {"alarm": stage.scope.name("switch"), "did": [f"cloudwatch PutMetricData {name} 1"]}


def _put(stage: Stage) -> None:
    namespace, name = SWITCH
    stage.here.client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "environment", "Value": stage.scope.environment}],
                "Value": 1.0,
            }
        ],
    )


def _state(stage: Stage) -> str:
    name = stage.scope.name("switch")
    found: list[dict[str, Any]] = stage.here.client("cloudwatch").describe_alarms(
        AlarmNames=[name]
    )["MetricAlarms"]
    if not found:
        raise OutOfOrder(
            f"there is no alarm {name}, by which traffic would be moved",
            f"playbook site with --limit {stage.scope.site} makes it",
        )
    return str(found[0]["StateValue"])
