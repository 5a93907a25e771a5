# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What module site_destroy does: confirm, refuse, remove, prove."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..declaration.fields import Field, read
from ..engine.errors import EngineError
from . import active, consent, elsewhere, remains, teardown
from .catalog import ALL
from .intake import Params, Refusal, declared, refusal
from .lease import Taker, taken_alone
from .run import Listener, learn_secrets, raise_failures, refusals, require_sdk, result_of
from .site import Converger
from .task import Planned, Task

DESTROY_FIELDS = (
    consent.CONFIRM,
    Field(
        "empty_buckets",
        "list",
        "the buckets whose objects may be deleted",
        ["logs"],
        (),
        elements="str",
    ),
    Field("look", "bool", "true or false", False, False),
    Field(
        "before",
        "list",
        "the sites that are taken down before this one",
        ["recovery"],
        (),
        elements="str",
    ),
)


def destroy(
    params: Params,
    *,
    dry: bool,
    listener: Listener = lambda event: None,
    lease: Taker = taken_alone,
) -> dict[str, Any]:
    """Takes a site down and answers what was removed and what is left. Raises Refusal.

    Without the typed name, with protection on, with data in a bucket that nobody named, with
    records of others in the zone, or at home while the recovery site stands, nothing is touched. A
    dry run answers all of that as obstacles.
    """
    learn_secrets(params)
    task = declared(params, ALL)
    flags, problems = read(DESTROY_FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    look, chosen = dry or flags["look"], flags["empty_buckets"]
    if not look:
        consent.require(task, flags["confirm"], "taking down")
    require_sdk()
    with refusals(task), Converger(task) as converger:
        before = flags["before"] if look else ()
        planned, found = _planned(converger, chosen, before)
        if found and not dry:
            raise found[0]
        if look:
            needed = consent.missing(task, flags["confirm"]) if dry else ""
            return _foreseen(converger, planned, found, needed, dry=dry)
        held = lease(converger.leasing)
        if not planned.plan.writes:
            held.end()
            return _proved(converger, planned, result_of(task, planned, None, "destroy"))
        with held.during() as new:
            if new:
                planned, found = _planned(converger, chosen, before)
                if found:
                    raise found[0]
            teardown.empty(converger, planned, chosen, held.check)
            outcome = converger.apply(planned, listener, held.check)
        result = result_of(task, planned, outcome, "destroy")
        raise_failures(task, outcome, result)
        return _proved(converger, planned, result)


def _planned(
    converger: Converger, empty_buckets: Iterable[str], before: Iterable[str]
) -> tuple[Planned, list[EngineError]]:
    """What would be removed, and what is in the way of that."""
    keep = teardown.keeps(converger, converger.plan_destruction())
    planned = converger.plan_destruction(keep)
    found = teardown.obstacles(converger, planned, empty_buckets=empty_buckets, before=before)
    return planned, list(found)


def _foreseen(
    converger: Converger,
    planned: Planned,
    found: list[EngineError],
    needed: str,
    *,
    dry: bool,
) -> dict[str, Any]:
    """The answer of a task that only looks. needed: the consent that is not given yet."""
    result = result_of(converger.task, planned, None, "destroy")
    told = [f"{obstacle}; {obstacle.hint}" for obstacle in found]
    told += [f"it needs {needed}"] if needed else []
    result |= {
        "obstacles": told,
        "left": [],
        "kept": remains.foreseen(converger, planned),
        "changed": dry and result["changed"],
    }
    going = [step.address for step in planned.plan.writes]
    report = _report(converger.task, "would remove", going, "would keep", result)
    return result | {"report": report}


def _proved(converger: Converger, planned: Planned, result: dict[str, Any]) -> dict[str, Any]:
    active.forget(converger.leasing)
    rest = teardown.left(converger, planned)
    result |= {"left": list(rest.lost), "kept": list(rest.kept), "known": {}}
    result["report"] = _report(converger.task, "removed", result["done"], "kept", result)
    if rest.unseen:
        regions = ", ".join(rest.unseen)
        result["warnings"] = [f"regions in which the account may not look for more: {regions}"]
    try:
        elsewhere.refuse(rest.elsewhere, converger.task.site)
    except elsewhere.StandsElsewhere as error:
        site = converger.account.scope.site
        raise Refusal(f"site {site}: {error}\n{error.hint}", code=error.code, **result) from error
    if rest.lost:
        raise Refusal(
            f"site {converger.account.scope.site}: still there: {', '.join(rest.lost)}; "
            "run the same playbook again",
            code="left_over",
            **result,
        )
    return result


def _report(
    task: Task, removed: str, addresses: list[str], kept: str, result: dict[str, Any]
) -> list[str]:
    """What was, or would be, done, a line for each object. removed, kept: the verbs for it.

    What only waits for its end can be called back, so it is told as kept, and not as removed too.
    """
    site = task.site.scope.site
    staying = {item.partition(",")[0] for item in result["kept"]}
    gone = [address for address in addresses if address not in staying]
    return [
        f"{site}: {removed} {len(gone) or 'nothing'}",
        *(f"- {site} {address}" for address in gone),
        f"{site}: {kept} {len(result['kept']) or 'nothing'}",
        *(f"= {site} {item}" for item in result["kept"]),
        *(f"{site} still there: {item}" for item in result.get("left", ())),
        *(f"{site} in the way: {item}" for item in result.get("obstacles", ())),
    ]
