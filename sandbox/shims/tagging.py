# SPDX-License-Identifier: GPL-3.0-or-later
"""The tagging API: every tagged resource of a region is found, and none of another one."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from moto.core.resource_tagging import (
    TaggedResource,
    iter_taggable_backends,
    make_tag_matcher,
    match_resource_type,
)
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.route53.models import route53_backends

from sandbox.shims import Hook
from sandbox.shims._rds_backups import kept
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "GetResources finds elastic addresses, VPC endpoints, launch templates and network ACLs.",
    "GetResources finds RDS subnet and parameter groups, and copied and retained backups.",
    "GetResources finds listeners and their rules.",
    "GetResources finds hosted zones and health checks, in us-east-1.",
    "GetResources finds the buckets of its own region only.",
    "Flow logs and log groups have AWS's type names.",
    "Pages stay whole when resources come and go meanwhile.",
    "A page holds as many resources as ResourcesPerPage names, and not only 100 tags.",
    "GetResources goes on listing what was deleted, where `deleted-listed` was ordered.",
)
HOOKS: tuple[Hook, ...] = (
    (
        ResourceGroupsTaggingAPIBackend,
        "_get_resources_generator",
        ("tag_filters", "resource_type_filters", "resource_arn_list"),
    ),
    (
        ResourceGroupsTaggingAPIBackend,
        "get_resources",
        ("pagination_token", "resources_per_page", "tags_per_page"),
    ),
)
GLOBAL_REGION = "us-east-1"
UNNAMED = 100  # what the emulator takes for TagsPerPage where a request names none


def of_ec2(backend: Any) -> Iterator[TaggedResource]:
    found = {
        "elastic-ip": [address.allocation_id for address in backend.addresses],
        "vpc-endpoint": list(backend.vpc_end_points),
        "launch-template": list(backend.launch_templates),
        "network-acl": list(backend.network_acls),
    }
    for kind, names in found.items():
        for name in names:
            yield TaggedResource(
                arn=f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:{kind}/{name}",
                tags=dict(backend.tags.get(name, {})),
                resource_type=f"ec2:{kind}",
            )


def of_rds(backend: Any) -> Iterator[TaggedResource]:
    groups = {"subgrp": backend.subnet_groups, "pg": backend.db_parameter_groups}
    for kind, resources in groups.items():
        for resource in resources.values():
            yield TaggedResource(
                arn=resource.arn,
                tags={tag["Key"]: tag["Value"] for tag in resource.get_tags()},
                resource_type=f"rds:{kind}",
            )
    for backup in kept(backend).values():
        yield TaggedResource(
            arn=backup.arn,
            tags={tag["Key"]: tag["Value"] for tag in backup.tags},
            resource_type="rds:auto-backup",
        )


def of_elasticloadbalancing(backend: Any) -> Iterator[TaggedResource]:
    for balancer in getattr(backend, "load_balancers", {}).values():
        listeners = balancer.listeners
        for listener in listeners.values() if isinstance(listeners, dict) else ():
            rules = [rule.arn for rule in listener.rules.values() if not rule.is_default]
            for kind, arns in (("listener", [listener.arn]), ("listener-rule", rules)):
                for arn in arns:
                    yield TaggedResource(
                        arn=arn,
                        tags=backend.tagging_service.get_tag_dict_for_resource(arn),
                        resource_type=f"elasticloadbalancing:{kind}",
                    )


def of_route53(account_id: str) -> Iterator[TaggedResource]:
    backend: Any = route53_backends[account_id]["aws"]
    for kind, names in (("hostedzone", backend.zones), ("healthcheck", backend.health_checks)):
        for name in names:
            yield TaggedResource(
                arn=f"arn:aws:route53:::{kind}/{name}",
                tags=dict(backend.resource_tags.get(name, {})),
                resource_type=f"route53:{kind}",
            )


EXTRA = {"ec2": of_ec2, "rds": of_rds, "elasticloadbalancing": of_elasticloadbalancing}
RENAMED = {"ec2:flow-logs": "ec2:vpc-flow-log", "logs:loggroup": "logs:log-group"}


def corrected(resource: TaggedResource) -> TaggedResource:
    kind = RENAMED.get(resource.resource_type, resource.resource_type)
    arn = resource.arn.replace(":flow-logs/", ":vpc-flow-log/").removesuffix(":*")
    return replace(resource, arn=arn, resource_type=kind)


def of_backend(backend: Any, region: str) -> Iterable[TaggedResource]:
    found = [corrected(resource) for resource in backend.iter_tagged_resources()]
    if backend.SERVICE_NAMESPACE == "s3":
        here = {bucket.arn for bucket in backend.buckets.values() if bucket.region_name == region}
        return [resource for resource in found if resource.arn in here]
    extra = EXTRA.get(backend.SERVICE_NAMESPACE)
    return [*found, *extra(backend)] if extra else found


def resources(account_id: str, region: str) -> Iterator[TaggedResource]:
    """Every tagged resource that the tagging API of a region knows."""
    for backend in iter_taggable_backends(account_id, region):
        yield from of_backend(backend, region)
    if region == GLOBAL_REGION:
        yield from of_route53(account_id)


def install(world: World) -> None:
    """Change what the emulator's tagging API finds, and how much of it at once."""
    # By account and region: what was listed since that was ordered; None where it was not.
    listed: dict[tuple[str, str], dict[str, TaggedResource]] | None = None

    def keep() -> None:
        """Let the tagging API go on listing what is deleted from now on, as that of AWS does."""
        nonlocal listed
        listed = {}

    def forget() -> None:
        nonlocal listed
        listed = None

    world.disasters["deleted-listed"] = keep
    world.on_reset(forget)

    def known(account_id: str, region: str) -> Iterable[TaggedResource]:
        there = {resource.arn: resource for resource in resources(account_id, region)}
        if listed is None:
            return there.values()
        kept = listed.setdefault((account_id, region), {})
        kept.update(there)
        return list(kept.values())

    @wrap(ResourceGroupsTaggingAPIBackend, "get_resources")
    def pages(original: Any, _self: Any, *args: Any, **kw: Any) -> Any:
        if kw.get("tags_per_page") == UNNAMED:
            kw["tags_per_page"] = sys.maxsize
        return original(*args, **kw)

    @wrap(ResourceGroupsTaggingAPIBackend, "_get_resources_generator")
    def generate(
        _original: Any,
        self: Any,
        tag_filters: list[dict[str, Any]] | None = None,
        resource_type_filters: list[str] | None = None,
        resource_arn_list: list[str] | None = None,
    ) -> Iterator[TaggedResource]:
        matches = make_tag_matcher(tag_filters)
        found = [
            resource
            for resource in known(self.account_id, self.region_name)
            if resource.tags
            and matches(resource.tags)
            and match_resource_type(resource.resource_type, resource_type_filters)
            and (not resource_arn_list or resource.arn in resource_arn_list)
        ]
        return iter(found)
