# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a call that fails: adopt, repeat, or say whose the name is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.errors import (
    Conflict,
    StillUsed,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.session import (
    Aws,
    Connection,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import patience
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.world import Account
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    Action,
    Change,
    Have,
    Ref,
    Rules,
    Step,
    Want,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.kinds.base import Kind, have_for
from botocore.exceptions import ClientError, ConnectionClosedError

WANT = Want("thing", "main", {"size": 2})


def refused(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "CreateThing")


@dataclass
class Thing(Kind):
    """Its account is a list; each create first runs through the given outcomes."""

    outcomes: list[Any] = field(default_factory=list)
    there: list[Have] = field(default_factory=list)
    creates: int = 0
    updates: int = 0
    deletes: int = 0
    name: ClassVar[str] = "thing"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"shape"}))

    def find(self, view: object, wants: Sequence[Want]) -> Iterable[Have]:
        return list(self.there)

    def create(self, aws: object, want: Want) -> Have:
        self.creates += 1
        have = have_for(want, {"id": f"thing-{self.creates}"})
        outcome = self.outcomes.pop(0) if self.outcomes else "made"
        if outcome in ("made", "made, answer lost"):
            self.there.append(have)
        if outcome == "made, answer lost":
            raise ConnectionClosedError(endpoint_url="x")
        if isinstance(outcome, Exception):
            raise outcome
        return have

    def update(self, aws: object, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        self.updates += 1
        if self.outcomes:
            raise self.outcomes.pop(0)
        return None

    def delete(self, aws: object, have: Have) -> None:
        self.deletes += 1
        if self.outcomes:
            raise self.outcomes.pop(0)


def account(thing: Thing, **options: Any) -> Account:
    scope = Scope("production", "home", "us-east-1", "123456789012")
    aws = Aws(scope, Connection(access_key="x", secret_key="x"))
    return Account({"": aws}, {"thing": thing}, {}, timeout=60, **options)


def create(thing: Thing) -> Have | None:
    return account(thing).act(Step("thing/main", Action.CREATE, "thing", "main", "t", WANT), {})


def test_a_create_whose_answer_was_lost_is_adopted_and_not_repeated() -> None:
    thing = Thing(outcomes=["made, answer lost"])
    have = create(thing)
    assert thing.creates == 1 and have is not None and have.facts["id"] == "thing-1"


def test_a_create_that_failed_with_500_and_made_nothing_is_repeated() -> None:
    thing = Thing(outcomes=[refused("InternalError", 500), "made"])
    create(thing)
    assert thing.creates == 2 and len(thing.there) == 1


def test_a_throttled_create_is_repeated() -> None:
    thing = Thing(outcomes=[refused("Throttling"), refused("RequestLimitExceeded"), "made"])
    create(thing)
    assert thing.creates == 3


def test_a_create_throttled_in_a_later_call_makes_no_second_object() -> None:
    half = Have("thing", "main", {"size": 1}, {"id": "thing-0"})
    thing = Thing(outcomes=[refused("Throttling")], there=[half])
    create(thing)
    assert (thing.creates, thing.updates) == (1, 1)


def test_a_refused_create_is_reported_as_it_is() -> None:
    thing = Thing(outcomes=[refused("InvalidParameterValue")])
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        create(thing)
    assert thing.creates == 1


def test_what_a_create_lacks_is_told_without_the_address_that_every_failure_begins_with() -> None:
    want = Want("thing", "main", {"size": Ref("other/main", "id")})
    step = Step("thing/main", Action.CREATE, "thing", "main", "t", want)
    with pytest.raises(LookupError, match=r"^it needs id of other/main, which is not known yet"):
        account(Thing()).act(step, {})


def test_a_half_made_object_is_brought_to_what_is_wanted() -> None:
    half = Have("thing", "main", {"size": 1}, {"id": "thing-0"})
    thing = Thing(outcomes=[refused("AlreadyExists")], there=[half])
    create(thing)
    assert (thing.creates, thing.updates) == (1, 1)


def test_a_name_that_is_taken_by_something_foreign_is_named_and_left_alone() -> None:
    thing = Thing(outcomes=[refused("AlreadyExists")])
    with pytest.raises(Conflict, match="does not carry the owner tags") as caught:
        create(thing)
    assert "thing/main" not in str(caught.value), "the report names the address before it"
    assert "rename or remove" in caught.value.hint
    assert (thing.creates, thing.updates) == (1, 0)


def test_a_create_that_needs_a_role_not_yet_propagated_is_repeated() -> None:
    error = ClientError(
        {"Error": {"Code": "ValidationError", "Message": "Invalid IAM Instance Profile name"}}, "X"
    )
    thing = Thing(outcomes=[error, "made"])
    create(thing)
    assert thing.creates == 2


def test_what_is_still_in_use_is_deleted_when_it_is_free() -> None:
    thing = Thing(outcomes=[refused("DependencyViolation"), refused("DependencyViolation")])
    have = Have("thing", "main", {}, {"id": "x"})
    step = Step("thing/main", Action.DESTROY, "thing", "main", "t", have=have)
    assert account(thing).act(step, {}) is None
    assert thing.deletes == 3


def test_what_is_gone_already_counts_as_deleted() -> None:
    thing = Thing(outcomes=[refused("InvalidThing.NotFound")])
    have = Have("thing", "main", {}, {"id": "x"})
    step = Step("thing/main", Action.DESTROY, "thing", "main", "t", have=have)
    assert account(thing).act(step, {}) is None


@dataclass
class Busy(Thing):
    """Takes no change while it is not settled."""

    def update(self, aws: object, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        self.updates += 1
        if have.settled:
            self.there = [have_for(want, have.facts)]
            return None
        return have


def test_a_change_that_a_busy_object_does_not_take_is_made_once_it_has_settled() -> None:
    busy = Busy(there=[Have("thing", "main", {"size": 1}, {"id": "x"}, settled=False)])
    world = account(busy)
    step = Step(WANT.address, Action.UPDATE, "thing", "main", "", WANT, busy.there[0])
    after = world.act(step, {})
    assert after is not None
    assert not after.settled
    assert world.look([step])[WANT.address].spec == {"size": 1}
    busy.there = [Have("thing", "main", {"size": 1}, {"id": "x"})]
    settled = world.look([step])[WANT.address]
    assert world.unfinished(step)
    assert world.finish(step, settled).spec == {"size": 2}
    assert not world.unfinished(step)
    assert busy.updates == 2
    assert world.look([step])[WANT.address].settled
    assert busy.updates == 2


@pytest.mark.parametrize("tries", [0, 1, 2])
@pytest.mark.parametrize("action", [Action.CREATE, Action.UPDATE, Action.DESTROY])
def test_nothing_is_written_by_who_may_not_write_any_more_not_even_at_another_try(
    action: Action, tries: int
) -> None:
    old = Have("thing", "main", {"size": 1}, {"id": "thing-0"})
    asked: list[int] = []

    def guard() -> None:
        asked.append(1)
        if len(asked) > tries:
            raise NotYours

    thing = Thing(outcomes=[refused("Throttling")] * 5)
    step = Step("thing/main", action, "thing", "main", "t", WANT, old)
    with pytest.raises(NotYours):
        account(thing, guard=guard).act(step, {})
    assert thing.creates + thing.updates + thing.deletes == tries


class NotYours(Exception):
    """What a guard raises here."""


def test_a_removal_waits_as_long_as_the_run_for_what_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "BLOCKED", 0.0)
    monkeypatch.setattr(patience, "growing", lambda attempt: 0.0)
    have = Have("thing", "main", {}, {"id": "thing-1"})
    step = Step("thing/main", Action.DESTROY, "thing", "main", "t", have=have)
    thing = Thing(outcomes=[StillUsed("an image is made of it")])
    account(thing).act(step, {})
    assert thing.deletes == 2
    with pytest.raises(ClientError, match="DependencyViolation"):
        account(Thing(outcomes=[refused("DependencyViolation")] * 2)).act(step, {})
