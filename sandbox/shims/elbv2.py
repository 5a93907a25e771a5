# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: they take time, are unique by name, and can be protected."""

from __future__ import annotations

import re
import secrets
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import DuplicateLoadBalancerName, LoadBalancerNotFoundError
from moto.elbv2.exceptions import ELBClientError as Refusal
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

from sandbox.shims import Hook, _elbv2_balancers, _elbv2_links, _elbv2_logs
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "CreateLoadBalancer: `provisioning` until the time AWS takes has passed.",
    "CreateLoadBalancer with a name in use returns the same one, or refuses other settings.",
    "CreateLoadBalancer wants two zones, known security groups, and an internet gateway.",
    "DNS names are unique, and the hosted zone is the one of the region.",
    "All attributes are described; a bucket for access logs must exist and let ELB write.",
    "DeleteLoadBalancer honours the deletion protection, and frees groups and certificates.",
    "A resource takes 50 tags, and DescribeTags takes 20 resources.",
)
HOOKS: tuple[Hook, ...] = (
    (ELBv2Backend, "create_load_balancer", ("name", "security_groups", "subnet_ids")),
    (ELBv2Backend, "delete_load_balancer", ("arn",)),
    (ELBv2Backend, "modify_load_balancer_attributes", ("arn", "attrs")),
    (ELBv2Backend, "add_tags", ("resource_arns", "tags")),
    (ELBv2Backend, "describe_tags", ("resource_arns",)),
    (ELBv2Backend, "describe_load_balancers", ("arns", "names")),
    (FakeLoadBalancer, "activate", ()),
)
# https://docs.aws.amazon.com/general/latest/gr/elb.html, application load balancers, 2025-09.
ZONES = {
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-south-1": "Z3ULH7SSC9OV64",
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ap-south-1": "ZP97RAFLXTNZK",
}
DEFAULTS = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
MOST_TAGS, MOST_DESCRIBED = 50, 20


def check(backend: ELBv2Backend, name: str, subnets: list[Any], groups: list[str]) -> None:
    """Refuse what AWS refuses about a new application load balancer."""
    if not re.fullmatch(r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)", name):
        raise Refusal("ValidationError", f"The load balancer name '{name}' is not valid")
    if len(subnets) < 2:
        raise Refusal(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )
    if len({subnet.availability_zone for subnet in subnets}) < len(subnets):
        raise Refusal(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    for group_id in groups:
        group = backend.ec2_backend.get_security_group_from_id(group_id)
        if group is None or group.vpc_id != subnets[0].vpc_id:
            raise Refusal("InvalidConfigurationRequest", "One or more security groups are invalid")


def check_gateway(backend: ELBv2Backend, vpc_id: str) -> None:
    gateways = ec2_backends[backend.account_id][backend.region_name].internet_gateways.values()
    if not any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in gateways):
        raise Refusal("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")


def same(balancer: Any, wanted: dict[str, Any]) -> bool:
    have = {
        "scheme": balancer.scheme,
        "type": balancer.type,
        "ip": balancer.ip_address_type,
        "subnets": {subnet.id for subnet in balancer.subnets},
        "groups": set(balancer.security_groups),
    }
    return have == wanted


def create(world: World) -> None:
    @wrap(ELBv2Backend, "create_load_balancer")
    def create_load_balancer(
        original: Any,
        self: ELBv2Backend,
        name: str,
        security_groups: list[str],
        subnet_ids: list[str],
        subnet_mappings: list[dict[str, str]] | None = None,
        scheme: str | None = None,
        loadbalancer_type: str | None = None,
        ip_address_type: str = "ipv4",
        tags: list[dict[str, str]] | None = None,
    ) -> Any:
        scheme, kind = scheme or "internet-facing", loadbalancer_type or "application"
        ids = [*subnet_ids, *(mapping["SubnetId"] for mapping in subnet_mappings or ())]
        subnets = [self.ec2_backend.get_subnet(subnet) for subnet in ids]
        if kind == "application" and subnets:
            check(self, name, subnets, security_groups)
            security_groups = security_groups or default_group(self, subnets[0].vpc_id)
        wanted = {
            "scheme": scheme,
            "type": kind,
            "ip": ip_address_type,
            "subnets": set(ids),
            "groups": set(security_groups),
        }
        for balancer in self.load_balancers.values():
            if balancer.name == name:
                if same(balancer, wanted):
                    return balancer
                raise DuplicateLoadBalancerName
        if scheme == "internet-facing" and subnets:
            check_gateway(self, subnets[0].vpc_id)
        made = original(
            name,
            security_groups,
            subnet_ids,
            subnet_mappings,
            scheme,
            loadbalancer_type,
            ip_address_type,
            tags,
        )
        complete(self, made)

        def ready() -> None:
            made.state = "active"

        def failed(_problem: Exception) -> None:
            made.state = "failed"

        label = f"load balancer {name} becomes active"
        world.balancers.provision(made.arn, world.seconds("alb"), label, ready, failed)
        return made

    # The emulator makes it active when it is first described.
    @wrap(FakeLoadBalancer, "activate")
    def activate(_original: Any, _self: Any) -> None:
        """Only time does that."""


def default_group(backend: ELBv2Backend, vpc_id: str) -> list[str]:
    group = backend.ec2_backend.get_security_group_from_name("default", vpc_id)
    return [group.id] if group else []


def complete(backend: ELBv2Backend, balancer: Any) -> None:
    number = "".join(secrets.choice("0123456789") for _ in range(10))
    internal = "internal-" if balancer.scheme == "internal" else ""
    region = backend.region_name
    balancer.dns_name = f"{internal}{balancer.name}-{number}.{region}.elb.amazonaws.com"
    balancer.canonical_hosted_zone_id = ZONES.get(region, balancer.canonical_hosted_zone_id)
    balancer.attrs = dict(DEFAULTS)


def delete() -> None:
    @wrap(ELBv2Backend, "delete_load_balancer")
    def delete_load_balancer(original: Any, self: ELBv2Backend, arn: str) -> None:
        balancer = self.load_balancers.get(arn)
        if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
            raise Refusal(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        original(arn)
        if balancer:
            _elbv2_balancers.leave(self, balancer)
        _elbv2_links.relink(self)


def attributes(world: World) -> None:
    @wrap(ELBv2Backend, "modify_load_balancer_attributes")
    def modify_load_balancer_attributes(
        original: Any, self: ELBv2Backend, arn: str, attrs: dict[str, str]
    ) -> Any:
        balancer = self.load_balancers.get(arn)
        if balancer is not None:
            wanted = {**balancer.attrs, **attrs}
            for kind in ("access_logs", "connection_logs"):
                if wanted.get(f"{kind}.s3.enabled") == "true":
                    prefix = wanted[f"{kind}.s3.prefix"]
                    bucket = wanted[f"{kind}.s3.bucket"]
                    _elbv2_logs.check_bucket(world, self, bucket, prefix)
        return original(arn, attrs)


def tags() -> None:
    @wrap(ELBv2Backend, "add_tags")
    def add_tags(
        _original: Any, self: ELBv2Backend, resource_arns: list[str], tags: list[dict[str, str]]
    ) -> None:
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
            have = self.tagging_service.get_tag_dict_for_resource(arn)
            if len({*have, *(tag["Key"] for tag in tags)}) > MOST_TAGS:
                raise Refusal("TooManyTags", "The limit of 50 tags has been reached")
        for arn in resource_arns:
            self.tagging_service.tag_resource(arn, tags)

    @wrap(ELBv2Backend, "describe_tags")
    def describe_tags(original: Any, self: ELBv2Backend, resource_arns: list[str]) -> Any:
        if len(resource_arns) > MOST_DESCRIBED:
            raise Refusal(
                "ValidationError", f"Only {MOST_DESCRIBED} resources can be described at once"
            )
        for arn in resource_arns:
            self._get_resource_by_arn(arn)
        return original(resource_arns)


def describe() -> None:
    @wrap(ELBv2Backend, "describe_load_balancers")
    def describe_load_balancers(
        original: Any, self: ELBv2Backend, arns: list[str] | None, names: list[str] | None
    ) -> Any:
        known = {balancer.name for balancer in self.load_balancers.values()}
        if set(arns or ()) - set(self.load_balancers) or set(names or ()) - known:
            raise LoadBalancerNotFoundError
        return original(arns, names)


def install(world: World) -> None:
    """Change how the emulator keeps load balancers."""
    create(world)
    delete()
    attributes(world)
    tags()
    describe()
