# SPDX-License-Identifier: GPL-3.0-or-later
"""What a picture of an account becomes: rules of nftables and lines of ip, without any network."""

from __future__ import annotations

import pytest

from sandbox.fabric import firewall, routing
from sandbox.fabric.picture import (
    Card,
    Group,
    NatGateway,
    Peering,
    Picture,
    Route,
    Rule,
    Subnet,
    Vpc,
    Way,
)

ALL_OUT = Rule("-1", -1, -1, ("0.0.0.0/0",))
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        (Rule("tcp", 80, 80, ("10.0.0.0/8",)), ["tcp dport 80 ip saddr 10.0.0.0/8 accept"]),
        (Rule("udp", 100, 200, ("0.0.0.0/0",)), ["udp dport 100-200 accept"]),
        (Rule("tcp", 0, 65535, group="sg-1"), ["meta l4proto tcp ip saddr @members_sg_1 accept"]),
        (Rule("icmp", 8, -1, ("0.0.0.0/0",)), ["icmp type 8 accept"]),
        (Rule("icmp", 3, 4, ("0.0.0.0/0",)), ["icmp type 3 icmp code 4 accept"]),
        (Rule("icmp", -1, -1, ("0.0.0.0/0",)), ["meta l4proto icmp accept"]),
        (Rule("50", -1, -1, ("10.0.0.0/8",)), ["meta l4proto 50 ip saddr 10.0.0.0/8 accept"]),
        (Rule("-1", -1, -1, ("10.0.0.0/8",)), ["ip saddr 10.0.0.0/8 accept"]),
        (Rule("tcp", 80, 80), []),  # for IPv6 only
    ],
)
def test_a_rule_of_a_group_becomes_lines(rule: Rule, lines: list[str]) -> None:
    assert firewall.rule_lines(rule, "saddr", NONE, "goto untracked") == lines


def test_only_what_is_open_to_all_both_ways_is_not_tracked() -> None:
    both = frozenset({"tcp"})
    web = Rule("tcp", 80, 80, ("0.0.0.0/0",))
    assert firewall.rule_lines(web, "saddr", both, "goto x") == ["tcp dport 80 goto x"]
    narrow = Rule("tcp", 80, 80, ("10.0.0.0/8",))
    assert "goto" not in firewall.rule_lines(narrow, "saddr", both, "goto x")[0]
    assert firewall.rule_lines(ALL_OUT, "daddr", both, "goto x") == [
        "meta l4proto tcp goto x",
        "accept",
    ]


def example(**more: object) -> Vpc:
    subnet = Subnet("subnet-1", "10.0.1.0/24", (Route("0.0.0.0/0", Way.INTERNET, "igw-1"),))
    group = Group("sg-1", (Rule("tcp", 80, 80, group="sg-2"),), (ALL_OUT,))
    cards = (
        Card("10.0.1.4", ("sg-1",), "100.64.0.70"),
        Card("10.0.1.5", ("sg-2",)),
        Card("10.0.1.9", (), "100.64.0.71"),
    )
    nat = NatGateway("nat-1", cards[2])
    given = {"subnets": (subnet,), "cards": cards, "nat_gateways": (nat,), "gateway": True}
    groups = (group, Group("sg-2"))
    made: dict[str, object] = {**given, "groups": groups, **more}
    return Vpc("vpc-1", "us-east-1", ("10.0.0.0/16",), **made)  # type: ignore[arg-type]


def test_a_vpc_becomes_a_ruleset_that_names_its_hosts_groups_and_public_addresses() -> None:
    vpc = example()
    text = firewall.ruleset(Picture((vpc,)), vpc)
    assert "set members_sg_2 {\n        type ipv4_addr\n        elements = { 10.0.1.5 }" in text
    assert "ip daddr vmap { 10.0.1.4 : jump in_0, 10.0.1.5 : jump in_1 }" in text
    assert "ip daddr map { 100.64.0.70 : 10.0.1.4, 100.64.0.71 : 10.0.1.9 }" in text
    assert "policy accept" not in text


def test_a_dark_vpc_lets_nothing_pass() -> None:
    vpc = example(dark=True)
    text = firewall.ruleset(Picture((vpc,)), vpc)
    assert "accept" not in text
    assert text.count("policy drop") == 2


def test_an_empty_vpc_is_a_ruleset_without_empty_maps() -> None:
    vpc = Vpc("vpc-1", "us-east-1", ("10.0.0.0/16",))
    text = firewall.ruleset(Picture((vpc,)), vpc)
    assert "vmap" not in text
    assert "elements" not in text


def test_routes_lead_to_what_is_there_and_nowhere_else() -> None:
    table = 10 * 2**24 + 256  # of 10.0.1.0/24
    there = example()
    assert f"route 0.0.0.0/0 via 169.254.0.2 dev internet onlink table {table}" in routing.lines(
        Picture((there,)), there
    )
    gone = example(gateway=False)
    assert f"route blackhole 0.0.0.0/0 table {table}" in routing.lines(Picture((gone,)), gone)
    nat = example(
        subnets=(Subnet("subnet-1", "10.0.1.0/24", (Route("0.0.0.0/0", Way.NAT, "nat-1"),)),)
    )
    assert f"route 0.0.0.0/0 via 10.0.1.9 dev v0a000109 onlink table {table}" in routing.lines(
        Picture((nat,)), nat
    )


def test_peers_reach_one_another_unless_their_regions_are_cut() -> None:
    away = Vpc("vpc-2", "us-west-2", ("10.9.0.0/16",))
    here = example()
    peering = Peering("pcx-1", "vpc-1", "vpc-2")
    joined = Picture((here, away), (peering,))
    assert joined.peers(here) == {"pcx-1": away}
    assert joined.peers(away) == {"pcx-1": here}
    cut = Picture((here, away), (peering,), frozenset({("us-east-1", "us-west-2")}))
    assert cut.peers(here) == {}


def test_a_group_of_a_peer_in_the_same_region_counts_and_one_of_another_does_not() -> None:
    vpc = example()
    near = Vpc("vpc-2", "us-east-1", ("10.9.0.0/16",), cards=(Card("10.9.0.4", ("sg-2",)),))
    far = Vpc("vpc-3", "us-west-2", ("10.8.0.0/16",), cards=(Card("10.8.0.4", ("sg-2",)),))
    peerings = (Peering("pcx-1", "vpc-1", "vpc-2"), Peering("pcx-2", "vpc-1", "vpc-3"))
    text = firewall.ruleset(Picture((vpc, near, far), peerings), vpc)
    assert "elements = { 10.0.1.5, 10.9.0.4 }" in text
    assert "10.8.0.4" not in text
