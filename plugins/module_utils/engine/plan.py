# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""plan(wants, have) -> Plan, a pure function. Check mode shows its answer, apply executes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from . import graph, refusals
from .diff import compare
from .model import UNKNOWN, Action, Change, Have, Plan, Ref, Rules, Step, Want

Known = Mapping[str, Mapping[str, Any]]


def plan(
    wants: Iterable[Want],
    haves: Mapping[str, Have],
    rules: Mapping[str, Rules],
    *,
    known: Known | None = None,
    replace: frozenset[str] = frozenset(),
    purge: frozenset[str] = frozenset(),
    keep: frozenset[str] = frozenset(),
    spent: frozenset[str] = frozenset(),
) -> Plan:
    """The steps that turn what is there into what is wanted.

    wants: the declared objects. haves: the observed ones by address, also undeclared ones of ours.
    rules: by kind. known: facts by address of objects outside these wants, made earlier.
    replace: addresses that may be replaced, or {"all"}. purge: partial mappings ("tags") whose
    undeclared entries are removed. keep: addresses of undeclared objects that stay.
    spent: addresses of objects that are of no use any more: they go although they hold data, and a
    declared one is made anew without being asked for.
    Raises ReplacementRefused, UnknownReference, Cycle, DuplicateAddress.
    """
    known = known or {}
    wanted = graph.index(wants)
    needs = {
        name: {target: ready for target, ready in graph.needs(want).items() if target not in known}
        for name, want in wanted.items()
    }
    lookup = _lookup(haves, known)
    steps = [
        _anew(wanted[name], haves[name], needs[name])
        if name in spent and name in haves
        else _step(
            wanted[name], haves.get(name), rules[wanted[name].kind], needs[name], lookup, purge
        )
        for name in graph.order(needs)
    ]
    steps += _undeclared(steps, haves, rules, keep, spent)
    refusals.check((step for step in steps if step.address not in spent), rules, replace)
    return Plan(tuple(steps))


def destruction(
    wants: Iterable[Want], haves: Mapping[str, Have], rules: Mapping[str, Rules]
) -> Plan:
    """The steps that remove everything observed, dependents before what they depend on."""
    wanted = graph.index(wants)
    edges = {
        name: [target for target in graph.needs(want) if target in wanted]
        for name, want in wanted.items()
    }
    reverse: dict[str, dict[str, bool]] = {name: {} for name in haves}
    for name, targets in edges.items():
        for target in targets:
            if target in reverse and name in haves:
                reverse[target][name] = True
    listed = [name for name in reversed(graph.order(edges)) if name in haves]
    spare = sorted(
        (name for name in haves if name not in wanted),
        key=lambda name: -rules[haves[name].kind].rank,
    )
    return Plan(
        tuple(
            Step(
                name,
                Action.DESTROY,
                haves[name].kind,
                haves[name].id,
                wanted[name].tier if name in wanted else "",
                want=wanted.get(name),
                have=haves[name],
                needs=reverse[name],
            )
            for name in (*spare, *listed)
            if not (name in wanted and wanted[name].given)
        )
    )


def _lookup(haves: Mapping[str, Have], known: Known) -> Callable[[Ref], Any]:
    def lookup(ref: Ref) -> Any:
        have = haves.get(ref.target)
        facts = have.facts if have else known.get(ref.target, {})
        return facts.get(ref.attr, UNKNOWN)

    return lookup


def _anew(want: Want, have: Have, needs: Mapping[str, bool]) -> Step:
    """What is of no use makes way for one that is."""
    action = Action.READ if want.given else Action.REPLACE
    return Step(want.address, action, want.kind, want.id, want.tier, want, have, needs=needs)


def _step(
    want: Want,
    have: Have | None,
    rules: Rules,
    needs: Mapping[str, bool],
    lookup: Callable[[Ref], Any],
    purge: frozenset[str],
) -> Step:
    def step(action: Action, changes: tuple[Change, ...] = ()) -> Step:
        return Step(want.address, action, want.kind, want.id, want.tier, want, have, changes, needs)

    if want.given:
        return step(Action.READ)
    if have is None:
        return step(Action.CREATE)
    changes = compare(graph.resolve(want.spec, lookup), have.spec, rules.partial, purge)
    if not changes:
        return step(Action.NOOP)
    if any(map(rules.demands_new, changes)):
        return step(Action.REPLACE, changes)
    return step(Action.UPDATE, changes)


def _undeclared(
    declared: Iterable[Step],
    haves: Mapping[str, Have],
    rules: Mapping[str, Rules],
    keep: frozenset[str],
    spent: frozenset[str],
) -> list[Step]:
    """What is ours and no longer declared, removed last and dependents first.

    What is changed may still use it until the change is through.
    """
    wanted = {step.address: step.action is Action.UPDATE for step in declared}
    spare = [have for name, have in haves.items() if name not in wanted]
    spare.sort(key=lambda have: (-rules[have.kind].rank, have.id))
    steps: list[Step] = []
    before = dict(wanted)
    for have in spare:
        stays = have.address not in spent
        stays = stays and (rules[have.kind].stateful or have.address in keep)
        action = Action.KEEP if stays else Action.DESTROY
        steps.append(
            Step(have.address, action, have.kind, have.id, "", have=have, needs=dict(before))
        )
        if action is Action.DESTROY:
            before[have.address] = False
    return steps
