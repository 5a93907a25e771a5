# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance refresh: hosts of a group make way for those of another template version.

A group is not touched for it: what it launches is written by AWS once every host is replaced, and
until then there is something to go back to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..aws.view import View
from .autoscaling import SERVICE, template
from .mixed import launching

FORWARD = ("Pending", "InProgress", "Baking")
BACKWARD = ("Cancelling", "RollbackInProgress")
SURGE = 10
# Seconds in which an alarm can still ring once all hosts are replaced: it takes three minutes of
# errors, which CloudWatch shows a minute or two later.
BAKE = 300
GIVEN_UP = ("Cancelled", "Failed", "RollbackFailed", "RollbackSuccessful")


def newest(view: View, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The refresh of a group that began last; {} where it has no host that one could replace."""
    if not item["Instances"]:
        return {}
    name = item["AutoScalingGroupName"]
    answer = view.call(
        SERVICE, "describe_instance_refreshes", AutoScalingGroupName=name, MaxRecords=1
    )
    found = answer["InstanceRefreshes"] if answer else []
    return found[0] if found else {}


def launches(item: Mapping[str, Any], refresh: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template and version that a group is to launch: its own, or what a refresh brings."""
    return {**template(item), **template(comes(refresh))}


def comes(refresh: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a refresh that goes on will have a group launch; {} where there is none."""
    found: Mapping[str, Any] = refresh.get("DesiredConfiguration", {})
    return found if refresh.get("Status") in FORWARD else {}


def moves(refresh: Mapping[str, Any]) -> bool:
    """Whether hosts are being replaced, or put back."""
    return refresh.get("Status") in (*FORWARD, *BACKWARD)


def gave_up(refresh: Mapping[str, Any], version: str) -> bool:
    """Whether it did not bring this version of the template."""
    return refresh.get("Status") in GIVEN_UP and _desired(refresh).get("Version") == version


def told(refresh: Mapping[str, Any]) -> str:
    """How far it is, and why it did not get further, in AWS's words."""
    version = _desired(refresh).get("Version", "")
    what = f"instance refresh to version {version}" if version else "instance refresh"
    state = f"{what}: {refresh['Status']}"
    if moves(refresh) and "PercentageComplete" in refresh:
        state += f", {refresh['PercentageComplete']} %"
    undone = refresh.get("RollbackDetails", {}).get("RollbackReason", "")
    reason = refresh.get("StatusReason", "") or undone
    return f"{state}: {reason}" if reason else state


def begin(aws: Aws, name: str, spec: Mapping[str, Any], hosts: int, *, can_return: bool) -> None:
    """Begins to replace what is not of the version that a group's spec names.

    hosts: how many there are. can_return: whether AWS can put back what the group launches now.
    """
    version = spec["template_version"]
    alarms = _quiet(aws, spec["watched"])
    try:
        aws.once(SERVICE).start_instance_refresh(
            AutoScalingGroupName=name,
            Strategy="Rolling",
            DesiredConfiguration=launching(spec),
            Preferences={
                # A new host serves before an old one goes.
                "MinHealthyPercentage": 100,
                "MaxHealthyPercentage": 100 + surge(hosts),
                "SkipMatching": True,
                "AutoRollback": can_return,
                "ScaleInProtectedInstances": "Refresh",
                "StandbyInstances": "Terminate",
                "AlarmSpecification": {"Alarms": alarms},
                "BakeTime": BAKE if alarms else 0,
            },
        )
    except Exception as error:
        # An answer that was lost is asked for again.
        if meaning(error) is not Meaning.EXISTS or not _is_under_way(aws, name, version):
            raise


def surge(hosts: int) -> int:
    """How many more there are meanwhile, in percent: one, or one in ten where there are more.

    That is what the limits of connections to the database leave room for.
    """
    return max(SURGE, math.ceil(100 / hosts))


def _quiet(aws: Aws, names: Iterable[str]) -> list[str]:
    """Those alarms that do not ring yet: what rings already would stop even what is to mend it."""
    answer = aws.client("cloudwatch").describe_alarms(AlarmNames=list(names))
    found = answer["MetricAlarms"]
    return sorted(one["AlarmName"] for one in found if one["StateValue"] != "ALARM")


def turn_back(aws: Aws, name: str) -> None:
    """Puts back what a refresh has replaced so far."""
    aws.client(SERVICE).rollback_instance_refresh(AutoScalingGroupName=name)


def _is_under_way(aws: Aws, name: str, version: str) -> bool:
    answer = aws.client(SERVICE).describe_instance_refreshes(
        AutoScalingGroupName=name, MaxRecords=1
    )
    return any(
        moves(item) and _desired(item).get("Version") == version
        for item in answer["InstanceRefreshes"]
    )


def _desired(refresh: Mapping[str, Any]) -> Mapping[str, Any]:
    return template(refresh.get("DesiredConfiguration", {}))
