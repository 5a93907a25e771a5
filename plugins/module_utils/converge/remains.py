# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a teardown leaves on purpose: the final snapshot, its key, what others need, and what waits
for its end; and what a later run has to say of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..aws.view import View
from ..engine import canon
from ..engine.model import Action, Have
from ..kinds import db_backup_replication, kms_key, secret
from ..kinds.db_instance import final_snapshot, leaves_snapshot
from ..kinds.kms_reading import DYING
from ..kinds.secret_reading import described
from ..tiers import database
from ..tiers.login import LOGINS
from .site import Converger
from .task import Planned

# Kinds that AWS does not remove at once, with the days for which they can be called back.
SCHEDULED = {"kms_key": kms_key.WINDOW_DAYS, "secret": secret.WINDOW_DAYS}
# Why what a teardown leaves is needed, by kind.
NEEDED = {
    "kms_key": "without which the snapshot cannot be read",
    "dns_record": "by which certificates of others are renewed",
}
CALLED_BACK = "until then site.yml calls it back"


def snapshots(converger: Converger) -> list[str]:
    """Manual snapshots of the site's database, its final one among them."""
    scope = converger.account.scope
    listed = View(converger.account).pages(
        "rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"
    )
    return [
        item["DBSnapshotIdentifier"]
        for item in listed
        if item["DBInstanceIdentifier"] == scope.database
    ]


def notices(converger: Converger, planned: Planned) -> list[str]:
    """What a run must say: where it makes an empty database although the data of one is kept, and
    where nothing stands by.
    """
    new = [
        step
        for step in planned.plan.steps
        if step.kind == "db_instance" and step.action is Action.CREATE
        if step.want and not (step.want.spec["source"] or step.want.spec.get("restore"))
    ]
    found = snapshots(converger) if new else []
    return _unprotected(converger) + [
        f"{step.address} is made empty, although there is a snapshot of an earlier one: "
        f"{', '.join(found)}; database_restore brings its data back: docs/destroy.md"
        for step in new
        if found
    ]


def _unprotected(converger: Converger) -> list[str]:
    """What the site that served before says of itself, until it is made to stand by."""
    task, now = converger.task, converger.active
    if task.site.is_active or task.site.protected or database.TIER not in task.options:
        return []
    return [
        f"db_instance/main is left as it is, and nothing stands by: site {now.site} serves since "
        f"{now.since} (operation {now.operation}). This is the primary of before, and may have "
        "writes that the new one lacks: docs/disaster-recovery.md"
    ]


def foreseen(converger: Converger, planned: Planned) -> list[str]:
    """What a teardown by this plan would leave, each with the reason."""
    found = [f"snapshot {name}" for name in snapshots(converger)]
    database = planned.haves.get("db_instance/main")
    if database is not None and leaves_snapshot(database):
        name = final_snapshot(database)
        found += [] if f"snapshot {name}" in found else [f"snapshot {name}, the final one"]
    stays = staying(planned)
    for name, have in planned.haves.items():
        if have in stays:
            found.append(needed(have))
        elif have.kind in SCHEDULED:
            days = SCHEDULED[have.kind]
            found.append(f"{name}, scheduled for deletion in {days} days; {CALLED_BACK}")
    copying = planned.haves.get("db_backup_replication/main")
    if copying:
        source, days = copying.spec["source"], copying.spec["retention"]
        found.append(db_backup_replication.kept(str(copying.facts["id"]), source, days))
    return [*found, *scheduled(converger), *backups(converger)]


def backups(converger: Converger) -> Iterator[str]:
    """Copies of backups that outlive their copying for some days."""
    return db_backup_replication.retained(View(converger.account))


def staying(planned: Planned) -> list[Have]:
    """What a teardown by this plan leaves because it is needed."""
    going = {step.address for step in planned.plan.steps if step.action is Action.DESTROY}
    return [have for name, have in planned.haves.items() if name not in going]


def needed(have: Have) -> str:
    """What stays, with the reason."""
    return f"{have.address}, {NEEDED[have.kind]}"


def scheduled(converger: Converger) -> Iterator[str]:
    """The site's key and secrets where they wait for their end, as AWS tells it."""
    view, scope = View(converger.account), converger.account.scope
    key = key_leaves(converger)
    if key:
        day = f" on {key['DeletionDate']:%Y-%m-%d}" if "DeletionDate" in key else ""
        yield f"kms_key/main, scheduled for deletion{day}; {CALLED_BACK}"
    for login in LOGINS:
        data = described(view, scope.secret(login)) or {}
        if data.get("DeletedDate") and scope.owns(canon.tags(data.get("Tags", []))):
            last = _last_day(data["DeletedDate"])
            yield f"secret/{login}, scheduled for deletion on {last:%Y-%m-%d}; {CALLED_BACK}"


def key_leaves(converger: Converger) -> Mapping[str, Any]:
    """What AWS tells of the site's key where that waits for its deletion, else nothing."""
    view, scope = View(converger.account), converger.account.scope
    answer = view.call("kms", "describe_key", KeyId=scope.key_alias)
    key: Mapping[str, Any] = answer["KeyMetadata"] if answer else {}
    if key.get("KeyState") not in DYING:
        return {}
    tags = view.pages("kms", "list_resource_tags", "Tags", KeyId=key["KeyId"])
    return key if scope.owns(canon.tags(tags, "TagKey", "TagValue")) else {}


def _last_day(told: datetime) -> datetime:
    """The day on which a secret ends. AWS documents `DeletedDate` once as that day, and once as the
    one on which it was asked to go; what is past can only be the latter.
    """
    past = told <= datetime.now(told.tzinfo)
    return told + timedelta(days=secret.WINDOW_DAYS) if past else told
