# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a step would do. Nothing is written, not even a journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..converge.site import Converger
from . import acting, answers, opening, preconditions
from . import journal as journals
from .acts import abandon, instance
from .errors import OutOfOrder
from .journal import Journal
from .planned import ABANDON
from .procedures import superseded
from .step import OPEN, StepOf

NOT_BEGUN = "step {} belongs to no {} that has been begun"


def foreseen(converger: Converger, options: Mapping[str, Any], what: StepOf) -> dict[str, Any]:
    """What the step would do. Nothing is written, not even a journal."""
    here = converger.account
    journal = journals.unended(here)
    if journal and superseded(journal, converger.active):
        journal = None
    if idle := opening.idle(converger, options, journal):
        return answers.idle(what, idle)
    if journal is None and (awaited := _awaited(converger, options)):
        return answers.idle(what, awaited)
    if what == ABANDON:
        return _way_back(converger, options, journal)
    if journal is None or (what.name == OPEN and not opening.goes_on(journal, converger.active)):
        preconditions.check(converger, options, journal)
        journal = Journal("", [])
    before = journal.done(what.name)
    result = answers.of_step(journal, what, before is None, before)
    if what.name == OPEN:
        result |= opening.facts(here, options["operation"], journal)
    act = acting.ACTS[options["operation"]].get(what.name)
    if before is None and (foreseen := getattr(act, "foreseen", None)):
        result |= foreseen(acting.stage_of(converger, journal, options))
    return result


def _awaited(converger: Converger, options: Mapping[str, Any]) -> str:
    """Why a check sees no further: of a move home, before which the same playbook has home stand
    by, which a check does not; else "".
    """
    site = converger.task.site
    if options["operation"] != "switchover" or not site.is_home or site.is_active:
        return ""
    stage = acting.stage_of(converger, Journal("", []), options)
    if site.protected and (site.strategy == "backup_restore" or instance.found(stage)):
        return ""
    return (
        f"site {site.scope.site} does not stand by yet. Once it does, the environment is moved "
        "there; a check sees no further"
    )


def _way_back(
    converger: Converger, options: Mapping[str, Any], journal: Journal | None
) -> dict[str, Any]:
    """What has to be done to give up an operation that has begun. Raises OutOfOrder."""
    if journal is None:
        raise OutOfOrder(NOT_BEGUN.format(ABANDON.name, options["operation"]))
    stage = acting.stage_of(converger, journal, options)
    return answers.of_step(journal, ABANDON, True, abandon.foreseen(stage))
