# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which single tiers are run, and what is missing where it was not kept."""

from __future__ import annotations

from ..engine.errors import EngineError
from ..engine.model import Action
from .catalog import TIERS
from .task import Planned, Task

ORDER = tuple(tier.TIER for tier in TIERS)


class MissingTier(EngineError):
    code = "missing_tier"


class MissingSite(EngineError):
    code = "missing_site"


def missing(task: Task, planned: Planned) -> MissingTier | None:
    """What this task would wait for and nobody in it makes: objects of tiers that were not run.

    Those of the other site are no concern of ours: its run may be under way.
    """
    own = {tier.TIER for tier in task.tiers}
    absent = [
        step
        for step in planned.plan.steps
        if step.action is Action.READ and step.want and not step.want.site
        if step.want.tier not in own and step.address not in planned.haves
    ]
    if not absent:
        return None
    first = sorted({step.tier for step in absent if step.tier}, key=ORDER.index)
    names = ", ".join(step.address for step in absent)
    return MissingTier(
        f"there is no {names}, which this task does not make",
        f"run {' and '.join(first)} of this site first, as a module or a role; the order is "
        f"{', '.join(ORDER)}. Module and playbook site run all of them",
    )


def missing_site(task: Task, planned: Planned) -> MissingSite | None:
    """What this task would wait for and only the other site makes, where that has no part in the
    run. Where nobody knows that it has none, its run may be under way.
    """
    absent = [
        step.address
        for step in planned.plan.steps
        if step.action is Action.READ and step.want and step.want.site
        if step.address not in planned.haves
    ]
    if not (absent and task.peer_absent and task.site.peer):
        return None
    return MissingSite(
        f"there is no {', '.join(absent)}, which only the run of site {task.site.peer.site} makes",
        "run the playbook without --limit, or name both sites in it",
    )
