# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Application load balancer. Its listeners are kinds of their own; foreign ones are named here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import elbv2
from .base import Kind, changed, completed, have_for

FORMS = ("attributes", "tags")
# Impaired means that it could not scale for lack of addresses; it serves.
READY = ("active", "active_impaired")


class LoadBalancer(Kind):
    """spec: scheme ("internet-facing", "internal"), subnets {zone: id}, security_groups
    (ids, unordered), attributes {AWS's key: text; others stay as they are}, tags.
    facts: id, arn, name, dns_name, zone_id, suffix (its name in metrics).
    """

    name: ClassVar[str] = "load_balancer"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"scheme"}), rank=50, partial=frozenset(FORMS))
    services: ClassVar[tuple[str, ...]] = ("elbv2", "resourcegroupstaggingapi")
    unprotected: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"attributes": MappingProxyType({"deletion_protection.enabled": "false"})}
    )

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in elbv2.balancers(view):
            arn = item["LoadBalancerArn"]
            tags = elbv2.tags_by_arn(view, [arn], wants).get(arn, {})
            if not view.scope.owns(tags, self.name):
                continue
            answer = view.call("elbv2", "describe_load_balancer_attributes", LoadBalancerArn=arn)
            state = item["State"]["Code"]
            yield Have(
                self.name,
                view.scope.id_of(tags),
                {
                    "scheme": item["Scheme"],
                    "subnets": {z["ZoneName"]: z["SubnetId"] for z in item["AvailabilityZones"]},
                    "security_groups": canon.unordered(item.get("SecurityGroups", [])),
                    "attributes": elbv2.attributes(answer["Attributes"] if answer else ()),
                    "tags": tags,
                },
                _facts(item),
                settled=state in READY,
                status=state,
                foreign=_foreign(view, arn),
            )

    def taken(self, view: View, want: Want) -> str:
        return next((str(i["LoadBalancerName"]) for i in elbv2.balancers(view, want.id)), "")

    def create(self, aws: Aws, want: Want) -> Have:
        spec = want.spec
        item = aws.once("elbv2").create_load_balancer(
            Name=elbv2.name(aws.scope, want.id),
            Type="application",
            Scheme=spec["scheme"],
            IpAddressType="ipv4",
            Subnets=sorted(spec["subnets"].values()),
            SecurityGroups=list(spec["security_groups"]),
            Tags=pairs(spec["tags"]),
        )["LoadBalancers"][0]
        # A create that is repeated is answered with the balancer that the first one made.
        state = item["State"]["Code"]
        have = have_for(want, _facts(item), settled=state in READY, status=state)
        # A policy that lets a new bucket take its logs is not seen everywhere at once.
        attributes = pairs(spec["attributes"])
        return completed(have, lambda: _set_attributes(aws, have.facts["arn"], attributes))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        client, arn, keys = aws.client("elbv2"), have.facts["arn"], changed(changes)
        if "subnets" in keys:
            client.set_subnets(LoadBalancerArn=arn, Subnets=sorted(want.spec["subnets"].values()))
        if "security_groups" in keys:
            groups = list(want.spec["security_groups"])
            client.set_security_groups(LoadBalancerArn=arn, SecurityGroups=groups)
        _set_attributes(aws, arn, elbv2.edits(changes, "attributes"))
        elbv2.retag(aws, arn, changes)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """Removes it, its listeners with it, unless it is protected against that."""
        aws.client("elbv2").delete_load_balancer(LoadBalancerArn=have.facts["arn"])


def _set_attributes(aws: Aws, arn: str, attributes: list[dict[str, str]]) -> None:
    if attributes:
        aws.client("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=attributes
        )


def _foreign(view: View, arn: str) -> tuple[str, ...]:
    listed = elbv2.listeners(view, arn)
    tags = elbv2.tags_by_arn(view, [item["ListenerArn"] for item in listed])
    return tuple(
        f"listener on port {item['Port']}"
        for item in listed
        if not view.scope.owns(tags.get(item["ListenerArn"], {}), "listener")
    )


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    arn = item["LoadBalancerArn"]
    return {
        "id": arn,
        "arn": arn,
        "name": item["LoadBalancerName"],
        "dns_name": item["DNSName"].lower(),
        "zone_id": item["CanonicalHostedZoneId"],
        "suffix": arn.partition(":loadbalancer/")[2],
    }
