# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS account in this process, and the life of one object in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import StillUsed
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.view import View
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.diff import compare
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Have, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.base import Kind
from moto import mock_aws

ACCOUNT = "123456789012"


@pytest.fixture
def scope() -> Scope:
    return Scope("production", "home", "us-east-1", ACCOUNT, tags={"team": "shop"})


@pytest.fixture
def aws(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    # The sandbox, imported by other tests of the same process, has the emulator check images, and
    # alone the emulator knows none that a parameter names.
    monkeypatch.setattr("moto.settings.ENABLE_AMI_VALIDATION", False)
    with mock_aws():
        yield Aws(scope, Connection(access_key="x", secret_key="x"))


@pytest.fixture
def view(aws: Aws) -> Callable[[], View]:
    """A fresh look at the account, each time it is called."""
    return lambda: View(aws)


@dataclass(frozen=True)
class Life:
    """Drives one kind through a life: `make`, `find`, `drift`, `repair`, `remove`."""

    kind: Kind
    aws: Aws

    def find(self, want: Want) -> Have | None:
        found = [h for h in self.kind.find(View(self.aws), [want]) if h.address == want.address]
        if len(found) > 1:
            raise LookupError(f"{len(found)} objects claim to be {want.address}")
        return found[0] if found else None

    def undeclared(self) -> list[Have]:
        """What is found where nothing of the kind is declared."""
        return list(self.kind.find(View(self.aws), []))

    def make(self, want: Want) -> Have:
        self.kind.create(self.aws, want)
        have = self.find(want)
        if have is None:
            raise LookupError(f"{want.address} was made and is not found")
        return have

    def differences(self, want: Want) -> dict[str, tuple[Any, Any]]:
        """Field -> (before, after) of what a plan would change."""
        have = self.find(want)
        if have is None:
            raise LookupError(f"{want.address} is absent")
        changes = compare(want.spec, have.spec, self.kind.rules.partial)
        return {change.dotted: (change.before, change.after) for change in changes}

    def repair(self, want: Want) -> None:
        have = self.find(want)
        if have is None:
            raise LookupError(f"{want.address} is absent")
        changes = compare(want.spec, have.spec, self.kind.rules.partial)
        self.kind.update(self.aws, want, have, changes)

    def remove(self, want: Want) -> None:
        have = self.find(want)
        if have is not None:
            # As the world does, which asks again after a while.
            with contextlib.suppress(StillUsed):
                self.kind.delete(self.aws, have)

    def another(self, want: Want, **spec: Any) -> Want:
        """The same want with some of its spec changed."""
        return replace(want, spec={**want.spec, **spec})


@pytest.fixture
def life(aws: Aws) -> Callable[[Kind], Life]:
    return lambda kind: Life(kind, aws)
