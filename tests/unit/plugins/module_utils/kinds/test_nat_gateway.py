# SPDX-License-Identifier: GPL-3.0-or-later
"""NAT gateways: one per id, however often the create is repeated; a new one after a dead one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Meaning,
    NotYet,
    meaning,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.nat_gateway import (
    NatGateway,
)
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends


@pytest.fixture
def want(aws: Any, scope: Scope) -> Want:
    client = aws.client("ec2")
    vpc = client.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.20.0.0/21")["Subnet"]["SubnetId"]
    return Want(
        "nat_gateway",
        "a",
        {
            "subnet": subnet,
            "allocation": client.allocate_address(Domain="vpc")["AllocationId"],
            "state": "usable",
            "tags": scope.marks("nat_gateway", "a"),
        },
    )


def put(have: Any, state: str, message: str = "") -> None:
    """Brings a gateway into a state into which only time or a mishap at AWS brings it."""
    backend = ec2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    gateway = backend.nat_gateways[have.facts["id"]]
    gateway.state = state
    gateway.failure_message = message


def free(aws: Any, want: Want) -> None:
    """Takes the address from whoever has it, as AWS does once a gateway is dead."""
    client = aws.client("ec2")
    [address] = client.describe_addresses(AllocationIds=[want.spec["allocation"]])["Addresses"]
    client.disassociate_address(AssociationId=address["AssociationId"])


def tokens(aws: Any) -> list[str]:
    """The tokens of the creates from now on."""
    sent: list[str] = []

    def note(params: dict[str, Any], **_rest: Any) -> None:
        sent.append(params["ClientToken"])

    events = aws.client("ec2").meta.events
    events.register("provide-client-params.ec2.CreateNatGateway", note)
    return sent


def test_a_new_gateway_is_as_declared(life: Any, want: Want) -> None:
    have = life(NatGateway()).make(want)
    assert life(NatGateway()).differences(want) == {}
    assert have.settled
    assert have.facts["public_ip"]


def test_a_gateway_is_awaited_until_it_is_available(life: Any, want: Want) -> None:
    one = life(NatGateway())
    put(one.make(want), "pending")
    have = one.find(want)
    assert (have.settled, have.status) == (False, "pending")
    assert one.differences(want) == {}


def test_a_create_that_is_answered_with_what_is_there_already_awaits_nothing(
    aws: Any, want: Want
) -> None:
    have = NatGateway().create(aws, want)
    assert (have.settled, have.status) == (True, "available")


def test_a_repeated_create_carries_the_same_token(aws: Any, want: Want) -> None:
    sent = tokens(aws)
    NatGateway().create(aws, want)
    free(aws, want)
    NatGateway().create(aws, want)
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_other_arguments_make_another_token(life: Any, aws: Any, want: Want) -> None:
    sent = tokens(aws)
    other = aws.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    NatGateway().create(aws, want)
    NatGateway().create(aws, life(NatGateway()).another(want, allocation=other))
    assert len(set(sent)) == 2


@pytest.mark.parametrize("state", ["deleted", "failed"])
def test_the_token_of_a_dead_gateway_is_not_used_again(
    life: Any, aws: Any, want: Want, state: str
) -> None:
    sent = tokens(aws)
    one = life(NatGateway())
    put(one.make(want), state)
    free(aws, want)
    NatGateway().create(aws, want)
    assert len(set(sent)) == 2


def test_an_address_that_a_dying_gateway_holds_is_asked_for_later(
    life: Any, aws: Any, want: Want
) -> None:
    sent = tokens(aws)
    put(life(NatGateway()).make(want), "deleting")
    with pytest.raises(NotYet) as caught:
        NatGateway().create(aws, want)
    assert meaning(caught.value) is Meaning.UNPROPAGATED
    assert len(sent) == 1


@pytest.mark.parametrize("state", ["deleting", "deleted"])
def test_a_deleted_gateway_counts_as_absent_while_it_is_listed(
    life: Any, want: Want, state: str
) -> None:
    one = life(NatGateway())
    put(one.make(want), state)
    assert one.find(want) is None


def test_a_failed_gateway_says_why_and_is_made_again(life: Any, aws: Any, want: Want) -> None:
    one = life(NatGateway())
    first = one.make(want)
    put(first, "failed", "no internet gateway attached")
    have = one.find(want)
    assert not have.settled
    assert have.status == "failed: no internet gateway attached"
    assert one.differences(want) == {"state": ("failed", "usable")}
    free(aws, want)
    one.repair(want)
    assert one.differences(want) == {}
    assert one.find(want).facts["id"] != first.facts["id"]


def test_a_tag_changed_behind_its_back_is_repaired(life: Any, aws: Any, want: Want) -> None:
    one = life(NatGateway())
    gateway = one.make(want).facts["id"]
    aws.client("ec2").create_tags(Resources=[gateway], Tags=[{"Key": "team", "Value": "x"}])
    assert one.differences(want) == {"tags.team": ("x", "shop")}
    one.repair(want)
    assert one.differences(want) == {}


def test_a_removed_gateway_is_gone(life: Any, want: Want) -> None:
    one = life(NatGateway())
    one.make(want)
    one.remove(want)
    assert one.find(want) is None
