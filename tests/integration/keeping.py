# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease that is kept, as a run of another machine meets it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import Aws
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Held,
    Lease,
)

OTHER = Holder("elsewhere/1/1", "elsewhere/2/1", "bob@elsewhere")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """From another machine nobody sees whether processes of this one live."""
    monkeypatch.setattr(Holder, "lives", property(lambda holder: None))


def leases(aws: Aws) -> list[str]:
    found = aws.client("ssm").get_parameters_by_path(Path="/phoenix/production/home/lease")
    return [item["Name"] for item in found["Parameters"]]


def takes(aws: Aws, holder: Holder) -> bool:
    """Whether a run gets the lease; it gives it back."""
    try:
        with Lease(aws, holder, lambda line: None).during():
            return True
    except Held:
        return False
