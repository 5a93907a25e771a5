# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment that moves to its other site, step by step, and what is left behind is made to
stand by.
"""

from __future__ import annotations

from typing import Any

import failing_over as over
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.active import Active
from environment import Environment

SITES = ("home", "recovery")


def move(environment: Environment, site: str, last: str = "close", **more: Any) -> list[Any]:
    return over.upto(environment, last, operation="switchover", site=site, **more)


def protect(environment: Environment, site: str) -> list[Any]:
    """As playbook dr_reprotect does it: playbook site runs once the record says that it may."""
    before = over.upto(environment, "protect", operation="reprotect", site=site)
    environment.run()
    over.build(environment)
    return before + over.upto(environment, "close", operation="reprotect", site=site)


def records(environment: Environment) -> list[Active]:
    return [active.read(environment.aws(site)) for site in SITES]


def source(environment: Environment, site: str) -> str:
    """ARN of what the database of a site replicates, "" for a primary."""
    rds = environment.aws(site).client("rds")
    name = f"production-{site}-database"
    [item] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return str(item.get("ReadReplicaSourceDBInstanceIdentifier") or "")
