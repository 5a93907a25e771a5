# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of what RDS has, and of nothing else."""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal
from moto.rds.models import RDSBackend

from sandbox.shims import Hook
from sandbox.shims._rds_backups import kept
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "AddTagsToResource, ListTagsForResource and RemoveTagsFromResource of what is not there are "
    "refused.",
    "Automated backups that are copied or retained have tags.",
)
HOOKS: tuple[Hook, ...] = ((RDSBackend, "_get_resource_for_tagging", ("arn",)),)
# Codes by the type in an ARN. Those of groups are not in the model of these operations; they are
# the ones that RDS has for them elsewhere.
CODES = {
    "db": "DBInstanceNotFound",
    "snapshot": "DBSnapshotNotFound",
    "cluster": "DBClusterNotFoundFault",
    "cluster-snapshot": "DBClusterSnapshotNotFoundFault",
    "db-proxy": "DBProxyNotFoundFault",
    "auto-backup": "DBInstanceAutomatedBackupNotFound",
    "es": "SubscriptionNotFound",
    "og": "OptionGroupNotFoundFault",
    "pg": "DBParameterGroupNotFound",
    "cluster-pg": "DBParameterGroupNotFound",
    "ri": "ReservedDBInstanceNotFound",
    "secgrp": "DBSecurityGroupNotFound",
    "subgrp": "DBSubnetGroupNotFoundFault",
}


def install(world: World) -> None:
    """Have the emulator refuse tags of what is not there."""

    @wrap(RDSBackend, "_get_resource_for_tagging")
    def get_resource_for_tagging(original: Any, self: Any, arn: str) -> Any:
        found = kept(self).get(arn) if ":auto-backup:" in arn else original(arn)
        if found is None:
            kind, name = arn.split(":", 6)[5:]
            raise Refusal(CODES[kind], f"{kind} {name} not found.")
        return found
