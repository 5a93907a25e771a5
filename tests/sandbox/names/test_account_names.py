# SPDX-License-Identifier: GPL-3.0-or-later
"""What the emulator holds is told as `sandbox.names` asks for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from moto.ec2.models import ec2_backends
from moto.rds.models import rds_backends
from moto.route53.models import route53_backends

from sandbox.names.lookup import Lookup
from sandbox.names.places import Places
from sandbox.names.records import View
from sandbox.shims._account_names import AccountNames
from sandbox.world import World

ACCOUNTS = itertools.count(111122223333)


@pytest.fixture
def account() -> str:
    """An account of the emulator that no other test has."""
    return str(next(ACCOUNTS))


@pytest.fixture
def ask() -> Callable[[str, str], tuple[str, ...]]:
    lookup = Lookup(AccountNames(World()), Places())
    return lambda name, vpc: lookup.answer(name, "A", View(vpc)).addresses()


def card(account: str, region: str, network: str, address: str) -> str:
    """A network interface with this address; the VPC that it is in."""
    ec2: Any = ec2_backends[account][region]
    vpc = ec2.create_vpc(network)
    subnet = ec2.create_subnet(vpc.id, network, availability_zone=f"{region}a")
    ec2.create_network_interface(subnet, address)
    return str(vpc.id)


def test_a_hosts_own_name_answers_in_its_vpc_only(account: str, ask: Any) -> None:
    east = card(account, "us-east-1", "10.71.0.0/24", "10.71.0.5")
    west = card(account, "us-west-2", "10.72.0.0/24", "10.72.0.5")
    assert ask("ip-10-71-0-5.ec2.internal", east) == ("10.71.0.5",)
    assert ask("ip-10-72-0-5.us-west-2.compute.internal", west) == ("10.72.0.5",)
    assert ask("ip-10-72-0-5.us-west-2.compute.internal", east) == ()
    assert ask("ip-10-71-0-5.ec2.internal", "") == ()
    assert ask("ip-10-71-0-6.ec2.internal", east) == ()


def test_a_database_answers_where_its_server_is_and_else_nowhere(account: str, ask: Any) -> None:
    name = f"db-{account}.cabcdefghijk.us-east-1.rds.amazonaws.com"
    found: Any = SimpleNamespace(address=name, place=None)
    rds_backends[account]["us-east-1"].databases[name] = found
    try:
        [nowhere] = ask(name, "")
        assert nowhere.startswith("192.0.2.")
        found.place = SimpleNamespace(address="10.71.0.9")
        assert ask(name, "vpc-any") == ask(name, "") == ("10.71.0.9",)
    finally:
        del rds_backends[account]["us-east-1"].databases[name]
    assert ask(name, "") == ()


@pytest.mark.parametrize("hostnames", [True, False])
def test_a_private_zone_wants_a_vpc_with_host_names(
    account: str, ask: Any, hostnames: bool
) -> None:
    vpc: Any = ec2_backends[account]["us-east-1"].create_vpc("10.73.0.0/24")
    vpc.enable_dns_hostnames = hostnames
    zones: Any = route53_backends[account]["aws"]
    zone = zones.create_hosted_zone(
        f"z{account}.example.", True, vpcid=vpc.id, vpcregion="us-east-1"
    )
    record = {"Name": zone.name, "Type": "A", "TTL": 60, "ResourceRecords": ["10.73.0.9"]}
    zone.add_rrset(record)
    assert ask(zone.name, vpc.id) == (("10.73.0.9",) if hostnames else ())
