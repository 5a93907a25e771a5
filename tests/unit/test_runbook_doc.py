# SPDX-License-Identifier: GPL-3.0-or-later
"""The runbook that is in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import runbook
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.procedures import (
    OPERATIONS,
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("operation", runbook.BY_HAND)
def test_it_is_that_of_the_steps_by_which_the_playbook_runs(operation: str) -> None:
    told = (DOCS / f"runbook-{operation}.md").read_text("utf-8")
    assert told == runbook.written(operation), "write it anew: python tools/runbook_doc.py"


@pytest.mark.parametrize("operation", runbook.BY_HAND)
def test_every_step_is_told_in_its_order(operation: str) -> None:
    told = runbook.written(operation)
    places = [told.index(step.title) for step in OPERATIONS[operation]]
    assert places == sorted(places)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_names_of_steps_are_unique_and_each_says_what_a_person_does(operation: str) -> None:
    steps = OPERATIONS[operation]
    assert len({step.name for step in steps}) == len(steps)
    assert all(step.by_hand and step.why and step.planned > 0 for step in steps)


@pytest.mark.parametrize("name", ["hold", "tell", "record"])
def test_who_serves_is_written_in_both_regions_by_hand_where_the_playbook_does(name: str) -> None:
    """A record that stays as it was has its site refuse every other playbook."""
    [step] = [one for one in OPERATIONS["switchover"] if one.name == name]
    told = " ".join(step.by_hand)
    assert "{to_region}" in told and "{from_region}, for {from}" in told


def test_where_nothing_may_be_lost_no_copy_is_restored_by_hand_either() -> None:
    """As the playbook refuses it: a copy lacks what was acknowledged last."""
    assert "restore-db-instance" in runbook.written("failover")
    assert "restore-db-instance" not in runbook.written("switchover")
