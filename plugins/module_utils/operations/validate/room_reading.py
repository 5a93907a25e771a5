# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read of quotas and offers in the standby's region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ...aws.view import View
from ...declaration.site import Site
from ...engine import canon
from ...kinds import elastic_ip, nat_gateways
from . import room

Options = Mapping[str, Mapping[str, Any]]
COUNTED = ("pending", "available", "deleting")  # of NAT gateways, against their quota
RUNNING = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]


def named(view: View, site: Site, options: Options) -> dict[str, Callable[[], Any]]:
    """Readings by the names of their facts."""
    web = options["web_tier"]
    kind = str(web["instance_type"])
    made = room.makes_gateways(site)
    quotas = [room.ADDRESSES, room.DATABASES, ("ec2", room.quota_of(kind))]
    quotas += [room.GATEWAYS] if made else []
    found: dict[str, Callable[[], Any]] = {
        f"quota {code}": partial(_quota, view, service, code) for service, code in quotas if code
    }
    if made:
        found["gateways"] = lambda: _gateways(view)
    return found | {
        "vcpus": lambda: _vcpus(view, kind),
        "other vcpus": lambda: _others(view, kind),
        "addresses": lambda: elastic_ip.counted(view),
        "databases": lambda: len(view.pages("rds", "describe_db_instances", "DBInstances")),
        "zones of type": lambda: _zones(view, [kind, *web["fallback_instance_types"]]),
    }


def orderable(
    view: View, options: Options, database: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """The offers of the declared class, of the version of the copy where there is one."""
    version = {"EngineVersion": database["EngineVersion"]} if database else {}
    found = view.pages(
        "rds",
        "describe_orderable_db_instance_options",
        "OrderableDBInstanceOptions",
        Engine="postgres",
        DBInstanceClass=options["database"]["instance_class"],
        Vpc=True,
        **version,
    )
    return [offer for offer in found if offer.get("StorageType") == "gp3"]


def _quota(view: View, service: str, code: str) -> float | None:
    """What the account may have; one that nobody ever changed may be told as a default only."""
    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        answer = view.call("service-quotas", operation, ServiceCode=service, QuotaCode=code)
        if answer:
            return float(answer["Quota"]["Value"])
    return None


def _vcpus(view: View, kind: str) -> int:
    answer = view.call("ec2", "describe_instance_types", InstanceTypes=[kind])
    return int(answer["InstanceTypes"][0]["VCpuInfo"]["DefaultVCpus"])


def _others(view: View, kind: str) -> int:
    """vCPUs that count against the same quota and are not those of the site's own hosts."""
    types = [
        item["InstanceType"]
        for reservation in view.pages("ec2", "describe_instances", "Reservations", Filters=RUNNING)
        for item in reservation["Instances"]
        if not view.scope.owns(canon.tags(item.get("Tags", ())), "instance")
        and not item.get("InstanceLifecycle")
    ]
    counted = [each for each in types if room.quota_of(each) == room.quota_of(kind)]
    sizes = {each: _vcpus(view, each) for each in set(counted)}
    return sum(sizes[each] for each in counted)


def _gateways(view: View) -> dict[str, int]:
    """How many NAT gateways count by zone, without those of the site, which has no need of others
    then. One that is being deleted counts until it is gone.
    """
    found = [
        item["SubnetId"]
        for item in view.pages("ec2", "describe_nat_gateways", "NatGateways")
        if item["State"] in COUNTED
        and item.get("SubnetId")
        and not (item["State"] in nat_gateways.ALIVE and nat_gateways.owned(view.scope, item))
    ]
    if not found:
        return {}
    subnets = view.pages("ec2", "describe_subnets", "Subnets")
    zones = {item["SubnetId"]: item["AvailabilityZone"] for item in subnets}
    return Counter(zones[subnet] for subnet in found if subnet in zones)


def _zones(view: View, kinds: list[str]) -> dict[str, list[str]]:
    """The zones that offer each of the types."""
    found = view.pages(
        "ec2",
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": kinds}],
    )
    offers: dict[str, list[str]] = {kind: [] for kind in kinds}
    for item in found:
        offers[item["InstanceType"]].append(item["Location"])
    return offers
