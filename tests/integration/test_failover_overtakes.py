# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of site.yml that is in flight at home undoes no fence: its lease is taken from it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.entries import Entries
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.holder import Holder
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import Refusal
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.lease import Lease
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import Event
from environment import Environment

ANN = Holder("elsewhere/1/1", "elsewhere/2/1", "ann@elsewhere")


@pytest.fixture
def soon(built: Environment, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Whoever holds a lease finds out within a second that it was lost."""
    monkeypatch.setattr(lease, "RENEW", 0.2)
    monkeypatch.setattr(lease, "NOTICED", 0.5)
    return built


def spoil(environment: Environment) -> None:
    """Nobody is let in to the database, so that a run of site.yml lets the web tier in again."""
    rules = over.let_in(environment)
    ec2 = environment.aws("home").client("ec2")
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["production-home-database"]}]
    )["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], SecurityGroupRuleIds=rules)


def test_what_a_run_in_flight_at_home_would_write_after_the_fence_is_refused(
    soon: Environment,
) -> None:
    spoil(soon)
    begun, fenced = threading.Event(), threading.Event()

    def slow(_event: Event) -> None:
        begun.set()
        assert fenced.wait(60)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            run,
            soon.params("home"),
            "site",
            dry=False,
            listener=slow,
            lease=lambda aws: Lease(aws, ANN, lambda line: None),
        )
        try:
            assert begun.wait(60)
            result = over.upto(soon, "fence")[-1]
        finally:
            fenced.set()
        # By the next look the fence's own lease may have ended too: then nobody is named.
        with pytest.raises(Refusal, match=r"another run (writes|wrote) at this site"):
            running.result()
    assert "taken from ann@elsewhere" in result["evidence"]["layers"]["lease"]["said"]
    assert over.let_in(soon) == []
    assert Entries(soon.aws("home")).look() == []


def test_a_run_that_gets_its_lease_after_the_fence_does_not_do_what_it_planned_before(
    soon: Environment,
) -> None:
    spoil(soon)

    class Late(Lease):
        @contextlib.contextmanager
        def during(self, *, seizing: bool = False) -> Iterator[bool]:
            over.upto(soon, "fence")
            with super().during(seizing=seizing) as new:
                yield new

    with pytest.raises(Refusal, match="moves the environment since") as caught:
        run(
            soon.params("home"),
            "site",
            dry=False,
            lease=lambda aws: Late(aws, ANN, lambda line: None),
        )
    assert caught.value.result["code"] == "moving"
    assert over.let_in(soon) == []


def test_where_nobody_writes_at_home_the_fence_waits_for_nobody(
    built: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "NOTICED", 3600.0)
    result = over.upto(built, "fence")[-1]
    assert result["evidence"]["layers"]["lease"]["outcome"] == "confirmed"
    assert Entries(built.aws("home")).look() == []
