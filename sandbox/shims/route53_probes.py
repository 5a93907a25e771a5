# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks are run, and what the checkers saw is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.core.responses import ActionResult
from moto.route53 import urls
from moto.route53.exceptions import InvalidInput
from moto.route53.models import Route53Backend
from moto.route53.responses import Route53

from sandbox.health.verdict import Report
from sandbox.shims import Hook, _check_health
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "A check of an endpoint asks it, at its interval, and turns after as many answers as it says.",
    "A disabled check is healthy, a calculated one counts its children, and all can be inverted.",
    "A check of an alarm follows the data of its metric, also inverted, and not SetAlarmState.",
    "GetHealthCheckStatus tells what the checkers of each region saw, not of calculated checks.",
    "GetHealthCheckLastFailureReason tells the last failure of an endpoint.",
)
HOOKS: tuple[Hook, ...] = (
    (Route53Backend, "delete_health_check", ("health_check_id",)),
    (Route53, "create_health_check", ()),
    (Route53, "update_health_check", ()),
    (Route53, "get_health_check_status", ()),
    (Route53, "dispatch", ()),
)
# One address of each region's checkers, out of https://ip-ranges.amazonaws.com/ip-ranges.json.
CHECKERS = {
    "us-east-1": "54.243.31.192",
    "us-west-1": "54.183.255.128",
    "us-west-2": "54.244.52.192",
    "eu-west-1": "54.228.16.0",
    "ap-southeast-1": "54.251.31.128",
    "ap-southeast-2": "54.252.79.128",
    "ap-northeast-1": "54.248.220.0",
    "sa-east-1": "54.232.40.64",
}
_PATH = r"{0}/(?P<api_version>[\d_-]+)/healthcheck/(?P<health_check_id>[^/]+)/lastfailurereason$"


def observations(regions: Iterable[str] | None, report: Report) -> ActionResult:
    """The same report by the checkers of all regions."""
    return ActionResult(
        {
            "HealthCheckObservations": [
                {
                    "Region": region,
                    "IPAddress": CHECKERS[region],
                    "StatusReport": {"Status": report.text, "CheckedTime": report.time},
                }
                for region in regions or CHECKERS
                if region in CHECKERS
            ]
        }
    )


def follow(world: World, check: Any) -> None:
    """Have the prober ask what a check asks by now."""
    endpoint = _check_health.endpoint(check)
    if endpoint and not check.disabled:
        world.prober.watch(check.id, endpoint)
    else:
        world.prober.pause(check.id)


def running(world: World) -> None:
    for name in ("create_health_check", "update_health_check"):

        @wrap(Route53, name)
        def change(original: Any, self: Any) -> Any:
            answer: Any = original()
            follow(world, answer.result["HealthCheck"])
            return answer

    @wrap(Route53Backend, "delete_health_check")
    def delete_health_check(original: Any, _self: Any, health_check_id: str) -> None:
        original(health_check_id)
        world.prober.forget(health_check_id)


def asked_for(response: Any) -> Any:
    """The check that a request names, if something can be told of its kind."""
    check = response.backend.get_health_check(response._get_param("HealthCheckId"))
    if check.type_ == "CALCULATED":
        raise InvalidInput(f"The health check {check.id} is a calculated one.")
    return check


def telling(world: World) -> None:
    urls.url_paths[_PATH] = Route53.dispatch

    @wrap(Route53, "get_health_check_status")
    def get_health_check_status(_original: Any, self: Any) -> ActionResult:
        check = asked_for(self)
        return observations(check.regions, _check_health.report(world, self.backend, check))

    @add(Route53, "get_health_check_last_failure_reason")
    def get_health_check_last_failure_reason(self: Any) -> ActionResult:
        check = asked_for(self)
        report = world.prober.verdict(check.id).last_failure
        if report is None:
            return ActionResult({"HealthCheckObservations": []})
        return observations(check.regions, report)


def install(world: World) -> None:
    """Change how the emulator runs health checks and tells of them."""
    running(world)
    telling(world)
