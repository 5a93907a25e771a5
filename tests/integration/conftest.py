# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated account for each test module: empty, or with the environment standing in it."""

from __future__ import annotations

from collections.abc import Iterator

import failing_over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    layers,
    stage,
)
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


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations look as often as an account that takes no time allows."""
    monkeypatch.setattr(stage, "LOOK", 0.1)
    monkeypatch.setattr(layers, "LOOK", 0.1)
    monkeypatch.setattr(layers, "EARLY", 0.1)


@pytest.fixture
def built(empty: Environment, quick: None) -> Iterator[Environment]:
    """Both sites as playbook site leaves them; a test may fail over, and let anything go wrong."""
    yield failing_over.build(empty)
    empty.handle.faults([])
    empty.handle.speed(0)


@pytest.fixture
def dark(built: Environment) -> Environment:
    """The region of home answers nothing."""
    failing_over.go_dark(built)
    return built


@pytest.fixture(scope="module")
def whole(sandbox: Handle) -> Environment:
    """Both sites as playbook site leaves them, for modules whose tests fence and reset nothing."""
    sandbox.faults([])
    sandbox.reset()
    return failing_over.build(Environment(sandbox))


@pytest.fixture
def stood(whole: Environment, quick: None) -> Iterator[Environment]:
    """The same for one of these tests: no operation has ever been begun, and none goes on."""
    yield whole
    whole.handle.faults([])
    failing_over.forget(whole)
