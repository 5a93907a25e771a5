# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host asks of the replica before that is promoted. Where none stands, nobody is asked."""

from __future__ import annotations

from . import instance
from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What was told before, or that there is nothing to stop; None where a host is to be asked."""
    before = stage.journal.done("intake")
    if before is not None:
        return dict(before)
    return None if instance.found(stage) else {"stopped": [], "did": ["nothing copies: no replica"]}
