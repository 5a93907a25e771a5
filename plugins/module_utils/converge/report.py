# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans and outcomes as plain dictionaries, for results, summaries and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..aws.errors import code, request_id, way_on
from ..declaration.site import Site
from ..engine import graph
from ..engine.apply import Outcome
from ..engine.model import UNKNOWN, Action, Ref, Step, Unknown, Untold
from . import silence
from .catalog import tier_of
from .task import RULES, Planned


def actions(planned: Planned, site: str) -> list[dict[str, Any]]:
    """Every step that is more than "no change": address, site, tier, action, changes, values.

    changes: field, before and after of each changed field. values: the spec of what is created.
    """
    return [_action(step, planned, site) for step in planned.plan.steps if not _quiet(step)]


def counts(listed: list[dict[str, Any]]) -> dict[str, int]:
    """How many of each action, all four always there."""
    names = ("create", "change", "replace", "destroy")
    return {name: sum(1 for item in listed if item["action"] == name) for name in names}


def diffs(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same in the form that Ansible prints with --diff."""
    return [
        {
            "before_header": f"{item['site']} {item['address']}",
            "after_header": f"{item['site']} {item['address']} ({item['action']})",
            "before": {change["field"]: change["before"] for change in item["changes"]},
            "after": item["values"]
            or {change["field"]: change["after"] for change in item["changes"]},
        }
        for item in listed
        if item["action"] != "keep"
    ]


def known(
    planned: Planned, outcome: Outcome | None, handed: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Facts by address of all that is settled, for the tiers that come after.

    handed: what this tier got from those before. Of what a plan would make there are no facts yet,
    and nobody has to look for it. What is still to be changed is not as declared, however settled:
    whoever waits for it has to look.
    """
    haves = outcome.haves if outcome else planned.haves
    behind = {*outcome.deferred, *outcome.errors, *outcome.skipped} if outcome else set()
    fresh = {
        have.address: dict(have.facts)
        for have in haves.values()
        if have.settled and not have.site and have.address not in behind
    }
    steps = () if outcome else planned.plan.steps
    missing: dict[str, dict[str, Any]] = {
        step.address: {} for step in steps if step.action is Action.CREATE
    }
    return {**{name: dict(facts) for name, facts in handed.items()}, **missing, **fresh}


def waiting(planned: Planned, outcome: Outcome | None) -> dict[str, str]:
    """What is made and not usable yet, with AWS's word for its state; and what waits for it."""
    if outcome:
        return {**outcome.waiting, **dict.fromkeys(outcome.deferred, "deferred")}
    return {
        have.address: have.status or "not settled"
        for have in planned.haves.values()
        if not have.settled
    }


def foreign(planned: Planned) -> list[str]:
    """What stands on our objects and is not ours; it is named and left alone."""
    return [f"{have.address}: {item}" for have in planned.haves.values() for item in have.foreign]


def failures(site: Site, outcome: Outcome) -> list[dict[str, str]]:
    """The root causes: address, code, message, request_id and, where there is one, a hint."""
    return [
        {
            "address": name,
            "code": getattr(error, "code", "") or code(error),
            "message": silence.message(site, error),
            "request_id": request_id(error),
            "hint": str(getattr(error, "hint", "")) or silence.way_on(site, error) or way_on(error),
        }
        for name, error in outcome.errors.items()
    ]


def resources(planned: Planned) -> list[dict[str, Any]]:
    """Everything observed: address, status, spec and facts."""
    return [
        {
            "address": have.address,
            "kind": have.kind,
            "id": have.id,
            "settled": have.settled,
            "status": have.status,
            "spec": plain(have.spec),
            "facts": plain(have.facts),
        }
        for have in planned.haves.values()
    ]


def plain(value: Any) -> Any:
    """The value in types that JSON knows; what is not known yet in words."""
    if isinstance(value, (Unknown, Untold)):
        return str(value)
    if isinstance(value, Ref):
        return str(UNKNOWN)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)


def _quiet(step: Step) -> bool:
    kept = step.action is Action.KEEP and RULES[step.kind].history
    return kept or step.action in (Action.NOOP, Action.READ)


def _action(step: Step, planned: Planned, site: str) -> dict[str, Any]:
    return {
        "address": step.address,
        "site": site,
        "tier": step.tier or tier_of(step.address),
        "kind": step.kind,
        "action": str(step.action),
        "changes": [
            {"field": c.dotted, "before": plain(c.before), "after": plain(c.after)}
            for c in step.changes
        ],
        "values": dict(_values(step, planned)) if step.action is Action.CREATE else {},
    }


def _values(step: Step, planned: Planned) -> Iterator[tuple[str, Any]]:
    def lookup(ref: Ref) -> Any:
        have = planned.haves.get(ref.target)
        facts = have.facts if have else planned.known.get(ref.target, {})
        return facts.get(ref.attr, UNKNOWN)

    if step.want:
        for key, value in step.want.spec.items():
            yield key, plain(graph.resolve(value, lookup))
