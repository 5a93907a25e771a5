# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an object of each kind uses of what AWS sells, from its declaration alone.

A kind that stands nowhere here has a usage without a price, so it is shown as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from .model import GLOBAL, HOURS_PER_MONTH, Usage

Spec = Mapping[str, Any]

# Kinds AWS takes no money for, with the name of the row that says so.
FREE: Final[Mapping[str, str]] = {
    "db_parameter_group": "free.db_parameter_group",
    "db_subnet_group": "free.db_subnet_group",
    "default_security_group": "free.security_group",
    "iam_role": "free.iam",
    "instance_profile": "free.iam",
    "internet_gateway": "free.internet_gateway",
    "launch_template": "free.launch_template",
    "listener": "free.listener",
    "route": "free.route_table",
    "route_table": "free.route_table",
    "scaling_policy": "free.scaling_policy",
    "security_group": "free.security_group",
    "security_group_rule": "free.security_group",
    "subnet": "free.subnet",
    "target_group": "free.target_group",
    "vpc": "free.vpc",
}
# Settings of another object, which AWS neither sells nor lists; what they make is on that object.
PARTS: Final = frozenset(
    {
        "default_security_group",
        "route",
        "scaling_processes",
        "security_group_rule",
        "sns_subscription",
    }
)
# Checks of an endpoint cost more for each of these, per the features AWS sells as options.
_HTTPS: Final = "HTTPS"
_MATCHES: Final = "_STR_MATCH"
_ENDPOINTS: Final = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_ENGINES: Final[Mapping[str, str]] = {"postgres": "postgres", "postgresql": "postgres"}
_ONE: Final = Decimal(1)


def usages(kind: str, spec: Spec, region: str) -> list[Usage]:
    """What an object of this kind uses in a month.

    spec: its declared attributes, snake_case, in plain values; what it does not say is taken as
    AWS's default, and what decides a price and is missing makes an unknown line.
    """
    if kind in PARTS:
        return []
    if kind in FREE:
        return [_each(FREE[kind], region)]
    count = _KINDS.get(kind)
    return count(spec, region) if count else [_each(f"unlisted.{kind}", region)]


def _nat_gateway(_spec: Spec, region: str) -> list[Usage]:
    return [
        _hours("nat_gateway.hour", region),
        _metered("nat_gateway.data", region, "GB", "per GB through the gateway"),
    ]


def _elastic_ip(_spec: Spec, region: str) -> list[Usage]:
    return [_hours("public_ipv4.hour", region)]


def _load_balancer(spec: Spec, region: str) -> list[Usage]:
    found = [
        _hours("load_balancer.application.hour", region),
        _metered(
            "load_balancer.application.lcu", region, "LCU-Hrs", "per capacity unit hour of traffic"
        ),
        _metered("transfer.internet", region, "GB", "per GB sent to the internet, first 10 TB"),
    ]
    if spec.get("scheme") == "internal":
        return found[:2]
    zones = len(spec["subnets"]) if _is_list(spec.get("subnets")) else spec.get("zones")
    if isinstance(zones, int):
        note = "one address per zone; AWS adds more as the balancer grows"
        found.append(Usage("public_ipv4.hour", region, HOURS_PER_MONTH * zones, "Hrs", note))
    else:
        found.append(
            _metered("public_ipv4.hour", region, "Hrs", "per hour and address, one or more a zone")
        )
    return found


def _db_instance(spec: Spec, region: str) -> list[Usage]:
    zones = "multi_az" if spec.get("multi_az") else "single_az"
    engine = str(spec.get("engine") or "postgres")
    engine = _ENGINES.get(engine, engine)
    storage = str(spec.get("storage_type") or "gp2")
    found = [
        _hours(f"rds.instance.{engine}.{spec.get('instance_class')}.{zones}", region),
        _storage(f"rds.storage.{storage}.{zones}", region, spec.get("allocated_storage")),
    ]
    if spec.get("iops") or spec.get("storage_throughput"):
        found.append(_each(f"rds.provisioned.{storage}", region))
    if spec.get("backup_retention") != 0:
        note = "per GB of backups beyond the size of the database's storage"
        found.append(_metered("rds.backup", region, "GB-Mo", note))
    return found + _copies(spec.get("replicate_to"), region)


def _autoscaling_group(spec: Spec, region: str) -> list[Usage]:
    least, most = Decimal(spec.get("min_size") or 0), Decimal(spec.get("max_size") or 0)
    note = f"from {least} to {most} instances"
    return [_each("free.autoscaling_group", region), *_launched(spec, region, least, most, note)]


def _instance(spec: Spec, region: str) -> list[Usage]:
    return _launched(spec, region, _ONE, _ONE, "")


def _launched(spec: Spec, region: str, least: Decimal, most: Decimal, note: str) -> list[Usage]:
    """So many instances, each with its disk."""
    launch = spec.get("launch") or spec
    size = launch.get("root_volume_gb")
    found = [
        Usage(
            f"ec2.instance.linux.{launch.get('instance_type')}",
            region,
            HOURS_PER_MONTH * least,
            "Hrs",
            note,
            most=HOURS_PER_MONTH * most,
        ),
    ]
    if isinstance(size, int):
        found.append(Usage("ec2.volume.gp3", region, least * size, "GB-Mo", note, most=most * size))
    else:
        found.append(Usage("ec2.volume.of_undeclared_size", region, _ONE, "GB-Mo", note))
    return found


def _db_backup_replication(_spec: Spec, region: str) -> list[Usage]:
    note = "per GB of copied backups; what is sent there from the other region is extra"
    return [_metered("rds.backup", region, "GB-Mo", note)]


def _kms_key(_spec: Spec, region: str) -> list[Usage]:
    return [_each("kms.key", region, "rotated key material and requests are extra")]


def _secret(spec: Spec, region: str) -> list[Usage]:
    replicas = spec.get("replica_regions") or ()
    return [_each("secret", region), *(_each("secret", str(name)) for name in replicas)]


def _secret_replica(spec: Spec, _region: str) -> list[Usage]:
    return [_each("secret", str(spec.get("region") or ""))]


def _hosted_zone(_spec: Spec, _region: str) -> list[Usage]:
    return [_each("route53.zone", GLOBAL, "of the account's first 25 zones")]


def _record(spec: Spec, _region: str) -> list[Usage]:
    name = "route53.alias_query" if spec.get("alias") else "route53.query"
    return [_metered(name, GLOBAL, "Requests", "per query")]


def _health_check(spec: Spec, _region: str) -> list[Usage]:
    name = str(spec.get("type") or "")
    if name not in _ENDPOINTS:
        return [_each(f"route53.health_check.{name.lower() or 'undeclared'}", GLOBAL)]
    note = "of an endpoint in AWS; the account's first 50 are free"
    options = sum(
        (
            name.startswith(_HTTPS),
            name.endswith(_MATCHES),
            spec.get("request_interval") == 10,
            bool(spec.get("measure_latency")),
        )
    )
    found = [_each("route53.health_check.endpoint", GLOBAL, note)]
    if options:
        what = "HTTPS, string match, 10 s interval, latency: each is an option"
        found.append(Usage("route53.health_check.option", GLOBAL, Decimal(options), "Mo", what))
    return found


def _alarm(spec: Spec, region: str) -> list[Usage]:
    period = spec.get("period")
    fast = isinstance(period, int) and period < 60
    return [_each("cloudwatch.alarm.high_resolution" if fast else "cloudwatch.alarm", region)]


def _bucket(spec: Spec, region: str) -> list[Usage]:
    note = "per GB stored, versions included; first 50 TB; requests are extra"
    return [
        _metered("s3.standard", region, "GB-Mo", note),
        *_copies(spec.get("replicate_to"), region),
    ]


def _bucket_replication(spec: Spec, region: str) -> list[Usage]:
    """The key of the copies is told by ARN, with their region in it."""
    parts = str(spec.get("key") or "").split(":")
    return _copies(parts[3] if len(parts) > 3 else "undeclared", region)


def _flow_log(_spec: Spec, region: str) -> list[Usage]:
    return [_metered("flow_log.to_s3", region, "GB", "per GB of log, first 10 TB")]


def _log_group(_spec: Spec, region: str) -> list[Usage]:
    return [_metered("cloudwatch.logs", region, "GB", "per GB of log taken in; keeping is extra")]


def _sns_topic(_spec: Spec, region: str) -> list[Usage]:
    return [_metered("sns.request", region, "Requests", "per request; delivery is extra")]


def _interface_endpoint(spec: Spec, region: str) -> list[Usage]:
    subnets = spec.get("subnets")
    if not isinstance(subnets, Mapping):
        return [_each("interface_endpoint.of_undeclared_zones", region)]
    hours, note = HOURS_PER_MONTH * len(subnets), "per hour and zone, whatever goes through it"
    return [
        Usage("interface_endpoint.hour", region, hours, "Hrs", note),
        _metered("interface_endpoint.data", region, "GB", "per GB through it, first PB"),
    ]


def _vpc_endpoint(spec: Spec, region: str) -> list[Usage]:
    name = str(spec.get("endpoint_type") or "Gateway").lower()
    return [_each(f"{'free.' if name == 'gateway' else ''}vpc_endpoint.{name}", region)]


def _certificate(spec: Spec, region: str) -> list[Usage]:
    private = bool(spec.get("certificate_authority_arn"))
    return [_each("certificate.private" if private else "free.certificate.public", region)]


def _ssm_parameter(spec: Spec, region: str) -> list[Usage]:
    tier = str(spec.get("tier") or "Standard").lower()
    return [_each(f"{'free.' if tier == 'standard' else ''}ssm_parameter.{tier}", region)]


def _copies(target: object, region: str) -> list[Usage]:
    """The transfer of what is written here to another region, paid by the region it leaves."""
    if not isinstance(target, str):
        return []
    return [_metered(f"transfer.to.{target}", region, "GB", f"per GB copied to {target}")]


def _storage(key: str, region: str, size: object) -> Usage:
    if isinstance(size, int):
        return Usage(key, region, Decimal(size), "GB-Mo")
    return Usage(f"{key}.of_undeclared_size", region, _ONE, "GB-Mo")


def _hours(key: str, region: str) -> Usage:
    return Usage(key, region, HOURS_PER_MONTH, "Hrs")


def _each(key: str, region: str, note: str = "") -> Usage:
    return Usage(key, region, _ONE, "Mo", note)


def _metered(key: str, region: str, unit: str, note: str) -> Usage:
    return Usage(key, region, _ONE, unit, note, metered=True)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


_KINDS: Final[Mapping[str, Callable[[Spec, str], list[Usage]]]] = {
    "alarm": _alarm,
    "autoscaling_group": _autoscaling_group,
    "bucket": _bucket,
    "bucket_replication": _bucket_replication,
    "certificate": _certificate,
    "db_backup_replication": _db_backup_replication,
    "db_instance": _db_instance,
    "elastic_ip": _elastic_ip,
    "flow_log": _flow_log,
    "health_check": _health_check,
    "hosted_zone": _hosted_zone,
    "instance": _instance,
    "interface_endpoint": _interface_endpoint,
    "kms_key": _kms_key,
    "load_balancer": _load_balancer,
    "log_group": _log_group,
    "nat_gateway": _nat_gateway,
    "dns_record": _record,
    "secret": _secret,
    "secret_replica": _secret_replica,
    "sns_topic": _sns_topic,
    "ssm_parameter": _ssm_parameter,
    "vpc_endpoint": _vpc_endpoint,
}
