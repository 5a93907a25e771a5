# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network tier declares: zones, ways in and out, and who may talk to whom."""

from __future__ import annotations

import ipaddress
import itertools
from collections import Counter
from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import read
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (
    Site,
    read_site,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine import graph
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import Ref, Want
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers import network
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.subnets import subnets

HOME = {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}
EARLIER = {"bucket/logs"}


def site(**changes: Any) -> Site:
    """The home site; changes: of its own declaration, or of that of the environment."""
    environment = {"environment", "application_port", "database_port"}
    given = {
        "environment": "production",
        "account_id": "123456789012",
        "site": "home",
        **{key: value for key, value in changes.items() if key in environment},
        "sites": {
            "home": {**HOME, **{k: v for k, v in changes.items() if k not in environment}},
        },
    }
    found, problems = read_site(given)
    assert found, problems
    return found


def closed(**changes: Any) -> Site:
    return site(closed=True, nat="none", **changes)


def wants(of: Site | None = None, **options: Any) -> dict[str, Want]:
    """The tier's wants by address."""
    complete, problems = read(network.FIELDS, options)
    assert not problems
    return graph.index(network.wants(of or site(), complete))


def spec(found: dict[str, Want], address: str) -> Any:
    return found[address].spec


def test_the_reference_network_has_all_its_parts() -> None:
    assert Counter(want.kind for want in wants().values()) == {
        "vpc": 1,
        "internet_gateway": 1,
        "subnet": 9,
        "elastic_ip": 3,
        "nat_gateway": 3,
        "route_table": 5,
        "route": 4,
        "vpc_endpoint": 1,
        "flow_log": 1,
        "default_security_group": 1,
        "security_group": 3,
        "security_group_rule": 8,
    }


@pytest.mark.parametrize(
    "of", [site(nat="per_zone"), site(nat="one"), site(nat="none"), closed()], ids=range(4)
)
def test_every_reference_leads_somewhere_and_none_in_a_circle(of: Site) -> None:
    found = wants(of)
    targets = {name: set(graph.needs(want)) for name, want in found.items()}
    assert set().union(*targets.values()) - found.keys() == EARLIER
    graph.order({name: needs - EARLIER for name, needs in targets.items()})


def test_every_object_carries_its_owner_and_its_tier() -> None:
    for address, want in wants().items():
        assert want.tier == "network"
        if want.kind != "route":
            assert want.spec["tags"]["phoenix:id"] == address
            assert want.spec["tags"]["phoenix:site"] == "home"


def test_every_kind_that_is_wanted_belongs_to_the_tier() -> None:
    found = {**wants(), **wants(closed())}
    assert {want.kind for want in found.values()} == {kind.name for kind in network.KINDS}


def test_another_spelling_of_the_declaration_wants_the_same() -> None:
    other = site(cidr="10.20.3.4/16", zones=["c", "a", "b"])
    assert wants(other, s3_endpoint="yes", flow_log_interval="600") == wants()


def test_no_host_gets_a_public_address_by_itself() -> None:
    found = [want for want in wants().values() if want.kind == "subnet"]
    assert not any(want.spec["public_ip"] for want in found)


def test_each_zone_has_its_own_way_out() -> None:
    found = wants()
    for letter in "abc":
        target = spec(found, f"route/app-{letter}")["target"]
        assert target == Ref(f"nat_gateway/{letter}", ready=True)
        assert spec(found, f"nat_gateway/{letter}")["subnet"] == Ref(f"subnet/public-{letter}")


def test_a_single_gateway_stands_in_the_first_zone_and_serves_all() -> None:
    found = wants(site(zones=["d", "b", "c"], nat="one"))
    gateways = [name for name in found if name.startswith(("nat_gateway/", "elastic_ip/"))]
    assert gateways == ["elastic_ip/nat-b", "nat_gateway/b"]
    for letter in "bcd":
        target = spec(found, f"route/app-{letter}")["target"]
        assert target == Ref("nat_gateway/b", ready=True)


def test_without_a_nat_gateway_hosts_have_no_way_out() -> None:
    found = wants(site(nat="none"))
    assert [name for name in found if name.startswith("route/")] == ["route/public"]
    assert not any(name.startswith(("nat_gateway/", "elastic_ip/")) for name in found)
    assert spec(found, "route_table/app-a")["routes"] == ()


def test_a_gateway_is_made_after_the_door_it_needs() -> None:
    assert "internet_gateway/main" in graph.needs(wants()["nat_gateway/a"])


def test_the_database_has_no_way_out_and_lets_nobody_out() -> None:
    found = wants()
    assert "route/database" not in found
    assert not any(name.startswith("security_group_rule/database/out") for name in found)


def test_a_route_table_declares_a_destination_where_there_is_a_route() -> None:
    found = wants()
    for name, want in found.items():
        if want.kind == "route_table":
            assert bool(want.spec["routes"]) == (f"route/{want.id}" in found), name


def test_every_subnet_belongs_to_exactly_one_route_table() -> None:
    found = wants()
    members = [
        id for want in found.values() if want.kind == "route_table" for id in want.spec["subnets"]
    ]
    assert sorted(members) == sorted(w.id for w in found.values() if w.kind == "subnet")


def test_the_endpoint_serves_every_route_table() -> None:
    found = wants()
    tables = {want.id for want in found.values() if want.kind == "route_table"}
    assert spec(found, "vpc_endpoint/s3")["route_tables"].keys() == tables


@pytest.mark.parametrize(
    ("option", "address"), [("s3_endpoint", "vpc_endpoint/s3"), ("flow_logs", "flow_log/main")]
)
def test_what_is_turned_off_is_not_wanted(option: str, address: str) -> None:
    assert address in wants(**{option: True})
    assert address not in wants(**{option: False})


def allowed(found: dict[str, Want]) -> set[tuple[str, str, str, int]]:
    """(group, direction, peer, port) of all rules."""
    result = set()
    for want in found.values():
        if want.kind != "security_group_rule":
            continue
        peer = want.spec["peer"]
        named = peer.target.partition("/")[2] if isinstance(peer, Ref) else peer
        group = want.spec["group"].target.partition("/")[2]
        assert want.spec["from_port"] == want.spec["to_port"]
        assert want.spec["description"]
        result.add((group, want.spec["direction"], named, want.spec["to_port"]))
    return result


def test_only_the_declared_ways_are_open() -> None:
    anywhere = "0.0.0.0/0"
    assert allowed(wants(site(application_port=9000, database_port=6000))) == {
        ("balancer", "in", anywhere, 443),
        ("balancer", "in", anywhere, 80),
        ("balancer", "out", "web", 9000),
        ("web", "in", "balancer", 9000),
        ("web", "out", "database", 6000),
        ("web", "out", anywhere, 443),
        ("web", "out", anywhere, 80),
        ("database", "in", "web", 6000),
    }


def test_no_group_keeps_the_rule_that_aws_adds() -> None:
    found = wants()
    for name in ("balancer", "web", "database"):
        assert spec(found, f"security_group/{name}")["default_egress"] is False
    assert spec(found, "default_security_group/main")["rules"] == ()


@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "10.20.16.0/20"])
def test_subnets_lie_in_the_network_and_apart(cidr: str) -> None:
    blocks = [ipaddress.ip_network(block) for _, _, block in subnets(cidr, "abcdef")]
    assert len(blocks) == 18
    assert all(block.subnet_of(ipaddress.ip_network(cidr)) for block in blocks)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(blocks, 2))


def test_a_zone_that_comes_or_goes_moves_no_other() -> None:
    few, many = ({(x, y): z for x, y, z in subnets("10.20.0.0/16", of)} for of in ("bd", "abdf"))
    assert few.items() <= many.items()


def test_an_environment_whose_groups_aws_would_refuse_is_a_mistake() -> None:
    [problem] = network.check(site(environment="sg-shop"), {})
    assert problem.path == "environment"
    assert problem.value == "sg-shop"
    assert not list(network.check(site(environment="shop-sg"), {}))


@pytest.mark.parametrize(
    ("option", "value"),
    [("flow_logs", "maybe"), ("flow_log_interval", 300), ("flow_log", True)],
)
def test_a_malformed_option_is_named_with_what_is_right(option: str, value: Any) -> None:
    _options, problems = read(network.FIELDS, {option: value})
    assert [problem.path for problem in problems] == [option]
    assert problems[0].rule
    assert problems[0].example
