# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance refresh of group `web`, and how far it is."""

from __future__ import annotations

from typing import Any

from tests.sandbox.shims.web_group import GROUP, make, numbered

BEGIN = 10  # seconds until a refresh begins at speed 1
HOUR = 3600
TWO = {"DesiredConfiguration": {"LaunchTemplate": numbered(2)}}


def refreshed(cloud: Any, size: int = 3, wanted: Any = TWO, **prefer: Any) -> Any:
    """The group on version 1, with a refresh to version 2 that has just begun; and a client."""
    make(cloud, versions=3, LaunchTemplate=numbered(1), DesiredCapacity=size)
    cloud.slow()
    asg = cloud.client("autoscaling")
    begin(cloud, asg, wanted, **prefer)
    return asg


def begin(cloud: Any, asg: Any, wanted: Any = TWO, **prefer: Any) -> None:
    asg.start_instance_refresh(**GROUP, **wanted, Preferences=prefer)
    cloud.advance(BEGIN)


def refresh(cloud: Any) -> dict[str, Any]:
    found = cloud.client("autoscaling").describe_instance_refreshes(**GROUP)["InstanceRefreshes"]
    return dict(found[0])


def progress(cloud: Any) -> tuple[str, int, int]:
    told = refresh(cloud)
    return told["Status"], told["PercentageComplete"], told["InstancesToUpdate"]
