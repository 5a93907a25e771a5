# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks, ports and attributes of target groups that AWS refuses."""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import ELBv2Backend
from moto.elbv2.responses import ELBV2Response

from sandbox.shims import Hook
from sandbox.shims._elbv2_rules import check_attributes, check_health_check, check_ranges
from sandbox.shims.elbv2_targets import ATTRIBUTES
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "A health check whose interval is not longer than its timeout, whose path does not begin with "
    "a slash, or whose numbers are out of their ranges is refused.",
    "A target group's port that there is not, and attributes that it does not have, are refused.",
)
HOOKS: tuple[Hook, ...] = (
    (ELBV2Response, "create_target_group", ()),
    (ELBV2Response, "modify_target_group", ()),
    (ELBv2Backend, "modify_target_group_attributes", ("target_group_arn", "attributes")),
)
# In seconds, where they are not said; as the emulator has them.
USUAL_INTERVAL, USUAL_TIMEOUT = 30, {"HTTP": 5, "HTTPS": 5}


def check(response: ELBV2Response, interval: Any, timeout: Any) -> None:
    """Refuse what a request says of a health check; `interval` and `timeout` if it does not."""
    check_ranges(response._get_param)
    check_health_check(
        int(response._get_param("HealthCheckIntervalSeconds") or interval),
        int(response._get_param("HealthCheckTimeoutSeconds") or timeout),
        response._get_param("HealthCheckPath"),
    )


def install(world: World) -> None:
    """Have the emulator refuse them."""

    @wrap(ELBV2Response, "create_target_group")
    def create(original: Any, self: ELBV2Response) -> Any:
        check(self, USUAL_INTERVAL, USUAL_TIMEOUT.get(str(self._get_param("Protocol")), 10))
        return original()

    @wrap(ELBV2Response, "modify_target_group")
    def modify(original: Any, self: ELBV2Response) -> Any:
        group: Any = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
        if group is not None:
            check(self, group.health_check_interval_seconds, group.health_check_timeout_seconds)
        return original()

    @wrap(ELBv2Backend, "modify_target_group_attributes")
    def attributes(
        original: Any, self: ELBv2Backend, target_group_arn: str, attributes: dict[str, Any]
    ) -> None:
        group: Any = self.target_groups.get(target_group_arn)
        if group is not None and group.protocol in ("HTTP", "HTTPS"):
            check_attributes(ATTRIBUTES, attributes)
        original(target_group_arn, attributes)
