# SPDX-License-Identifier: GPL-3.0-or-later
"""What Route 53 measures of its health checks, as metrics."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.route53.models import Route53Backend, route53_backends

from sandbox.shims import Hook, _check_health
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "AWS/Route53 in us-east-1 has the HealthCheckStatus of each check, every minute.",
    "A check of an alarm sees data when it comes, whether anybody asks for its status or not.",
)
HOOKS: tuple[Hook, ...] = (
    (CloudWatchBackend, "put_metric_data", ("namespace", "metric_data")),
    (Route53Backend, "create_health_check", ("caller_reference", "health_check_args")),
)
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
REGION, NAMESPACE, MINUTE = "us-east-1", "AWS/Route53", 60.0


def measure(world: World) -> None:
    """Put the present status of all checks among the metrics."""
    for account, partitions in list(route53_backends.items()):
        data = [
            datum
            for backend in list(partitions.values())
            for check in backend.health_checks.values()
            for datum in measured(check, _check_health.healthy(world, backend, check))
        ]
        if data and REGION not in world.dark:
            cloudwatch_backends[account][REGION].put_metric_data(NAMESPACE, data)


def measured(check: Any, healthy: bool) -> list[dict[str, Any]]:
    """The data of one check; a disabled one has none."""
    if check.disabled:
        return []
    about: dict[str, Any] = {"Dimensions": [{"Name": "HealthCheckId", "Value": check.id}]}
    found = [{"MetricName": "HealthCheckStatus", "Value": float(healthy), "Unit": "None"}]
    if _check_health.endpoint(check):
        # One checker stands for all, so all of them say the same.
        share = 100.0 * float(healthy != bool(check.inverted))
        name = "HealthCheckPercentageHealthy"
        found.append({"MetricName": name, "Value": share, "Unit": "Percent"})
    return [{**datum, **about} for datum in found]


def look(world: World) -> None:
    """Have every check of an alarm notice what it would say now."""
    for partitions in list(route53_backends.values()):
        for backend in list(partitions.values()):
            for check in backend.health_checks.values():
                if check.type_ == "CLOUDWATCH_METRIC":
                    _check_health.healthy(world, backend, check)


def install(world: World) -> None:
    """Measure health checks, and have them see what is measured."""
    ticking = world.ticking(MINUTE, lambda: measure(world))

    @wrap(Route53Backend, "create_health_check")
    def create_health_check(original: Any, _self: Any, *args: Any, **kwargs: Any) -> Any:
        ticking.start("health check metrics")
        return original(*args, **kwargs)

    @wrap(CloudWatchBackend, "put_metric_data")
    def put_metric_data(
        original: Any, _self: Any, namespace: str, metric_data: list[dict[str, Any]]
    ) -> None:
        original(namespace, metric_data)
        if namespace != NAMESPACE:
            look(world)
