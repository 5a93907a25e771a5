# SPDX-License-Identifier: GPL-3.0-or-later
"""Names answer as Route 53 documents it: out of records, by policy, health and who asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from sandbox.names.lookup import Answer, Lookup
from sandbox.names.places import Places
from sandbox.names.records import INTERNET, Alias, Record, View, Zone

APEX = "example.org."
SOA = Record(APEX, "SOA", 900, ("ns. hostmaster.example.org. 1 7200 900 1209600 300",))
NS = Record(APEX, "NS", 172800, ("ns.",))
WWW = f"www.{APEX}"
ELB = "web-1.us-east-1.elb.amazonaws.com."


@dataclass
class Fixed:
    """An account that is data."""

    held: Sequence[Zone]
    failing: set[str] = field(default_factory=set)
    ailing: set[str] = field(default_factory=set)
    named: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def zones(self) -> Sequence[Zone]:
        return self.held

    def passes(self, health_check: str) -> bool:
        return health_check not in self.failing

    def checks(self) -> Sequence[dict[str, object]]:
        return []

    def serves(self, name: str) -> bool:
        return name not in self.ailing

    def given(self, name: str, view: View) -> tuple[str, ...] | None:
        return self.named.get(name)

    def listed(self) -> Sequence[str]:
        return list(self.named)


def zone(*records: Record, name: str = APEX, **more: object) -> Zone:
    made = Zone("Z1", name, (replace(SOA, name=name), replace(NS, name=name), *records))
    return replace(made, **more)  # type: ignore[arg-type]


def host(value: str, name: str = WWW, **more: object) -> Record:
    return replace(Record(name, "A", 60, (value,)), **more)  # type: ignore[arg-type]


def alias(target: str, zone_id: str = "Z1", evaluate: bool = True, **more: object) -> Record:
    made = Record(WWW, "A", alias=Alias(target, zone_id, evaluate))
    return replace(made, **more)  # type: ignore[arg-type]


def lookup(*zones: Zone, **more: object) -> Lookup:
    return Lookup(Fixed(zones, **more), Places(), Random(7))  # type: ignore[arg-type]


def told(answer: Answer) -> set[str]:
    return {value for found in answer.answers for value in found.values}


def test_a_name_answers_its_values_and_their_time_to_live() -> None:
    found = lookup(zone(host("192.0.2.1"))).answer("WWW.example.org", "A")
    assert found.code == "NOERROR" and found.authoritative
    assert [(one.name, one.ttl, one.values) for one in found.answers] == [(WWW, 60, ("192.0.2.1",))]


def test_what_is_not_there_is_told_with_the_zone_that_says_so_and_for_how_long() -> None:
    source = lookup(zone(host("192.0.2.1", "a.b.example.org.")))
    for name, kind, code in (
        ("x.example.org", "A", "NXDOMAIN"),
        ("a.b.example.org", "TXT", "NOERROR"),
        ("b.example.org", "A", "NOERROR"),  # a name without records, above one that has some
    ):
        found = source.answer(name, kind)
        assert (found.code, found.answers) == (code, ())
        assert [(one.kind, one.name, one.ttl) for one in found.authority] == [("SOA", APEX, 300)]


def test_what_no_zone_holds_does_not_exist() -> None:
    assert lookup(zone()).answer("www.example.com", "A").code == "NXDOMAIN"


def test_a_wildcard_answers_what_has_no_records_of_its_own() -> None:
    wild = host("192.0.2.9", "\\052.example.org.")
    source = lookup(zone(wild, host("192.0.2.1"), host("192.0.2.2", "a.b.example.org.")))
    assert told(source.answer("any.example.org", "A")) == {"192.0.2.9"}
    assert told(source.answer("far.below.example.org", "A")) == {"192.0.2.9"}
    assert told(source.answer(WWW, "A")) == {"192.0.2.1"}
    assert source.answer("x.b.example.org", "A").code == "NXDOMAIN"


def test_a_canonical_name_is_followed_also_into_another_zone_but_not_for_ever() -> None:
    chain = Record(WWW, "CNAME", 30, ("shop.example.com",))
    other = zone(host("192.0.2.5", "shop.example.com."), name="example.com.")
    found = lookup(zone(chain), other).answer(WWW, "A")
    assert [(one.kind, one.values) for one in found.answers] == [
        ("CNAME", ("shop.example.com",)),
        ("A", ("192.0.2.5",)),
    ]
    circle = Record(WWW, "CNAME", 30, (WWW,))
    assert lookup(zone(circle)).answer(WWW, "A").code == "SERVFAIL"


def test_a_name_given_to_other_servers_is_referred_to_them() -> None:
    given = Record("sub.example.org.", "NS", 300, ("ns.elsewhere.",))
    found = lookup(zone(given)).answer("a.sub.example.org", "A")
    assert (found.answers, found.authoritative) == ((), False)
    assert [(one.kind, one.values) for one in found.authority] == [("NS", ("ns.elsewhere.",))]
    child = zone(host("192.0.2.3", "a.sub.example.org."), name="sub.example.org.")
    assert told(lookup(zone(given), child).answer("a.sub.example.org", "A")) == {"192.0.2.3"}


PRIMARY = host("192.0.2.1", identifier="home", failover="PRIMARY", health_check="switch")
SECONDARY = host("192.0.2.2", identifier="away", failover="SECONDARY")


@pytest.mark.parametrize(
    ("failing", "answers"),
    [
        (set(), {"192.0.2.1"}),
        ({"switch"}, {"192.0.2.2"}),
        ({"switch", "other"}, {"192.0.2.1"}),  # none is healthy: the primary answers
    ],
)
def test_failover_follows_the_health_check(failing: set[str], answers: set[str]) -> None:
    second = replace(SECONDARY, health_check="other")
    assert told(lookup(zone(PRIMARY, second), failing=failing).answer(WWW, "A")) == answers


def test_a_secondary_without_a_health_check_is_always_healthy() -> None:
    found = lookup(zone(SECONDARY, PRIMARY), failing={"switch"}).answer(WWW, "A")
    assert told(found) == {"192.0.2.2"}


def balanced(evaluate: bool = True, **more: object) -> Lookup:
    other = "web-2.us-west-2.elb.amazonaws.com."
    first = alias(ELB, "Z35", evaluate, identifier="home", failover="PRIMARY")
    second = alias(other, "Z1H", evaluate, identifier="away", failover="SECONDARY")
    named = {ELB: ("10.0.0.1",), other: ("10.1.0.1",)}
    return lookup(zone(replace(first, health_check="switch"), second), named=named, **more)


@pytest.mark.parametrize(
    ("failing", "ailing", "answers"),
    [
        (set(), set(), {"10.0.0.1"}),
        ({"switch"}, set(), {"10.1.0.1"}),
        (set(), {ELB}, {"10.1.0.1"}),
        ({"switch"}, {ELB, "web-2.us-west-2.elb.amazonaws.com."}, {"10.0.0.1"}),
    ],
)
def test_an_alias_inherits_the_health_of_its_balancer_beside_its_own(
    failing: set[str], ailing: set[str], answers: set[str]
) -> None:
    assert told(balanced(failing=failing, ailing=ailing).answer(WWW, "A")) == answers


def test_an_alias_that_does_not_evaluate_its_target_does_not_inherit_its_health() -> None:
    assert told(balanced(evaluate=False, ailing={ELB}).answer(WWW, "A")) == {"10.0.0.1"}


def test_an_alias_answers_in_its_own_name_and_with_its_targets_time_to_live() -> None:
    [found] = balanced().answer(WWW, "A").answers
    assert (found.name, found.ttl) == (WWW, 60)
    target = host("192.0.2.4", "target.example.org.", ttl=17)
    [found] = lookup(zone(alias("target.example.org."), target)).answer(WWW, "A").answers
    assert (found.name, found.ttl, found.values) == (WWW, 17, ("192.0.2.4",))


def test_a_branch_without_anything_healthy_is_left() -> None:
    """The example of latency aliases to weighted records in Route 53's guide."""
    east = [
        host("192.0.2.1", "east.example.org.", identifier="1", weight=1, health_check="a"),
        host("192.0.2.2", "east.example.org.", identifier="2", weight=1, health_check="b"),
    ]
    west = host("192.0.2.3", "west.example.org.")
    tree = (
        alias("east.example.org.", identifier="e", region="us-east-1"),
        alias("west.example.org.", identifier="w", region="ap-southeast-2"),
    )
    whole = zone(*tree, *east, west)
    assert told(lookup(whole, failing={"a"}).answer(WWW, "A")) == {"192.0.2.2"}
    assert told(lookup(whole, failing={"a", "b"}).answer(WWW, "A")) == {"192.0.2.3"}


def weighted(*weights: int) -> Zone:
    return zone(
        *(
            host(f"192.0.2.{n}", identifier=str(n), weight=weight, health_check=f"check-{n}")
            for n, weight in enumerate(weights, 1)
        )
    )


def test_weights_are_shares_of_the_answers() -> None:
    source = lookup(weighted(1, 3))
    answers = Counter(value for _ in range(2000) for value in told(source.answer(WWW, "A")))
    assert answers["192.0.2.2"] / 2000 == pytest.approx(0.75, abs=0.05)


def test_a_weight_of_0_answers_only_where_nothing_else_is_healthy() -> None:
    source = lookup(weighted(0, 1))
    assert {v for _ in range(50) for v in told(source.answer(WWW, "A"))} == {"192.0.2.2"}
    source = lookup(weighted(0, 1), failing={"check-2"})
    assert told(source.answer(WWW, "A")) == {"192.0.2.1"}
    source = lookup(weighted(0, 1), failing={"check-1", "check-2"})
    assert told(source.answer(WWW, "A")) == {"192.0.2.2"}
    source = lookup(weighted(0, 0))
    assert {v for _ in range(50) for v in told(source.answer(WWW, "A"))} == {
        "192.0.2.1",
        "192.0.2.2",
    }


def test_latency_answers_with_the_askers_region_and_else_the_next() -> None:
    records = [
        host(value, identifier=value, region=region, health_check=region)
        for value, region in (("192.0.2.1", "us-east-1"), ("192.0.2.2", "eu-west-1"))
    ]
    for failing, region, answer in (
        (set(), "us-east-1", "192.0.2.1"),
        (set(), "eu-central-1", "192.0.2.2"),
        ({"us-east-1"}, "us-east-1", "192.0.2.2"),
    ):
        source = lookup(zone(*records), failing=failing)
        assert told(source.answer(WWW, "A", View("", region))) == {answer}


def test_multivalue_answers_with_up_to_eight_that_are_healthy() -> None:
    records = [
        host(f"192.0.2.{n}", identifier=str(n), multivalue=True, health_check=str(n))
        for n in range(1, 11)
    ]
    failing = {"1", "2", "3"}
    found = told(lookup(zone(*records), failing=failing).answer(WWW, "A"))
    assert found == {f"192.0.2.{n}" for n in range(4, 11)}
    assert len(told(lookup(zone(*records)).answer(WWW, "A"))) == 8


def test_a_private_zone_answers_in_its_vpc_only_and_hides_the_public_one_there() -> None:
    public = zone(host("192.0.2.1"), host("192.0.2.7", "only.example.org."))
    private = replace(zone(host("10.0.0.1")), id="Z2", private=True, vpcs=frozenset({"vpc-1"}))
    source = lookup(public, private)
    assert told(source.answer(WWW, "A")) == {"192.0.2.1"}
    assert told(source.answer(WWW, "A", View("vpc-2"))) == {"192.0.2.1"}
    assert told(source.answer(WWW, "A", View("vpc-1"))) == {"10.0.0.1"}
    assert source.answer("only.example.org", "A", View("vpc-1")).code == "NXDOMAIN"


def test_names_of_aws_answer_with_where_the_thing_listens() -> None:
    source = lookup(named={ELB: ()})
    source.places.adopt("*.amazonaws.com", "127.0.0.1", vpc="")
    nowhere = source.answer(ELB, "A").addresses()
    assert nowhere == source.answer(f"dualstack.{ELB}", "A").addresses() == ("192.0.2.1",)
    source.places.adopt(ELB, "100.64.0.5", "100.64.0.6")
    source.places.adopt(ELB, "10.0.0.5", vpc="vpc-1")
    assert source.answer(ELB, "A", INTERNET).addresses() == ("100.64.0.5", "100.64.0.6")
    assert source.answer(f"dualstack.{ELB}", "A", View("vpc-1")).addresses() == ("10.0.0.5",)
    source.places.drop(ELB)
    assert source.answer(ELB, "A").addresses() == nowhere


def test_a_name_that_aws_gave_to_nothing_does_not_exist_though_its_endpoints_do() -> None:
    source = lookup()
    source.places.adopt("*.amazonaws.com", "127.0.0.1", vpc="")
    assert source.answer(ELB, "A").code == "NXDOMAIN"
    assert source.answer("b.s3.us-east-1.amazonaws.com", "A").addresses() == ("127.0.0.1",)
    assert source.answer("ec2.us-east-1.amazonaws.com", "A", View("vpc-1")).code == "NXDOMAIN"
    assert source.answer("ec2.us-east-1.amazonaws.com", "AAAA").answers == ()
