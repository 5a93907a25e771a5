# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One step of an operation: look whether it is done, else do it, and write down both.

The journal is written before and after each act, but what it says is not believed: a step that can
be looked at in the world is, each time. A run that was killed is gone on with by the same command.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..aws.errors import code
from ..aws.reach import Reach
from ..aws.session import SECRETS, Aws
from ..converge.holder import who
from ..converge.intake import Params, declared, refusal
from ..converge.lease import Held, Taker, taken_alone
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import REQUIRED, Field, read
from ..tiers.standing import has_database
from . import account, manifest
from . import journal as journals
from .acts import decide, fence, promote, record, secrets, switch, told
from .acts.stage import Stage
from .errors import OutOfOrder, Unconfirmed
from .journal import BEGUN, CLOSED, DONE, FAILED, Journal
from .steps import CLOSE, OPEN, OPERATIONS, StepOf, step

FIELDS = (
    Field("operation", "str", "the operation", "failover", REQUIRED, choices=tuple(OPERATIONS)),
    Field(
        "step",
        "str",
        "one of its steps",
        "promote",
        REQUIRED,
        choices=tuple(dict.fromkeys(s.name for steps in OPERATIONS.values() for s in steps)),
    ),
    Field("confirm", "str", "the name of the environment, typed by a person", "production", ""),
    Field("reason", "str", "why, in a sentence", "us-east-1 does not answer", ""),
    Field("accept_unfenced", "bool", "true or false", False, False),
    Field("told", "dict", "what a host or another task has found", {"status": 200}, {}),
    Field("failed", "str", "what has ended the run", "the builder was lost", ""),
    Field("commit", "str", "the commit of the playbooks", "1f3a5c7", ""),
    Field(
        "recovery_point_seconds",
        "int",
        "a number of seconds, at least 1",
        60,
        60,
        lambda v: v >= 1,
    ),
    Field(
        "recovery_time_seconds",
        "int",
        "a number of seconds, at least 1",
        3600,
        3600,
        lambda v: v >= 1,
    ),
)
VERSION = "0.1.0"
TARGETS = ("recovery_point_seconds", "recovery_time_seconds")


# What a file in acts/ offers: act(stage), and look(stage) where the world shows that it is done.
ACTS: Mapping[str, Any] = {
    "decide": decide,
    "fence": fence,
    "promote": promote,
    "secrets": secrets,
    "record": record,
    "switch": switch,
}


def perform(
    params: Params,
    *,
    dry: bool,
    say: Callable[[str], None] = lambda line: None,
    lease: Taker = taken_alone,
) -> dict[str, Any]:
    """Does one step at the site that the environment moves to, and answers what shows that.

    Nothing is asked of the region that is given up, but by the step that fences it, nor of what is
    one for all regions. Raises Refusal.
    """
    learn_secrets(params)
    options, problems = read(FIELDS, params, only=False)
    task = replace(declared(params, ()), isolated=True)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        result = _performed(converger, options, dry=dry, say=say, lease=lease)
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _performed(
    converger: Converger,
    options: Mapping[str, Any],
    *,
    dry: bool,
    say: Callable[[str], None],
    lease: Taker,
) -> dict[str, Any]:
    here, what = converger.account, step(options["operation"], options["step"])
    here.verify_account()
    if dry:
        return _foreseen(converger, options, what)
    held = lease(converger.leasing)
    with _told_of(here), held.during():
        here.guard = held.check
        result = _written(converger, options, what, say)
        # Later steps go on with it.
        held.kept = what.name != CLOSE
        return result


def _written(
    converger: Converger,
    options: Mapping[str, Any],
    what: StepOf,
    say: Callable[[str], None],
) -> dict[str, Any]:
    here = converger.account
    journal = journals.unended(here)
    if what.name == OPEN:
        journal, changed = _opened(converger, options, journal)
        return _result(converger, journal, what, changed, dict(journal.opened))
    if journal is None and what.name == CLOSE and options["failed"]:
        # It was given up before anything was done.
        return _result(converger, Journal("", []), what, False, {})
    if journal is None or journal.opened["operation"] != options["operation"]:
        raise OutOfOrder(
            f"step {what.name} belongs to no {options['operation']} that has been begun",
            "run the whole playbook",
        )
    stage = _stage(converger, journal, options, say)
    if what.name == CLOSE and options["failed"]:
        said = {"said": str(options["failed"])}
        journals.write(here, journal, CLOSE, FAILED, said)
        return _result(converger, journal, what, True, said)
    _refuse_gap(journal, what)
    return (_closed if what.name == CLOSE else _done)(converger, stage, what)


def _refuse_gap(journal: Journal, what: StepOf) -> None:
    """Raises OutOfOrder where an earlier step has not been done."""
    steps = OPERATIONS[journal.opened["operation"]]
    earlier = itertools.takewhile(lambda one: one.name != what.name, steps[1:])
    missing = [one.name for one in earlier if journal.done(one.name) is None]
    if missing:
        raise OutOfOrder(
            f"operation {journal.id} has not done {', '.join(missing)}, so {what.name} is not done",
            "run the whole playbook",
        )


def _done(converger: Converger, stage: Stage, what: StepOf) -> dict[str, Any]:
    journal, here = stage.journal, stage.here
    before, act = journal.done(what.name), ACTS.get(what.name)
    look = getattr(act, "look", None)
    found = look(stage) if look else before
    if found is not None:
        if before is None:
            journals.write(here, journal, what.name, DONE, {**found, "found": True})
        return _result(converger, journal, what, before is None, found)
    if what.name not in ACTS and not stage.options["told"]:
        # Somebody else does it, and tells then.
        journals.write(here, journal, what.name, BEGUN, {})
        return _result(converger, journal, what, False, None)
    if what.name in ACTS:
        journals.write(here, journal, what.name, BEGUN, {})
    try:
        found = act.act(stage) if act else told.act(stage, what.name)
    except Exception as error:
        said = {"said": str(error), "code": getattr(error, "code", "") or code(error)}
        # Nothing was touched yet where nobody agreed, so nothing has to be gone on with.
        state = CLOSED if isinstance(error, Unconfirmed) else FAILED
        # Why it failed is to be told, and where another run has taken over, nothing is written.
        with contextlib.suppress(Exception):
            journals.write(here, journal, what.name, state, said)
        raise
    journals.write(here, journal, what.name, DONE, found)
    return _result(converger, journal, what, True, found)


def _opened(
    converger: Converger, options: Mapping[str, Any], before: Journal | None
) -> tuple[Journal, bool]:
    """The operation that has not ended, or a new one; and whether it is new."""
    here, site = converger.account, converger.task.site
    kind = options["operation"]
    if before:
        if before.opened["operation"] != kind:
            raise OutOfOrder(
                f"{before.opened['operation']} {before.id} of {before.opened['operator']}, begun "
                f"at {before.opened['began']}, has not ended",
                "end it first, by the playbook that began it",
            )
        journals.write(here, before, OPEN, BEGUN, {"operator": who(), "again": True})
        return before, True
    _check(converger, options)
    now = journals.now()
    facts = {
        "operation": kind,
        "environment": site.scope.environment,
        "from": site.active_site,
        "to": site.scope.site,
        "operator": who(),
        "reason": options["reason"],
        "commit": options["commit"],
        "caller": str(here.client("sts").get_caller_identity()["Arn"]),
        "began": now.isoformat(timespec="seconds"),
        "epoch": converger.active.epoch + 1,
    }
    return journals.begin(here, journals.new_id(kind, now), facts), True


def _check(converger: Converger, options: Mapping[str, Any]) -> None:
    """Raises OutOfOrder where the environment cannot be moved to this site, or lacks there what a
    step needs after which there is no way back.
    """
    site = converger.task.site
    if not site.peer:
        raise OutOfOrder(
            f"{site.scope.environment} has one site only", "a recovery site is declared beside it"
        )
    if site.is_active:
        since = f" since {converger.active.since}" if converger.active.since else ""
        raise OutOfOrder(
            f"site {site.scope.site} serves already{since}",
            "nothing is to be done; playbook dr_validate tells how it is protected",
        )
    if not has_database(site):
        raise OutOfOrder(
            f"site {site.scope.site} has no replica that could be promoted: its strategy is "
            f"{site.strategy}",
            "restore the newest snapshot that is in its region; with strategy pilot_light playbook "
            "site makes a replica, while home is there",
        )
    if not manifest.load(converger.account):
        raise OutOfOrder(
            f"site {site.scope.site} has no manifest of the environment",
            "playbook site writes it at its end, while both regions are there",
        )
    stage = _stage(converger, Journal("", []), options)
    for act in ACTS.values():
        if ready := getattr(act, "ready", None):
            ready(stage)


def _closed(converger: Converger, stage: Stage, what: StepOf) -> dict[str, Any]:
    ended = journals.now().isoformat(timespec="seconds")
    journals.write(stage.here, stage.journal, what.name, CLOSED, {"ended": ended})
    places = {scope.site: scope.region for scope in (stage.scope, stage.old)}
    targets = {name: float(stage.options[name]) for name in TARGETS}
    report = account.close(stage.here, stage.journal, places, targets, VERSION)
    return _result(converger, stage.journal, what, True, {"ended": ended}) | account.shown(report)


def _foreseen(converger: Converger, options: Mapping[str, Any], what: StepOf) -> dict[str, Any]:
    """What the step would do. Nothing is written, not even a journal."""
    here = converger.account
    journal = journals.unended(here)
    if journal is None:
        _check(converger, options)
        journal = Journal("", [])
    before = journal.done(what.name)
    result = _result(converger, journal, what, before is None, before)
    if what.name == "decide" and before is None:
        result |= decide.foreseen(_stage(converger, journal, options))
    return result


def _stage(
    converger: Converger,
    journal: Journal,
    options: Mapping[str, Any],
    say: Callable[[str], None] = lambda line: None,
) -> Stage:
    site, here = converger.task.site, converger.account
    peer = site.peer
    if peer is None:
        raise OutOfOrder(f"{site.scope.environment} has one site only")
    connection = converger.task.connections[peer.site]
    there = Aws(peer, connection, site.scope.region, Reach(peer.region, fence.CALLS)).hasty()
    there.guard = here.guard
    return Stage(
        site=site,
        here=here,
        there=there,
        manifest=manifest.load(here),
        active=converger.active,
        journal=journal,
        options=options,
        timeout=converger.task.timeout,
        say=say,
    )


@contextlib.contextmanager
def _told_of(here: Aws) -> Iterator[None]:
    """Has a refusal tell what the other run is about, where that has a journal."""
    try:
        yield
    except Held as error:
        other = None
        with contextlib.suppress(Exception):
            other = journals.unended(here)
        if other:
            facts = other.opened
            error.args = (
                f"{error}. There {facts['operation']} {other.id} from {facts['from']} to "
                f"{facts['to']} has not ended, begun at {facts['began']} by {facts['operator']}",
            )
            error.hint = (
                "let it end. Where it has died, the same command takes over by itself once it has "
                "given no sign of life for two minutes, and goes on where it stopped"
            )
        raise


def _result(
    converger: Converger,
    journal: Journal,
    what: StepOf,
    changed: bool,
    evidence: Mapping[str, Any] | None,
) -> dict[str, Any]:
    here, known = converger.account, {}
    if what.name == OPEN:
        known = manifest.known(manifest.load(here), here.scope.site)
    return {
        "changed": changed,
        "id": journal.id,
        "operation": dict(journal.opened),
        "step": what.name,
        "title": what.title,
        "done": evidence is not None,
        "evidence": dict(evidence or {}),
        "known": known,
    }
