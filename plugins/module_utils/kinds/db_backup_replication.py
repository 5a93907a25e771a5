# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying of a database's automated backups into this region, as long as it is declared.

AWS knows it by the backups that it makes. They outlive it: where it has ended, or their database is
gone, they are retained until their days are over, and nothing is added to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..aws.errors import Conflict, Meaning, NotYet, meaning
from ..aws.scope import pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.errors import EngineError
from ..engine.model import Change, Have, Rules, Want
from .arn_tags import retag_rds, tagged
from .base import Kind, changed, have_for

MARK = ":auto-backup:"
REPLICATING, RETAINED = "replicating", "retained"
Item = Mapping[str, Any]


class DbBackupReplication(Kind):
    """spec: source (ARN of the instance in another region), key (ARN), retention (days), tags.

    facts: id and arn (of the backups). Settled: the first of them is here. It is called in the
    region that copies to itself. For other days it has to be ended and begun anew.
    """

    name: ClassVar[str] = "db_backup_replication"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"source", "key"}), rank=45)
    services: ClassVar[tuple[str, ...]] = ("rds",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        # Where none is declared, the shared answer tells whether one is left: what it has not heard
        # of yet was made a moment ago, and is found by the next run.
        if not wants and not any(MARK in arn for arn in tagged(view, "rds")):
            return
        for item in listed(view):
            tags = canon.tags(item.get("TagList") or ())
            if item["Status"] != RETAINED and view.scope.owns(tags, self.name):
                spec = {
                    "source": item["DBInstanceArn"],
                    "key": item.get("KmsKeyId", ""),
                    "retention": item.get("BackupRetentionPeriod", 0),
                    "tags": tags,
                }
                here = bool((item.get("RestoreWindow") or {}).get("LatestTime"))
                ready, id = item["Status"] == REPLICATING and here, view.scope.id_of(tags)
                yield Have(self.name, id, spec, _facts(item), ready, str(item["Status"]))

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """AWS copies the backups of a database to one region once, whoever began it."""
        source = str(want.spec["source"])
        for item in listed(view) if have is None else ():
            if item["DBInstanceArn"] == source and item["Status"] != RETAINED:
                yield Conflict(
                    f"backups of {source} are copied to {view.scope.region} already, without the "
                    f"owner tags of {view.scope.prefix}",
                    "end that and run the same playbook again; what was copied stays for its days: "
                    "aws rds stop-db-instance-automated-backups-replication "
                    f"--region {view.scope.region} --source-db-instance-arn {source}",
                )

    def create(self, aws: Aws, want: Want) -> Have:
        """Begins it. Its source may be at its daily backup, and takes none until that is done."""
        spec = want.spec
        try:
            answer = aws.once("rds").start_db_instance_automated_backups_replication(
                SourceDBInstanceArn=spec["source"],
                SourceRegion=spec["source"].split(":")[3],
                BackupRetentionPeriod=spec["retention"],
                KmsKeyId=spec["key"],
                Tags=pairs(spec["tags"]),
            )
        except Exception as error:
            if meaning(error) is Meaning.BLOCKED:
                raise NotYet(f"{spec['source']} is busy: {error}") from error
            raise
        item = answer["DBInstanceAutomatedBackup"]
        return have_for(want, _facts(item), settled=False, status=str(item["Status"]))

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        if not changed(changes) - {"tags"}:
            retag_rds(aws, have.facts["arn"], changes)
            return None
        try:
            self.delete(aws, have)
        except Exception as error:
            # An attempt of before may have ended it, and not have begun it anew.
            if meaning(error) is not Meaning.ABSENT:
                raise
        return self.create(aws, want)

    def delete(self, aws: Aws, have: Have) -> None:
        """Ends it. What was copied stays, as AWS has it, until its days are over."""
        aws.client("rds").stop_db_instance_automated_backups_replication(
            SourceDBInstanceArn=have.spec["source"]
        )


def listed(view: View) -> list[Item]:
    """Automated backups in this region that are copied, or were, from another one."""
    found = view.pages(
        "rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"
    )
    return [item for item in found if item["DBInstanceArn"].split(":")[3] != view.scope.region]


def retained(view: View) -> Iterator[str]:
    """Our copies that are no longer added to, and that AWS removes by itself, in words."""
    for item in listed(view):
        tags = canon.tags(item.get("TagList") or ())
        ours = view.scope.owns(tags, DbBackupReplication.name)
        if item["Status"] == RETAINED and ours:
            yield kept(_facts(item)["id"], item["DBInstanceArn"], item["BackupRetentionPeriod"])


def kept(id: str, source: str, days: int) -> str:
    """What becomes of copies when the copying has ended."""
    return f"backup {id} of {source}, which AWS removes {days} days after its last moment"


def _facts(item: Item) -> dict[str, Any]:
    arn = str(item["DBInstanceAutomatedBackupsArn"])
    return {"id": arn.rpartition(":")[2], "arn": arn}
