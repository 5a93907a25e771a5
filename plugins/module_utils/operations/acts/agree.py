# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who agrees to what an operation is going to do, having been told what that costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Unconfirmed
from .stage import Evidence, Stage


def confirmed(stage: Stage, question: str) -> None:
    """Raises Unconfirmed unless the name of the environment was typed."""
    typed = str(stage.options["confirm"]).strip()
    if typed != stage.scope.environment:
        raise Unconfirmed(
            f"{question}. What was typed is {typed!r}: the operation has ended",
            f"with -e dr_confirm={stage.scope.environment} nobody is asked",
        )


def act(stage: Stage) -> Evidence:
    """Raises Unconfirmed."""
    confirmed(stage, question(stage))
    return {"reason": stage.options["reason"]}


def foreseen(stage: Stage) -> dict[str, Any]:
    """The question, for a task that only looks."""
    return {"question": question(stage)}


def question(stage: Stage) -> str:
    name = stage.scope.environment
    told = QUESTIONS[str(stage.journal.opened.get("operation") or stage.options["operation"])]
    return f"{told(stage)}? Type the name of the environment, {name}, to go on"


def _switchover(stage: Stage) -> str:
    return (
        f"Nobody writes to {stage.scope.environment} while it moves from {stage.old.site} to "
        f"{stage.scope.site}; what was written is there afterwards, or nothing is moved. Move it"
    )


def _rollback(stage: Stage) -> str:
    on, other = stage.scope.site, stage.old
    return (
        f"{other.region} does not answer, where {stage.active.operation} moves "
        f"{stage.scope.environment} to since {stage.active.since}. By the record of {on} nobody "
        f"was sent to {other.site} yet. If no failover was made since, {on} has all that "
        f"was acknowledged, and serves on; {other.site} is none of its copies from then on, before "
        f"playbook dr_reprotect has made it one. Let {on} serve on"
    )


def _reprotect(stage: Stage) -> str:
    orphans = stage.journal.done("orphans") or {}
    total, taken = orphans.get("total"), stage.journal.done("snapshot") or {}
    if total is None:
        counted = f"What {stage.old.site} has that {stage.scope.site} lacks was not counted"
    else:
        tables = ", ".join(f"{n} of {name}" for name, n in sorted(orphans["tables"].items()) if n)
        counted = (
            f"{stage.old.site} has {total} rows that {stage.scope.site} never had"
            f"{f' ({tables})' if tables else ''}"
        )
        doubt = ", ".join(sorted(orphans.get("in_doubt", ())))
        counted += f"; of {doubt} it is not known" if doubt else ""
    of = stage.scope.site
    backed = stage.site.strategy == "backup_restore"
    heir = f"copies of the backups of {of} take" if backed else f"a replica of {of} takes"
    if taken.get("snapshot") == "":
        return f"{stage.old.site} has no database of before: nothing is deleted. Go on"
    return (
        f"{counted}. Snapshot {taken.get('snapshot') or '(there is none yet)'} keeps its database, "
        f"which is deleted now, and {heir} its place. Go on"
    )


QUESTIONS: Mapping[str, Callable[[Stage], str]] = {
    "switchover": _switchover,
    "reprotect": _reprotect,
    "rollback": _rollback,
}
