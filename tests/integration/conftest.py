# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated account for each test module: empty, or with the environment standing in it."""

from __future__ import annotations

from collections.abc import Iterator

import failing_over
import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.acts import (
    layers,
    stage,
)
from environment import Environment

from playbooks import Playbooks, changed
from sandbox.running import Handle, running


@pytest.fixture(scope="session")
def model() -> Iterator[Handle]:
    """Both sites. Nobody changes it: each test has a branch of it."""
    with running() as handle:
        failing_over.build(Environment(handle))
        yield handle


@pytest.fixture(scope="session")
def playbook_model(model: Handle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    """The same as playbook site leaves it, with what the sandbox's inventory declares."""
    with model.branch() as handle:
        handle.reset()
        changed(Playbooks(handle, tmp_path_factory.mktemp("model")).run("site"))
        yield handle


@pytest.fixture(scope="module")
def sandbox(model: Handle) -> Iterator[Handle]:
    """One with nothing in it, which has answered before and is quick therefore."""
    with model.branch() as handle:
        handle.reset()
        yield handle


@pytest.fixture
def empty(sandbox: Handle) -> Environment:
    """The environment, declared, in an empty account."""
    sandbox.faults([])
    sandbox.reset()
    return Environment(sandbox)


@pytest.fixture(scope="module")
def standing(model: Handle) -> Iterator[Environment]:
    """Both sites for the tests of a module; one that changes them repairs them."""
    with model.branch() as handle:
        yield Environment(handle)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operations look as often as an account that takes no time allows."""
    monkeypatch.setattr(stage, "LOOK", 0.1)
    monkeypatch.setattr(layers, "LOOK", 0.1)
    monkeypatch.setattr(layers, "EARLY", 0.1)


@pytest.fixture
def built(model: Handle, quick: None) -> Iterator[Environment]:
    """Both sites for one test, which may fail over, and let anything go wrong."""
    with model.branch() as handle:
        yield Environment(handle)


@pytest.fixture
def played(playbook_model: Handle, quick: None) -> Iterator[Environment]:
    """The same for one that runs playbooks."""
    with playbook_model.branch() as handle:
        yield Environment(handle)


@pytest.fixture
def dark(built: Environment) -> Environment:
    """The region of home answers nothing."""
    failing_over.go_dark(built)
    return built


@pytest.fixture(scope="module")
def released(standing: Environment) -> Environment:
    """Production with a release that runs."""
    validating.make_fit(standing)
    return standing


@pytest.fixture
def production(released: Environment, quick: None) -> Iterator[Environment]:
    """The same for one test, which may make staging of it."""
    with released.branch() as branch:
        yield branch
