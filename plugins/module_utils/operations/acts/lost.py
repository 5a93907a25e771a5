# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site that an environment moves from serves on, for the region that was to take over is lost.

Its own record says how far the move has come: the journal is in the region that is lost.
"""

from __future__ import annotations

from ...converge import active
from ...converge.active import Active
from ..errors import OutOfOrder
from .agree import act, foreseen
from .stage import Stage

__all__ = ["act", "foreseen", "ready", "refuse", "refuse_moved"]


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where visitors may have been sent to the other site, or that answers."""
    refuse(stage, stage.active)
    if active.known(stage.there) is not None:
        raise OutOfOrder(
            f"{stage.old.region} answers, where {stage.active.operation} is to go on",
            "run the playbook of that again: it goes on. Or playbook dr_abandon with -e "
            f"dr_operation=switchover -e dr_stands={stage.old.stands} gives it up",
        )


def refuse_moved(stage: Stage) -> None:
    """Raises OutOfOrder where the other region is back and says that its site serves."""
    found = active.known(stage.there)
    if found and found.site == stage.old.site:
        raise OutOfOrder(
            f"{stage.old.region} is back, and its record says that {found.site} serves since "
            f"{found.since}",
            f"{stage.scope.site} is to stand by: playbook dr_reprotect sees to it",
        )


def refuse(stage: Stage, found: Active) -> None:
    """Raises OutOfOrder where the site's record does not say that it is moved away from."""
    if found.moving and found.site == stage.scope.site:
        return
    raise OutOfOrder(
        f"the record in {stage.scope.region} says that {found.site or 'home'} serves"
        f"{f' since {found.since}' if found.since else ''}, so visitors may have been sent there: "
        f"what they have written {stage.scope.site} lacks",
        f"once {stage.old.region} is back, run the playbook of {found.operation or 'the move'} "
        "again: it goes on. Nobody writes until then",
    )
