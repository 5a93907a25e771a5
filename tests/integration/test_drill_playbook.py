# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook dr_drill, where there is an API only: the copy goes, whatever goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    account,
    rehearsal,
)
from environment import Environment
from validating import image

from playbooks import Playbooks

PARAMETER_GROUPS = "L-DE55804A"  # the quota of RDS
RELEASED = {
    "web_tier_application": "shop",
    "web_tier_user_data": "",
    "image_sets_up_database": True,
    "image_controller": "198.51.100.7/32",
}


@pytest.mark.sweep
def test_what_goes_wrong_after_a_failure_keeps_no_copy_from_being_removed(
    played: Environment, tmp_path: Path
) -> None:
    playbooks = Playbooks(played.handle, tmp_path)
    image(played, "recovery", "1.0.0")
    # No plan sees that the database of the copy cannot be played.
    played.handle.quota(over.RECOVERY, "rds", PARAMETER_GROUPS, 0)
    mark = played.handle.mark()
    # And then it cannot be written down that it was not.
    given = {**RELEASED, "dr_site_faults": "{{ what_nobody_knows }}"}
    ran = playbooks.run("dr_drill", "-e", json.dumps(given))
    assert ran.returncode != 0
    made = [c for c in played.handle.log(mark) if c["action"] == "CreateVpc" and c["executed"]]
    assert len(made) == 1, ran.stdout[-6000:]
    copy = played.aws("recovery").at(rehearsal.scope_of(played.aws("recovery").scope))
    assert rehearsal.owned(copy, {over.RECOVERY}) == {over.RECOVERY: []}, ran.stdout[-6000:]
    [report] = account.reports(copy)
    assert report["outcome"] == "failed"
    assert len(report["attempts"]) == 1
    assert "has failed: Not rehearsed: build" in " ".join(ran.stdout.split())
