# SPDX-License-Identifier: GPL-3.0-or-later
"""A database instance as it is declared, and as AWS tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import StillUsed
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope, pairs
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.db_instance import (
    DbInstance,
)
from botocore.stub import Stubber

NAME = "production-home-database"
PASSWORD = "k7.Tq-92_hzVw~PpRs41"
HOME_ARN = f"arn:aws:rds:us-east-1:123456789012:db:{NAME}"


def spec(scope: Scope, key: str, groups: tuple[str, ...]) -> dict[str, Any]:
    return {
        "identifier": scope.name("database"),
        "engine": "postgres",
        "major": "16",
        "version": "16",
        "instance_class": "db.t4g.medium",
        "allocated_storage": 50,
        "max_allocated_storage": 200,
        "storage_type": "gp3",
        "multi_az": True,
        "encrypted": True,
        "key": key,
        "subnet_group": scope.name("database"),
        "parameter_group": scope.name("database"),
        "security_groups": groups,
        "port": 5432,
        "backup_retention": 7,
        "backup_window": "02:00-03:00",
        "maintenance_window": "sun:04:00-sun:05:00",
        "deletion_protection": True,
        "final_snapshot": True,
        "copy_tags": True,
        "minor_upgrades": True,
        "insights_key": key,
        "logs": ("postgresql", "upgrade"),
        "authority": "rds-ca-rsa2048-g1",
        "iam_login": True,
        "public": False,
        "source": "",
        "tags": scope.marks("db_instance", "main"),
    }


def item(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What AWS tells of an instance that is as declared."""
    return {
        "DBInstanceIdentifier": spec["identifier"],
        "DBInstanceArn": f"arn:aws:rds:us-east-1:123456789012:db:{spec['identifier']}",
        "DbiResourceId": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "EngineVersion": "16.9",
        "DBInstanceClass": spec["instance_class"],
        "AllocatedStorage": spec["allocated_storage"],
        "MaxAllocatedStorage": spec["max_allocated_storage"],
        "StorageType": spec["storage_type"],
        "MultiAZ": spec["multi_az"],
        "StorageEncrypted": True,
        "KmsKeyId": spec["key"],
        "DBSubnetGroup": {"DBSubnetGroupName": spec["subnet_group"]},
        "DBParameterGroups": [
            {
                "DBParameterGroupName": spec["parameter_group"],
                "ParameterApplyStatus": "in-sync",
            }
        ],
        "VpcSecurityGroups": [
            {"VpcSecurityGroupId": group, "Status": "active"} for group in spec["security_groups"]
        ],
        "Endpoint": {"Address": "x.rds.amazonaws.com", "Port": spec["port"]},
        "DbInstancePort": 0,
        "BackupRetentionPeriod": spec["backup_retention"],
        "PreferredBackupWindow": spec["backup_window"],
        "PreferredMaintenanceWindow": spec["maintenance_window"],
        "DeletionProtection": True,
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": True,
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKMSKeyId": spec["insights_key"],
        "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "IAMDatabaseAuthenticationEnabled": True,
        "PubliclyAccessible": False,
        "MasterUsername": "phoenix_owner",
        "DBName": "application",
        "TagList": pairs(spec["tags"]),
        **more,
    }


class Told:
    """An account in which RDS gives prepared answers."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.stub = Stubber(aws.client("rds"))
        self.stub.activate()

    def have(self, want: Want, answer: dict[str, Any]) -> Have:
        self.stub.add_response("describe_db_instances", {"DBInstances": [answer]})
        [have] = DbInstance().find(View(self.aws), [want])
        return have

    def differences(self, want: Want, answer: dict[str, Any]) -> set[str]:
        return {c.dotted for c in compare(want.spec, self.have(want, answer).spec)}


@pytest.fixture
def told(scope: Scope) -> Iterator[Told]:
    account = Told(Aws(scope, Connection(access_key="x", secret_key="x")))
    yield account
    account.stub.assert_no_pending_responses()


@pytest.fixture
def want(scope: Scope) -> Want:
    return Want("db_instance", "main", spec(scope, "arn:aws:kms:us-east-1:1:key/1", ("sg-1",)))


def asked_to_go(account: Told, want: Want, answer: dict[str, Any], **last: Any) -> None:
    """Has the instance deleted, which is to be asked for in these words."""
    have = account.have(want, answer)
    account.stub.add_response("describe_db_instances", {"DBInstances": [answer]})
    asked = {"DBInstanceIdentifier": have.facts["id"], **last}
    account.stub.add_response("delete_db_instance", {}, asked)
    with pytest.raises(StillUsed, match="asked to go"):
        DbInstance().delete(account.aws, have)
    account.stub.assert_no_pending_responses()
