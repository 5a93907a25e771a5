# SPDX-License-Identifier: GPL-3.0-or-later
"""A database of a shop, which is masked as one of staging is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.ground import able
from tests.masking.server import Server, installed, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if not installed() and able.can_install():
        able.install(("postgresql",))
    with serving() as found:
        yield found
