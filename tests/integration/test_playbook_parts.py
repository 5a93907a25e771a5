# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a playbook: one site, some tasks, or without an account."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from playbooks import Playbooks, changed, planned
from sandbox.running import Handle


@pytest.mark.sweep
def test_one_site_alone_that_needs_what_the_other_has_not_made_is_refused_before_the_first_write(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    playbooks = Playbooks(sandbox, tmp_path)
    for options in (["--check"], ["-e", '{"phoenix_wait_timeout": 1}']):
        ran = playbooks.run("site", "--limit", "home", *options)
        assert ran.returncode != 0
        assert "recovery:kms_key/main" in ran.stdout
        assert "run the playbook without --limit" in ran.stdout
        assert "still waiting" not in ran.stdout
    assert sandbox.writes_since(mark) == []


def test_without_a_sandbox_its_inventory_says_how_to_start_one(
    tmp_path: Path, sandbox: Handle
) -> None:
    nothing = tmp_path / "none.json"
    ran = Playbooks(sandbox, tmp_path).run("site", "-e", f"sandbox_connection={nothing}")
    assert ran.returncode != 0
    assert (
        f"there is no {nothing}: no sandbox runs for this checkout; make site starts" in ran.stdout
    )
    assert "changed=0" in ran.stdout


@pytest.mark.parametrize("part", [("--tags", "network"), ("--skip-tags", "database")])
@pytest.mark.parametrize("name", ["site", "rotate", "unprotect", "destroy"])
def test_a_part_of_a_playbook_by_tags_is_refused_and_not_passed_over(
    tmp_path: Path, sandbox: Handle, name: str, part: tuple[str, str]
) -> None:
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run(name, "-e", "destroy_confirm=production", *part)
    assert ran.returncode != 0
    assert "takes neither --tags nor --skip-tags" in ran.stdout
    assert sandbox.log(mark) == []


@pytest.mark.sweep
def test_a_run_that_starts_at_a_task_in_the_middle_does_what_it_passed_over(
    tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    playbooks = Playbooks(sandbox, tmp_path)
    start = ("--start-at-task", "Wait for everything that was started")
    changed(playbooks.run("site", "--check", *start))
    ran = playbooks.run("site", *start)
    changed(ran)
    assert re.search(r"^home +network +[1-9]\d* +0 +0 +0$", ran.stdout, re.MULTILINE)
    assert planned(playbooks.report("plan")) == planned(playbooks.report("run"))
    assert changed(playbooks.run("site")) == {"home": 0, "recovery": 0}


def test_a_report_of_nothing_fails_and_says_how_to_run_the_whole(
    tmp_path: Path, sandbox: Handle
) -> None:
    mark = sandbox.mark()
    playbooks = Playbooks(sandbox, tmp_path)
    for options in (["--check"], []):
        ran = playbooks.run("site", "--start-at-task", "Report the whole run", *options)
        assert ran.returncode != 0
        assert "nothing was run before this report" in ran.stdout
        assert "without --start-at-task" in ran.stdout
        assert "Done" not in ran.stdout and "Plan:" not in ran.stdout
    assert sandbox.log(mark) == []
    # What an earlier run has written is not replaced by the report of none.
    assert list(tmp_path.glob("*.json")) == [tmp_path / "connection.json"]
