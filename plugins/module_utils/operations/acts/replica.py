# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The replica that stands by is there, which playbook site has made, and has its parameters.

Those that count from the start of a server on are not those of a new replica before it was started
again, which playbook site does once.
"""

from __future__ import annotations

from ...kinds import db_instance_reading as reading
from ..errors import NotDone
from . import old_database
from .stage import Evidence, Stage

HINT = "playbook site makes it; run it for both sites, then the same playbook again"


def act(stage: Stage) -> Evidence:
    """Raises NotDone where it is not there. A site that keeps backups only has none."""
    if stage.site.strategy == "backup_restore":
        return {"replica": "", "said": f"{stage.old.site} keeps backups, and no replica"}

    def missing() -> str:
        item = old_database.described(stage)
        if item is None or not old_database.is_replica(stage, item):
            raise NotDone(f"{stage.old.site} has no replica of {stage.scope.database}", HINT)
        status = str(item["DBInstanceStatus"])
        if status not in reading.OPERATIONAL:
            return f"{stage.old.database} is {status}"
        waiting = reading.facts(item)["pending_reboot"]
        return f"{', '.join(waiting)} waits for a reboot" if waiting else ""

    stage.wait("the replica", missing, HINT)
    return {"replica": stage.old.database, "source": stage.scope.database}
