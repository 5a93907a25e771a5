# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""It is written down where the environment moves to which site serves, and not yet at the other.

There the record says that the environment moves until traffic does. As long as it says so, nobody's
write was acknowledged elsewhere: where the region that takes over is lost, the old site serves on.
"""

from __future__ import annotations

from . import record
from .fence import next_active
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that it is written down already."""
    return record.written(next_active(stage), (stage.here,))


def act(stage: Stage) -> Evidence:
    """Raises NotDone where a newer record says something else."""
    return record.write(next_active(stage), (stage.here,))
