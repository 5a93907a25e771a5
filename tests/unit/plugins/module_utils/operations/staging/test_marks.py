# SPDX-License-Identifier: GPL-3.0-or-later
"""What all objects of a staging copy are marked with."""

from __future__ import annotations

import datetime

from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.staging import mirror


def test_a_copy_carries_the_day_in_utc_on_which_it_is_over() -> None:
    east = datetime.timezone(datetime.timedelta(hours=14))
    made = datetime.datetime(2026, 11, 30, 1, tzinfo=east)
    assert mirror.marks(made, 14) == {"expires-on": "2026-12-13"}
