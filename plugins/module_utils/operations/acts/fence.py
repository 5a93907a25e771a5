# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The old primary is kept from taking writes, as far as its region can be reached at all.

The only act that sends anything to that region. All layers that keep writes away go at once, and
what became of each is recorded. One that is confirmed is enough for the old primary to take no
write of the application any more. Only then that region is told who serves, for a site that is not
fenced, and from which nobody moves in the end, goes on to serve.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from ...converge import active
from ...converge.active import Active
from ..errors import Fencing, GivenBack, NotDone, Unfenced
from ..procedures import MOVED
from . import layers
from .layers import CALLS, KEEPING, SILENCES, SILENT, UNDERWAY, Told
from .stage import Evidence, Stage

__all__ = ["CALLS", "KEEPING", "act", "look", "moving", "next_active"]

# Seconds after which a host has ended or a database has started that was not done in time.
LATER = 60


def look(stage: Stage) -> Evidence | None:
    """What was confirmed before. None where nothing was, for by now the region may answer; and
    where a run of site.yml or a person has undone it since, unless the promotion is behind.
    """
    before = stage.journal.done("fence")
    if not before or not before["fenced"]:
        return None
    if stage.journal.done("promote") is not None:
        return dict(before)
    return None if layers.undone(stage, before["layers"]) else dict(before)


def act(stage: Stage) -> Evidence:
    """Raises Unfenced where no layer that keeps writes away is confirmed, and nobody accepted that,
    now or when the operation came here first, and Fencing where one of them is under way; NotDone
    where a newer operation has moved the environment; GivenBack where one has given it back to the
    old site.
    """
    _refuse_newer(stage, stage.active)
    _refuse_given_back(stage)
    with contextlib.ExitStack() as kept:
        found = layers.at_once(stage, {"lease": layers.leasing(kept), **KEEPING})
        # A run that was in flight may have undone one before it was stopped.
        again = layers.undone(stage, found)
        found |= layers.at_once(stage, {name: KEEPING[name] for name in again})
        fenced = any(layers.confirmed(found[name]) for name in KEEPING)
        before = stage.journal.done("fence")
        accepted = stage.options["accept_unfenced"] or (before and not before["fenced"])
        if not fenced and not accepted:
            raise _unfenced(stage, found)
        # From here on a run of site.yml would undo the fence, or take the new primary for a
        # mistake.
        if not active.write(stage.here, moving(stage)):
            _refuse_newer(stage, active.read(stage.here))
        dark = all(layer["outcome"] == SILENT for layer in found.values())
        record = {"record": layers.telling(next_active(stage))}
        found |= layers.at_once(stage, record, 1 if dark else SILENCES)
    return {"fenced": fenced, "layers": found, "did": [layer["did"] for layer in found.values()]}


def _unfenced(stage: Stage, found: Mapping[str, Told]) -> Unfenced:
    told = "; ".join(f"{name}: {layer['said']}" for name, layer in found.items())
    said = f"({told}). Nothing was promoted"
    if any(found[name]["outcome"] == UNDERWAY for name in KEEPING):
        return Fencing(
            f"{stage.old.site} takes no writes any more once AWS has done what was ordered {said}",
            f"run the same playbook again in {LATER} s: it goes on here, waits for that, and "
            "restarts nothing twice",
            found,
        )
    return Unfenced(
        f"nothing shows that the database of {stage.old.site} takes no writes any more {said}",
        "what it takes after the promotion the new database lacks; that is exported when its "
        "region is back. To go on all the same: -e accept_unfenced=true",
    )


def _refuse_newer(stage: Stage, found: Active) -> None:
    """Raises NotDone where a record is newer than what this operation writes, and not its own."""
    own = (moving(stage), next_active(stage))
    if found.epoch >= own[0].epoch and found not in own:
        raise NotDone(
            f"{found.operation or 'another operation'} has written that {found.site} serves "
            f"(epoch {found.epoch})",
            "find out who moved the environment meanwhile; this goes no further",
        )


def _refuse_given_back(stage: Stage) -> None:
    """Raises GivenBack where the old site serves on by a newer record of its own, and so has what
    the database here lacks. A region that does not answer is not waited for.
    """
    found = active.read(stage.here, stage.there)
    if found.site != stage.old.site or found.epoch <= stage.active.epoch:
        return
    at = f"--region {stage.old.region} --name {active.path(stage.old)}"
    raise GivenBack(
        f"{stage.old.site} was given the environment back by {found.operation}, and takes writes "
        f"since {found.since} that {stage.scope.site} lacks; it is not fenced, and this ends",
        f"where it serves, let playbook dr_reprotect make a replica of it here. Where it is lost "
        f"although its region answers, take that record away: aws ssm delete-parameter {at}",
    )


def next_active(stage: Stage) -> Active:
    """What is to be known of who serves, once the operation is through."""
    opened = stage.journal.opened
    return Active(
        epoch=int(opened["epoch"]) + MOVED,
        site=stage.scope.site,
        protected=False,
        since=str(opened["began"]),
        operation=stage.journal.id,
    )


def moving(stage: Stage) -> Active:
    """What is to be known of who serves until then."""
    opened = stage.journal.opened
    return Active(
        epoch=int(opened["epoch"]),
        site=str(opened["from"]),
        since=str(opened["began"]),
        operation=stage.journal.id,
        moving=True,
    )
