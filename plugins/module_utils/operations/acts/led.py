# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the name leads is looked up in each run anew, until it is written down who serves: while
nobody goes on with it, somebody else may move the traffic.
"""

from __future__ import annotations

from .stage import Evidence, Stage


def look(stage: Stage) -> Evidence | None:
    """What was told, once it does not matter any more; None where a host is to look."""
    before = stage.journal.done("led")
    return dict(before) if before and stage.journal.done("record") else None
