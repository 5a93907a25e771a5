# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Both sites know that visitors may be sent to the other one from now on.

Up to then the record of the old site names that, and the new database is frozen as its primary was,
so nobody's write is acknowledged there: where that region is lost, the old site may serve on.
"""

from __future__ import annotations

from dataclasses import replace

from ...converge import active
from ...converge.active import Active
from ..procedures import ANNOUNCED
from . import record
from .fence import next_active
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that they do, or know already how it has ended."""
    known = (announced(stage), next_active(stage))
    if not all(active.read(place) in known for place in stage.places):
        return None
    return {"epoch": known[0].epoch, "active": known[0].site}


def act(stage: Stage) -> Evidence:
    """Raises NotDone where a newer record says something else."""
    return record.write(stage, announced(stage))


def announced(stage: Stage) -> Active:
    """The record: the other site serves, and the move has not ended."""
    epoch = int(stage.journal.opened["epoch"]) + ANNOUNCED
    return replace(next_active(stage), epoch=epoch, moving=True)
