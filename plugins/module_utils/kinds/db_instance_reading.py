# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a database instance is read. What AWS was asked for and has not done yet counts as done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..aws.scope import FINAL, NO_FINAL, RESTART, RESTORED, STORAGE
from ..aws.view import View
from ..engine import canon
from ..engine.model import UNTOLD
from .db_copies import due

Item = Mapping[str, Any]

# It serves, and takes changes.
OPERATIONAL = ("available", "storage-optimization")


# From these no instance comes back by itself.
FAILED = ("failed", "inaccessible-encryption-credentials")


def failed(item: Item) -> bool:
    """Whether it cannot become available unless somebody does something about it."""
    status = str(item["DBInstanceStatus"])
    return status in FAILED or status.startswith("incompatible-")


def described(view: View, identifier: str) -> Item | None:
    """What AWS tells of an instance, with what is pending in place of what it replaces."""
    answer = view.call("rds", "describe_db_instances", DBInstanceIdentifier=identifier)
    if not answer or not answer["DBInstances"]:
        return None
    item: dict[str, Any] = dict(answer["DBInstances"][0])
    pending = item.get("PendingModifiedValues") or {}
    for name, value in pending.items():
        if name == "DBSubnetGroupName":
            item["DBSubnetGroup"] = {name: value}
        elif name != "PendingCloudwatchLogsExports":
            item[name] = value
    item["EnabledCloudwatchLogsExports"] = _logs(item, pending)
    return item


def settled(item: Item) -> bool:
    """Available, nothing pending, and a replica replicates."""
    normal = all(info.get("Normal", True) for info in item.get("StatusInfos") or ())
    return (
        item["DBInstanceStatus"] in OPERATIONAL
        and not item.get("PendingModifiedValues")
        and normal
        and not (source(item) and not item.get("StatusInfos"))
        # One that is to be restarted has its parameters from then on.
        and not (restarts(item) and _groups(item, "applying"))
    )


def restarts(item: Item) -> bool:
    """Whether it was made as a replica, and not yet restarted for its parameters."""
    return RESTART in canon.tags(item.get("TagList") or ())


def copyable(item: Item) -> bool:
    """Whether a replica can be made of it: it serves, and has backups."""
    return item["DBInstanceStatus"] in OPERATIONAL and bool(item.get("BackupRetentionPeriod"))


def source(item: Item) -> str:
    """ARN of what it replicates, "" for a primary."""
    return str(item.get("ReadReplicaSourceDBInstanceIdentifier") or "")


def facts(item: Item) -> dict[str, Any]:
    """What others refer to. pending_reboot: parameter groups that wait for a reboot. restored: the
    mark of what it was made of, "" of one that was made empty. storage_gb: GiB of its disk.
    """
    found = {
        "id": item["DBInstanceIdentifier"],
        "name": item["DBInstanceIdentifier"],
        "arn": item["DBInstanceArn"],
        "resource_id": item.get("DbiResourceId", ""),
        "restored": canon.tags(item.get("TagList") or ()).get(RESTORED, ""),
        "pending_reboot": _groups(item, "pending-reboot"),
        "storage_gb": int(item["AllocatedStorage"]),
    }
    if item.get("Endpoint"):
        found |= {"endpoint": item["Endpoint"]["Address"], "port": item["Endpoint"]["Port"]}
    return found


def _groups(item: Item, *statuses: str) -> list[str]:
    found = item.get("DBParameterGroups") or ()
    return [g["DBParameterGroupName"] for g in found if g.get("ParameterApplyStatus") in statuses]


def spec(item: Item, want: Mapping[str, Any]) -> dict[str, Any]:
    """All declared attributes. want: the declared spec, for what only has to reach a minimum."""
    version, size = str(item["EngineVersion"]), int(item["AllocatedStorage"])
    insights = bool(item.get("PerformanceInsightsEnabled"))
    groups = item.get("DBParameterGroups") or ()
    members = item.get("VpcSecurityGroups") or ()
    tags = canon.tags(item.get("TagList") or ())
    # Not of the declared ones, and nobody's to purge.
    restored, last, restart = (tags.pop(name, "") for name in (RESTORED, FINAL, RESTART))
    return {
        "identifier": item["DBInstanceIdentifier"],
        "engine": item["Engine"],
        "major": version.partition(".")[0],
        "version": _reached(version, str(want.get("version", ""))),
        "instance_class": item["DBInstanceClass"],
        "allocated_storage": _grown(size, want.get("allocated_storage"), tags.get(STORAGE, "")),
        "max_allocated_storage": _limit(
            item.get("MaxAllocatedStorage", 0), want.get("max_allocated_storage"), size
        ),
        "storage_type": item.get("StorageType", ""),
        "multi_az": bool(item.get("MultiAZ")),
        "encrypted": bool(item.get("StorageEncrypted")),
        "key": item.get("KmsKeyId", ""),
        "subnet_group": (item.get("DBSubnetGroup") or {}).get("DBSubnetGroupName", ""),
        "parameter_group": groups[0]["DBParameterGroupName"] if groups else "",
        "security_groups": canon.unordered(group["VpcSecurityGroupId"] for group in members),
        "port": item.get("Port") or _port(item),
        "backup_retention": item.get("BackupRetentionPeriod", 0),
        "backup_window": item.get("PreferredBackupWindow", ""),
        "maintenance_window": str(item.get("PreferredMaintenanceWindow", "")).lower(),
        "deletion_protection": bool(item.get("DeletionProtection")),
        "final_snapshot": last != NO_FINAL,
        "copy_tags": bool(item.get("CopyTagsToSnapshot")),
        "minor_upgrades": bool(item.get("AutoMinorVersionUpgrade")),
        "insights_key": item.get("PerformanceInsightsKMSKeyId", "") if insights else "",
        "logs": canon.unordered(item["EnabledCloudwatchLogsExports"]),
        "authority": item.get("CACertificateIdentifier", ""),
        "iam_login": bool(item.get("IAMDatabaseAuthenticationEnabled")),
        "public": bool(item.get("PubliclyAccessible")),
        "source": source(item),
        "username": item.get("MasterUsername", ""),
        # Of one that was restored AWS need not tell the name that the first one was made with.
        "database": item.get("DBName") or (UNTOLD if restored else ""),
        # AWS does not tell where the password was read, once, when the instance was made.
        "secret": "" if due(restored) else want.get("secret", ""),
        "restore": UNTOLD,
        # It is done once, and by nobody undone.
        "restarted": False if restart else UNTOLD,
        "tags": tags,
    }


def _logs(item: Item, pending: Item) -> list[str]:
    change = pending.get("PendingCloudwatchLogsExports") or {}
    off = change.get("LogTypesToDisable") or ()
    on = [
        *(item.get("EnabledCloudwatchLogsExports") or ()),
        *(change.get("LogTypesToEnable") or ()),
    ]
    return [name for name in on if name not in off]


def _reached(found: str, wanted: str) -> str:
    """The wanted version where the found one is it, or a later one: AWS upgrades by itself."""
    return wanted if wanted and _numbers(found) >= _numbers(wanted) else found


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]


def _grown(found: int, wanted: Any, declared: str) -> Any:
    """The wanted size where the found one is it, or more: storage grows by itself.

    declared: the size that was declared before, in GiB. Less than that is a difference: storage
    never shrinks.
    """
    lowered = isinstance(wanted, int) and declared.isdigit() and wanted < int(declared)
    return wanted if isinstance(wanted, int) and found >= wanted and not lowered else found


def _limit(found: int, wanted: Any, size: int) -> Any:
    """The wanted limit of growth, in GiB, of a disk that has none and grew too near to it, as that
    of a copy may have: AWS takes none that is less than a tenth above the size.
    """
    near = not found and isinstance(wanted, int) and 10 * wanted < 11 * size
    return wanted if near else found


def _port(item: Item) -> int:
    """The real port; DbInstancePort is 0 where it is the one of the endpoint."""
    return int((item.get("Endpoint") or {}).get("Port") or item.get("DbInstancePort") or 0)
