# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty account, in which nobody pauses for long over a lease."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import (
    entries as entries_module,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease as module
from moto import mock_aws

from tests.unit.plugins.module_utils.converge.leasing import SCOPE


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setattr(module, "LOOK", 0.05)
    monkeypatch.setattr(entries_module, "PAUSE", 0.05)
    with mock_aws():
        yield Aws(SCOPE, Connection(access_key="x", secret_key="x"))
