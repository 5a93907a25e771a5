# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules do: plan and, unless asked to stop there, apply; then say what happened."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..aws import sdk
from ..aws.errors import AccountMismatch, Conflict, code, way_on
from ..aws.session import SECRETS
from ..costs import render, snapshot
from ..costs.model import estimate
from ..costs.records import items, record
from ..costs.usage import usages
from ..declaration.fields import Problem
from ..engine.apply import Event, Outcome
from ..engine.errors import EngineError
from ..engine.model import Action, Have, Want
from ..tiers import database, database_access, image, web_tier
from . import order, remains, report, share, silence
from .catalog import ALL, BY_NAME, TIERS, tier_of
from .intake import Params, Refusal, declared
from .lease import Taker, taken_alone
from .site import Converger
from .task import RULES, Planned, Task

Listener = Callable[[Event], None]


def run(
    params: Params,
    what: str,
    *,
    dry: bool,
    listener: Listener = lambda event: None,
    lease: Taker = taken_alone,
    spell: Callable[[str], str] = str,
    problems: Iterable[Problem] = (),
) -> dict[str, Any]:
    """Does what a task asks for and answers its result, scrubbed of secrets.

    what: a tier's name, "site", "site_info" or "declaration". dry: plan only. lease: by which the
    site is written to. spell: how a path of the declaration is written in messages. problems: those
    that the caller has found. Raises Refusal.
    """
    learn_secrets(params)
    # A look at all that is there also finds what was to be there for a while only.
    tiers = (BY_NAME[what],) if what in BY_NAME else ALL if what == "site_info" else TIERS
    task = declared(params, tiers, spell, problems)
    if what == "declaration":
        web = task.options[web_tier.TIER]
        return {
            "changed": False,
            "sites": dict(task.site.cidrs),
            "database": database_access.access(task.site, task.options[database.TIER], web),
            "hosts": {name: web[name] for name in (*image.SAME, image.KEEP)},
            "cost": _cost(task),
        }
    earlier = list(params.get("after") or [])
    complete = earlier and all(earlier)
    wrote = any(result.get("changed") for result in earlier)
    if what == "site" and complete and (dry or not any(r.get("waiting") for r in earlier)):
        # In check mode the earlier tasks have planned all of it. An empty result is of a task that
        # did not run, because the playbook was begun after it: then all is looked at here.
        if not dry and wrote:
            with refusals(task), Converger(task) as converger:
                lease(converger.leasing).end()
        return {"changed": False, "actions": [], "waiting": {}}
    if what in BY_NAME and task.planned:
        shared = share.share(task.planned, what, task.known)
        if dry or share.idle(shared):
            return {**shared, "usages": shared["usages"] if dry else []}
    require_sdk()
    if dry:
        return _clean(_plan(task, what))
    return _clean(_converge(task, what, wrote, listener, lease))


def learn_secrets(params: Params) -> None:
    """Nothing that leaves a run may hold the secrets by which it reaches the account."""
    own = (field.name for tier in ALL for field in tier.FIELDS if field.secret)
    for name in ("secret_key", "session_token", *own):
        SECRETS.learn(str(params.get(name) or ""))


def require_sdk() -> None:
    """Raises Refusal where the SDK is not in this Python."""
    if sdk.MISSING:
        raise Refusal(
            "the Python library botocore is needed where this task runs: pip install boto3",
            exception=sdk.MISSING,
        )


def _clean(result: dict[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _plan(task: Task, what: str) -> dict[str, Any]:
    with refusals(task), Converger(task) as converger:
        task = converger.task
        planned = converger.plan()
        _refuse_alone(task, planned)
        missing = order.missing(task, planned) if task.wait else None
        # An earlier task that was only planned as well may be the one that makes it.
        told = {"warnings": [f"{missing}: {missing.hint}"]} if missing else {}
        notices = remains.notices(converger, planned)
        return result_of(task, planned, None, what) | {"notices": notices} | told


def _converge(
    task: Task, what: str, wrote: bool, listener: Listener, lease: Taker
) -> dict[str, Any]:
    """wrote: whether earlier tasks of the run may have left it the lease."""
    # What an earlier task has only planned is there by now, or is to be waited for.
    task = replace(task, known={name: facts for name, facts in task.known.items() if facts})
    with refusals(task), Converger(task) as converger:
        task = converger.task
        held = lease(converger.leasing)
        try:
            planned = _startable(task, converger)
        except Conflict:
            # What another run makes meanwhile can look like something of nobody's.
            held.refuse_others()
            held.end()
            raise
        except Exception:
            # The run ends here, and an earlier task of it may have kept the lease.
            held.end()
            raise
        if not planned.plan.writes:
            if wrote:
                held.end()
            return _applied(task, what, converger, planned, listener, held.check)
        with held.during() as new:
            if new:
                # Meanwhile an operation may have begun to move the environment.
                task = converger.find_active()
                planned = _startable(task, converger)
            result = _applied(task, what, converger, planned, listener, held.check)
            later = bool(task.until) or not task.wait or image.works(task.options)
            held.kept = result["changed"] and later
            return result


def _startable(task: Task, converger: Converger) -> Planned:
    planned = converger.plan()
    _refuse_alone(task, planned)
    missing = order.missing(task, planned) if task.wait else None
    if missing:
        raise missing
    return planned


def _refuse_alone(task: Task, planned: Planned) -> None:
    alone = order.missing_site(task, planned) if task.wait else None
    if alone:
        raise alone


def _applied(
    task: Task,
    what: str,
    converger: Converger,
    planned: Planned,
    listener: Listener,
    guard: Callable[[], None],
) -> dict[str, Any]:
    notices = remains.notices(converger, planned)
    outcome = converger.apply(planned, listener, guard)
    result = result_of(task, planned, outcome, what) | {"notices": notices}
    raise_failures(task, outcome, result)
    return result


@contextlib.contextmanager
def refusals(task: Task) -> Iterator[None]:
    """The one place where what the layers below raise becomes a message."""
    try:
        yield
    except Refusal:
        raise
    except AccountMismatch as error:
        # It names its site, which may be the other one.
        raise Refusal(str(error), code=error.code, changed=False) from error
    except (EngineError, Conflict) as error:
        hint = error.hint
        told = {"hint": hint} if hint else {}
        message = f"site {task.site.scope.site}: {error}" + (f"\n{hint}" if hint else "")
        raise Refusal(message, code=error.code, changed=False, **told) from error
    except Exception as error:
        hint = silence.way_on(task.site, error) or way_on(error)
        message = f"site {task.site.scope.site}: {silence.message(task.site, error)}"
        raise Refusal(
            message + (f"\n{hint}" if hint else ""),
            code=code(error),
            changed=False,
            exception="".join(traceback.format_exception(error)),
            **({"hint": hint} if hint else {}),
        ) from error


def result_of(task: Task, planned: Planned, outcome: Outcome | None, what: str) -> dict[str, Any]:
    site = task.site.scope.site
    listed = report.actions(planned, site)
    result = {
        "changed": bool(planned.plan.writes) if outcome is None else bool(outcome.done),
        "actions": listed,
        "counts": report.counts(listed),
        "known": report.known(planned, outcome, task.known),
        "waiting": report.waiting(planned, outcome),
        "foreign": report.foreign(planned),
        "usages": _usages(task, planned) if outcome is None else [],
        "done": [step.address for step in outcome.done] if outcome else [],
        "diff": report.diffs(listed),
        "active": task.site.active_site,
        "protected": task.site.protected,
    }
    if what == "site_info":
        drift = [a for a in listed if a["action"] != Action.KEEP]
        result |= {"changed": False, "resources": report.resources(planned), "drift": drift}
    return result


def _usages(task: Task, planned: Planned) -> list[dict[str, Any]]:
    """What is declared or kept and AWS charges for, by tier; prices come at the end of a run."""
    kept = [
        (tier_of(step.address), step.have)
        for step in planned.plan.steps
        if step.action is Action.KEEP and step.have and not RULES[step.kind].history
    ]
    return _recorded(task, [*_charged(task), *kept])


def _charged(task: Task) -> list[tuple[str, Want | Have]]:
    return [(want.tier, want) for want in task.wants if not want.given]


def _recorded(task: Task, charged: Iterable[tuple[str, Want | Have]]) -> list[dict[str, Any]]:
    return [
        record(tier, thing.address, item)
        for tier, thing in charged
        for item in usages(thing.kind, thing.spec, task.site.scope.region)
    ]


def _cost(task: Task) -> dict[str, Any]:
    """What all that is declared of a site costs in a month, by prices that are known without asking
    anybody: monthly and monthly_most in USD, unknown, metered, prices_from.
    """
    used = items(task.site.scope.site, _recorded(task, _charged(task)))
    total: dict[str, Any] = render.as_dict(estimate(used, snapshot.prices()))["total"]
    return total


def raise_failures(task: Task, outcome: Outcome, result: dict[str, Any]) -> None:
    again = "run the same playbook again: it goes on where this run stopped"
    if outcome.errors:
        failed = report.failures(task.site, outcome)
        lines = "\n".join(_told(item) for item in failed)
        # Where each failure has a way on of its own, the same run again would end the same.
        close = "" if all(item["hint"] for item in failed) else f"\n{again}"
        raise Refusal(
            f"site {task.site.scope.site}: {len(failed)} of {len(result['actions'])} actions "
            f"failed, {len(outcome.skipped)} that depend on them were not tried:\n{lines}{close}",
            errors=failed,
            skipped=list(outcome.skipped),
            **result,
        )
    awaited = {name: f"{name} is {state}" for name, state in outcome.waiting.items()}
    awaited |= {name: f"{name} is not begun" for name in outcome.deferred}
    states = [text for name, text in awaited.items() if not task.until or name in task.until]
    if task.wait and states:
        why = "the other site failed" if task.peer_failed else f"after {task.timeout:.0f} s"
        raise Refusal(
            f"site {task.site.scope.site}: {why}, still waiting: {', '.join(states)}; "
            f"{again}, or allow more time with wait_timeout, in a playbook phoenix_wait_timeout",
            code="wait_timeout",
            **result,
        )


def _told(failure: Mapping[str, str]) -> str:
    """One failure with the way on, where it has one."""
    hint = f"\n    {failure['hint']}" if failure["hint"] else ""
    return f"  {failure['address']}: {failure['message']}{hint}"
