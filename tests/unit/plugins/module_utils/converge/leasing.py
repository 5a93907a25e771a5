# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that hold leases, for the tests of these."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import (
    path,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import (
    Holder,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import (
    Lease,
)

SCOPE = Scope("production", "home", "us-east-1", "123456789012", tags={"team": "shop"})


# Processes of machines that are not this one: whether they live cannot be known here.
FIRST = Holder("boot-a:pid/10/1", "boot-a:pid/11/1", "ann@laptop")


SECOND = Holder("boot-b:pid/10/1", "boot-b:pid/11/1", "bob@laptop")


THIRD = Holder("boot-c:pid/10/1", "boot-c:pid/11/1", "cleo@laptop")


def held_by(aws: Aws, holder: Holder, said: list[str] | None = None) -> Lease:
    return Lease(aws, holder, [].append if said is None else said.append)


def keep(aws: Aws, holder: Holder) -> None:
    """What a task does that leaves the lease to a later one of its run."""
    lease = held_by(aws, holder)
    with lease.during():
        lease.kept = True


def write(aws: Aws, holder: Holder) -> None:
    """What a run leaves that is killed while it holds the lease."""
    name = f"{path(SCOPE)}/1"
    aws.client("ssm").put_parameter(Name=name, Value=holder.dumps(), Type="String")


def entries(aws: Aws) -> list[str]:
    found = aws.client("ssm").get_parameters_by_path(Path=path(SCOPE))["Parameters"]
    return [item["Name"] for item in found]


def only_watched(lease: Lease, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AWS's clock tell nothing of a lease's age: what is left is how long it was watched."""
    look = lease._entries.look
    monkeypatch.setattr(
        lease._entries, "look", lambda: [replace(entry, age=0.0) for entry in look()]
    )
