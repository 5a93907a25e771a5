# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may talk to whom: groups for balancer, web and database that name one another."""

from __future__ import annotations

from collections.abc import Iterator

from ..aws.scope import Scope
from ..declaration.site import Site
from ..engine import canon
from ..engine.model import Ref, Want

TIER = "network"
GROUPS = ("balancer", "web", "database")
ENDPOINTS = "endpoints"
HTTP, HTTPS = 80, 443
# Group, direction, what, port, peer, description.
Way = tuple[str, str, str, int, str, str]


def groups(site: Site) -> Iterator[Want]:
    """The default group, emptied, and one group for each of those who talk."""
    scope = site.scope
    yield Want(
        "default_security_group",
        "main",
        {
            "vpc": Ref("vpc/main"),
            "rules": (),
            "tags": scope.marks("default_security_group", "main", scope.name("default")),
        },
        tier=TIER,
    )
    for name in (*GROUPS, ENDPOINTS) if site.closed else GROUPS:
        yield group(scope, name, TIER)


def rules(site: Site) -> Iterator[Want]:
    """Every way that is open. What answers needs no rule: groups remember connections."""
    application, database = site.application_port, site.database_port
    ways = (
        *_visitors(site),
        ("balancer", "out", "web", application, "web", "Requests to the application"),
        ("web", "in", "balancer", application, "balancer", "Requests from the balancer"),
        ("web", "out", "database", database, "database", "Queries to the database"),
        ("web", "out", "https", HTTPS, site.reach, "AWS API and updates"),
        *(_endpoints(site) if site.closed else _without_tls()),
        *_queries(site),
    )
    for group, direction, what, port, peer, description in ways:
        yield rule(site.scope, f"{group}/{direction}-{what}", port, peer, description, TIER)


def _visitors(site: Site) -> Iterator[Way]:
    yield ("balancer", "in", "https", HTTPS, site.reach, "Visitors")
    for network in site.visitors:
        what = "https-" + network.replace(".", "-").replace("/", "-")
        yield ("balancer", "in", what, HTTPS, network, "Visitors")


def _without_tls() -> Iterator[Way]:
    """What is no secret, with the world."""
    yield ("balancer", "in", "http", HTTP, canon.ANYWHERE, "Visitors, sent on to HTTPS")
    yield ("web", "out", "http", HTTP, canon.ANYWHERE, "Updates")


def _endpoints(site: Site) -> Iterator[Way]:
    yield (ENDPOINTS, "in", "https", HTTPS, site.reach, "AWS API")


def _queries(site: Site) -> Iterator[Way]:
    """Nobody is let in to the database of a site that served, and is not made a replica yet; nor to
    one that is in quarantine.
    """
    if (site.is_active or site.protected) and not site.quarantined:
        yield ("database", "in", "web", site.database_port, "web", "Queries from the application")


def rule(scope: Scope, id: str, port: int, peer: str, description: str, tier: str) -> Want:
    """A way of TCP. id: "<group>/<in or out>-<what>". peer: a network, or the id of a group."""
    group, _slash, rest = id.partition("/")
    network = "/" in peer
    return Want(
        "security_group_rule",
        id,
        {
            "group": Ref(f"security_group/{group}"),
            "direction": rest.partition("-")[0],
            "by": "cidr" if network else "group",
            "peer": peer if network else Ref(f"security_group/{peer}"),
            "protocol": "tcp",
            "from_port": port,
            "to_port": port,
            "description": description,
            "tags": scope.marks("security_group_rule", id),
        },
        tier=tier,
    )


def group(scope: Scope, name: str, tier: str) -> Want:
    """A group without a way in or out."""
    return Want(
        "security_group",
        name,
        {
            "name": scope.name(name),
            "description": f"{name.capitalize()} of {scope.prefix}",
            "vpc": Ref("vpc/main"),
            "default_egress": False,
            "tags": scope.marks("security_group", name),
        },
        tier=tier,
    )
