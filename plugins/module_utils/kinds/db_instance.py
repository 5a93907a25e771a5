# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Database instance: a primary, new or restored, or a replica of a primary in another region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

from ..aws.errors import Conflict, Meaning, StillUsed, meaning
from ..aws.scope import FINAL, RESTART, RESTORED, pairs
from ..aws.session import Aws
from ..aws.view import View
from ..engine.errors import EngineError
from ..engine.model import Change, Have, Rules, Want
from . import db_copies as copies
from . import db_instance_arguments as arguments
from . import db_instance_reading as reading
from .arn_tags import retag_rds
from .base import Kind, changed, have_for, sought
from .db_instance_making import RESTORABLE, login, replicate, restore

MAIN = "main"
DELETING = "deleting"
RESTARTED = "restarted"
# What is changed before or beside a new password.
APART = frozenset({"secret", "tags", "final_snapshot"})
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
    final_snapshot: whether the deletion of a primary leaves a last snapshot; a tag keeps it.
    restarted: of a replica, whether it was once restarted after it was made, which its parameters
    wait for; nobody is served by it. A tag keeps that it is due.
    restore: what a primary is made of, {"snapshot": name}, {"backup": ARN, "time": "latest" or ISO
    8601} or {"instance": identifier, "time"}. It counts for the making only: what stands is never
    compared with it.

    facts: id, name, arn, resource_id, endpoint, port, pending_reboot. Some attributes
    cannot be given to a new replica, and others, with its password, not to what is restored: its
    create leaves them to an update, once it is there.
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

    def objections(
        self, view: View, want: Want, have: Have | None
    ) -> Iterator[EngineError | Conflict]:
        """Nothing is begun where what is to be restored is not there, or is of something else."""
        yield from super().objections(view, want, have)
        spec = want.spec
        if have or not spec.get("restore"):
            return
        try:
            copy = copies.named(view, spec["restore"])
        except copies.NotRestorable as error:
            yield error
            return
        # That of the site may not be known before it is made.
        key = spec["key"] if isinstance(spec["key"], str) else ""
        why = copies.objection(copy, major=spec["major"], key=key, username=spec["username"])
        if why:
            yield copies.NotRestorable(why, RESTORABLE)

    def taken(self, view: View, want: Want) -> str:
        name = str(want.spec["identifier"])
        return name if reading.described(view, name) else ""

    def create(self, aws: Aws, want: Want) -> Have:
        if want.spec["source"]:
            item = replicate(aws, want)
        elif want.spec.get("restore"):
            item = restore(aws, want)
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
        still when it has settled. So does one that has got its password, in all else.
        """
        retag_rds(aws, have.facts["arn"], changes)
        keys = changed(changes)
        if "final_snapshot" in keys:
            _keep_final(aws, want, have)
        # A new password goes first and alone: AWS refuses a call as a whole, and the rest is no
        # reason to be left with a login that is not ours.
        given = keys & APART if "secret" in keys else keys
        asked = arguments.of_change(want.spec, have.spec, given)
        if "secret" in given:
            asked["MasterUserPassword"] = login(aws, want)[1]
        if not asked and RESTARTED not in given:
            return None
        busy = Have(self.name, want.id, have.spec, have.facts, False, have.status)
        if have.status.partition(",")[0] not in reading.OPERATIONAL:
            return busy
        rds, name = aws.client("rds"), have.facts["id"]
        try:
            if not asked:
                return _restarted(aws, want, have)
            rds.modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **asked)
        except Exception as error:
            if meaning(error) is Meaning.BLOCKED:
                return busy
            raise
        if "secret" in keys:
            own = {RESTORED: copies.done(have.facts["restored"])}
            rds.add_tags_to_resource(ResourceName=have.facts["arn"], Tags=pairs(own))
        spec = {**have.spec, **{key: want.spec[key] for key in given}}
        if RESTARTED in given:
            # That comes once it has what was asked for.
            spec[RESTARTED] = False
        return Have(self.name, want.id, spec, have.facts, False, "modifying")

    def delete(self, aws: Aws, have: Have) -> None:
        """Has it deleted as soon as AWS takes that. A primary leaves a last snapshot behind, if it
        is not marked as one that leaves nothing; a replica cannot.

        Raises StillUsed until it is gone: an instance that is being made is not deleted before it
        is there, and its groups and its network are held by it to the end.
        """
        item = reading.described(View(aws), have.facts["id"])
        if item is None:
            return
        told = f"{have.facts['id']} is {item['DBInstanceStatus']}"
        if item["DBInstanceStatus"] != DELETING:
            try:
                aws.client("rds").delete_db_instance(
                    DBInstanceIdentifier=have.facts["id"], **_last(have)
                )
            except Exception as error:
                # What it was asked for before may not be shown yet, and only its snapshot is there.
                again = meaning(error) in (Meaning.BLOCKED, Meaning.EXISTS)
                if not again or reading.failed(item):
                    raise
                raise StillUsed(f"{told}: {error}") from error
        raise StillUsed(f"{told}, and asked to go")


def _last(have: Have) -> dict[str, Any]:
    """What is to become of its data when it goes."""
    if leaves_snapshot(have):
        return {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": final_snapshot(have)}
    backups = {} if have.spec.get("source") else {"DeleteAutomatedBackups": True}
    return {"SkipFinalSnapshot": True, **backups}


def leaves_snapshot(have: Have) -> bool:
    """Whether the deletion of an instance leaves a last snapshot of it."""
    return not have.spec.get("source") and bool(have.spec.get("final_snapshot", True))


def final_snapshot(have: Have) -> str:
    """The name of an instance's last snapshot, the same each time it is asked to go."""
    return f"{have.facts['id']}-final-{str(have.facts['resource_id']).lower()}"


def _keep_final(aws: Aws, want: Want, have: Have) -> None:
    """Has the instance tell whether its deletion leaves a last snapshot."""
    arn, tags = have.facts["arn"], arguments.final(want.spec)
    if tags:
        aws.client("rds").add_tags_to_resource(ResourceName=arn, Tags=pairs(tags))
    else:
        aws.client("rds").remove_tags_from_resource(ResourceName=arn, TagKeys=[FINAL])


def _restarted(aws: Aws, want: Want, have: Have) -> Have | None:
    """Restarts a new replica, if its parameters wait for that; None where they do not."""
    rds, waits = aws.client("rds"), bool(have.facts["pending_reboot"])
    if waits:
        rds.reboot_db_instance(DBInstanceIdentifier=have.facts["id"])
    rds.remove_tags_from_resource(ResourceName=have.facts["arn"], TagKeys=[RESTART])
    if not waits:
        return None
    spec = {**have.spec, RESTARTED: True}
    return Have(have.kind, want.id, spec, have.facts, False, "rebooting")


def _status(item: reading.Item) -> str:
    """AWS's word, and what is behind it where it says less than is the case."""
    status, pending = str(item["DBInstanceStatus"]), item.get("PendingModifiedValues") or {}
    if pending:
        return f"{status}, pending: {', '.join(sorted(pending))}"
    links = [str(info.get("Status")) for info in item.get("StatusInfos") or ()]
    reboot = ["pending reboot"] if reading.facts(item)["pending_reboot"] else []
    return ", ".join([status, *links, *reboot])
