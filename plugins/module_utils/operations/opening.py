# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an operation begins, or is gone on with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ..aws.session import Aws
from ..converge.active import Active
from ..converge.holder import who
from ..converge.site import Converger
from ..declaration.site import Site
from . import journal as journals
from . import manifest
from .acts import swap
from .errors import Fencing, OutOfOrder
from .journal import BEGUN, CLOSED, FAILED, Journal, Listener
from .preconditions import check, not_ended
from .procedures import (
    GIVEN_UP,
    IN_A_COPY,
    ISOLATED,
    MOVES,
    OF_ACTIVE,
    OF_STAGING,
    OPERATIONS,
    UNSEEN,
    UNTOUCHING,
    asked,
    fenced,
    frozen,
    given_up,
    holds,
    is_bound,
    left,
    playbook,
    superseded,
    touches_nothing,
)
from .step import CLOSE, OPEN, StepOf

# Operations that have nothing to do where the site serves for which they are.
TO_BE_MET = frozenset({"switchover", "rollback"})
AGREED = datetime.timedelta(hours=1)  # for which what was agreed to holds


def facts(here: Aws, kind: str, journal: Journal) -> dict[str, Any]:
    """What whoever carries out an operation has to know: its steps, and the site's objects."""
    named = ("name", "title", "by", "at", "hosts", "play", "always")
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
    going = before.opened["operation"] if before else ""
    if options["resume"] and going != kind:
        return f"no {kind} to site {site.scope.site} is under way"
    if going == kind:
        return ""
    # Another one may be under way by then: that by which the old site is made to stand by.
    if kind in TO_BE_MET and site.is_active and not converger.active.moving:
        return f"site {site.scope.site} serves already{f' since {since}' if since else ''}"
    if kind in OF_ACTIVE and site.peer and site.protected and not going:
        return f"site {site.peer.site} stands by already"
    return ""


def opened(
    converger: Converger, options: Mapping[str, Any], before: Journal | None, heard: Listener
) -> tuple[Journal, bool]:
    """The operation that has not ended, or a new one; and whether it is new."""
    here, site = converger.account, converger.task.site
    kind = options["operation"]
    if before:
        taken = kind in ISOLATED or touches_nothing(before, converger.active)
        if before.opened["operation"] != kind and not taken:
            raise not_ended(before)
        if kind in OF_STAGING and before.opened["environment"] != site.scope.environment:
            raise not_ended(before)
        if before.opened["operation"] == kind and goes_on(before, converger.active):
            refuse_given_up(before)
            facts = {"operator": who(), "run": options["run"], "again": True}
            journals.write(here, before, OPEN, BEGUN, facts)
            return before, True
    if before and touches_nothing(before, converger.active):
        # What it was begun for may not be the case any more.
        ended = {"given_up": True, "operator": who(), **left(before)}
        journals.write(here, before, OPEN, CLOSED, ended)
        again = journals.unended(here)
        over = again and superseded(again, converger.active)
        return opened(converger, options, None if over else again, heard)
    _check(converger, options, before)
    now = journals.now()
    facts = _facts(converger, options, before, now)
    id = journals.new_id(kind, now, journals.ids(here))
    journal = journals.begin(here, id, facts, heard)
    if before and kind not in UNTOUCHING:
        # With a region the operation is lost that needs both, and what it has done is looked at.
        # First the new one is there: of a run that dies in between, one is left to be gone on with.
        journals.write(here, before, OPEN, CLOSED, {"given_up": True, "operator": who()})
    return journal, True


def _facts(
    converger: Converger, options: Mapping[str, Any], before: Journal | None, now: datetime.datetime
) -> dict[str, Any]:
    """What the journal of a new operation begins with. over: the id of the one that it takes over;
    bound: whether that has begun to move the environment; fenced, frozen, asked: what it may have
    done to the old site, and whether it may have had the new one promoted.
    """
    here, site, kind = converger.account, converger.task.site, options["operation"]
    # Newer than all that one may yet write which is given up by this, be its journal seen or not.
    known = max(converger.active.epoch, int(before.opened.get("epoch", 0)) if before else 0)
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
        "playbook": _playbook(kind, site),
        "epoch": known + (UNSEEN if kind == "failover" else GIVEN_UP + 1),
        **({"image": manifest.launched(here)} if kind in ISOLATED else {}),
    }
    if before:
        facts |= {"over": before.id, "bound": holds(before, converger.active)}
        facts |= {"fenced": fenced(before), "frozen": frozen(before), "asked": asked(before)}
    if kind in OF_ACTIVE:
        facts |= _last_move(here, converger.active.operation)
    if kind in IN_A_COPY:
        facts |= {"from": site.scope.copy_of["site"], "told": dict(options["told"])}
    return facts


def _check(converger: Converger, options: Mapping[str, Any], before: Journal | None) -> None:
    """Raises OutOfOrder where it is not to begin now."""
    check(converger, options, before)
    if options["operation"] == "return":
        # In check mode nobody has woken a copy that sleeps, so that does not ask for it.
        swap.answers(converger.account)


def _playbook(kind: str, site: Site) -> str:
    """With which an operation is gone on with."""
    if kind in OF_STAGING:
        return OF_STAGING[kind]
    if kind == "rollback" and not site.is_home:
        return "dr_rollback -e dr_stands=recovery"
    return "dr_failback" if kind == "switchover" and site.is_home else f"dr_{kind}"


def _last_move(here: Aws, by: str) -> dict[str, str]:
    """The operation by which the site serves, and what its database had when the other one ceased
    to be its copy, as PostgreSQL writes it; each "" where nothing has recorded it.

    by: who has written last that it serves. A person who has moved it by hand has no journal, and
    what an older operation saw is not what is lost since.
    """
    if by and not journals.is_id(by):
        return {"moved_by": by, "snapshot": ""}
    for id in reversed(journals.ids(here)):
        journal = journals.load(here, id)
        if journal.opened["operation"] == "rollback" and journal.done("record"):
            # The other site's journal knew it, and may be lost.
            return {"moved_by": id, "snapshot": ""}
        intake, promote = (journal.done(step) or {} for step in ("intake", "promote"))
        if promote.get("copy") or (intake.get("in_recovery") and journal.attempts("promote")):
            # A replica that was promoted was asked before it, too, and knew less then.
            had = (journal.done("contents") or {}).get("snapshot") or intake.get("snapshot", "")
            return {"moved_by": id, "snapshot": str(had)}
        if id == by and journal.opened["operation"] in MOVES:
            # It found the database promoted, and nobody saw what that had until then.
            return {"moved_by": id, "snapshot": ""}
    return {"moved_by": "", "snapshot": ""}


def _old(site: Site) -> str:
    """The site that the environment moves from, or that has served before."""
    return site.peer.site if site.is_active and site.peer else site.active_site


def refuse_given_up(journal: Journal) -> None:
    """Raises OutOfOrder where somebody has begun to give the operation up."""
    if given_up(journal):
        kind = journal.opened["operation"]
        raise OutOfOrder(
            f"{kind} {journal.id} is being given up, and is not gone on with",
            f"playbook {playbook(journal)} ends that",
        )


def end_superseded(converger: Converger, journal: Journal, what: StepOf) -> None:
    """Ends one as its playbook is begun again. Raises OutOfOrder in the midst of a run."""
    by, serves = converger.active.operation, converger.active.site
    if what.name != OPEN:
        raise OutOfOrder(
            f"{by} has given up {journal.opened['operation']} {journal.id}, and {serves} serves; "
            f"{what.name} is not done",
            "run the whole playbook again: it begins anew, where there is anything to do",
        )
    ended = {"given_up": True, "by": by, "operator": who()}
    journals.write(converger.account, journal, OPEN, CLOSED, ended)


def goes_on(journal: Journal, active: Active) -> bool:
    """Whether an operation that has not ended is gone on with. One that was given up before it was
    bound to anything, or was cut off there long ago, is begun anew: what somebody agreed to then
    may be otherwise by now. One whose fence takes its time was not given up.
    """
    if is_bound(journal, active):
        return True
    last = datetime.datetime.fromisoformat(journal.entries[-1]["at"])
    failed = [entry for entry in journal.entries if entry["state"] == FAILED]
    # That the run has failed is written down behind the step that has.
    steps = [entry for entry in failed if entry["step"] != CLOSE]
    fencing = bool(steps) and steps[-1]["facts"].get("code") == Fencing.code
    return (fencing or not failed) and journals.now() - last < AGREED
