# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""It is written down which site serves."""

from __future__ import annotations

from ...converge import active
from ...converge.active import Active
from ..errors import NotDone
from .fence import next_active
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that it is written down already."""
    return written(stage, next_active(stage))


def act(stage: Stage) -> Evidence:
    """Raises NotDone where a newer record says something else."""
    return write(stage, next_active(stage))


def written(stage: Stage, wanted: Active) -> Evidence | None:
    """What shows that a record is everywhere where it is to be; None where it is not."""
    whole = all(active.read(place) == wanted for place in stage.places)
    return {"epoch": wanted.epoch, "active": wanted.site} if whole else None


def write(stage: Stage, wanted: Active) -> Evidence:
    """Writes a record, first where it counts. Raises NotDone where a newer one says otherwise."""
    for place in stage.places:
        active.write(place, wanted)
        newer = active.read(place)
        if newer != wanted:
            raise NotDone(
                f"{newer.operation or 'another operation'} has written that {newer.site} serves "
                f"(epoch {newer.epoch})",
                "find out who moved the environment meanwhile; this goes no further",
            )
    did = [f"ssm PutParameter {active.path(place.scope)}" for place in stage.places]
    return {"epoch": wanted.epoch, "active": wanted.site, "did": did}
