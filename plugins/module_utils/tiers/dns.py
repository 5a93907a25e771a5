# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of a site: its zone, the proof of its certificate, and the record pair that fails over.

The PRIMARY record obeys a health check on an alarm of the standby region, and nothing else. Writing
one metric there moves the traffic: it takes no write to Route 53 and nothing of the home region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.scope import Scope
from ..declaration.site import Site
from ..engine import canon
from ..engine.model import Ref, Want
from ..kinds.health_check import ALARM
from ..kinds.record_sets import identifier
from ..kinds.route53 import reference
from .alarms import copied
from .traffic_fields import zone_of

TIER = "traffic"
PROOF_TTL = 60
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html
MOST_TAGS = 10


def names(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    """Zone, certificate and records. Home makes what both sites share.

    A closed site bears a name that another environment owns, and writes nothing of it anywhere; one
    that is visited proves its certificate, and gets its name when it is proved itself.
    """
    if site.is_visited:
        yield from _zone(site, options)
    yield from _certificate(site, options)
    if not site.closed:
        yield from _site_record(site, options)


def _zone(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    scope, name = site.scope, zone_of(options)
    if not options["zone_managed"]:
        found = {"name": name, "managed": False}
        yield Want("hosted_zone", "main", found, tier=TIER, given=True)
    elif site.is_home:
        spec = {"name": name, "tags": scope.marks("hosted_zone", "main", most=MOST_TAGS)}
        yield Want("hosted_zone", "main", spec, tier=TIER)
    elif site.peer:
        home = site.peer.site
        yield Want("hosted_zone", "main", {"name": name}, tier=TIER, given=True, site=home)


def _zone_ref(site: Site, options: Mapping[str, Any]) -> Ref:
    home = "" if site.is_home or not site.peer else f"{site.peer.site}:"
    return Ref(f"{home if options['zone_managed'] else ''}hosted_zone/main")


def _certificate(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    domain = options["domain"]
    wanted = {
        "domain": domain,
        "names": canon.unordered(name for name in options["certificate_names"] if name != domain),
    }
    marks = site.scope.marks("certificate", "main")
    yield Want("certificate", "main", {**wanted, "tags": marks}, tier=TIER)
    # All certificates of an account for a name are asked for the same proof: home's record serves
    # the other site too, and that of the environment which owns the name a closed one.
    proofs = list(_proofs(site, options, wanted)) if site.is_home and site.is_visited else []
    yield from proofs
    after = (Ref("certificate/main"), *(Ref(proof.address) for proof in proofs))
    yield Want("certificate_validation", "main", wanted, after=after, tier=TIER, given=True)


def _proofs(site: Site, options: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[Want]:
    """One record per name; a name and the wildcard over it are proved by the same one."""
    bases = {name.removeprefix("*."): name for name in (*wanted["names"], wanted["domain"])}
    for base, name in sorted(bases.items()):
        own = name == wanted["domain"]
        suffix = "" if own else f":{name}"
        yield Want(
            "dns_record",
            "validation" if own else f"validation-{base}",
            {
                **_place(site, options),
                "name": Ref("certificate/main", f"validation_name{suffix}", ready=True),
                "type": "CNAME",
                "ttl": PROOF_TTL,
                "values": (Ref("certificate/main", f"validation_value{suffix}", ready=True),),
                "alias": None,
                "set_identifier": "",
                "failover": "",
                "health_check": "",
                "proves": name,
            },
            after=(_zone_ref(site, options),),
            tier=TIER,
        )


def _site_record(site: Site, options: Mapping[str, Any]) -> Iterator[Want]:
    peer = site.peer
    after: tuple[Ref, ...] = (_zone_ref(site, options),)
    health: str | Ref = ""
    if peer and site.is_home:
        yield Want("alarm", "switch", tier=TIER, given=True, site=peer.site)
        yield _switch(site.scope, peer)
        health = Ref("health_check/switch")
    elif peer:
        # Route 53 takes a SECONDARY only beside a PRIMARY. Where home stood alone its record is a
        # plain one, which is there long before it is what this one may stand beside.
        found = {**_address(peer, site, options), "failover": "PRIMARY"}
        yield Want("dns_record", "site", found, tier=TIER, given=True, site=peer.site)
        after = (*after, Ref(f"{peer.site}:dns_record/site", ready=True))
    balancer = {
        "name": Ref("load_balancer/main", "dns_name"),
        "zone": Ref("load_balancer/main", "zone_id"),
        # Route 53's API reference demands it of failover aliases. See docs/traffic.md for what it
        # means, and why a host is ready only where its database takes writes.
        "evaluate": True,
    }
    spec = {
        **_address(site.scope, site, options),
        "ttl": 0,
        "values": (),
        "alias": balancer,
        "failover": ("PRIMARY" if site.is_home else "SECONDARY") if peer else "",
        "health_check": health,
    }
    yield Want("dns_record", "site", spec, after=after, tier=TIER)


def _address(scope: Scope, site: Site, options: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a site's record from all others."""
    return {
        **_place(site, options),
        "name": options["domain"],
        "type": "A",
        "set_identifier": identifier(options["domain"], scope) if site.peer else "",
        "proves": "",
    }


def _place(site: Site, options: Mapping[str, Any]) -> dict[str, str]:
    home = site.scope if site.is_home or not site.peer else site.peer
    start = reference(home, "hosted_zone") if options["zone_managed"] else ""
    return {"zone": zone_of(options), "zone_reference": start}


def _switch(scope: Scope, peer: Scope) -> Want:
    spec = {
        "type": ALARM,
        "alarm": {"region": peer.region, "name": peer.name("switch")},
        "copy": copied(peer),
        "missing": "LastKnownStatus",
        "inverted": False,
        "disabled": False,
        "tags": scope.marks("health_check", "switch", most=MOST_TAGS),
    }
    after = (Ref(f"{peer.site}:alarm/switch"),)
    return Want("health_check", "switch", spec, after=after, tier=TIER)
