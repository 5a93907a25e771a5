# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbooks of the operations, out of the tables by which they are run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..declaration.site import Site
from ..reports.runbook import runbook
from .procedures import IN_A_COPY, OPERATIONS

# A rehearsal of what a person would do is none of what a person would have to do.
BY_HAND = tuple(name for name in OPERATIONS if name not in IN_A_COPY)
# Those of an environment by name: the operation, and where the site stands to which it leads, or
# that serves meanwhile. A failback is a move like any other, in the other direction.
OF_ENVIRONMENT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {name: (name, "home" if name == "rollback" else "recovery") for name in BY_HAND}
    | {"failback": ("switchover", "home")}
)


def written(operation: str, values: Mapping[str, str] | None = None, name: str = "") -> str:
    """What a person does by hand, in Markdown. values: what is known of an environment. name: that
    of the operation, where it is known by another one.
    """
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
    return runbook((name or operation).capitalize(), steps, values)


def of_environment(site: Site, given: dict[str, str]) -> dict[str, str]:
    """All that a person may have to do by hand, in Markdown by name of its file; nothing where the
    environment has one site only. given: what more is known of it, as `domain`.
    """
    if not site.peer:
        return {}
    return {
        f"runbook-{name}.md": written(operation, _values(site, to) | given, name)
        for name, (operation, to) in OF_ENVIRONMENT.items()
    }


def _values(site: Site, to: str) -> dict[str, str]:
    """What is known of an environment that moves to its site which stands there."""
    peer = site.peer or site.scope
    home, recovery = (site.scope, peer) if site.is_home else (peer, site.scope)
    old, new = (recovery, home) if to == "home" else (home, recovery)
    return {
        "environment": site.scope.environment,
        "home": home.site,
        "from": old.site,
        "to": new.site,
        "from_region": old.region,
        "to_region": new.region,
    }
