# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site that serves on takes the environment from the move that it gives up, before it takes a
write: whoever goes on with that finds a newer record, and goes no further.
"""

from __future__ import annotations

from dataclasses import replace

from ...converge import active
from ...converge.active import Active
from . import lost, record
from .fence import moving, next_active
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that it has."""
    found = active.read(stage.here)
    lost.refuse_moved(stage)
    if found not in (claimed(stage), next_active(stage)):
        return None
    return {"epoch": found.epoch, "active": found.site}


def act(stage: Stage) -> Evidence:
    """Raises OutOfOrder where the move has gone on since this was begun."""
    lost.refuse(stage, active.read(stage.here))
    return record.write(stage, claimed(stage))


def claimed(stage: Stage) -> Active:
    """The record: the site serves, and others than this operation wait for its end."""
    return replace(moving(stage), site=stage.scope.site)
