# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbook of an operation, out of the table by which it is run."""

from __future__ import annotations

from collections.abc import Mapping

from ..declaration.site import Site
from ..reports.runbook import runbook
from .procedures import IN_A_COPY, OPERATIONS

# A rehearsal of what a person would do is none of what a person would have to do.
BY_HAND = tuple(name for name in OPERATIONS if name not in IN_A_COPY)


def written(operation: str, values: Mapping[str, str] | None = None) -> str:
    """What a person does by hand, in Markdown. values: what is known of an environment."""
    steps = [
        {
            "name": step.name,
            "title": step.title,
            "why": step.why,
            "by_hand": list(step.by_hand),
            "reversible": step.reversible,
            "if_it_fails": step.if_it_fails,
        }
        for step in OPERATIONS[operation]
    ]
    return runbook(operation.capitalize(), steps, values)


def values(site: Site) -> dict[str, str]:
    """What is known of an environment that moves to its recovery site, as `site` has it."""
    peer = site.peer or site.scope
    home, to = (site.scope, peer) if site.is_home else (peer, site.scope)
    return {
        "environment": site.scope.environment,
        "home": home.site,
        "from": home.site,
        "to": to.site,
        "from_region": home.region,
        "to_region": to.region,
    }
