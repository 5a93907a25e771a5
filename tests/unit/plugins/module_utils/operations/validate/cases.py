# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be read of each precondition of a failover, and what is thought of it."""

from __future__ import annotations

from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import Entry
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import Holder
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.journal import (
    CLOSED,
    OPENED,
    Journal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.validate import (
    standing,
    verdict,
)

from tests.unit.plugins.module_utils.operations.validate.seeing import COPY, NOW, ago, look

DARK = verdict.unknown("us-east-1 does not answer")
LOGINS = ("application", "database", "migration", "reader")
BEATS = NOW.timestamp()


def journal(kind: str, ended: bool, at: Any = NOW, **facts: Any) -> Journal:
    opened = {"operation": kind, "operator": "ada@laptop", "commit": "1f3a5c7"}
    entries: list[dict[str, Any]] = [
        {"step": "open", "state": OPENED, "at": NOW.isoformat(), "facts": opened}
    ]
    if ended:
        entries.append({"step": "close", "state": CLOSED, "at": at.isoformat(), "facts": facts})
    return Journal(f"20261128T101500Z-{kind}-3f2a", list(entries))


def entry(age: float) -> Entry:
    return Entry(1, 1, age, Holder("there/1/1", "there/2/1", "bob@there"))


def manifest(active: str = "home", lacks: str = "") -> dict[str, Any]:
    known = {
        site: {name: {"id": "x"} for name in standing.NEEDED[side] if name != lacks}
        for site, side in (("recovery", "to"), ("home", "from"))
    }
    return {
        "active": active,
        "written": ago(days=2).isoformat(),
        "sites": {site: {"known": names} for site, names in known.items()},
    }


def secret(version: str = "v1", status: str = "InSync") -> dict[str, Any]:
    return {
        "VersionIdsToStages": {version: ["AWSCURRENT"]},
        "ReplicationStatus": [{"Region": "us-west-2", "Status": status, "StatusMessage": "no key"}],
    }


def logins(**one: Any) -> dict[str, Any]:
    return {login: secret() for login in LOGINS} | one


def alarm(state: str) -> dict[str, Any]:
    return {"StateValue": state, "StateUpdatedTimestamp": ago(hours=1)}


def image(release: str, state: str = "available") -> dict[str, str]:
    created = ago(days=1).isoformat()
    return {"id": "ami-1", "release": release, "created": created, "state": state}


def offer(*zones: str, twice: bool = True) -> dict[str, Any]:
    return {"AvailabilityZones": [{"Name": zone} for zone in zones], "MultiAZCapable": twice}


def have(address: str, status: str = "", settled: bool = True) -> Have:
    kind, _slash, id = address.partition("/")
    return Have(kind, id, dict(look().wants[address].spec), {}, settled, status)


def differs(address: str, **spec: Any) -> Have:
    found = have(address)
    return Have(found.kind, found.id, {**found.spec, **spec}, {}, status="Enabled")


ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
ROOM = {"vcpus": 2, "other vcpus": 8}
VALIDATION = "certificate_validation/main"
PRIMARY = {**COPY, "DBInstanceIdentifier": "production-home-database"}
# Row, what was read, whether it is good, and a part of what is said.
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("Active site", {"active": Active()}, "pass", "home serves, and recovery stands by"),
    ("Active site", {"active": DARK}, "unknown", "does not answer"),
    ("Operations", {"unended": None, "active:unended": None}, "pass", "have ended"),
    ("Operations", {"unended": journal("failover", False)}, "fail", "-failover-3f2a of ada@laptop"),
    (
        "Operations",
        {"unended": None, "active:unended": journal("failback", False)},
        "fail",
        "it stands at step open",
    ),
    ("Operations", {"unended": None, "active:unended": DARK}, "unknown", "does not answer"),
    ("Lease", {"lease": []}, "pass", "nobody writes"),
    ("Lease", {"lease": [entry(10.0)]}, "fail", "a run of bob@there writes"),
    ("Lease", {"lease": [entry(121.0)]}, "pass", "left it behind"),
    ("Lease", {"lease": DARK}, "unknown", "does not answer"),
    ("Manifest", {"manifest": manifest()}, "pass", "knows what a failover needs"),
    ("Manifest", {"manifest": {}}, "fail", "no manifest"),
    ("Manifest", {"manifest": manifest("recovery")}, "fail", "the record names home"),
    (
        "Manifest",
        {"manifest": manifest(lacks="load_balancer/main")},
        "fail",
        "load_balancer/main of recovery",
    ),
    ("Manifest", {"manifest": DARK}, "unknown", "does not answer"),
    ("Proof", {"drill": None}, "unknown", "never proven"),
    ("Proof", {"drill": journal("drill", True, ago(days=3))}, "pass", "on this commit"),
    ("Proof", {"drill": journal("drill", True, ago(days=91))}, "fail", "in 90 days"),
    (
        "Proof",
        {"drill": journal("drill", True, recovery_time_seconds=4000.0)},
        "fail",
        "took 4000 s",
    ),
    ("Replica", {"replica": COPY}, "pass", "replicates"),
    ("Replica", {"replica": None}, "fail", "there is no production-recovery-database"),
    ("Replica", {"replica": {**COPY, "DBInstanceStatus": "storage-full"}}, "fail", "storage-full"),
    ("Replica", {"replica": {**COPY, "StatusInfos": []}}, "fail", "AWS tells nothing"),
    (
        "Replica",
        {"replica": {**COPY, "StatusInfos": [{"Normal": False, "Status": "error"}]}},
        "fail",
        "does not replicate (error",
    ),
    (
        "Replica",
        {"replica": {**COPY, "ReadReplicaSourceDBInstanceIdentifier": ""}},
        "fail",
        "a database of its own",
    ),
    ("Replica", {"replica": DARK}, "unknown", "does not answer"),
    ("Replication lag", {"lag": {"seconds": 2.0, "at": NOW}}, "pass", "2 s behind"),
    ("Replication lag", {"lag": {"seconds": 61.0, "at": NOW}}, "fail", "the objective is 60 s"),
    ("Replication lag", {"lag": {"seconds": -1.0, "at": NOW}}, "unknown", "no figure"),
    ("Replication lag", {"lag": None}, "unknown", "no figure"),
    (
        "Heartbeat",
        {"heartbeat": {"WrittenAt": BEATS - 5, "ReplicatedAt": BEATS - 6}},
        "pass",
        "6 s ago",
    ),
    (
        "Heartbeat",
        {"heartbeat": {"WrittenAt": BEATS - 5, "ReplicatedAt": BEATS - 61}},
        "fail",
        "the objective is 60 s",
    ),
    ("Heartbeat", {"heartbeat": {"WrittenAt": BEATS - 5}}, "fail", "no copy is known to have it"),
    ("Heartbeat", {"heartbeat": {}}, "unknown", "nobody has beaten"),
    ("Replica as declared", {"replica": COPY}, "pass", "as declared"),
    (
        "Replica as declared",
        {"replica": COPY, "db_instance/main": differs("db_instance/main", backup_retention=0)},
        "fail",
        "backup_retention is 0, not 7",
    ),
    (
        "Replica as declared",
        {"replica": {**COPY, "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1"}},
        "fail",
        "of another region",
    ),
    (
        "Replica as declared",
        {"replica": {**COPY, "PendingModifiedValues": {"MultiAZ": True}}},
        "fail",
        "has yet to change MultiAZ",
    ),
    (
        "Replica as declared",
        {
            "replica": {
                **COPY,
                "DBParameterGroups": [
                    {"DBParameterGroupName": "own", "ParameterApplyStatus": "pending-reboot"}
                ],
            }
        },
        "fail",
        "own is pending-reboot",
    ),
    ("Replica as declared", {"replica": COPY, "db_instance/main": DARK}, "unknown", "not answer"),
    ("Replica as primary", {"replica": COPY, "active:primary": PRIMARY}, "pass", "16.10"),
    (
        "Replica as primary",
        {"replica": COPY, "active:primary": {**PRIMARY, "DBInstanceClass": "db.r6g.large"}},
        "fail",
        "class db.t4g.medium instead of db.r6g.large",
    ),
    (
        "Replica as primary",
        {"replica": COPY, "active:primary": {**PRIMARY, "AllocatedStorage": 60}},
        "fail",
        "50 GiB instead of 60",
    ),
    ("Replica as primary", {"replica": COPY, "active:primary": DARK}, "unknown", "not answer"),
    ("Logins", {"logins": logins()}, "pass", "all logins"),
    ("Logins", {"logins": logins(reader=None)}, "fail", "production/home/reader has no copy"),
    (
        "Logins",
        {"logins": logins(reader={**secret(), "DeletedDate": NOW})},
        "fail",
        "production/home/reader is being deleted",
    ),
    ("Logins", {"logins": DARK}, "unknown", "does not answer"),
    ("Logins in sync", {"logins": logins(), "active:logins": logins()}, "pass", "same versions"),
    (
        "Logins in sync",
        {"logins": logins(), "active:logins": logins(reader=secret("v2"))},
        "fail",
        "production/home/reader is of another version",
    ),
    (
        "Logins in sync",
        {"logins": logins(), "active:logins": logins(reader=secret(status="Failed"))},
        "fail",
        "Failed: no key",
    ),
    ("Logins in sync", {"logins": logins(), "active:logins": DARK}, "unknown", "not answer"),
    ("Key", {"kms_key/main": have("kms_key/main", "Enabled")}, "pass", "is enabled"),
    ("Key", {"kms_key/main": have("kms_key/main", "PendingDeletion")}, "fail", "PendingDeletion"),
    ("Key", {"kms_key/main": None}, "fail", "there is no key alias/phoenix-production-recovery"),
    (
        "Key",
        {"kms_key/main": differs("kms_key/main", policy={"Statement": []})},
        "fail",
        "lacks Administration, Alarms, AutoScalingGrants, AutoScalingUse",
    ),
    ("Key", {"kms_key/main": DARK}, "unknown", "does not answer"),
    (
        "Certificate",
        {"certificate": {"NotAfter": ago(days=-200), "IssuedAt": ago(days=165)}},
        "pass",
        "for 200 days",
    ),
    ("Certificate", {"certificate": {"NotAfter": ago(days=-13)}}, "fail", "ends in 13 days"),
    ("Certificate", {VALIDATION: None}, "fail", "no certificate of shop.example.com in us-west-2"),
    (
        "Certificate",
        {VALIDATION: have(VALIDATION, "PENDING_VALIDATION", settled=False)},
        "fail",
        "the certificate is PENDING_VALIDATION",
    ),
    ("Certificate", {VALIDATION: DARK}, "unknown", "does not answer"),
    ("Copied buckets", {}, "pass", "those of home is copied"),
    ("Copied buckets", {"active:bucket_replication/releases": None}, "fail", "is missing"),
    ("Copied buckets", {"active:bucket_replication/releases": DARK}, "unknown", "not answer"),
    ("Records", {}, "pass", "both records"),
    ("Records", {"active:dns_record/site": None}, "fail", "dns_record/site is missing"),
    ("Records", {"active:dns_record/site": have("dns_record/site")}, "fail", "failover is"),
    ("Records", {"dns_record/site": DARK}, "unknown", "does not answer"),
    ("Health check", {}, "pass", "follows the switch"),
    ("Health check", {"active:health_check/switch": None}, "fail", "is missing"),
    ("Health check", {"active:health_check/switch": DARK}, "unknown", "does not answer"),
    ("Switch", {"switch": alarm("OK")}, "pass", "traffic goes to home"),
    ("Switch", {"switch": alarm("ALARM")}, "fail", "is ALARM, and site home serves"),
    ("Switch", {"switch": None}, "fail", "no alarm production-recovery-switch"),
    ("Switch", {"switch": DARK}, "unknown", "does not answer"),
    ("Balancer", {}, "pass", "as declared"),
    ("Balancer", {"listener/https": None}, "fail", "listener/https is missing"),
    (
        "Balancer",
        {"load_balancer/main": have("load_balancer/main", "provisioning", settled=False)},
        "fail",
        "load_balancer/main is provisioning",
    ),
    ("Balancer", {"load_balancer/main": DARK}, "unknown", "does not answer"),
    ("Everything else", {}, "pass", "as declared"),
    (
        "Everything else",
        {"subnet/app-a": None, "vpc/main": DARK},
        "fail",
        "subnet/app-a is missing",
    ),
    ("Room for hosts", {**ROOM, "quota L-1216C47A": 32.0}, "pass", "12 t4g.small take 24 vCPUs"),
    ("Room for hosts", {**ROOM, "quota L-1216C47A": 31.0}, "fail", "of us-west-2 is 31"),
    ("Room for hosts", {**ROOM, "quota L-1216C47A": None}, "unknown", "does not tell quota"),
    ("Room for addresses", {"addresses": 5, "quota L-0263D0A3": 5.0}, "pass", "0 would be made"),
    (
        "Room for addresses",
        {"addresses": 5, "quota L-0263D0A3": 5.0, "elastic_ip/nat-a": None},
        "fail",
        "1 would be made",
    ),
    ("Room for addresses", {"addresses": DARK}, "unknown", "does not answer"),
    (
        "Room for databases",
        {"databases": 1, "replica": COPY, "quota L-7B6409FD": 1.0},
        "pass",
        "0 would be made",
    ),
    (
        "Room for databases",
        {"databases": 1, "replica": None, "quota L-7B6409FD": 1.0},
        "fail",
        "1 would be made",
    ),
    ("Room for databases", {"databases": DARK}, "unknown", "does not answer"),
    ("Instance type", {"zones of type": list(ZONES)}, "pass", "in all zones"),
    ("Instance type", {"zones of type": ["us-west-2a"]}, "fail", "us-west-2b, us-west-2c"),
    ("Instance type", {"zones of type": DARK}, "unknown", "does not answer"),
    ("Database class", {"orderable": [offer(*ZONES)]}, "pass", "in all zones"),
    ("Database class", {"orderable": [offer("us-west-2a")]}, "fail", "us-west-2b, us-west-2c"),
    ("Database class", {"orderable": [offer(*ZONES, twice=False)]}, "fail", "in two zones"),
    ("Database class", {"orderable": DARK}, "unknown", "does not answer"),
]


APPLICATION: list[tuple[str, dict[str, Any], str, str]] = [
    ("Image", {"image": image("2"), "active:image": image("2")}, "pass", "release 2, which serves"),
    ("Image", {"image": image("1"), "active:image": image("2")}, "fail", "site home runs 2"),
    ("Image", {"image": image("1", "pending"), "active:image": DARK}, "fail", "is pending"),
    ("Image", {"image": image("2"), "active:image": DARK}, "unknown", "does not answer"),
    ("Image", {"image": None}, "fail", "no launch template"),
    (
        "Artifact",
        {"artifact": {"release": "2", "object": {"LastModified": ago(days=1)}}},
        "pass",
        "shop/shop-2.tar.gz is in production-recovery-releases-",
    ),
    ("Artifact", {"artifact": {"release": "2", "object": None}}, "fail", "is not in"),
    ("Artifact", {"artifact": {"release": "", "object": None}}, "unknown", "no image of ours"),
]
