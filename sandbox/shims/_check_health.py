# SPDX-License-Identifier: GPL-3.0-or-later
"""What a health check of Route 53 says at this moment."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from sandbox.alarms.evaluation import OK, UNKNOWN, state
from sandbox.health.endpoint import Endpoint
from sandbox.health.verdict import Report
from sandbox.shims._alarm_data import copied_points
from sandbox.world import World

_WITHOUT_ENDPOINT = ("CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL")


def alarm_of(backend: Any, identifier: Any) -> Any:
    """The alarm that a check watches, or None."""
    alarms = cloudwatch_backends[backend.account_id][identifier["Region"]].alarms
    return alarms.get(identifier["Name"])


def healthy(world: World, backend: Any, check: Any) -> bool:
    """Whether Route 53 considers a check healthy.

    An endpoint that is not real is taken to answer. A check that is disabled is always healthy,
    and like all others unhealthy then if it is inverted.
    """
    if not check.disabled and check.type_ == "CLOUDWATCH_METRIC":
        return _by_alarm(world, backend, check)
    sound = True
    if check.disabled:
        pass
    elif check.type_ == "CALCULATED":
        sound = _by_children(world, backend, check)
    elif endpoint(check):
        sound = world.prober.verdict(check.id).healthy
    return sound != bool(check.inverted)


def _by_children(world: World, backend: Any, check: Any) -> bool:
    children = [backend.health_checks.get(name) for name in check.children or ()]
    sound = sum(child is not None and healthy(world, backend, child) for child in children)
    needed = len(children) if check.health_threshold is None else int(check.health_threshold)
    return sound >= needed


def _by_alarm(world: World, backend: Any, check: Any) -> bool:
    """By the data of the metric and the check's copy of the alarm's settings.

    "Because Route 53 health checks monitor CloudWatch data streams instead of the state of
    CloudWatch alarms, you can't force the status of a health check to change by using the
    CloudWatch SetAlarmState API operation", says Route 53's guide.
    """
    region = check.alarm_identifier["Region"]
    told: str | None = UNKNOWN
    if region not in world.dark:
        metrics = cloudwatch_backends[backend.account_id][region]
        condition = check.alarm_condition
        copied = check.cloud_watch_alarm_configuration
        told = state(copied_points(world, metrics, copied, condition.range), condition)
    unknown = getattr(check, "insufficient_data_health_status", None) or "LastKnownStatus"
    if told is None or (told == UNKNOWN and unknown == "LastKnownStatus"):
        # A new check is healthy, and an old one stays as it was.
        return bool(getattr(check, "last_known", True))
    if told == UNKNOWN:
        return bool(unknown == "Healthy")
    check.last_known = (told == OK) != bool(check.inverted)
    return bool(check.last_known)


def endpoint(check: Any) -> Endpoint | None:
    """What a check asks for an answer; None: it looks at something else."""
    if check.type_ in _WITHOUT_ENDPOINT:
        return None
    return Endpoint(
        kind=check.type_,
        address=check.ip_address or "",
        host=check.fqdn or "",
        port=int(check.port),
        path=check.resource_path or "/",
        search=check.search_string or "",
        sni=bool(check.enable_sni),
        interval=float(check.request_interval),
        threshold=int(check.failure_threshold),
    )


def report(world: World, backend: Any, check: Any) -> Report:
    """What was told last of a check."""
    last = world.prober.verdict(check.id).last if endpoint(check) else None
    if last is not None and not check.disabled:
        return last
    word = "Success" if healthy(world, backend, check) else "Failure"
    return Report(f"{word}: as told by the sandbox", world.now())


def subject(check: Any) -> str:
    """What a check looks at, for people."""
    found = endpoint(check)
    if found:
        path = "" if found.protocol == "TCP" else found.path
        return f"{found.protocol.lower()}://{found.host or found.address}:{found.port}{path}"
    if check.type_ == "CALCULATED":
        return f"{check.health_threshold} of {len(check.children or ())} health checks"
    if check.type_ == "CLOUDWATCH_METRIC":
        return "alarm {Name} in {Region}".format(**check.alarm_identifier)
    return str(check.type_)
