# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are what their user data makes of them, without an application of ours."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.story import standing
from tests.end_to_end.traffic import visitors

pytestmark = pytest.mark.real
DECLARED = "inventories/sandbox/group_vars/all.yml"
STARTS = "systemd-run --unit=stand-in"


def test_user_data_that_brings_up_nothing_is_given_up_and_nobody_notices() -> None:
    with standing("APP=examples/guestbook", "SERVED=") as story:
        old = set(story.serving())
        assert len(old) == 2
        declared = story.twin.folder / DECLARED
        good = declared.read_text("utf-8")
        assert good.count(STARTS) == 1
        declared.write_text(good.replace(STARTS, "exit 1\n  systemd-run"), "utf-8")
        with visitors(story.shop) as traffic:
            with pytest.raises(RuntimeError):
                story.site()
            told = (story.twin.logs / "shop-site.log").read_text("utf-8")
            [told] = re.findall(r"^fatal: .*", told, re.MULTILINE)
            assert re.search(r"instance refresh to version \d+: (Failed|Rollback)", told), told
            assert set(story.serving()) & old
        assert not traffic.failures
        assert len(story.serving()) == 2
        declared.write_text(good, "utf-8")
        with visitors(story.shop) as traffic:
            story.site()
        assert not traffic.failures
        assert len(story.serving()) == 2
        assert story.changed_by_site() == {"0"}
