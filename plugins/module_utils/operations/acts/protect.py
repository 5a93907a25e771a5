# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""It is written down that the other site is to stand by: what that needs, the next run makes."""

from __future__ import annotations

from dataclasses import replace

from ...converge.active import Active
from . import record
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What shows that it is written down already."""
    return record.written(stage, protected(stage))


def act(stage: Stage) -> Evidence:
    """Raises NotDone where a newer record says something else."""
    return record.write(stage, protected(stage))


def protected(stage: Stage) -> Active:
    """The record that says so. Since when the site serves stays."""
    return replace(
        stage.active,
        epoch=int(stage.journal.opened["epoch"]) + 1,
        site=stage.scope.site,
        protected=True,
        operation=stage.journal.id,
        moving=False,
    )
