# SPDX-License-Identifier: GPL-3.0-or-later
"""An operation in a process that a test can kill.

    drive_operation.py ENDPOINT OPERATION SITE LAST [STRATEGY]

All steps are tasks of one run that keeps the lease, as those of a playbook are.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import failing_over
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import alone
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import Lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    layers,
    promote,
    stage,
)
from drive import Endpoint
from environment import Environment, live_from


def carry_out(endpoint: str, operation: str, site: str, last: str, strategy: str = "") -> None:
    for module in (stage, layers):
        module.LOOK = 0.1
    layers.EARLY = 0.1
    promote.GRACE = 1.0
    # The run is another process than its task, for the end of a task that is its own run ends both.
    holder = alone()
    holder = replace(holder, process=f"{holder.process}0")
    environment = Environment(Endpoint(endpoint))
    if strategy:
        live_from(environment, strategy)
    failing_over.upto(
        environment,
        last,
        operation=operation,
        site=site,
        # Where home answers it is fenced all the same.
        accept_unfenced=operation == "failover",
        lease=lambda aws: Lease(aws, holder, lambda line: None),
    )


if __name__ == "__main__":
    # The test lets it go when it has told the account whom to kill.
    sys.stdin.readline()
    carry_out(*sys.argv[1:])
