# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What has to be there before an operation begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..converge.site import Converger
from ..declaration.site import Site
from . import journal as journals
from . import manifest
from .acting import ACTS, stage_of
from .acts import smoke, swap
from .errors import OutOfOrder
from .journal import Journal
from .procedures import (
    IN_A_COPY,
    ISOLATED,
    MOVES,
    OF_STAGING,
    given_up,
    holds,
    is_over,
    playbook,
)


def check(converger: Converger, options: Mapping[str, Any], before: Journal | None = None) -> None:
    """Raises OutOfOrder where the operation does not fit what there is, or lacks what a step needs
    after which there is no way back.

    before: the one that it takes over. Where that was past its own way back, nobody may write since
    then, and it may have written down already that the site serves: what only the site itself lacks
    is met when it is asked.
    """
    bound = before is not None and holds(before, converger.active)
    site, kind = converger.task.site, options["operation"]
    if kind in IN_A_COPY:
        _check_copy(converger, options)
        return
    if not site.peer:
        raise OutOfOrder(
            f"{site.scope.environment} has one site only", "a recovery site is declared beside it"
        )
    if kind in MOVES and not bound:
        _check_move(converger, site)
    if not manifest.load(converger.account):
        raise OutOfOrder(
            f"site {site.scope.site} has no manifest of the environment",
            "playbook site writes it at its end, while both regions are there",
        )
    stage = stage_of(converger, Journal("", []), options)
    if kind not in ISOLATED:
        other = journals.unended(stage.there)
        if other and not is_over(other, converger.active):
            raise not_ended(other)
    for act in ACTS[kind].values():
        ready = getattr(act, "ready", None)
        if ready and not (bound and act is smoke):
            ready(stage)


def _check_copy(converger: Converger, options: Mapping[str, Any]) -> None:
    """Raises OutOfOrder where it would not take place in a copy, or the name of staging leads
    elsewhere than was found.
    """
    site, declares = converger.task.site, options["told"].get("declares", {})
    if not site.scope.copy_of or not site.closed:
        raise OutOfOrder(
            f"{site.scope.environment} is no copy that is closed to all sides",
            "playbook dr_drill makes one, and rehearses in it",
        )
    if "before" in declares:
        swap.unchanged(converger.account, declares)


def _check_move(converger: Converger, site: Site) -> None:
    """Raises OutOfOrder where the environment cannot be moved to the site."""
    if site.is_active:
        since = f" since {converger.active.since}" if converger.active.since else ""
        raise OutOfOrder(
            f"site {site.scope.site} serves already{since}",
            "nothing is to be done; playbook dr_validate tells how it is protected",
        )
    if not site.protected:
        raise OutOfOrder(
            f"site {site.scope.site} does not stand by since {site.active_site} serves",
            "playbook dr_reprotect makes it a replica, while both regions are there",
        )


def not_ended(journal: Journal) -> OutOfOrder:
    """Of an operation that is to be ended first."""
    facts = journal.opened
    how = "ends that" if given_up(journal) else "goes on with it"
    or_else = ", and staging_abandon gives it up" if facts["operation"] in OF_STAGING else ""
    return OutOfOrder(
        f"{facts['operation']} {journal.id} of {facts['operator']}, begun at {facts['began']}, has "
        "not ended",
        f"end it first: playbook {playbook(journal)} {how}{or_else}",
    )
