# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that makes something answers with its first state, at speed 0 too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.world import World

Clients = Callable[..., Any]


def test_what_happens_at_once_happens_when_the_answer_is_made_and_in_order() -> None:
    world, done = World(), []
    with world.answering():
        world.later(0, lambda: done.append("first"), "a thing")
        world.later(0, lambda: done.append("second"), "another")
        assert done == []
    assert done == ["first", "second"]
    world.later(0, lambda: done.append("third"), "between two requests")
    assert done == ["first", "second", "third"]


def test_what_was_put_off_is_done_also_where_no_answer_could_be_made() -> None:
    world, done = World(), []

    def fail() -> None:
        with world.answering():
            world.later(0, lambda: done.append("made"), "a thing")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert done == ["made"]


def test_the_answer_of_a_create_call_says_pending_and_the_next_read_does_not(
    client: Clients,
) -> None:
    ec2, rds = client("ec2"), client("rds")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert vpc["State"] == "pending"
    assert ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]["State"] == "available"
    db = rds.create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="owner",
        MasterUserPassword="correct-horse-9",
    )["DBInstance"]
    assert (db["DBInstanceStatus"], db.get("Endpoint")) == ("creating", None)
    found = rds.describe_db_instances()["DBInstances"][0]
    assert (found["DBInstanceStatus"], bool(found["Endpoint"])) == ("available", True)
