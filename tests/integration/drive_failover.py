# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails over in a process that a test can kill: drive_failover.py ENDPOINT.

All steps are tasks of one run that keeps the lease, as those of a playbook are.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".cache/tree"), str(Path(__file__).parent)]

import failing_over  # noqa: E402
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (  # noqa: E402
    alone,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (  # noqa: E402
    Lease,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (  # noqa: E402
    fence,
    promote,
    stage,
)
from drive import Endpoint  # noqa: E402
from environment import Environment  # noqa: E402


def fail_over(endpoint: str) -> None:
    for module in (stage, fence):
        module.LOOK = 0.1
    fence.EARLY = 0.1
    promote.GRACE = 1.0
    # The run is another process than its task, for the end of a task that is its own run ends both.
    holder = alone()
    holder = replace(holder, process=f"{holder.process}0")
    failing_over.upto(
        Environment(Endpoint(endpoint)),
        "close",
        lease=lambda aws: Lease(aws, holder, lambda line: None),
    )


if __name__ == "__main__":
    # The test lets it go when it has told the account whom to kill.
    sys.stdin.readline()
    fail_over(sys.argv[1])
