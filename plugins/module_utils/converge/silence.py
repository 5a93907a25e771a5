# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is said where a region does not answer: whose it is, and the way on."""

from __future__ import annotations

from ..aws.errors import WORLDWIDE, silent
from ..declaration.site import Site


def message(site: Site, error: BaseException) -> str:
    """The error in words: with service, region and the site that stands there."""
    service, region = silent(error)
    if not service:
        return str(error)
    if service in WORLDWIDE:
        return f"{service}, which is one for all regions, does not answer: {error}"
    where = next((f", where site {s} stands," for s, r in _regions(site) if r == region), "")
    return f"{service} in {region}{where} does not answer: {error}"


def way_on(site: Site, error: BaseException) -> str:
    """What to do about it; "" for any other error."""
    service, region = silent(error)
    if not service:
        return ""
    again = "run the same playbook again once it answers"
    places = _regions(site)
    others = [name for name, place in places if place != region]
    if service in WORLDWIDE or len(others) == len(places) or not others:
        return f"{again}; where nothing answers, look at this machine's network"
    return (
        f"where only {region} does not answer, run the playbook with --limit {others[0]} "
        f"meanwhile; {again}"
    )


def _regions(site: Site) -> list[tuple[str, str]]:
    return [(scope.site, scope.region) for scope in (site.scope, site.peer) if scope]
