# SPDX-License-Identifier: GPL-3.0-or-later
"""A session in a database server, as a script has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real


def test_psql_takes_its_input_from_a_pipe_and_ends_with_it(
    estate: Any, session: Callable[..., str]
) -> None:
    estate.create()
    estate.settle()
    told = session("psql", "db", told="select 6 * 7 as answer;\nselect current_user;\n")
    assert " 42\n" in told and "\r" not in told
    assert session("psql", "db", "--database", "shop", told="select current_database()").count(
        " shop\n"
    )
