# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated account for each test module: empty, or with the environment standing in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from environment import Environment

from sandbox.running import Handle, running


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Handle]:
    with running() as handle:
        yield handle


@pytest.fixture
def empty(sandbox: Handle) -> Environment:
    """The environment, declared, in an empty account."""
    sandbox.faults([])
    sandbox.reset()
    return Environment(sandbox)


@pytest.fixture(scope="module")
def standing(sandbox: Handle) -> Environment:
    """The environment as one run has built it; a test that changes it repairs it."""
    environment = Environment(sandbox)
    environment.run()
    return environment
