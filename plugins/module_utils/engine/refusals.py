# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which replacements of a plan are refused: all of them at once, those that can never be first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import graph
from .errors import ReplacementRefused
from .model import Action, Change, Rules, Step

LONGEST_VALUE = 40
MOST_NAMED = 4


def check(steps: Iterable[Step], rules: Mapping[str, Rules], allowed: frozenset[str]) -> None:
    """Raises ReplacementRefused unless every replacement is allowed and can succeed.

    allowed: addresses that may be replaced, or {"all"}. What holds data is never replaced, and
    neither is what AWS does not remove because something stands in it.
    """
    planned = tuple(steps)
    doomed = {step.address: step for step in planned if step.action is Action.REPLACE}
    never = dict.fromkeys(
        _stateful(doomed.values(), rules), "holds data and would have to be replaced"
    )
    for address, step in doomed.items():
        if address not in never and rules[step.kind].container:
            never |= _held(step, planned, rules)
    declared = any(_declared(doomed[name], rules[doomed[name].kind]) for name in never)
    unasked = [name for name in doomed if name not in never and not allowed & {"all", name}]
    what = {**never, **dict.fromkeys(unasked, "would have to be replaced")}
    lines = [_line(doomed[name], words, rules[doomed[name].kind]) for name, words in what.items()]
    if lines:
        message = (
            lines[0] if len(lines) == 1 else "\n  ".join(("not all changes can be made:", *lines))
        )
        raise ReplacementRefused(message, _hint(declared, bool(never), unasked))


def _stateful(steps: Iterable[Step], rules: Mapping[str, Rules]) -> list[str]:
    return [step.address for step in steps if rules[step.kind].stateful]


def _declared(step: Step, own: Rules) -> bool:
    """Whether another declaration would do."""
    decisive = {change.key for change in step.changes if own.demands_new(change)}
    return not decisive <= own.observed


def _line(step: Step, what: str, own: Rules) -> str:
    decisive = [change for change in step.changes if own.demands_new(change)]
    advice = "".join(f"; {own.advice[c.key]}" for c in decisive if c.key in own.advice)
    return f"{step.address} {what} to change: {', '.join(map(_change, decisive))}{advice}"


def _change(change: Change) -> str:
    before, after = _short(change.before), _short(change.after)
    return f"{change.dotted} ({before} -> {after})" if before and after else change.dotted


def _short(value: Any) -> str:
    """The value where it says something in a line, else nothing."""
    plain = isinstance(value, (str, int, float)) and len(str(value)) <= LONGEST_VALUE
    return str(value) if plain else ""


def _hint(declared: bool, never: bool, unasked: list[str]) -> str:
    """declared: something that is never replaced differs from what was declared."""
    hints = []
    if declared:
        hints.append(
            "declare the values that are there now; other ones need a second environment, to which "
            "the data is moved"
        )
    if unasked:
        names = ", ".join(f'"{name}"' for name in unasked)
        which = "the others" if never else "it" if len(unasked) == 1 else "them"
        hints.append(
            f"allow {which} with -e '{{\"phoenix_allow_replace\": [{names}]}}' "
            "(allow_replace of a module)"
        )
    return "\n".join(hints)


def _held(step: Step, steps: Iterable[Step], rules: Mapping[str, Rules]) -> dict[str, str]:
    """A container with the reason why it cannot be replaced, where something is in it."""
    inside = _inside(step.address, tuple(steps))
    names = _stateful(inside, rules) or [other.address for other in inside]
    if not names:
        return {}
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    listed = ", ".join(names[:MOST_NAMED]) + more
    return {step.address: f"would have to be replaced, and cannot be while it holds {listed},"}


def _inside(address: str, steps: Iterable[Step]) -> list[Step]:
    """What is there and refers to an object, or to something that does."""
    found: dict[str, Step] = {}
    outer = {address}
    while outer:
        new = [s for s in steps if s.have and s.address not in found and outer & _targets(s)]
        found |= {step.address: step for step in new}
        outer = {step.address for step in new}
    return list(found.values())


def _targets(step: Step) -> set[str]:
    return {ref.target for ref in graph.refs(step.want.spec)} if step.want else set()
