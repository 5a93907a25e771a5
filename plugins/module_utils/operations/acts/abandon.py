# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way back out of a move, which there is as long as nobody has asked for the promotion."""

from __future__ import annotations

from typing import Any

from ...converge.active import Active
from ...kinds import db_instance_reading as reading
from ..errors import NotDone, OutOfOrder
from ..journal import DONE
from ..procedures import GIVEN_UP, MOVES, asked, frozen
from . import instance, layers, record, scale
from .stage import Evidence, Stage


def act(stage: Stage) -> Evidence:
    """Writes down that the site serves which did before. Raises OutOfOrder where there is no way
    back, and NotDone where a newer record says something else.
    """
    _refuse(stage)
    wanted = before(stage)
    found = record.write(stage, wanted)
    if stage.there not in stage.places:
        # A region that may not answer is told as far as it does.
        found["layers"] = layers.at_once(stage, {"record": layers.telling(wanted)}, 1)
        _refuse_untold(stage, found["layers"]["record"])
        # Else the group would begin with the fewest that are declared, and all traffic at once.
        if hosts := scale.ran(stage.here):
            layer = {"hosts": layers.bringing_back(hosts)}
            found["layers"] |= layers.at_once(stage, layer, 1)
    return {**found, **foreseen(stage)}


def foreseen(stage: Stage) -> dict[str, Any]:
    """frozen: whether the site that serves has to be let write again."""
    _refuse(stage)
    return {"frozen": frozen(stage.journal), "site": stage.old.site}


def before(stage: Stage) -> Active:
    """The record as it was, newer than all that the operation has written."""
    opened = stage.journal.opened
    return Active(
        epoch=int(opened["epoch"]) + GIVEN_UP,
        site=str(opened["from"]),
        since=str(opened.get("since", "")),
        operation=stage.journal.id,
    )


def _refuse(stage: Stage) -> None:
    kind = stage.journal.opened["operation"]
    if kind not in MOVES:
        raise OutOfOrder(f"{kind} {stage.journal.id} moves nothing, so there is no way back out")
    item = instance.found(stage)
    promoted = item is not None and not reading.source(item)
    if asked(stage.journal) or promoted:
        raise OutOfOrder(
            f"{kind} {stage.journal.id} has asked for the promotion, which is not taken back",
            "run its playbook again: it goes on",
        )


def _refuse_untold(stage: Stage, told: layers.Told) -> None:
    """Raises NotDone where the old site was told that it does not serve, and not that it does: left
    alone it would take itself down.
    """
    if _may_be_told(stage) and not layers.confirmed(told):
        raise NotDone(
            f"{stage.old.site} was told that {stage.scope.site} serves, and could not be told that "
            f"it serves on ({told['said']})",
            "run the same playbook again once its region answers",
        )


def _may_be_told(stage: Stage) -> bool:
    """Whether the old site may know that it does not serve. A fence that was cut off, once the
    record here named its operation, has not written down what it told.
    """
    entries = [entry for entry in stage.journal.entries if entry["step"] == "fence"]
    done = stage.journal.done("fence") or {}
    if layers.confirmed((done.get("layers") or {}).get("record", {})):
        return True
    cut_off = bool(entries) and entries[-1]["state"] != DONE
    return cut_off and stage.active.operation == stage.journal.id
