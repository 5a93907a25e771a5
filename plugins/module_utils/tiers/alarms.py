# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What wakes somebody: alarms on database, balancer and hosts, and the topic they report to.

Every dimension is a name that is fixed in advance, or one of the balancer's, so no alarm waits for
what it watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.site import Site
from ..engine.model import Ref, Want
from .policies import policy
from .standing import has_database, has_hosts

TIER = "traffic"
TOPIC = "alarms"
# Where CloudWatch keeps what Route 53 measures, for all regions.
ROUTE53_METRICS = "us-east-1"
SWITCH = ("Phoenix/Failover", "HomeDisabled")
ABOVE = "GreaterThanThreshold"
# Hosts that answer with errors.
HOST_ERRORS = "host-errors"
AT_LEAST = "GreaterThanOrEqualToThreshold"
BELOW = "LessThanThreshold"
LITTLE_STORAGE = 5 * 1024**3
LITTLE_MEMORY = 100 * 1024**2


def alarms(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    """The topic, who reads it, and every alarm of this site."""
    readers = [("email", options["alarm_email"])] if options["alarm_email"] else []
    yield _topic(site.scope, readers)
    for protocol, endpoint in readers:
        topic = Ref("sns_topic/alarms", "arn")
        spec = {"topic": topic, "protocol": protocol, "endpoint": endpoint}
        yield Want("sns_subscription", "email", spec, tier=TIER)
    if has_database(site):
        yield from _database(site)
    yield from _hosts(site.scope)
    yield _largest(site.scope)
    if has_hosts(site):
        yield from _answers(site)
    if not site.is_home:
        yield switch(site.scope)


def switch(scope: Scope) -> Want:
    """In alarm while the home site is disabled; the standby region's operator writes its metric.

    Between two writes it stays as it is: no data says nothing new.
    """
    metric = _metric(*SWITCH, {"environment": scope.environment}, "Maximum", 60)
    text = f"Home of {scope.environment} is disabled: traffic goes to {scope.site}"
    return _alarm(scope, "switch", text, metric, 1.0, AT_LEAST, 1, missing="ignore")


def copied(scope: Scope) -> dict[str, Any]:
    """What Route 53 takes of the switch when a health check on it is written."""
    spec = switch(scope).spec
    return {key: spec[key] for key in ("metric", "evaluations", "threshold", "comparison")}


def _topic(scope: Scope, readers: Iterable[tuple[str, str]]) -> Want:
    arn = scope.arn("sns", scope.name(TOPIC))
    document = policy(
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": scope.account},
                "ArnLike": {"aws:SourceArn": scope.arn("cloudwatch", "alarm:*")},
            },
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )
    spec = {
        "key": Ref("kms_key/main", "arn"),
        "policy": document,
        "readers": tuple(readers),
        "tags": scope.marks("sns_topic", TOPIC),
    }
    return Want("sns_topic", TOPIC, spec, tier=TIER)


def _database(site: Site) -> Iterator[Want]:
    scope, instance = site.scope, {"DBInstanceIdentifier": site.scope.database}

    def rds(name: str, statistic: str) -> dict[str, Any]:
        return _metric("AWS/RDS", name, instance, statistic, 300)

    yield _alarm(
        scope,
        "database-cpu",
        "The database computes at more than 80 %",
        rds("CPUUtilization", "Average"),
        80.0,
        ABOVE,
        3,
    )
    yield _alarm(
        scope,
        "database-storage",
        "The database has less than 5 GiB left to grow into",
        rds("FreeStorageSpace", "Minimum"),
        float(LITTLE_STORAGE),
        BELOW,
        1,
    )
    yield _alarm(
        scope,
        "database-memory",
        "The database has less than 100 MiB of memory left",
        rds("FreeableMemory", "Minimum"),
        float(LITTLE_MEMORY),
        BELOW,
        3,
    )
    if not site.is_active:
        yield _alarm(
            scope,
            "database-lag",
            "The copy of the database is more than five minutes behind",
            rds("ReplicaLag", "Maximum"),
            300.0,
            ABOVE,
            1,
        )


def _elb(
    scope: Scope,
    id: str,
    text: str,
    name: str,
    statistic: str,
    above: float,
    *,
    hosts: bool = True,
) -> Want:
    """hosts: of those behind the balancer; else of the balancer itself."""
    group = {"TargetGroup": Ref("target_group/web", "suffix")} if hosts else {}
    dimensions = {"LoadBalancer": Ref("load_balancer/main", "suffix"), **group}
    metric = _metric("AWS/ApplicationELB", name, dimensions, statistic, 60)
    return _alarm(scope, id, text, metric, above, ABOVE, 3)


def _hosts(scope: Scope) -> Iterator[Want]:
    """Silent where there are no hosts, and there when they come."""
    errors, unhealthy = "HTTPCode_Target_5XX_Count", "UnHealthyHostCount"
    yield _elb(scope, HOST_ERRORS, "Hosts answer with errors", errors, "Sum", 10.0)
    yield _elb(scope, "unhealthy-hosts", "Hosts do not answer well", unhealthy, "Maximum", 0.0)
    slow = "One answer in twenty takes more than a second"
    yield _elb(scope, "latency", slow, "TargetResponseTime", "p95", 1.0)


def _answers(site: Site) -> Iterator[Want]:
    """What never falls silent where there are no hosts: the balancer has errors to give only."""
    scope = site.scope
    text, errors = "The balancer itself answers with errors", "HTTPCode_ELB_5XX_Count"
    yield _elb(scope, "balancer-errors", text, errors, "Sum", 10.0, hosts=False)
    if scope.region == ROUTE53_METRICS and not site.closed:
        yield _endpoint(scope)


def _largest(scope: Scope) -> Want:
    group = {"AutoScalingGroupName": scope.name("web")}
    sizes = {
        "desired": _metric("AWS/AutoScaling", "GroupDesiredCapacity", group, "Maximum", 60),
        "largest": _metric("AWS/AutoScaling", "GroupMaxSize", group, "Maximum", 60),
    }
    return _alarm(
        scope,
        "group-at-maximum",
        "There are as many hosts as are allowed, so more load finds no more of them",
        None,
        0.0,
        AT_LEAST,
        5,
        expression="desired - largest",
        metrics=sizes,
    )


def _endpoint(scope: Scope) -> Want:
    check = {"HealthCheckId": Ref("health_check/endpoint")}
    metric = _metric("AWS/Route53", "HealthCheckStatus", check, "Minimum", 60)
    text = "The site does not answer to the internet"
    return _alarm(scope, "endpoint", text, metric, 1.0, BELOW, 3)


def _metric(
    namespace: str, name: str, dimensions: Mapping[str, Any], statistic: str, period: int
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "name": name,
        "statistic": statistic,
        "period": period,
        "dimensions": dimensions,
    }


def _alarm(
    scope: Scope,
    id: str,
    text: str,
    metric: Mapping[str, Any] | None,
    threshold: float,
    comparison: str,
    evaluations: int,
    *,
    missing: str = "notBreaching",
    expression: str = "",
    metrics: Mapping[str, Any] | None = None,
) -> Want:
    topic = (Ref("sns_topic/alarms", "arn"),)
    spec = {
        "metric": metric,
        "expression": expression,
        "metrics": metrics or {},
        "evaluations": evaluations,
        "datapoints": evaluations,
        "threshold": threshold,
        "comparison": comparison,
        "missing": missing,
        "actions": topic,
        "ok_actions": topic,
        "enabled": True,
        "description": text,
        "tags": scope.marks("alarm", id),
    }
    return Want("alarm", id, spec, tier=TIER)
