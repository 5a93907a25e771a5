# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The acts of each operation, and where they take place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..aws.reach import Reach
from ..aws.scope import Scope
from ..aws.session import Aws
from ..converge.site import Converger
from . import manifest
from .acts import (
    agree,
    claim,
    copies,
    decide,
    fence,
    hold,
    intake,
    led,
    lost,
    master,
    orphans,
    promote,
    protect,
    record,
    remove,
    replica,
    retire,
    secrets,
    smoke,
    snapshot,
    swap,
    switch,
    tell,
    undo,
)
from .acts.stage import Stage
from .errors import OutOfOrder
from .journal import Journal
from .procedures import IN_A_COPY

# What a file in acts/ offers: act(stage) if it does the step itself, look(stage) where the world
# shows that it is done, ready(stage) where something has to be there before anything is begun, and
# foreseen(stage).
ACTS: Mapping[str, dict[str, Any]] = {
    "failover": {
        "decide": decide,
        "fence": fence,
        "intake": intake,
        "promote": promote,
        "secrets": secrets,
        "master": master,
        "record": record,
        "smoke": smoke,
        "switch": switch,
    },
    "switchover": {
        "decide": agree,
        "hold": hold,
        "promote": promote,
        "secrets": secrets,
        "master": master,
        "tell": tell,
        "switch": switch,
        "record": record,
        "retire": retire,
    },
    "reprotect": {
        "retire": retire,
        "snapshot": snapshot,
        "orphans": orphans,
        "decide": agree,
        "remove": remove,
        "copies": copies,
        "protect": protect,
        "replica": replica,
    },
    "rollback": {
        "decide": lost,
        "led": led,
        "claim": claim,
        "record": record,
    },
    "drill": {},
    "refresh": {"swap": swap, "back": undo.Back, "remove": undo.Remove},
    "return": {"swap": swap, "back": undo.Back},
}


def stage_of(
    converger: Converger,
    journal: Journal,
    options: Mapping[str, Any],
    say: Callable[[str], None] = lambda line: None,
    guard: Callable[[], None] | None = None,
) -> Stage:
    """Where the acts of an operation take place. Raises OutOfOrder where there is one site only,
    and the operation has to do with two.

    guard: asked before each write at the other site, where that is not the one of this site.
    """
    site, here = converger.task.site, converger.account
    peer, there = site.peer, here
    if peer:
        there = _other(converger, peer)
        there.guard = guard or here.guard
    elif options["operation"] not in IN_A_COPY:
        raise OutOfOrder(f"{site.scope.environment} has one site only")
    both = sorted((here, there), key=lambda aws: aws.scope.stands != "recovery")
    return Stage(
        site=site,
        here=here,
        there=there,
        places=(here,) if converger.task.isolated else tuple(both),
        manifest=manifest.load(here),
        active=converger.active,
        journal=journal,
        options=options,
        timeout=converger.task.timeout,
        say=say,
    )


def _other(converger: Converger, peer: Scope) -> Aws:
    """Clients of the site that is given up, for what fences it; else of the other site."""
    connection = converger.task.connections[peer.site]
    region = converger.task.site.scope.region
    if converger.task.isolated:
        return Aws(peer, connection, region, Reach(peer.region, fence.CALLS)).hasty()
    return Aws(peer, connection, region)
