# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""It is written down which site serves."""

from __future__ import annotations

from ...converge import active
from ..errors import NotDone
from .fence import next_active
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that it is written down already."""
    found, wanted = active.read(stage.here), next_active(stage)
    return {"epoch": found.epoch, "active": found.site} if found == wanted else None


def act(stage: Stage) -> Evidence:
    """Raises NotDone where a newer record says something else."""
    active.write(stage.here, next_active(stage))
    found = look(stage)
    if found is None:
        newer = active.read(stage.here)
        raise NotDone(
            f"{newer.operation or 'another operation'} has written that {newer.site} serves "
            f"(epoch {newer.epoch})",
            "find out who moved the environment meanwhile; no traffic was moved",
        )
    return {**found, "did": [f"ssm PutParameter {active.path(stage.scope)}"]}
