# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the old database alone has: a host in its network counts it, where there is one."""

from __future__ import annotations

from . import old_database
from .stage import Evidence, Stage

NOT_TOLD = "no operation has told what the new database had as it took over, so nothing is counted"


def look(stage: Stage) -> Evidence | None:
    """What was counted before; nothing, where there is no old database any more."""
    if found := stage.journal.done("orphans"):
        return dict(found)
    item = old_database.described(stage)
    if item is None or old_database.is_replica(stage, item):
        return {"tables": {}, "total": 0, "said": f"{stage.old.site} has no database of before"}
    return None if asked(stage)["snapshot"] else {"tables": {}, "total": None, "said": NOT_TOLD}


def asked(stage: Stage) -> Evidence:
    """What the host has to know. The parameters of a site that does not serve tell no server."""
    endpoint = (old_database.described(stage) or {}).get("Endpoint") or {}
    return {
        "snapshot": stage.journal.opened.get("snapshot", ""),
        "server": {"host": endpoint.get("Address", ""), "port": str(endpoint.get("Port", ""))},
    }
