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
from ..aws.session import SECRETS, Aws
from ..converge import active
from ..converge.intake import Params, declared, refusal
from ..converge.lease import Held, Taker, taken_alone
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import REQUIRED, Field, read
from ..tiers import database
from . import account, acting, answers, foreseen, objectives, opening
from . import journal as journals
from .acts import abandon, told
from .acts.stage import Stage
from .errors import SPARED, Fencing, GivenBack, OutOfOrder, Unconfirmed
from .journal import BEGUN, CLOSED, DONE, FAILED, Journal, Kept, Listener
from .planned import ABANDON
from .procedures import (
    ISOLATED,
    OPERATIONS,
    UNTOUCHING,
    leaves_nothing,
    left,
    playbook,
    step,
    superseded,
    touches_nothing,
)
from .step import CLOSE, OPEN, StepOf

FIELDS = (
    Field("operation", "str", "the operation", "failover", REQUIRED, choices=tuple(OPERATIONS)),
    Field(
        "step",
        "str",
        "one of its steps",
        "promote",
        REQUIRED,
        choices=(
            *dict.fromkeys(s.name for steps in OPERATIONS.values() for s in steps),
            ABANDON.name,
        ),
    ),
    Field("confirm", "str", "the name of the environment, typed by a person", "production", ""),
    Field("reason", "str", "why, in a sentence", "us-east-1 does not answer", ""),
    Field("accept_unfenced", "bool", "true or false", False, False),
    Field("resume", "bool", "true or false", False, False),
    Field("told", "dict", "what a host or another task has found", {"status": 200}, {}),
    Field(
        "database",
        "dict",
        "the options of the database, for what is restored",
        {"instance_class": "db.t4g.medium"},
        {},
        fields=database.FIELDS,
    ),
    Field("failed", "str", "what has ended the run", "the builder was lost", ""),
    *objectives.FIELDS,
)


def perform(
    params: Params,
    *,
    dry: bool,
    say: Callable[[str], None] = lambda line: None,
    lease: Taker = taken_alone,
    heard: Listener = lambda journal: None,
    kept: Kept = lambda id: (),
) -> dict[str, Any]:
    """Does one step at the site that the environment moves to, and answers what shows that. heard:
    is told of the journal after each entry. kept: answers what that one has kept.

    In a failover nothing is asked of the region that is given up, but by the step that fences it,
    nor of what is one for all regions. Raises Refusal.
    """
    learn_secrets(params)
    options, problems = read(FIELDS, params, only=False)
    task = replace(declared(params, ()), isolated=options.get("operation") in ISOLATED)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        result = _performed(
            converger, options, dry=dry, say=say, lease=lease, heard=heard, kept=kept
        )
    cleaned: dict[str, Any] = SECRETS.clean(result)
    return cleaned


def _performed(
    converger: Converger,
    options: Mapping[str, Any],
    *,
    dry: bool,
    say: Callable[[str], None],
    lease: Taker,
    heard: Listener,
    kept: Kept,
) -> dict[str, Any]:
    here, what = converger.account, step(options["operation"], options["step"])
    here.verify_account()
    if elsewhere := opening.elsewhere(converger, options["operation"]):
        return answers.idle(what, elsewhere)
    if dry:
        return foreseen.foreseen(converger, options, what)
    held = lease(converger.leasing)
    both = [held]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_told_of(here))
        stack.enter_context(held.during())
        here.guard = guard = held.check
        if not converger.task.isolated and converger.peer:
            # What another run does there now is not to be met half-way.
            theirs = lease(converger.peer.unguarded())
            stack.enter_context(theirs.during())
            guard = _both(held.check, theirs.check)
            both.append(theirs)
        written = {**options, "run": held.run}
        result = _written(converger, written, what, say, guard, heard, kept)
        # Later steps go on with it.
        for one in both:
            one.kept = result["needed"] and what.name not in (CLOSE, ABANDON.name)
        return result


def _both(one: Callable[[], None], other: Callable[[], None]) -> Callable[[], None]:
    def check() -> None:
        one()
        other()

    return check


def _written(
    converger: Converger,
    options: Mapping[str, Any],
    what: StepOf,
    say: Callable[[str], None],
    guard: Callable[[], None],
    heard: Listener,
    kept: Kept,
) -> dict[str, Any]:
    here = converger.account
    journal = journals.unended(here, kept)
    if journal:
        journal.heard = heard
    if journal and superseded(journal, converger.active):
        opening.end_superseded(converger, journal, what)
        journal = None
    if journal is None and what.name in (OPEN, CLOSE):
        account.seal(here)
    if what.name == OPEN:
        if idle := opening.idle(converger, options, journal):
            return answers.idle(what, idle)
        journal, changed = opening.opened(converger, options, journal, heard)
        found = answers.of_step(journal, what, changed, journal.opened)
        return found | opening.facts(here, options["operation"], journal)
    if journal is None or journal.opened["operation"] != options["operation"]:
        if what.name == CLOSE and options["failed"]:
            # It was given up before anything was done.
            return answers.of_step(Journal("", []), what, False, {})
        raise OutOfOrder(
            foreseen.NOT_BEGUN.format(what.name, options["operation"]),
            "run the whole playbook",
        )
    stage = acting.stage_of(converger, journal, options, say, guard)
    if what.name == CLOSE and options["failed"]:
        state, said = _state(stage), {"said": str(options["failed"])}
        said |= left(journal) if state == CLOSED else {}
        journals.write(here, journal, CLOSE, state, said)
        return answers.of_step(journal, what, True, said) | account.so_far(stage)
    if what == ABANDON:
        return _abandoned(stage)
    opening.refuse_given_up(journal)
    _refuse_gap(journal, what)
    return (_closed if what.name == CLOSE else _done)(stage, what)


def _refuse_gap(journal: Journal, what: StepOf) -> None:
    """Raises OutOfOrder where an earlier step that this one builds on has not been done."""
    missing = _missing(journal, what)
    if missing:
        raise OutOfOrder(
            f"operation {journal.id} has not done {', '.join(missing)}, so {what.name} is not done",
            "run the whole playbook",
        )


def _missing(journal: Journal, what: StepOf, always: bool | None = None) -> list[str]:
    """Steps before this one that were not done: of those that are done always, where it is one of
    them or `always` says so, else all.
    """
    steps = OPERATIONS[journal.opened["operation"]]
    earlier = itertools.takewhile(lambda one: one.name != what.name, steps[1:])
    only = what.always if always is None else always
    return [o.name for o in earlier if journal.done(o.name) is None and (o.always or not only)]


def _done(stage: Stage, what: StepOf) -> dict[str, Any]:
    journal, here = stage.journal, stage.here
    acts = acting.ACTS[journal.opened["operation"]]
    before, act = journal.done(what.name), acts.get(what.name)
    look, work = getattr(act, "look", None), getattr(act, "act", None)
    found = look(stage) if look else before
    if found is not None:
        if before is None:
            journals.write(here, journal, what.name, DONE, {**found, "found": True})
        return answers.of_step(journal, what, before is None, found)
    if work is None and not stage.options["told"]:
        # Somebody else does it, and tells then.
        journals.write(here, journal, what.name, BEGUN, {})
        ask = {"ask": told.asked(stage, what.name)}
        return answers.of_step(journal, what, False, None) | ask
    if work:
        journals.write(here, journal, what.name, BEGUN, {})
    try:
        found = work(stage) if work else told.act(stage, what.name)
    except Exception as error:
        said = {"said": str(error), "code": getattr(error, "code", "") or code(error)}
        said |= {SPARED: True} if getattr(error, SPARED, False) else {}
        said |= {"layers": error.layers} if isinstance(error, Fencing) else {}
        # Where nothing was touched yet, nothing has to be gone on with.
        declined = isinstance(error, Unconfirmed) and leaves_nothing(journal, stage.active)
        state = CLOSED if declined or isinstance(error, GivenBack) else _state(stage)
        said |= left(journal) if state == CLOSED else {}
        # Why it failed is to be told, and where another run has taken over, nothing is written.
        with contextlib.suppress(Exception):
            journals.write(here, journal, what.name, state, said)
        raise
    journals.write(here, journal, what.name, DONE, found)
    return answers.of_step(journal, what, True, found)


def _state(stage: Stage) -> str:
    """That of an operation whose run has failed."""
    if stage.journal.opened["operation"] in UNTOUCHING:
        # A step that fails may have written the record by then.
        with contextlib.suppress(Exception):
            return CLOSED if touches_nothing(stage.journal, active.read(stage.here)) else FAILED
    return FAILED


def _abandoned(stage: Stage) -> dict[str, Any]:
    """Ends the operation, and gives an account of it.

    First it is written down that this is begun: from the moment at which the old site may write
    again, which a host sees to and tells, nobody goes on with the operation.
    """
    if not stage.options["told"]:
        found = abandon.foreseen(stage)
        journals.write(stage.here, stage.journal, ABANDON.name, BEGUN, {})
        return answers.of_step(stage.journal, ABANDON, True, found)
    found = abandon.act(stage)
    ended = {**found, **account.ending(stage), "given_up": True}
    journals.write(stage.here, stage.journal, ABANDON.name, CLOSED, ended)
    report = account.close(stage.here, stage.journal)
    return answers.of_step(stage.journal, ABANDON, True, found) | account.shown(stage.here, report)


def _closed(stage: Stage, what: StepOf) -> dict[str, Any]:
    closing = account.closing(stage)
    if undone := _missing(stage.journal, what, always=False):
        # What has to be done always was done, so it is not gone on with.
        closing["failed"] = undone
    journals.write(stage.here, stage.journal, what.name, CLOSED, closing)
    report = account.close(stage.here, stage.journal)
    ended = {"ended": closing["ended"]}
    return answers.of_step(stage.journal, what, True, ended) | account.shown(stage.here, report)


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
                f"let it end. Where it has died, playbook {playbook(other)} takes over by itself "
                "once it has given no sign of life for two minutes, and goes on where it stopped"
            )
        raise
