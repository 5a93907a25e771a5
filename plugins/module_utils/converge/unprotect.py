# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module site_unprotect does: let go what stands there and AWS would not delete."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..aws.session import SECRETS
from ..declaration.fields import read
from . import consent
from .catalog import TIERS
from .intake import Params, Refusal, declared, refusal
from .lease import Lease, Taker, taken_alone
from .run import Listener, learn_secrets, raise_failures, refusals, require_sdk, result_of
from .site import Converger
from .task import Planned, Task

UNPROTECT_FIELDS = (consent.CONFIRM,)


def unprotect(
    params: Params,
    *,
    dry: bool,
    listener: Listener = lambda event: None,
    lease: Taker = taken_alone,
) -> dict[str, Any]:
    """Lifts the deletion protection of a site and answers of what. Raises Refusal.

    Nothing is made, and nothing absent is waited for. Where nothing is protected, nothing is done.
    """
    learn_secrets(params)
    task = declared(params, TIERS)
    flags, problems = read(UNPROTECT_FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    if not dry:
        consent.require(task, flags["confirm"], "lifting the protection of")
    require_sdk()
    with refusals(task), Converger(task) as converger:
        planned = converger.plan_unprotection()
        if dry or not planned.plan.writes:
            result = _result(task, planned, "would lift")
        else:
            held = lease(converger.leasing)
            with held.during() as new:
                planned = converger.plan_unprotection() if new else planned
                result = _lift(converger, planned, listener, held)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _lift(
    converger: Converger, planned: Planned, listener: Listener, lease: Lease
) -> dict[str, Any]:
    """The change itself is done at once, whatever state the object is in afterwards. Only one that
    is too busy to take it, because it is being made for instance, is waited for.
    """
    task = converger.task
    outcome = converger.apply(planned, listener, lease.check, wait=False)
    still = converger.plan_unprotection()
    if still.plan.writes and not outcome.errors:
        outcome = converger.apply(still, listener, lease.check)
        still = converger.plan_unprotection()
    rest = {step.address for step in still.plan.writes}
    result = _result(task, planned, "lifted", rest)
    raise_failures(replace(task, wait=False), outcome, result)
    if rest:
        raise Refusal(
            f"site {task.site.scope.site}: still protected: {', '.join(sorted(rest))}; "
            "run the same playbook again when it is available",
            code="still_protected",
            **result,
        )
    return result


def _result(
    task: Task, planned: Planned, act: str, rest: set[str] | frozenset[str] = frozenset()
) -> dict[str, Any]:
    """act: what was, or would be, done. rest: what is protected still."""
    lifted = [step.address for step in planned.plan.writes if step.address not in rest]
    lines = list(_lines(task.site.scope.site, lifted, act))
    result = result_of(task, planned, None, "unprotect")
    done = [] if act == "would lift" else lifted
    return result | {
        "changed": bool(lifted),
        "done": done,
        "report": lines,
        "usages": [],
        "known": {},
        "waiting": {},
    }


def _lines(site: str, lifted: list[str], act: str) -> Iterator[str]:
    for address in lifted:
        yield f"{site}: {act} the protection of {address}"
    if not lifted:
        yield f"{site}: nothing is protected"
