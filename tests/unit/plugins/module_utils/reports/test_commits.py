# SPDX-License-Identifier: GPL-3.0-or-later
"""What was proven holds for the commit it was proven on, and for nothing that is in none."""

from __future__ import annotations

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.commits import differ


def test_the_same_commit_does_not_differ_from_itself() -> None:
    assert differ("1f3a5c7", "1f3a5c7") == ""


def test_another_one_is_told_with_that_which_is_at_hand() -> None:
    assert differ("0ld", "1f3a5c7") == "on commit 0ld, not 1f3a5c7"
    assert differ("1f3a5c7", "1f3a5c7-dirty") == "on commit 1f3a5c7, not 1f3a5c7-dirty"


def test_what_was_changed_and_not_committed_may_be_anything_by_now() -> None:
    assert differ("1f3a5c7-dirty", "1f3a5c7-dirty") == "on what no commit has (1f3a5c7-dirty)"
