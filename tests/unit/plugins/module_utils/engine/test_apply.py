# SPDX-License-Identifier: GPL-3.0-or-later
"""How a plan is executed: order, concurrency, waiting, failure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import (
    Outcome,
    apply,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    Have,
    Ref,
    Rules,
    Step,
    Want,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.plan import plan

RULES = {"k": Rules()}
World = Callable[..., object]


def want(id: str, *needs: str, ready: bool = False, **more: object) -> Want:
    refs = tuple(Ref(f"k/{need}", ready=ready) for need in needs)
    return Want("k", id, after=refs, **more)


def run(
    wants: list[Want], world: object, pool: ThreadPoolExecutor, wait: bool = True, **haves: Have
) -> Outcome:
    there = {have.address: have for have in haves.values()}
    return apply(plan(wants, there, RULES), there, world, pool, wait=wait)


class Other:
    """A world that differs from another one in a single way."""

    def __init__(self, world: object) -> None:
        self._world = world

    def __getattr__(self, name: str) -> object:
        return getattr(self._world, name)


class LateFailure(Other):
    def finish(self, step: Step, have: Have) -> Have:
        raise RuntimeError(f"{step.address} broke late")


class Blind(Other):
    def look(self, steps: object) -> dict[str, Have]:
        raise RuntimeError("no answer")


def test_each_step_follows_those_it_needs(world: World, pool: ThreadPoolExecutor) -> None:
    w = world()
    run([want("c", "b"), want("b", "a"), want("a")], w, pool)
    assert w.acts == [("create", "k/a"), ("create", "k/b"), ("create", "k/c")]


def test_steps_that_do_not_need_each_other_run_at_once(
    world: World, pool: ThreadPoolExecutor
) -> None:
    # Each act waits for all four to have begun: one after the other would never end.
    w = world(barrier=threading.Barrier(4))
    outcome = run([want(id) for id in "abcd"], w, pool)
    assert len(outcome.done) == 4 and not outcome.errors


def test_a_failure_skips_its_descendants_and_lets_siblings_finish(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(fails=frozenset({"k/a"}))
    outcome = run([want("a"), want("b", "a"), want("c", "b"), want("d")], w, pool)
    assert set(outcome.errors) == {"k/a"}
    assert set(outcome.skipped) == {"k/b", "k/c"}
    assert [step.address for step in outcome.done] == ["k/d"]


def test_without_waiting_what_needs_an_unsettled_object_is_deferred_and_named(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 900.0})
    wants = [want("db"), want("replica", "db", ready=True), want("after", "replica"), want("web")]
    outcome = run(wants, w, pool, wait=False)
    assert {step.address for step in outcome.done} == {"k/db", "k/web"}
    assert outcome.waiting == {"k/db": "creating"}
    assert set(outcome.deferred) == {"k/replica", "k/after"}


def test_what_is_waited_for_in_particular_ends_the_wait_and_the_rest_is_named(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 900.0, "k/slow": 5000.0})
    wants = [
        want("db"),
        want("told", "db", ready=True),
        want("slow"),
        want("last", "slow", ready=True),
    ]
    planned = plan(wants, {}, RULES)
    outcome = apply(planned, {}, w, pool, wait=True, until=frozenset({"k/told"}))
    assert {step.address for step in outcome.done} == {"k/db", "k/told", "k/slow"}
    assert outcome.waiting == {"k/slow": "creating"}
    assert outcome.deferred == ("k/last",)
    assert w.now() < 5000.0


def test_a_wait_for_something_that_fails_ends(world: World, pool: ThreadPoolExecutor) -> None:
    w = world(fails=frozenset({"k/db"}), slow={"k/slow": 5000.0})
    planned = plan([want("db"), want("told", "db"), want("slow")], {}, RULES)
    outcome = apply(planned, {}, w, pool, wait=True, until=frozenset({"k/told"}))
    assert set(outcome.errors) == {"k/db"} and outcome.skipped == ("k/told",)
    assert outcome.waiting == {"k/slow": "creating"}


def test_waiting_takes_as_long_as_the_slowest_chain_and_not_the_sum(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 900.0, "k/nat": 100.0, "k/lb": 150.0, "k/replica": 1800.0})
    wants = [
        want("db"),
        want("nat"),
        want("lb"),
        want("replica", "db", ready=True),
        want("web", "nat", "lb", ready=True),
    ]
    outcome = run(wants, w, pool)
    assert not outcome.waiting and not outcome.deferred
    assert w.settled_at("k/web") <= 151.0
    assert w.settled_at("k/replica") <= 2702.0


def test_what_only_needs_an_object_made_does_not_wait_until_it_is_settled(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/lb": 150.0})
    run([want("lb"), want("listener", "lb")], w, pool)
    assert w.made_at["k/listener"] == 0.0


def test_an_object_still_moving_from_an_earlier_run_is_awaited_and_not_made_again(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 60.0})
    moving = Have("k", "db", {}, {"id": "k/db"}, settled=False, status="creating")
    outcome = run([want("db"), want("x", "db", ready=True)], w, pool, db=moving)
    assert w.acts == [("create", "k/x")] and not outcome.waiting


def test_after_the_deadline_the_run_ends_and_says_what_it_waited_for(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 900.0}, deadline=10.0)
    outcome = run([want("db"), want("x", "db", ready=True)], w, pool)
    assert outcome.waiting == {"k/db": "creating"} and outcome.deferred == ("k/x",)


def test_nobody_waits_for_what_has_failed_and_its_reason_is_told(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/db": 900.0, "k/nat": 50.0}, dies={"k/db": 7.0})
    outcome = run([want("db"), want("replica", "db", ready=True), want("nat")], w, pool)
    assert {name: str(error) for name, error in outcome.errors.items()} == {
        "k/db": "it has failed: failed: no room"
    }
    assert outcome.skipped == ("k/replica",)
    assert w.settled_at("k/nat") <= 51.0 and w.clock <= 52.0


def test_a_given_object_that_is_absent_is_awaited(world: World, pool: ThreadPoolExecutor) -> None:
    w = world()
    outcome = run([want("peer", given=True), want("x", "peer")], w, pool)
    assert w.acts == [("create", "k/x")] and not outcome.waiting


def test_without_waiting_nothing_is_made_of_an_absent_given_object(
    world: World, pool: ThreadPoolExecutor
) -> None:
    outcome = run([want("peer", given=True), want("x", "peer")], world(), pool, wait=False)
    assert outcome.done == () and outcome.deferred == ("k/x",)


def test_what_the_create_could_not_give_is_given_once_the_object_has_settled(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = world(slow={"k/replica": 60.0}, late=frozenset({"k/replica"}))
    outcome = run([want("replica"), want("x", "replica", ready=True)], w, pool)
    assert w.completed == ["k/replica"] and not outcome.waiting
    assert [step.address for step in outcome.done] == ["k/replica", "k/x"]


def test_a_late_setting_that_fails_is_the_error_of_its_object_and_stops_nobody_else(
    world: World, pool: ThreadPoolExecutor
) -> None:
    late = frozenset({"k/replica"})
    w = world(slow={"k/replica": 60.0, "k/db": 90.0}, late=late)
    wants = [want("replica"), want("db"), want("x", "replica", ready=True)]
    outcome = run(wants, LateFailure(w), pool)
    assert set(outcome.errors) == {"k/replica"} and outcome.skipped == ("k/x",)
    assert not outcome.waiting


def test_a_look_that_fails_is_reported_and_what_was_done_is_not_lost(
    world: World, pool: ThreadPoolExecutor
) -> None:
    w = Blind(world(slow={"k/db": 60.0}))
    outcome = run([want("db"), want("web")], w, pool)
    assert set(outcome.errors) == {"k/db"}
    assert {step.address for step in outcome.done} == {"k/db", "k/web"}


def test_without_waiting_what_nobody_declares_is_left_to_the_run_that_sees_everything(
    world: World, pool: ThreadPoolExecutor
) -> None:
    spare = Have("k", "spare", {}, {"id": "k/spare"})
    w = world()
    outcome = run([want("a")], w, pool, wait=False, spare=spare)
    assert w.acts == [("create", "k/a")] and outcome.deferred == ("k/spare",)
    w = world()
    run([want("a")], w, pool, spare=spare)
    assert ("destroy", "k/spare") in w.acts


def test_nobody_waits_for_what_is_only_kept(world: World, pool: ThreadPoolExecutor) -> None:
    kept = Have("k", "old", {}, {}, settled=False, status="modifying")
    there = {kept.address: kept}
    planned = plan([want("a")], there, {"k": Rules(stateful=True)})
    outcome = apply(planned, there, world(), pool, wait=True)
    assert [step.address for step in outcome.done] == ["k/a"]
    assert not outcome.waiting
