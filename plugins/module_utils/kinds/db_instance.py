# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Database instance: a primary, or a replica of a primary in another region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..aws.view import View
from ..engine.model import Change, Have, Rules, Want
from . import db_instance_arguments as arguments
from . import db_instance_reading as reading
from .arn_tags import retag_rds
from .base import Kind, changed, have_for, sought
from .db_instance_making import login, replicate

MAIN = "main"
DELETING = "deleting"
PROMOTED = (
    "a replica that was promoted does not become one again. If it is to serve, leave it as it is "
    "and run only the other site (--limit). If nobody needs what it holds, delete it, with a last "
    "snapshot, and run the same playbook again, which makes a new replica: aws rds "
    "modify-db-instance --no-deletion-protection, then aws rds delete-db-instance "
    "--final-db-snapshot-identifier <name>, each with --region and --db-instance-identifier"
)


class DbInstance(Kind):
    """spec: identifier, engine, major, version ("16" or "16.4": at least), instance_class,
    allocated_storage, max_allocated_storage (GiB, the first at least), storage_type, multi_az,
    encrypted, key (ARN), subnet_group, parameter_group, security_groups (ids), port,
    backup_retention (days), backup_window, maintenance_window, deletion_protection, copy_tags,
    minor_upgrades, insights_key (ARN, "" is off), logs, authority, iam_login, public (bool),
    source ("" or the primary's ARN), tags; of a primary also username, database, secret (name).

    facts: id, name, arn, resource_id, endpoint, port, pending_reboot. Some attributes cannot be
    given to a new replica: its create leaves them to an update, once it is there.
    """

    name: ClassVar[str] = "db_instance"
    rules: ClassVar[Rules] = Rules(
        replace=frozenset(
            {
                "identifier",
                "engine",
                "major",
                "encrypted",
                "key",
                "subnet_group",
                "source",
                "username",
                "database",
            }
        ),
        stateful=True,
        rank=50,
        grows=frozenset({"allocated_storage"}),
        advice={
            "major": "the major version is fixed for the life of a database",
            "allocated_storage": "RDS cannot shrink storage",
            "source": PROMOTED,
        },
        observed=frozenset({"source"}),
    )
    services: ClassVar[tuple[str, ...]] = ("rds", "secretsmanager")
    unprotected: ClassVar[Mapping[str, Any]] = MappingProxyType({"deletion_protection": False})

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for want in sought(wants, self.name, MAIN):
            item = reading.described(view, want.spec.get("identifier", view.scope.database))
            spec = reading.spec(item, want.spec) if item else {}
            if not item or not view.scope.owns(spec["tags"], self.name):
                continue
            ready = reading.copyable(item) if want.given else reading.settled(item)
            status = _status(item)
            facts, failed = reading.facts(item), reading.failed(item)
            yield Have(self.name, want.id, spec, facts, ready, status, failed=failed)

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["identifier"])
        return name if reading.described(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        if want.spec["source"]:
            item = replicate(aws, want)
        else:
            username, password = login(aws, want)
            item = aws.once("rds").create_db_instance(
                **arguments.of_primary(want.spec, username, password)
            )["DBInstance"]
        facts = reading.facts(item)
        return have_for(want, facts, settled=False, status=item["DBInstanceStatus"])

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        """Changes are asked for at once, not for the next maintenance window.

        An instance that is busy takes none: then it is answered as it is, unsettled, and differs
        still when it has settled.
        """
        retag_rds(aws, have.facts["arn"], changes)
        asked = arguments.of_change(want.spec, have.spec, changed(changes))
        if not asked:
            return None
        busy = Have(self.name, want.id, have.spec, have.facts, False, have.status)
        if have.status.partition(",")[0] not in reading.OPERATIONAL:
            return busy
        try:
            aws.client("rds").modify_db_instance(
                DBInstanceIdentifier=have.facts["id"], ApplyImmediately=True, **asked
            )
        except Exception as error:
            if meaning(error) is Meaning.BLOCKED:
                return busy
            raise
        spec = {**have.spec, **want.spec}
        return Have(self.name, want.id, spec, have.facts, False, "modifying")

    def delete(self, aws: Aws, have: Have) -> None:
        """Starts the deletion. A primary leaves a last snapshot behind; a replica cannot."""
        if have.status.startswith(DELETING):
            return
        name = have.facts["id"]
        last: dict[str, Any] = {"SkipFinalSnapshot": True}
        if not have.spec.get("source"):
            last = {
                "SkipFinalSnapshot": False,
                "FinalDBSnapshotIdentifier": final_snapshot(have),
            }
        aws.client("rds").delete_db_instance(DBInstanceIdentifier=name, **last)


def final_snapshot(have: Have) -> str:
    """The name of an instance's last snapshot, the same each time it is asked to go."""
    return f"{have.facts['id']}-final-{str(have.facts['resource_id']).lower()}"


def _status(item: reading.Item) -> str:
    """AWS's word, and what is behind it where it says less than is the case."""
    status, pending = str(item["DBInstanceStatus"]), item.get("PendingModifiedValues") or {}
    if pending:
        return f"{status}, pending: {', '.join(sorted(pending))}"
    links = [str(info.get("Status")) for info in item.get("StatusInfos") or ()]
    reboot = ["pending reboot"] if reading.facts(item)["pending_reboot"] else []
    return ", ".join([status, *links, *reboot])
