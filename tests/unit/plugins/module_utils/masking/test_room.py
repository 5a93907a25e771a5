# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the disk has room for what is masked, which stands twice for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking import task
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.session import Connected
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.statements import (
    Work,
    room,
)

GIB = 2**30


class Asked:
    """A server that has so many bytes of databases, and on which masking was begun or not."""

    def __init__(self, used: int, begun: bool) -> None:
        self.used, self.begun = used, begun

    def rows(self, statement: str) -> list[Mapping[str, Any]]:
        if "to_regclass" in statement:
            return [{"it": "phoenix_mask.done" if self.begun else None}]
        return [{"it": self.used}]


def works(*sizes: int) -> list[Work]:
    return [Work(f"t{n}", size * GIB, "", False, ()) for n, size in enumerate(sizes)]


def refused(disk: int, used: int, *, begun: bool = False) -> str:
    given = {"disk_gb": disk, "at_once": 2}
    session = cast("Connected", Asked(used * GIB, begun))
    try:
        task._refuse_cramped(given, works(10, 2, 5), session)
    except task.Refused as found:
        return str(found)
    return ""


def test_all_tables_stand_twice_and_those_that_are_written_anew_once_more() -> None:
    assert room(works(10, 2, 5), 1) == 27 * GIB
    assert room(works(10, 2, 5), 2) == 32 * GIB
    assert room([], 2) == 0


def test_a_disk_that_would_be_full_is_told_with_one_that_would_do() -> None:
    assert "needs up to 32.0 GiB besides the 20.0 GiB that are there" in refused(50, 20)
    assert refused(50, 20).endswith("for example 55")
    assert refused(55, 20) == ""


@pytest.mark.parametrize(("disk", "begun"), [(0, False), (50, True)])
def test_where_nobody_knows_the_disk_or_it_was_begun_it_goes_on(disk: int, begun: bool) -> None:
    assert refused(disk, 20, begun=begun) == ""
