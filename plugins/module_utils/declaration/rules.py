# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules between the options of an environment, and above all between its sites."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from ..engine.canon import cidr
from .fields import Problem
from .secrets import HIDDEN, NO_SECRET, SECRETIVE

Sites = Mapping[str, Mapping[str, Any]]
# Two that go together, as an example.
SITES = {
    "home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"},
    "recovery": {"region": "us-west-2", "stands": "recovery", "cidr": "10.21.0.0/16"},
}


def check_environment(declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules between the options. Looks at what is there: the rest has been reported as missing."""
    sites: Sites = declared.get("sites") or {}
    if sites and "site" in declared and declared["site"] not in sites:
        rule = "must be one of the declared sites, as every host of the inventory is"
        yield Problem("site", declared["site"], f"{rule}: {', '.join(sites)}", min(sites))
    yield from _stands(sites)
    yield from _closed(sites, declared)
    for (one, a), (two, b) in itertools.combinations(sites.items(), 2):
        yield from _apart(one, a, two, b, sites)
    # Tags are readable by everybody who may list things.
    for name in declared.get("tags") or {}:
        if SECRETIVE.search(name):
            yield Problem(f"tags.{name}", HIDDEN, NO_SECRET, f"leave out {name}")


def _stands(sites: Sites) -> Iterator[Problem]:
    if not sites or not all("stands" in site for site in sites.values()):
        return
    for stands, many in (("home", "exactly"), ("recovery", "at most")):
        same = [name for name, site in sites.items() if site["stands"] == stands]
        if len(same) > 1 or (stands == "home" and not same):
            yield Problem("sites", same, f"must have {many} one site that stands {stands}", SITES)


def _closed(sites: Sites, declared: Mapping[str, Any]) -> Iterator[Problem]:
    """A way out, or another site that is told of each write, would open it."""
    for name, site in sites.items():
        if not site.get("closed"):
            for what, right in (("visitors", []), ("quarantined", False)):
                if site.get(what):
                    rule = "is for a closed site only: any other is open to all"
                    yield Problem(f"sites.{name}.{what}", site[what], rule, right)
            continue
        if site.get("nat", "none") != "none":
            rule = "must be none at a closed site, from which nothing gets out"
            yield Problem(f"sites.{name}.nat", site["nat"], rule, "none")
        if site.get("visitors") and not declared.get("copy_of"):
            rule = "is for a staging copy only, whose copy_of names the environment that it is of"
            yield Problem(f"sites.{name}.visitors", site["visitors"], rule, [])
        if len(sites) > 1:
            rule = "must be false where there are other sites: a closed one stands alone"
            yield Problem(f"sites.{name}.closed", True, rule, False)


def _apart(
    one: str,
    a: Mapping[str, Any],
    two: str,
    b: Mapping[str, Any],
    sites: Sites,
) -> Iterator[Problem]:
    """Two sites are in two regions and in two networks."""
    if "region" in a and a["region"] == b.get("region"):
        yield Problem(
            f"sites.{two}.region",
            b["region"],
            f"must be another region than that of {one}, or both are lost at once",
            "us-west-2" if a["region"] != "us-west-2" else "us-east-1",
        )
    if "cidr" in a and "cidr" in b and _net(a["cidr"]).overlaps(_net(b["cidr"])):
        taken = [_net(site["cidr"]) for site in sites.values() if "cidr" in site]
        free = [net for net in _net("10.0.0.0/8").subnets(8) if not any(map(net.overlaps, taken))]
        yield Problem(
            f"sites.{two}.cidr", b["cidr"], f"must not overlap {a['cidr']} of {one}", str(free[0])
        )


def _net(text: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(cidr(text))
