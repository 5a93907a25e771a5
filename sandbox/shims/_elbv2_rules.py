# SPDX-License-Identifier: GPL-3.0-or-later
"""What target groups and the actions of listeners cannot be, and AWS's words for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.elbv2.exceptions import ActionTargetGroupNotFoundError
from moto.elbv2.exceptions import ELBClientError as Refusal

# Of the API reference of CreateTargetGroup.
RANGES = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
    "Port": (1, 65535),
}
MOST_GROUPS, MOST_WEIGHT = 5, 999  # of a forward action


def check_ranges(asked: Callable[[str], Any]) -> None:
    """Refuse a number out of its range. `asked`: a parameter of the request by its name."""
    for name, (least, most) in RANGES.items():
        value = asked(name)
        if value is not None and not least <= int(value) <= most:
            bound = f"greater than or equal to {least}"
            if int(value) > most:
                bound = f"less than or equal to {most}"
            raise Refusal(
                "ValidationError",
                f"1 validation error detected: Value '{value}' at '{name[0].lower()}{name[1:]}' "
                f"failed to satisfy constraint: Member must have value {bound}",
            )


def check_health_check(interval: int, timeout: int, path: str | None) -> None:
    """Refuse a health check that AWS does not make; `interval` and `timeout` in seconds."""
    if interval <= timeout:
        raise Refusal("ValidationError", "Health check interval must be greater than the timeout.")
    if path is not None and not path.startswith("/"):
        raise Refusal("ValidationError", f"Health check path '{path}' must begin with a '/'")


def check_attributes(known: Mapping[str, str], asked: Mapping[str, Any]) -> None:
    """Refuse an attribute that a target group does not have."""
    for key in asked:
        if key not in known:
            raise Refusal(
                "ValidationError", f"Target group attribute key '{key}' is not recognized"
            )


def check_forwards(backend: Any, actions: list[dict[str, Any]]) -> None:
    """Refuse to forward to what does not exist, to too many groups, or with a weight too large."""
    for action in actions:
        for arn in backend._get_target_group_arns_from(action_data=action):
            if arn not in backend.target_groups:
                raise ActionTargetGroupNotFoundError(arn)
        groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
        if len(groups) > MOST_GROUPS:
            raise Refusal(
                "ValidationError",
                f"A forward action can have up to {MOST_GROUPS} target groups, not {len(groups)}",
            )
        for group in groups:
            if not 0 <= int(group.get("Weight", 1)) <= MOST_WEIGHT:
                raise Refusal(
                    "ValidationError",
                    f"Target group weight '{group['Weight']}' must be between '0-{MOST_WEIGHT}' "
                    "inclusive",
                )
