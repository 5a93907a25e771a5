# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Traffic is moved by a figure: the alarm on it is what the health check of home's record follows.

Figure and alarm are at the recovery site, whichever way the environment moves.
"""

from __future__ import annotations

import datetime
from typing import Any

from ...aws.session import Aws
from ...tiers.alarms import SWITCH
from ..errors import OutOfOrder
from ..journal import Journal
from .stage import Evidence, Stage

HINT = (
    "look at the alarm's history (aws cloudwatch describe-alarm-history); run the same playbook "
    "again, and it writes the figure anew"
)
REPEATED = datetime.timedelta(minutes=15)  # in which it is looked for
OWN = datetime.timedelta(minutes=4)  # for which an operation may send it
AGAIN = 60  # a figure is told anew each so many looks, should one have been lost


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where there is no alarm, or where somebody repeats the figure that keeps
    traffic away from home while it is to move there.
    """
    _state(stage)
    if stage.scope.stands == "home" and (last := _repeated(stage)):
        raise OutOfOrder(
            f"somebody still sends the figure that keeps traffic away from home, the last time at "
            f"{last}: it would turn visitors back",
            "stop what repeats it (docs/traffic.md), and run the same playbook a quarter of an "
            "hour later",
        )


def look(stage: Stage) -> Evidence | None:
    """What shows that traffic is sent to the site already: the alarm alone does not. Route 53
    follows the figure by itself, and what came before its health check it has never seen.
    """
    state, sent = _state(stage), _sent(stage.journal)
    return {"alarm": _alarm(stage), "state": state} if sent and state == _wanted(stage)[0] else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where the alarm does not follow, and OutOfOrder where there is none."""
    looks, (wanted, figure) = 0, _wanted(stage)

    def missing() -> str:
        nonlocal looks
        if looks % AGAIN == 0:
            _put(stage, figure)
        looks += 1
        state = _state(stage)
        return "" if state == wanted else f"alarm {_alarm(stage)} is {state}"

    stage.wait("the switch", missing, HINT)
    told = f"cloudwatch PutMetricData {'/'.join(SWITCH)} {figure:.0f}"
    return {"alarm": _alarm(stage), "did": [told]}


def _sent(journal: Journal) -> bool:
    """Whether the operation has sent the figure, and nobody looked the name up in vain since."""
    in_vain = journal.attempts("names") > 0 and journal.done("names") is None
    return journal.done("switch") is not None and not in_vain


def _place(stage: Stage) -> Aws:
    """Clients of the recovery site."""
    return stage.here if stage.scope.stands == "recovery" else stage.there


def _wanted(stage: Stage) -> tuple[str, float]:
    """The state of the alarm that sends traffic to the site, and the figure that leads to it."""
    return ("ALARM", 1.0) if stage.scope.stands == "recovery" else ("OK", 0.0)


def _alarm(stage: Stage) -> str:
    return _place(stage).scope.name("switch")


def _put(stage: Stage, figure: float) -> None:
    namespace, name = SWITCH
    _place(stage).client("cloudwatch").put_metric_data(
        Namespace=namespace,
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "environment", "Value": stage.scope.environment}],
                "Value": figure,
            }
        ],
    )


def _repeated(stage: Stage) -> str:
    """When the figure came last, where it goes on coming: an operation sends it for some minutes at
    the most, until its alarm follows.
    """
    namespace, name = SWITCH
    now = datetime.datetime.now(datetime.UTC)
    points = (
        _place(stage)
        .client("cloudwatch")
        .get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": "environment", "Value": stage.scope.environment}],
            StartTime=now - REPEATED,
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    )
    times = sorted(point["Timestamp"] for point in points if point["Maximum"] >= 1.0)
    repeats = times and times[-1] - times[0] > OWN
    return str(times[-1].isoformat(timespec="seconds")) if repeats else ""


def _state(stage: Stage) -> str:
    name, place = _alarm(stage), _place(stage)
    found: list[dict[str, Any]] = place.client("cloudwatch").describe_alarms(AlarmNames=[name])[
        "MetricAlarms"
    ]
    if not found:
        raise OutOfOrder(
            f"there is no alarm {name}, by which traffic would be moved",
            f"playbook site with --limit {place.scope.site} makes it",
        )
    return str(found[0]["StateValue"])
