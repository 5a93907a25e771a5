# SPDX-License-Identifier: GPL-3.0-or-later
"""A session in a host, as a script has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.real


def test_a_shell_takes_its_input_from_a_pipe_and_ends_with_it(
    site: Any, session: Callable[..., str]
) -> None:
    number = site.run()
    name = site.up(number)["PrivateDnsName"].partition(".")[0]
    told = session("shell", number, told="hostname\nid --user --name\n")
    assert told.split() == [name, "admin"]
