# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an operation begins or is gone on with: what has to be there, and where its acts are done."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from ..aws.reach import Reach
from ..aws.scope import Scope
from ..aws.session import Aws
from ..converge.holder import who
from ..converge.site import Converger
from ..declaration.site import Site
from . import journal as journals
from . import manifest
from .acts import (
    agree,
    copies,
    decide,
    fence,
    hold,
    intake,
    master,
    orphans,
    promote,
    protect,
    record,
    remove,
    replica,
    retire,
    secrets,
    smoke,
    snapshot,
    switch,
)
from .acts.stage import Stage
from .errors import OutOfOrder
from .journal import BEGUN, CLOSED, FAILED, Journal, Listener
from .procedures import BINDING, IN_A_COPY, ISOLATED, OF_ACTIVE, OPERATIONS, playbook
from .step import OPEN, StepOf

AGREED = datetime.timedelta(hours=1)  # for which what was agreed to holds
# What a file in acts/ offers: act(stage) if it does the step itself, look(stage) where the world
# shows that it is done, ready(stage) where something has to be there before anything is begun, and
# foreseen(stage).
ACTS: Mapping[str, dict[str, Any]] = {
    "failover": {
        "decide": decide,
        "fence": fence,
        "intake": intake,
        "promote": promote,
        "secrets": secrets,
        "master": master,
        "record": record,
        "smoke": smoke,
        "switch": switch,
    },
    "switchover": {
        "decide": agree,
        "hold": hold,
        "promote": promote,
        "secrets": secrets,
        "master": master,
        "record": record,
        "switch": switch,
        "retire": retire,
    },
    "reprotect": {
        "retire": retire,
        "snapshot": snapshot,
        "orphans": orphans,
        "decide": agree,
        "remove": remove,
        "copies": copies,
        "protect": protect,
        "replica": replica,
    },
    "drill": {},
}


def facts(here: Aws, kind: str, journal: Journal) -> dict[str, Any]:
    """What whoever carries out an operation has to know: its steps, and the site's objects."""
    named = ("name", "title", "by", "at", "hosts", "play")
    steps = [{name: getattr(one, name) for name in named} for one in _due(kind, journal)]
    return {"steps": steps, "known": manifest.known_now(manifest.load(here), here)}


def _due(kind: str, journal: Journal) -> list[StepOf]:
    """The steps of an operation, without those for which nothing is there any more."""
    steps = OPERATIONS[kind]
    ending = any(journal.attempts(one.name) for one in steps if one.always)
    return [one for one in steps if one.always or not ending]


def elsewhere(converger: Converger, kind: str) -> str:
    """Why the site has no part in an operation, which the other one carries out; else ""."""
    site = converger.task.site
    if kind in OF_ACTIVE and not site.is_active:
        return f"site {site.active_site} serves, so that one carries it out"
    return ""


def idle(converger: Converger, options: Mapping[str, Any], before: Journal | None) -> str:
    """Why there is nothing to do, for one that finds done what it is for; else "".

    before: the operation of the site that has not ended.
    """
    site, since, kind = converger.task.site, converger.active.since, options["operation"]
    if options["resume"] and (before is None or before.opened["operation"] != kind):
        return f"no {kind} to site {site.scope.site} is under way"
    if before is not None:
        return ""
    if kind in OF_ACTIVE and site.peer and site.protected:
        return f"site {site.peer.site} stands by already"
    if kind == "switchover" and site.is_active:
        return f"site {site.scope.site} serves already{f' since {since}' if since else ''}"
    return ""


def opened(
    converger: Converger, options: Mapping[str, Any], before: Journal | None, heard: Listener
) -> tuple[Journal, bool]:
    """The operation that has not ended, or a new one; and whether it is new."""
    here, site = converger.account, converger.task.site
    kind = options["operation"]
    if before:
        if before.opened["operation"] != kind and kind not in ISOLATED:
            raise OutOfOrder(_unended(before), _end_it(before))
        if before.opened["operation"] == kind and goes_on(before):
            again = {"operator": who(), "run": options["run"], "again": True}
            journals.write(here, before, OPEN, BEGUN, again)
            return before, True
    check(converger, options, before)
    if before:
        # With a region the operation is lost that needs both, and what it has done is looked at.
        journals.write(here, before, OPEN, CLOSED, {"given_up": True, "operator": who()})
    # Newer than all that one which was given up has told.
    told = int(before.opened.get("epoch", 0)) + 1 if before else 0
    now = journals.now()
    facts = {
        "operation": kind,
        "environment": site.scope.environment,
        "from": _old(site),
        "to": site.scope.site,
        "operator": who(),
        "run": options["run"],
        "reason": options["reason"],
        "commit": options["commit"],
        "caller": str(here.client("sts").get_caller_identity()["Arn"]),
        "began": now.isoformat(timespec="seconds"),
        "since": converger.active.since,
        "playbook": "dr_failback" if kind == "switchover" and site.is_home else f"dr_{kind}",
        "epoch": max(converger.active.epoch, told) + 1,
        **({"image": manifest.launched(here)} if kind in ISOLATED else {}),
    }
    if kind in OF_ACTIVE:
        facts |= _last_move(here)
    if kind in IN_A_COPY:
        facts |= {"from": site.scope.copy_of["site"], "told": dict(options["told"])}
    id = journals.new_id(kind, now, journals.ids(here))
    return journals.begin(here, id, facts, heard), True


def _last_move(here: Aws) -> dict[str, str]:
    """The operation that moved the environment here, and what its database had then, as PostgreSQL
    writes it; both "" where no operation has recorded it.
    """
    for id in reversed(journals.ids(here)):
        journal = journals.load(here, id)
        intake, promote = (journal.done(step) or {} for step in ("intake", "promote"))
        if promote.get("copy"):
            had = (journal.done("contents") or {}).get("snapshot", "")
            return {"moved_by": id, "snapshot": str(had)}
        if intake.get("in_recovery") and journal.attempts("promote"):
            return {"moved_by": id, "snapshot": str(intake["snapshot"])}
    return {"moved_by": "", "snapshot": ""}


def _old(site: Site) -> str:
    """The site that the environment moves from, or that has served before."""
    return site.peer.site if site.is_active and site.peer else site.active_site


def goes_on(journal: Journal) -> bool:
    """Whether an operation that has not ended is gone on with. One that was given up before it was
    bound to anything, or was cut off there long ago, is begun anew: what somebody agreed to then
    may be otherwise by now.
    """
    if _is_bound(journal):
        return True
    last = datetime.datetime.fromisoformat(journal.entries[-1]["at"])
    failed = any(entry["state"] == FAILED for entry in journal.entries)
    return not failed and journals.now() - last < AGREED


def _is_bound(journal: Journal) -> bool:
    """Whether it has done that from which on it is gone on with, and not begun anew."""
    binding = BINDING.get(str(journal.opened.get("operation")), OPEN)
    return binding == OPEN or journal.done(binding) is not None


def check(converger: Converger, options: Mapping[str, Any], before: Journal | None = None) -> None:
    """Raises OutOfOrder where the operation does not fit what there is, or lacks what a step needs
    after which there is no way back.

    before: the one that it takes over. Where that was past its own way back, nobody may write since
    then: what only the site itself lacks is met when it is asked.
    """
    bound = before is not None and _is_bound(before)
    site, kind = converger.task.site, options["operation"]
    if kind in IN_A_COPY:
        _check_copy(site)
        return
    if not site.peer:
        raise OutOfOrder(
            f"{site.scope.environment} has one site only", "a recovery site is declared beside it"
        )
    if kind not in OF_ACTIVE:
        _check_move(converger, site)
    if not manifest.load(converger.account):
        raise OutOfOrder(
            f"site {site.scope.site} has no manifest of the environment",
            "playbook site writes it at its end, while both regions are there",
        )
    stage = stage_of(converger, Journal("", []), options)
    if kind not in ISOLATED:
        other = journals.unended(stage.there)
        if other and int(other.opened.get("epoch", 0)) >= converger.active.epoch:
            raise OutOfOrder(_unended(other), _end_it(other))
    for act in ACTS[kind].values():
        ready = getattr(act, "ready", None)
        if ready and not (bound and act is smoke):
            ready(stage)


def _check_copy(site: Site) -> None:
    """Raises OutOfOrder where a drill would not take place in a copy."""
    if not site.scope.copy_of or not site.closed:
        raise OutOfOrder(
            f"{site.scope.environment} is no copy that is closed to all sides",
            "playbook dr_drill makes one, and rehearses in it",
        )


def _check_move(converger: Converger, site: Site) -> None:
    """Raises OutOfOrder where the environment cannot be moved to the site."""
    if site.is_active:
        since = f" since {converger.active.since}" if converger.active.since else ""
        raise OutOfOrder(
            f"site {site.scope.site} serves already{since}",
            "nothing is to be done; playbook dr_validate tells how it is protected",
        )
    if not site.protected:
        raise OutOfOrder(
            f"site {site.scope.site} does not stand by since {site.active_site} serves",
            "playbook dr_reprotect makes it a replica, while both regions are there",
        )


def _unended(journal: Journal) -> str:
    facts = journal.opened
    return (
        f"{facts['operation']} {journal.id} of {facts['operator']}, begun at {facts['began']}, has "
        "not ended"
    )


def _end_it(journal: Journal) -> str:
    return f"end it first: playbook {playbook(journal.opened)} goes on with it"


def stage_of(
    converger: Converger,
    journal: Journal,
    options: Mapping[str, Any],
    say: Callable[[str], None] = lambda line: None,
    guard: Callable[[], None] | None = None,
) -> Stage:
    """Where the acts of an operation take place. Raises OutOfOrder where there is one site only,
    and the operation has to do with two.

    guard: asked before each write at the other site, where that is not the one of this site.
    """
    site, here = converger.task.site, converger.account
    peer, there = site.peer, here
    if peer:
        there = _other(converger, peer)
        there.guard = guard or here.guard
    elif options["operation"] not in IN_A_COPY:
        raise OutOfOrder(f"{site.scope.environment} has one site only")
    both = sorted((here, there), key=lambda aws: aws.scope.stands != "recovery")
    return Stage(
        site=site,
        here=here,
        there=there,
        places=(here,) if converger.task.isolated else tuple(both),
        manifest=manifest.load(here),
        active=converger.active,
        journal=journal,
        options=options,
        timeout=converger.task.timeout,
        say=say,
    )


def _other(converger: Converger, peer: Scope) -> Aws:
    """Clients of the site that is given up, for what fences it; else of the other site."""
    connection = converger.task.connections[peer.site]
    region = converger.task.site.scope.region
    if converger.task.isolated:
        return Aws(peer, connection, region, Reach(peer.region, fence.CALLS)).hasty()
    return Aws(peer, connection, region)
