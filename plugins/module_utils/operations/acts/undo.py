# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is undone of a refresh where anything failed, and left where all is good."""

from __future__ import annotations

from ..procedures import OPERATIONS
from . import swap
from .stage import Evidence, Stage


class Back:
    """The step by which the name leads where it led before."""

    @staticmethod
    def look(stage: Stage) -> Evidence | None:
        return kept(stage)

    @staticmethod
    def act(stage: Stage) -> Evidence:
        return swap.back(stage)


class Remove:
    """The step by which the copy is removed, which another task does."""

    @staticmethod
    def look(stage: Stage) -> Evidence | None:
        return kept(stage)


def kept(stage: Stage) -> Evidence | None:
    """That the copy stays, where each step is done that is not done always; else None."""
    steps = OPERATIONS[stage.journal.opened["operation"]][1:]
    missing = [s.name for s in steps if not s.always and stage.journal.done(s.name) is None]
    return None if missing else {"kept": stage.scope.environment}
