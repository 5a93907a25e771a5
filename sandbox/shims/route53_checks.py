# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of Route 53."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.route53.exceptions import InvalidInput, NoSuchHealthCheck
from moto.route53.exceptions import Route53ClientError as Refusal
from moto.route53.models import HealthCheck, Route53Backend
from moto.route53.responses import Route53

from sandbox.shims import Hook, _check_health, _check_rules
from sandbox.shims._alarm_data import condition_of
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateHealthCheck with a CallerReference used before returns the same one or is refused.",
    "A check of an alarm keeps its alarm, which must exist, and tells the copy of its settings "
    "that it took when it was last given the alarm.",
    "Of alarms only those are taken that Route 53 can follow: one metric, a plain statistic, and "
    "periods of a minute or more.",
    "HealthCheckVersion counts updates, and a stale one is refused.",
    "UpdateHealthCheck leaves alone what it does not name, and honours ResetElements.",
    "What AWS refuses about a new check is refused: private addresses, and calculated children.",
    "HTTPS checks have port 443 and SNI unless told otherwise.",
    "DeleteHealthCheck of an unknown check is refused; its tags go with it.",
    "ListHealthChecks has pages.",
)
HOOKS: tuple[Hook, ...] = (
    (HealthCheck, "health_check_config", ()),
    (Route53Backend, "delete_health_check", ("health_check_id",)),
    (Route53, "create_health_check", ()),
    (Route53, "update_health_check", ()),
    (Route53, "list_health_checks", ()),
)
# Fields of endpoints that a check of something else does not have.
OF_ENDPOINTS = ("IPAddress", "Port", "RequestInterval", "FailureThreshold", "MeasureLatency")
RESET = {
    "FullyQualifiedDomainName": "fqdn",
    "ResourcePath": "resource_path",
    "Regions": "regions",
    "ChildHealthChecks": "children",
}


def watch(backend: Any, check: Any, identifier: Any) -> None:
    """Have a check watch an alarm; Route 53 copies its settings, and never looks at them again."""
    alarm = _check_health.alarm_of(backend, identifier)
    if alarm is None:
        raise InvalidInput(
            f"The CloudWatch alarm {identifier['Name']} in {identifier['Region']} was not found."
        )
    _check_rules.check_alarm(alarm)
    check.alarm_identifier = dict(identifier)
    check.alarm_condition = condition_of(alarm)
    check.cloud_watch_alarm_configuration = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "Period": alarm.period,
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "Statistic": alarm.statistic,
        "Dimensions": [{"Name": d.name, "Value": d.value} for d in alarm.dimensions or ()],
    }


def creation() -> None:
    @wrap(Route53, "create_health_check")
    def create_health_check(original: Any, self: Any) -> Any:
        config = copy.deepcopy(dict(self._get_param("HealthCheckConfig")))
        reference = self._get_param("CallerReference")
        used = self.backend.__dict__.setdefault("check_references", {})
        if reference in used:
            check_id, asked = used[reference]
            if check_id in self.backend.health_checks and asked == config:
                return ActionResult({"HealthCheck": self.backend.health_checks[check_id]})
            raise Refusal(
                "HealthCheckAlreadyExists",
                f"A health check with the caller reference {reference} already exists.",
            )
        _check_rules.check(self.backend, config)
        answer: Any = original()
        check = answer.result["HealthCheck"]
        try:
            complete(self.backend, check, config)
        except Refusal:
            del self.backend.health_checks[check.id]
            raise
        used[reference] = (check.id, config)
        return answer


def complete(backend: Any, check: Any, config: dict[str, Any]) -> None:
    if check.type_ == "CLOUDWATCH_METRIC":
        if not config.get("AlarmIdentifier"):
            raise InvalidInput("A CLOUDWATCH_METRIC health check needs an AlarmIdentifier.")
        watch(backend, check, config["AlarmIdentifier"])
    check.insufficient_data_health_status = config.get("InsufficientDataHealthStatus")
    check.routing_control_arn = config.get("RoutingControlArn")
    if check.type_.startswith("HTTPS"):
        check.port = config.get("Port") or 443
        check.enable_sni = config.get("EnableSNI", True)


def changes() -> None:
    @wrap(Route53, "update_health_check")
    def update_health_check(original: Any, self: Any) -> Any:
        check: Any = self.backend.get_health_check(self._get_param("HealthCheckId"))
        version = self._get_param("HealthCheckVersion")
        if version is not None and int(version) != check.health_check_version:
            raise Refusal(
                "HealthCheckVersionMismatch",
                f"The version {version} is not the current one, {check.health_check_version}.",
            )
        alarm = self._get_param("AlarmIdentifier")
        if alarm:
            watch(self.backend, check, alarm)
        _check_rules.check_address(self._get_param("IPAddress"))
        _check_rules.check_children(self.backend, self._get_param("ChildHealthChecks"))
        kept = {"children": check.children, "regions": check.regions}
        answer = original()
        for name, parameter in (("children", "ChildHealthChecks"), ("regions", "Regions")):
            if not self._get_param(parameter):
                setattr(check, name, kept[name])
        for element in self._get_param("ResetElements") or ():
            setattr(check, RESET[element], None)
        status = self._get_param("InsufficientDataHealthStatus")
        check.insufficient_data_health_status = status or getattr(
            check, "insufficient_data_health_status", None
        )
        check.health_check_version += 1
        return answer

    @wrap(Route53Backend, "delete_health_check")
    def delete_health_check(original: Any, self: Any, health_check_id: str) -> None:
        if health_check_id not in self.health_checks:
            raise NoSuchHealthCheck(health_check_id)
        self.resource_tags.pop(health_check_id, None)
        original(health_check_id)


def listing() -> None:
    @wrap(Route53, "list_health_checks")
    def list_health_checks(original: Any, self: Any) -> ActionResult:
        found = list(original().result["HealthChecks"])
        start = int(self._get_param("Marker") or 0)
        end = start + int(self._get_param("MaxItems") or 100)
        more = end < len(found)
        answer = {
            "HealthChecks": found[start:end],
            "Marker": self._get_param("Marker") or "",
            "IsTruncated": more,
            "MaxItems": str(end - start),
        }
        if more:
            answer["NextMarker"] = str(end)
        return ActionResult(answer)

    before: Any = HealthCheck.health_check_config

    def health_check_config(self: Any) -> dict[str, Any]:
        config: dict[str, Any] = before.fget(self)
        for field, attribute in (
            ("AlarmIdentifier", "alarm_identifier"),
            ("InsufficientDataHealthStatus", "insufficient_data_health_status"),
            ("RoutingControlArn", "routing_control_arn"),
        ):
            config[field] = getattr(self, attribute, None)
        if self.type_ in ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL", "CALCULATED"):
            for field in (*OF_ENDPOINTS, "EnableSNI"):
                config.pop(field, None)
        return config

    HealthCheck.health_check_config = property(  # type: ignore[method-assign,assignment]
        health_check_config
    )


def install(world: World) -> None:
    """Change how the emulator keeps health checks."""
    creation()
    changes()
    listing()
