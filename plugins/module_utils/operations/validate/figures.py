# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read of figures, images and alarms, one question each."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ...aws.view import View
from ...converge.catalog import KINDS
from ...engine.model import Want
from ...kinds import autoscaling, refreshing
from ...kinds.launch_data import version_of
from ..journal import now

LOOKED_BACK = datetime.timedelta(minutes=15)
PERIOD = 60
Told = Mapping[str, Any]


def lag(view: View) -> dict[str, Any] | None:
    """seconds that the copy is behind, and when (at) it was; None where nothing is told."""
    end = now()
    points = view.aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="ReplicaLag",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": view.scope.database}],
        StartTime=end - LOOKED_BACK,
        EndTime=end,
        Period=PERIOD,
        Statistics=["Maximum"],
    )["Datapoints"]
    if not points:
        return None
    newest = max(points, key=lambda point: point["Timestamp"])
    return {"seconds": float(newest["Maximum"]), "at": newest["Timestamp"]}


def launched_image(view: View) -> dict[str, str] | None:
    """id, release, created and state of what the site's group launches; None without a group.

    Of an image that is not ours only what the template names.
    """
    groups = [g for g in autoscaling.groups(view) if autoscaling.template(g)]
    if not groups:
        return None
    chosen = refreshing.launches(groups[0], refreshing.newest(view, groups[0]))
    id = str(version_of(view, chosen).get("ImageId", ""))
    images = KINDS["image"].find(view, [Want("image", "any")])
    for have in images:
        if have.facts["id"] == id:
            facts = have.facts
            state = "available" if have.settled else have.status
            return {
                "id": id,
                "release": facts["release"],
                "created": facts["created"],
                "state": state,
            }
    return {"id": id, "release": "", "created": "", "state": ""}


def alarm(view: View, name: str) -> Told | None:
    answer = view.call("cloudwatch", "describe_alarms", AlarmNames=[name])
    found: list[Told] = answer["MetricAlarms"] if answer else []
    return found[0] if found else None
