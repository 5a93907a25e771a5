# SPDX-License-Identifier: GPL-3.0-or-later
"""Who allows what is written of a failover allows all that it asks of the region that is lost."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts.fence import (
    CALLS,
)

DOCS = Path(__file__).resolve().parents[5] / "docs/disaster-recovery.md"


def test_what_is_written_of_the_rights_for_a_fence_is_all_that_it_may_send() -> None:
    part = DOCS.read_text("utf-8").partition("## What it asks")[2].partition("\n\n")[2]
    named = re.findall(r"`[a-z0-9]+:(\w+)`", part.partition("\n\n")[0])
    assert sorted(named) == sorted(CALLS)
