# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged where no copy of the database streams: those of which one would be restored."""

from __future__ import annotations

from ...kinds import db_copies
from ...kinds.db_copies import Copy
from .copies import KEY
from .declared import compared
from .verdict import BUILD, COMMAND, Check, Seen, Verdict, bad, good

COPYING = "db_backup_replication/main"


def copying(seen: Seen) -> Verdict | None:
    if seen.replicates or COPYING not in seen.wants:
        return None
    return compared(seen, [COPYING], f"backups of {seen.peer.database} are copied here")


def newest(seen: Seen) -> Verdict | None:
    """Whether a database as declared could be made of it, and what would be lost."""
    if seen.replicates:
        return None
    found: list[Copy] = seen.fact("copies")
    if not found:
        return bad(f"no backup of {seen.peer.database} is in {seen.scope.region} yet", BUILD)
    key = seen.have(KEY)
    usable = db_copies.newest(found, str(key.facts.get("arn", "")) if key else "")
    if usable is None:
        return bad(f"none of {len(found)} copies is encrypted with {seen.scope.key_alias}", BUILD)
    age, most = seen.age(usable.at), seen.objectives["recovery_point_seconds"]
    major = str(seen.options["database"]["engine_version"]).partition(".")[0]
    why = db_copies.objection(usable, major=major, username=seen.site.database_user)
    if why:
        return bad(why, f"declare what it has: {usable.version}, {usable.username}", age)
    said = f"{usable.what} is the newest one; the objective is {most} s"
    return bad(said, _look(seen), age) if age > most else good(said, age)


def _look(seen: Seen) -> str:
    return (
        f"{COMMAND}aws rds describe-db-instance-automated-backups --region {seen.scope.region} "
        f"--db-instance-identifier {seen.peer.database}"
    )


CHECKS = (Check("Copied backups", copying), Check("Backup", newest))
