# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health check of Route 53: of an endpoint, or of an alarm in any region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import NotYet
from ..aws.session import Aws
from ..aws.view import View
from ..engine.diff import same
from ..engine.model import Change, Have, Rules, Want
from . import alarm_metrics, route53
from .base import Kind, changed, have_for

RESOURCE = "healthcheck"
ALARM = "CLOUDWATCH_METRIC"
# Spec key -> name in the configuration, for what is one value there and here.
COMMON = {"type": "Type", "inverted": "Inverted", "disabled": "Disabled"}
ENDPOINT = {
    "host": "FullyQualifiedDomainName",
    "port": "Port",
    "path": "ResourcePath",
    "request_interval": "RequestInterval",
    "failure_threshold": "FailureThreshold",
    "server_name": "EnableSNI",
    "measure_latency": "MeasureLatency",
}
OF_ALARM = {"missing": "InsufficientDataHealthStatus"}
OF_COPY = {
    "evaluations": "EvaluationPeriods",
    "threshold": "Threshold",
    "comparison": "ComparisonOperator",
}
FIXED = frozenset({"type", "request_interval", "measure_latency"})


class HealthCheck(Kind):
    """spec: type ("HTTPS" or "CLOUDWATCH_METRIC"), inverted, disabled (bool), tags; of an endpoint
    host, port, path, request_interval (10 or 30 s), failure_threshold, server_name (bool, SNI),
    measure_latency (bool); of an alarm `alarm` {region, name}, missing ("LastKnownStatus", …), and
    copy {metric, evaluations, threshold, comparison}, what Route 53 took of the alarm's settings
    when the check was last written: it does not follow them. facts: id, arn.
    """

    name: ClassVar[str] = "health_check"
    rules: ClassVar[Rules] = Rules(replace=FIXED, rank=30)
    services: ClassVar[tuple[str, ...]] = ("route53", "resourcegroupstaggingapi")

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        listed = view.pages("route53", "list_health_checks", "HealthChecks")
        found = list(route53.ours(view.scope, self.name, listed))
        tags = route53.tags_by_id(view, RESOURCE, [str(i["Id"]) for _id, i in found], wants)
        for id, item in found:
            spec = {**_spec(item), "tags": tags.get(item["Id"], {})}
            yield Have(self.name, id, spec, _facts(view.scope.partition, item["Id"]))

    def create(self, aws: Aws, want: Want) -> Have:
        config = _config(want.spec, want.spec.keys())

        def make(reference: str) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = aws.once("route53").create_health_check(
                CallerReference=reference, HealthCheckConfig=config
            )
            return answer

        def living() -> list[dict[str, Any]]:
            return View(aws).pages("route53", "list_health_checks", "HealthChecks")

        made = route53.create(aws.scope, self.name, want.id, make, living)["HealthCheck"]
        route53.tag(aws, RESOURCE, made["Id"], want.spec["tags"])
        _check_copy(want.spec, made)
        return have_for(want, _facts(aws.scope.partition, made["Id"]))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        config, id = _config(want.spec, changed(changes)), have.facts["id"]
        route53.retag(aws, RESOURCE, id, changes)
        if config:
            answer = aws.client("route53").update_health_check(HealthCheckId=id, **config)
            _check_copy(want.spec, answer["HealthCheck"])
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        aws.client("route53").delete_health_check(HealthCheckId=have.facts["id"])


def _names(type: str) -> dict[str, str]:
    return {**COMMON, **(OF_ALARM if type == ALARM else ENDPOINT)}


def _spec(item: Mapping[str, Any]) -> dict[str, Any]:
    config = item["HealthCheckConfig"]
    found = {key: config.get(name) for key, name in _names(config["Type"]).items()}
    if config["Type"] == ALARM:
        alarm = config.get("AlarmIdentifier", {})
        found["alarm"] = {"region": alarm.get("Region"), "name": alarm.get("Name")}
        found["copy"] = _copy(item)
    return found


def _copy(item: Mapping[str, Any]) -> dict[str, Any]:
    config = item.get("CloudWatchAlarmConfiguration") or {}
    settings = {key: config.get(name) for key, name in OF_COPY.items()}
    return {**settings, "metric": alarm_metrics.metric(config, config)}


def _check_copy(spec: Mapping[str, Any], item: Mapping[str, Any]) -> None:
    """The other site keeps the alarm; what Route 53 took before that site mended it is mended so.

    Raises NotYet where Route 53 told other settings than the declared ones.
    """
    told = spec["type"] == ALARM and item.get("CloudWatchAlarmConfiguration")
    if told and not same(spec["copy"], _copy(item)):
        raise NotYet(f"alarm {spec['alarm']['name']} is not set as declared: its site mends it")


def _config(spec: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    names = _names(spec["type"])
    config = {names[key]: spec[key] for key in keys if key in names}
    if {"alarm", "copy"} & set(keys):
        # Named again, an alarm is copied again.
        alarm = spec["alarm"]
        config["AlarmIdentifier"] = {"Region": alarm["region"], "Name": alarm["name"]}
    return config


def _facts(partition: str, id: str) -> dict[str, Any]:
    return {"id": id, "arn": f"arn:{partition}:route53:::healthcheck/{id}"}
