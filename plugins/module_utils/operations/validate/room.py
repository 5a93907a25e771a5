# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the room that the standby's region has for production at its full size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...declaration.site import Site
from ...tiers import network
from ...tiers.standing import has_way_out
from .verdict import COMMAND, Check, Seen, Verdict, bad, good, unknown

# Families of instance types by their first letters -> quota of the vCPUs that may run on demand.
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
FAMILIES = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), "L-1216C47A"),
    "dl": "L-6E869C2A",
    "f": "L-74FC7D96",
    "g": "L-DB2E81BA",
    "gr": "L-DB2E81BA",
    "vt": "L-DB2E81BA",
    "hpc": "L-F7808C92",
    "inf": "L-1945791B",
    "p": "L-417A185B",
    "trn": "L-2C3B7624",
    "u": "L-43DA4232",
    "x": "L-7295265B",
}
ADDRESSES, DATABASES = ("ec2", "L-0263D0A3"), ("rds", "L-7B6409FD")
GATEWAYS = ("vpc", "L-FE5A380F")  # for each zone
Told = Mapping[str, Any]


def quota_of(instance_type: str) -> str:
    """The code of the quota of a type's vCPUs, "" where it is not known."""
    found = re.match(r"[a-z]+", instance_type)
    return FAMILIES.get(found[0] if found else "", "")


def hosts(seen: Seen) -> Verdict:
    """All hosts that the group may have, besides what others run."""
    web = seen.options["web_tier"]
    each, others = int(seen.fact("vcpus")), int(seen.fact("other vcpus"))
    needed = int(web["max_size"]) * each + others
    said = (
        f"{web['max_size']} {web['instance_type']} take {web['max_size'] * each} vCPUs, others "
        f"have {others}"
    )
    return _within(seen, "ec2", quota_of(web["instance_type"]), needed, said)


def addresses(seen: Seen) -> Verdict:
    there = int(seen.fact("addresses"))
    # Those that are made when it takes over are nowhere to be found before.
    needed = [w.address for w in network.gateways(seen.serving) if w.kind == "elastic_ip"]
    missing = sum(name not in seen.wants or seen.have(name) is None for name in needed)
    said = f"{there} addresses there, {missing} would be made"
    return _within(seen, *ADDRESSES, there + missing, said)


def gateways(seen: Seen) -> Verdict | None:
    """Those of a site that has none while it stands by. AWS counts them by zone."""
    wants = network.gateways(seen.serving) if makes_gateways(seen.site) else ()
    zones = [f"{seen.scope.region}{want.id}" for want in wants if want.kind == "nat_gateway"]
    if not zones:
        return None
    there: Mapping[str, int] = seen.fact("gateways")
    fullest = max(zones, key=lambda zone: there.get(zone, 0))
    count = there.get(fullest, 0)
    said = f"{count} NAT gateway{'s' * (count != 1)} in {fullest}, 1 would be made"
    return _within(seen, *GATEWAYS, count + 1, said)


def makes_gateways(site: Site) -> bool:
    """Whether it is a failover that makes the NAT gateways of the site."""
    return not has_way_out(site) and site.nat != "none"


def databases(seen: Seen) -> Verdict:
    there = int(seen.fact("databases"))
    missing = seen.fact("replica") is None
    said = f"{there} database{'s' * (there != 1)} there, {int(missing)} would be made"
    return _within(seen, *DATABASES, there + missing, said)


def _within(seen: Seen, service: str, code: str, needed: int, said: str) -> Verdict:
    if not code:
        return unknown(f"{said}; which quota counts them is not known")
    allowed = seen.fact(f"quota {code}")
    if allowed is None:
        return unknown(f"{said}; AWS does not tell quota {code}")
    told = f"{said}; the quota of {seen.scope.region} is {allowed:g}"
    if needed > allowed:
        return bad(
            told,
            f"{COMMAND}aws service-quotas request-service-quota-increase "
            f"--region {seen.scope.region} --service-code {service} --quota-code {code} "
            f"--desired-value {needed}",
        )
    return good(told)


def offered(seen: Seen) -> Verdict:
    """Where none of its types is sold no host starts, whatever the quota."""
    kind, region = seen.options["web_tier"]["instance_type"], seen.scope.region
    offers: Mapping[str, list[str]] = seen.fact("zones of type")
    lacking = [zone for zone in _zones(seen) if zone not in offers[kind]]
    nothing = [zone for zone in lacking if not any(zone in zones for zones in offers.values())]
    if nothing:
        said = f"none of {', '.join(offers)} is" if len(offers) > 1 else f"{kind} is not"
        said = f"{said} offered in {', '.join(nothing)}"
        return bad(said, f"declare zones that have it, or another type, for {region}")
    if lacking:
        return good(f"{kind} is not offered in {', '.join(lacking)}, where others take its place")
    return good(f"{kind} is offered in all zones of the site")


def orderable(seen: Seen) -> Verdict:
    kind = seen.options["database"]["instance_class"]
    options: list[Told] = seen.fact("orderable")
    zones = {zone["Name"] for option in options for zone in option["AvailabilityZones"]}
    able = any(option.get("MultiAZCapable") for option in options)
    missing = [zone for zone in _zones(seen) if zone not in zones]
    if not options or missing:
        where = ", ".join(missing)
        return bad(
            f"{kind} with gp3 cannot be ordered in {where}",
            f"declare another database_instance_class, which {seen.scope.region} has",
        )
    if seen.options["database"]["multi_az"] and not able:
        said = f"{kind} cannot be had in two zones in {seen.scope.region}"
        return bad(said, "declare another database_instance_class")
    return good(f"{kind} can be ordered in all zones of the site")


def _zones(seen: Seen) -> list[str]:
    return [f"{seen.scope.region}{letter}" for letter in seen.site.zones]


CHECKS = (
    Check("Room for hosts", hosts),
    Check("Instance type", offered),
    Check("Room for addresses", addresses),
    Check("Room for gateways", gateways),
    Check("Room for databases", databases),
    Check("Database class", orderable),
)
