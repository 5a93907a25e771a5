# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook of a failover in check mode tells the whole of it, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import failing_over as over
import pytest
from environment import SITES, Environment

from playbooks import Playbooks


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        ("pilot_light", "No heartbeat has told what the replica has"),
        pytest.param("backup_restore", "The newest copy, backup ab-", marks=pytest.mark.sweep),
    ],
)
def test_a_check_goes_through_all_steps_and_shows_the_loss(
    empty: Environment, tmp_path: Path, strategy: str, told: str
) -> None:
    sites = {**SITES, "recovery": {**SITES["recovery"], "strategy": strategy}}
    empty.declared["sites"] = sites
    over.build(empty)
    mark = empty.handle.mark()
    options = ("--check", "-e", json.dumps({"phoenix_sites": sites}))
    checked = Playbooks(empty.handle, tmp_path).run("dr_failover", *options)
    assert checked.returncode == 0, checked.stdout[-2000:]
    assert told in checked.stdout
    assert "Close the operation" in checked.stdout
    assert empty.handle.writes_since(mark) == []
