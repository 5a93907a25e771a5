# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Objects of earlier tiers that a task refers to: which are read, and when somebody needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..declaration.fields import read
from ..engine import graph
from ..engine.model import Action, Have, Plan, Step, Want
from .catalog import TIERS, Tier
from .task import Task


def lookups(task: Task, wants: Iterable[Want]) -> Iterable[Want]:
    """Objects of earlier tiers that are referred to and not handed over: read, never made.

    They are looked for under the names that their own tier gives them, which come from the site
    and not from the tier's options.
    """
    present = graph.index(wants)
    told = task.known.keys() | task.out_of_reach.keys()
    missing = {
        target
        for want in present.values()
        for target in graph.needs(want)
        if target not in present and target not in told
    }
    if not missing:
        return
    others = {
        want.address: want
        for tier in TIERS
        if tier not in task.tiers
        for want in tier.wants(task.site, _typical(tier))
    }
    for target in sorted(missing):
        kind, _slash, id = target.partition("/")
        want = others.get(target, Want(kind, id))
        named = {key: value for key, value in want.spec.items() if not any(graph.refs(value))}
        yield replace(want, spec=named, given=True, after=())


def _typical(tier: Tier) -> dict[str, Any]:
    """Options of a tier whose own are not at hand."""
    needed = {field.name: field.example for field in tier.FIELDS if field.required}
    return read(tier.FIELDS, needed)[0]


def needed(draft: Plan, haves: Mapping[str, Have], given: Mapping[str, Want]) -> list[str]:
    """The given objects that somebody has to read.

    Those that a step waits for that has something to do; and, of those nobody refers to, those that
    would report on something that is still moving.
    """
    steps = {step.address: step for step in draft.steps}
    found: set[str] = set()
    for step in draft.steps:
        if _moves(step, haves):
            found |= step.needs.keys()
    for name in given:
        if any(target in steps and _moves(steps[target], haves) for target in steps[name].needs):
            found.add(name)
    return sorted(found & given.keys())


def _moves(step: Step, haves: Mapping[str, Have]) -> bool:
    if step.action is Action.READ:
        return False
    return step.action.writes or (step.address in haves and not haves[step.address].settled)
