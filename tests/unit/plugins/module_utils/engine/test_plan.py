# SPDX-License-Identifier: GPL-3.0-or-later
"""World in, plan out."""

from __future__ import annotations

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.errors import (
    Cycle,
    DuplicateAddress,
    ReplacementRefused,
    UnknownReference,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    UNKNOWN,
    Action,
    Have,
    Join,
    Plan,
    Ref,
    Rules,
    Want,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.plan import (
    destruction,
    plan,
)

RULES = {
    "vpc": Rules(replace=frozenset({"cidr"}), rank=1),
    "subnet": Rules(rank=2),
    "db": Rules(replace=frozenset({"engine"}), stateful=True, rank=3),
}
VPC = Want("vpc", "main", {"cidr": "10.0.0.0/16", "dns": True})
SUBNET = Want("subnet", "a", {"vpc": Ref("vpc/main"), "cidr": "10.0.0.0/24"})


def there(want: Want, **other: object) -> Have:
    spec = {key: value for key, value in want.spec.items() if not isinstance(value, Ref)}
    if "vpc" in want.spec:
        spec["vpc"] = "vpc-1"
    return Have(want.kind, want.id, {**spec, **other}, {"id": f"{want.kind}-1"})


def acts(found: Plan) -> list[tuple[str, str]]:
    return [(step.address, str(step.action)) for step in found.steps]


def test_on_an_empty_account_everything_is_created_parents_first() -> None:
    assert acts(plan([SUBNET, VPC], {}, RULES)) == [("vpc/main", "create"), ("subnet/a", "create")]


def test_what_is_as_wanted_is_left_alone() -> None:
    haves = {"vpc/main": there(VPC), "subnet/a": there(SUBNET)}
    assert plan([VPC, SUBNET], haves, RULES).writes == ()


def test_a_changed_field_is_shown_with_before_and_after() -> None:
    haves = {"vpc/main": there(VPC, dns=False), "subnet/a": there(SUBNET)}
    (step,) = plan([VPC, SUBNET], haves, RULES).writes
    (change,) = step.changes
    assert (step.action, change.dotted, change.before, change.after) == (
        Action.UPDATE,
        "dns",
        False,
        True,
    )


def test_fields_that_nobody_declares_are_not_compared() -> None:
    haves = {"vpc/main": there(VPC, tenancy="dedicated"), "subnet/a": there(SUBNET)}
    assert plan([VPC, SUBNET], haves, RULES).writes == ()


def test_foreign_tags_are_not_ours_unless_purging_is_asked_for() -> None:
    want = Want("vpc", "main", {"tags": {"a": "1"}})
    haves = {"vpc/main": Have("vpc", "main", {"tags": {"a": "1", "b": "2"}}, {"id": "vpc-1"})}
    assert plan([want], haves, RULES).writes == ()
    (step,) = plan([want], haves, RULES, purge=frozenset({"tags"})).writes
    assert [(c.dotted, c.before, c.after) for c in step.changes] == [("tags.b", "2", None)]


def test_a_field_that_cannot_change_in_place_needs_leave_to_replace() -> None:
    haves = {"vpc/main": there(VPC, cidr="10.9.0.0/16")}
    with pytest.raises(ReplacementRefused, match="vpc/main would have to be replaced") as caught:
        plan([VPC], haves, RULES)
    assert "allow_replace" in caught.value.hint
    (step,) = plan([VPC], haves, RULES, replace=frozenset({"vpc/main"})).writes
    assert step.action is Action.REPLACE


def test_what_holds_data_is_never_replaced_whatever_is_allowed() -> None:
    want = Want("db", "main", {"engine": "postgres"})
    haves = {"db/main": Have("db", "main", {"engine": "mysql"}, {})}
    with pytest.raises(ReplacementRefused, match="holds data"):
        plan([want], haves, RULES, replace=frozenset({"all"}))


def test_a_number_that_only_grows_is_raised_in_place_and_not_lowered() -> None:
    rules = {"db": Rules(grows=frozenset({"size"}), stateful=True)}
    have = {"db/main": Have("db", "main", {"size": 50}, {})}
    (step,) = plan([Want("db", "main", {"size": 60})], have, rules).writes
    assert step.action is Action.UPDATE
    with pytest.raises(ReplacementRefused, match=r"size \(50 -> 40\)"):
        plan([Want("db", "main", {"size": 40})], have, rules)


def test_what_something_stands_in_is_not_replaced_until_it_is_empty() -> None:
    rules = {**RULES, "vpc": Rules(replace=frozenset({"cidr"}), container=True)}
    haves = {"vpc/main": there(VPC, cidr="10.9.0.0/16"), "subnet/a": there(SUBNET)}
    every = frozenset({"all"})
    with pytest.raises(ReplacementRefused, match="cannot be while it holds subnet/a"):
        plan([VPC, SUBNET], haves, rules, replace=every)
    del haves["subnet/a"]
    assert acts(plan([VPC, SUBNET], haves, rules, replace=every))[0] == ("vpc/main", "replace")


def test_what_is_no_longer_declared_is_destroyed_dependents_first() -> None:
    haves = {"vpc/main": there(VPC), "subnet/a": there(SUBNET)}
    assert acts(plan([], haves, RULES)) == [("subnet/a", "destroy"), ("vpc/main", "destroy")]
    steps = plan([], haves, RULES).steps
    assert "subnet/a" in steps[1].needs


def test_what_holds_data_stays_when_it_is_no_longer_declared() -> None:
    haves = {"db/main": Have("db", "main", {}, {})}
    assert acts(plan([], haves, RULES)) == [("db/main", "keep")]


def test_a_reference_to_nothing_is_named() -> None:
    with pytest.raises(UnknownReference, match="subnet/a refers to vpc/main"):
        plan([SUBNET], {}, RULES)


def test_a_circle_is_named() -> None:
    one = Want("vpc", "one", {"x": Ref("vpc/two")})
    two = Want("vpc", "two", {"x": Ref("vpc/one")})
    with pytest.raises(Cycle, match="vpc/one"):
        plan([one, two], {}, RULES)


def test_one_address_declared_twice_is_refused() -> None:
    with pytest.raises(DuplicateAddress, match="vpc/main"):
        plan([VPC, VPC], {}, RULES)


def test_a_fact_known_from_an_earlier_tier_is_used_and_not_waited_for() -> None:
    found = plan([SUBNET], {"subnet/a": there(SUBNET)}, RULES, known={"vpc/main": {"id": "vpc-1"}})
    assert found.writes == () and found.steps[0].needs == {}


def test_a_text_with_an_unknown_part_is_unknown() -> None:
    want = Want("vpc", "b", {"name": Join(("x-", Ref("vpc/main"), "-y"))})
    have = Have("vpc", "b", {"name": "x-old-y"}, {})
    (_, step) = plan([VPC, want], {"vpc/b": have}, RULES).steps
    assert step.changes[0].after is UNKNOWN


def test_a_given_object_is_read_and_never_written() -> None:
    given = Want("vpc", "main", given=True, site="recovery")
    assert acts(plan([given], {}, RULES)) == [("recovery:vpc/main", "read")]


def test_destruction_goes_from_the_leaves_to_the_root() -> None:
    haves = {"vpc/main": there(VPC), "subnet/a": there(SUBNET)}
    assert acts(destruction([VPC, SUBNET], haves, RULES)) == [
        ("subnet/a", "destroy"),
        ("vpc/main", "destroy"),
    ]


def test_what_is_of_no_use_any_more_goes_although_it_holds_data() -> None:
    haves = {f"db/{id}": Have("db", id, {}, {"id": f"db-{id}"}) for id in ("old", "kept")}
    found = plan([], haves, RULES, spent=frozenset({"db/old"}))
    assert sorted(acts(found)) == [("db/kept", "keep"), ("db/old", "destroy")]


def test_what_is_of_no_use_and_declared_is_made_anew_without_being_asked_for() -> None:
    want = Want("db", "main", {"engine": "x"})
    haves = {"db/main": there(want)}
    assert acts(plan([want], haves, RULES)) == [("db/main", "no change")]
    found = plan([want], haves, RULES, spent=frozenset({"db/main"}))
    assert acts(found) == [("db/main", "replace")]
