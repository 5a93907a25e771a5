# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a database can be restored from in a region: snapshots, and automated backups, which may be
those of another region's instance, or of one that is gone.

A replica with automated backups, which RDS for PostgreSQL has from 14.1 on, has daily snapshots of
its own, and each of them, as one made by hand, becomes a primary. To a point in time AWS restores
primaries only: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..aws.view import View
from ..engine.errors import EngineError

SNAPSHOT, BACKUP, INSTANCE, TIME, KEY = "snapshot", "backup", "instance", "time", "key"
LATEST = "latest"
# Beginnings of names of snapshots, and their type.
TYPES = {"rds:": "automated", "awsbackup:": "awsbackup"}
# Of an automated backup whose instance stands in the region, by which AWS restores it.
ACTIVE = "active"
# Whose password the master user of a restored database has: what AWS restores has that of before.
OF_BEFORE, OURS = "login-of-before", "login-set"


class NotRestorable(EngineError):
    """There is no copy of that name, or no database as declared can be made of it."""

    code = "not_restorable"


@dataclass(frozen=True, slots=True)
class Copy:
    """restore: {"snapshot": name}, or {"backup": ARN, "time": "latest"}, or {"instance":
    identifier, "time": "latest"}. what: in words. at: as of when it has the data; a snapshot of a
    replica lacks what the replica lacked then. version: of the engine. key: ARN of its key, "" of
    one that is not encrypted. username: the master user.
    """

    restore: Mapping[str, str]
    what: str
    at: datetime
    version: str
    key: str
    username: str

    @property
    def name(self) -> str:
        return _name(self.restore)

    @property
    def declared(self) -> dict[str, str]:
        """What option `restore` of the database tier names for a database of any site."""
        return {**self.restore, KEY: self.key}

    @property
    def as_of(self) -> str:
        """As of when it has the data, ISO 8601 in UTC."""
        return self.at.isoformat(timespec="seconds")


def of(view: View, database: str) -> list[Copy]:
    """All copies of the database of this name that are in the region and can be restored."""
    named = {"DBInstanceIdentifier": database}
    snapshots = view.pages("rds", "describe_db_snapshots", "DBSnapshots", **named)
    backups = _backups(view, **named)
    return list(_restorable(view, snapshots, backups))


def newest_of(view: View, databases: Iterable[str]) -> Copy | None:
    """The one that loses least of all copies of these databases in the region, whichever its key.

    databases: names of instances, such as those of a primary and of its replica here. None where
    there is none that a database as this collection declares it, an encrypted one, can be made of.
    """
    usable = (copy for database in databases for copy in of(view, database) if copy.key)
    return max(usable, key=lambda copy: copy.at, default=None)


def named(view: View, restore: Mapping[str, str]) -> Copy:
    """The copy that a declaration names. Raises NotRestorable."""
    name = _name(restore)
    if SNAPSHOT in restore:
        found = _restorable(view, _snapshots(view, name), ())
    elif BACKUP in restore:
        found = _restorable(view, (), _backups(view, DBInstanceAutomatedBackupsArn=name))
    else:
        listed = _backups(view, DBInstanceIdentifier=name)
        found = _restorable(view, (), [item for item in listed if item.get("Status") == ACTIVE])
    for copy in found:
        return copy
    raise NotRestorable(
        f"there is no {name} in {view.scope.region} that could be restored",
        "aws rds describe-db-snapshots and aws rds describe-db-instance-automated-backups, each "
        f"with --region {view.scope.region}, tell what there is. What is only in another region is "
        "to be copied first, with a key of this one. Of a replica AWS restores snapshots only",
    )


def newest(copies: Iterable[Copy], key: str) -> Copy | None:
    """The one that loses least, of those that the key of this ARN reads."""
    usable = (copy for copy in copies if copy.key == key)
    return max(usable, key=lambda copy: copy.at, default=None)


def objection(copy: Copy, *, major: str, key: str = "", username: str = "") -> str:
    """Why no database as declared can be made of a copy: what AWS never changes of one that
    stands. "" where nothing is in the way. What is empty is not looked at.
    """
    if copy.version.partition(".")[0] != major:
        return f"{copy.what} is of PostgreSQL {copy.version}, and {major} is declared"
    if key and copy.key != key:
        return f"{copy.what} is encrypted with {copy.key or 'no key'}, and {key} is declared"
    if username and copy.username != username:
        return f"the master user in {copy.what} is {copy.username}, and {username} is declared"
    return ""


def mark(copy: Copy, login: str = OF_BEFORE) -> str:
    """What a restored instance is tagged with: of what, as of when, and whose password it has."""
    return f"{copy.name} {copy.as_of} {login}"


def due(mark: str) -> bool:
    """Whether a restored instance has the password of before still."""
    return mark.endswith(f" {OF_BEFORE}")


def done(mark: str) -> str:
    """The mark once it has ours."""
    return f"{mark.removesuffix(OF_BEFORE)}{OURS}"


def told(mark: str) -> dict[str, str]:
    """from and at of a mark, {} of none."""
    words = mark.split(" ")
    return {"from": words[0], "at": words[1]} if len(words) == 3 else {}


def _snapshots(view: View, name: str) -> list[Any]:
    """What is not made by hand is told only to who says so: its name says what it is."""
    kind = next((kind for start, kind in TYPES.items() if name.startswith(start)), "manual")
    named = {"DBSnapshotIdentifier": name, "SnapshotType": kind}
    return view.pages("rds", "describe_db_snapshots", "DBSnapshots", **named)


def _backups(view: View, **named: str) -> list[Any]:
    operation = "describe_db_instance_automated_backups"
    return view.pages("rds", operation, "DBInstanceAutomatedBackups", **named)


def _restorable(view: View, snapshots: Iterable[Any], backups: Iterable[Any]) -> Iterable[Copy]:
    for item in snapshots:
        # A copy is younger than what is in it.
        at = item.get("OriginalSnapshotCreateTime") or item.get("SnapshotCreateTime")
        if item.get("Status") == "available" and at:
            name = str(item["DBSnapshotIdentifier"])
            yield _copy({SNAPSHOT: name}, f"snapshot {name}", at, item)
    for item in backups:
        at, arn = item.get("RestoreWindow", {}).get("LatestTime"), _arn(item)
        if at and item.get("Status") == ACTIVE:
            name = str(item["DBInstanceIdentifier"])
            if not _is_replica(view, name):
                yield _copy({INSTANCE: name, TIME: LATEST}, f"backup of {name}", at, item)
        elif at and arn:
            yield _copy({BACKUP: arn, TIME: LATEST}, f"backup {arn.rpartition(':')[2]}", at, item)


def _is_replica(view: View, name: str) -> bool:
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=name) or {}
    items = answer.get("DBInstances", ())
    return any(item.get("ReadReplicaSourceDBInstanceIdentifier") for item in items)


def _name(restore: Mapping[str, str]) -> str:
    return next(restore[what] for what in (SNAPSHOT, BACKUP, INSTANCE) if what in restore)


def _arn(item: Mapping[str, Any]) -> str:
    return str(item.get("DBInstanceAutomatedBackupsArn") or "")


def _copy(restore: Mapping[str, str], what: str, at: datetime, item: Mapping[str, Any]) -> Copy:
    return Copy(
        restore,
        what,
        at,
        str(item.get("EngineVersion", "")),
        str(item.get("KmsKeyId") or ""),
        str(item.get("MasterUsername", "")),
    )
