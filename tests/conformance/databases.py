# SPDX-License-Identifier: GPL-3.0-or-later
"""A database and its surroundings, as the checks of RDS need them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .account import AWAY, HOME, PASSWORD, Account, tags

WORTH_KEEPING = {
    "MultiAZ": True,
    "StorageEncrypted": True,
    "DeletionProtection": True,
    "BackupRetentionPeriod": 7,
    "EngineVersion": "15.7",
    "StorageType": "gp3",
    "CopyTagsToSnapshot": True,
}
SMALL = {
    "Engine": "postgres",
    "DBInstanceClass": "db.t4g.micro",
    "AllocatedStorage": 20,
    "MasterUsername": "owner",
    "MasterUserPassword": PASSWORD,
}


@dataclass
class Estate:
    """Networks, subnet groups `subnets` and a parameter group `parameters` in two regions."""

    account: Account
    nets: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for region, net in ((HOME, "10.1"), (AWAY, "10.2")):
            made = self.nets[region] = self.account.network(region, net)
            self.account.client("rds", region).create_db_subnet_group(
                DBSubnetGroupName="subnets",
                DBSubnetGroupDescription="d",
                SubnetIds=made["subnets"],
            )
        self.account.client("rds").create_db_parameter_group(
            DBParameterGroupName="parameters",
            DBParameterGroupFamily="postgres15",
            Description="d",
        )

    def settings(self, **more: Any) -> dict[str, Any]:
        """Those of a database of production, but for its protection."""
        return {
            **SMALL,
            **WORTH_KEEPING,
            "DBInstanceIdentifier": "db",
            "DBName": "shop",
            "DBSubnetGroupName": "subnets",
            "DBParameterGroupName": "parameters",
            "VpcSecurityGroupIds": [self.nets[HOME]["group"]],
            "DeletionProtection": False,
            "Tags": tags(site="home"),
            **more,
        }

    def create(self, **more: Any) -> dict[str, Any]:
        """The database, as it is once it is available."""
        self.account.client("rds").create_db_instance(**self.settings(**more))
        return self.one()

    def one(self, name: str = "db", region: str = HOME) -> dict[str, Any]:
        rds = self.account.client("rds", region)
        return dict(rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])

    def status(self, name: str = "db", region: str = HOME) -> str:
        return str(self.one(name, region)["DBInstanceStatus"])

    def replicate(self, **more: Any) -> dict[str, Any]:
        """A replica of the database abroad, `replica`; what its creation answered."""
        asked = {
            "DBInstanceIdentifier": "replica",
            "SourceDBInstanceIdentifier": self.one()["DBInstanceArn"],
            "SourceRegion": HOME,
            "DBSubnetGroupName": "subnets",
            "KmsKeyId": self.account.key(AWAY),
            **more,
        }
        made = self.account.client("rds", AWAY).create_db_instance_read_replica(**asked)
        return dict(made["DBInstance"])
