# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the copy of the database: whether it streams, and is fit to be the primary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...kinds.db_instance_reading import OPERATIONAL
from .declared import told
from .standing import REPROTECT
from .verdict import BUILD, COMMAND, Check, Seen, Verdict, bad, good, unknown

DATABASE = "db_instance/main"
Item = Mapping[str, Any]
# Seconds that a copy is said to be behind where nothing is written, and so nothing is replayed.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.html
IDLE = 300
# What a primary and its copy have in common, so that the one can take the other's place.
ALIKE = {
    "DBInstanceClass": "class",
    "EngineVersion": "version",
    "BackupRetentionPeriod": "days of backups",
    "DeletionProtection": "deletion protection",
    "MaxAllocatedStorage": "limit of storage",
}


def streaming(seen: Seen) -> Verdict | None:
    if not seen.replicates:
        return None
    item: Item | None = seen.fact("replica")
    name = seen.scope.database
    if not item:
        return bad(f"there is no {name}", BUILD)
    events = (
        f"{COMMAND}aws rds describe-events --region {seen.scope.region} --duration 1440 "
        f"--source-type db-instance --source-identifier {name}"
    )
    if not item.get("ReadReplicaSourceDBInstanceIdentifier"):
        return bad(f"{name} copies nothing: it is a database of its own", events)
    if item["DBInstanceStatus"] not in OPERATIONAL:
        return bad(f"{name} is {item['DBInstanceStatus']}", events)
    infos = item.get("StatusInfos") or ()
    wrong = [f"{i.get('Status')}: {i.get('Message', '')}" for i in infos if not i.get("Normal")]
    if wrong or not infos:
        return bad(f"{name} does not replicate ({'; '.join(wrong) or 'AWS tells nothing'})", events)
    return good(f"{name} is {item['DBInstanceStatus']} and replicates")


def lag(seen: Seen) -> Verdict | None:
    """A lag of nothing is also what a copy tells that hears nothing; the heartbeat is beside it."""
    if not seen.replicates:
        return None
    found: Mapping[str, Any] | None = seen.fact("lag")
    if not found or found["seconds"] < 0:
        return unknown("CloudWatch has no figure of the last minutes")
    most, age = seen.objectives["recovery_point_seconds"], seen.age(found["at"])
    said = f"the copy is {found['seconds']:.0f} s behind; the objective is {most} s"
    if most < found["seconds"] <= IDLE and not _beats(seen):
        return unknown(f"{said}; but so is one to which nothing is written", "", age)
    if found["seconds"] > most:
        return bad(said, "look for long queries on the copy, and for many writes at home", age)
    return good(said, age)


def _beats(seen: Seen) -> bool:
    figures = seen.facts["heartbeat"]
    return isinstance(figures, Mapping) and "WrittenAt" in figures


def heartbeat(seen: Seen) -> Verdict | None:
    if not seen.replicates:
        return None
    figures: Mapping[str, float] = seen.fact("heartbeat")
    at, most = seen.now.timestamp(), seen.objectives["recovery_point_seconds"]
    if "WrittenAt" not in figures:
        return unknown(
            "nobody has beaten for a day, so what the copy has is not known",
            "hosts of an application that write beat: docs/heartbeat.md",
        )
    written = max(0.0, at - figures["WrittenAt"])
    replicated = figures.get("ReplicatedAt")
    journal = "on a host of the site that serves: journalctl -u phoenix-heartbeat"
    if replicated is None:
        said = f"the newest beat was written {written:.0f} s ago, and no copy is known to have it"
        return bad(said, journal)
    age = max(0.0, at - replicated)
    said = f"the copy is known to have what was written {age:.0f} s ago"
    if age > most:
        return bad(f"{said}; the objective is {most} s", journal, age)
    return good(said, age)


def as_declared(seen: Seen) -> Verdict | None:
    """Whether it could serve as it is. What AWS was asked for and has not done is told as well."""
    if not seen.replicates:
        return None
    item: Item | None = seen.fact("replica")
    if DATABASE not in seen.wants:
        return bad("no copy is declared while nothing stands by", REPROTECT)
    if not item or seen.have(DATABASE) is None:
        return bad(f"there is no {seen.scope.database}", BUILD)
    wrong = [told(change) for change in seen.changes(DATABASE)]
    key = str(item.get("KmsKeyId", ""))
    if key and f":{seen.scope.region}:" not in key:
        wrong.append(f"key {key} is of another region")
    if wrong:
        return bad("; ".join(wrong), BUILD)
    pending = sorted(item.get("PendingModifiedValues") or ())
    if pending:
        return bad(f"AWS has yet to change {', '.join(pending)}", "wait for it, and look again")
    late = {
        group["DBParameterGroupName"]: group["ParameterApplyStatus"]
        for group in item.get("DBParameterGroups") or ()
        if group.get("ParameterApplyStatus", "in-sync") != "in-sync"
    }
    if late:
        said = ", ".join(f"parameter group {name} is {state}" for name, state in late.items())
        return bad(
            said,
            f"{COMMAND}aws rds reboot-db-instance --region {seen.scope.region} "
            f"--db-instance-identifier {seen.scope.database}",
        )
    return good("groups, backups, key, protection and size are as declared")


def alike(seen: Seen) -> Verdict | None:
    if not seen.replicates:
        return None
    copy: Item | None = seen.fact("replica")
    primary: Item | None = seen.fact("active:primary")
    if not copy or not primary:
        return bad(f"there is no {(seen.peer if copy else seen.scope).database}", BUILD)
    wrong = [
        f"{words} {copy.get(name)} instead of {primary.get(name)}"
        for name, words in ALIKE.items()
        if copy.get(name) != primary.get(name)
    ]
    if copy["AllocatedStorage"] < primary["AllocatedStorage"]:
        wrong.append(f"{copy['AllocatedStorage']} GiB instead of {primary['AllocatedStorage']}")
    if wrong:
        return bad(f"it has {'; '.join(wrong)}", _grown(seen, copy, primary))
    return good(f"it is as the primary: {copy['DBInstanceClass']}, {copy['EngineVersion']}")


def _grown(seen: Seen, copy: Item, primary: Item) -> str:
    """A declaration says no more than the least version, so a newer one is asked for by name."""
    if copy["EngineVersion"] == primary["EngineVersion"]:
        return BUILD
    older = min((copy, primary), key=lambda item: _numbers(item["EngineVersion"]))
    newer = primary if older is copy else copy
    region = (seen.scope if older is copy else seen.peer).region
    return (
        f"{COMMAND}aws rds modify-db-instance --region {region} --apply-immediately "
        f"--db-instance-identifier {older['DBInstanceIdentifier']} "
        f"--engine-version {newer['EngineVersion']}"
    )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


CHECKS = (
    Check("Replica", streaming),
    Check("Replication lag", lag),
    Check("Heartbeat", heartbeat),
    Check("Replica as declared", as_declared),
    Check("Replica as primary", alike),
)
