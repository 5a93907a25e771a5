# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host in the region did or found, or a task of a tier: it is looked at, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import NotDone
from .stage import Evidence, Stage

Told = Mapping[str, Any]


def act(stage: Stage, step: str) -> Evidence:
    """Raises NotDone where what is told is not what the step is for."""
    told = dict(stage.options["told"])
    judge = JUDGES.get(step)
    missing = judge(stage, told) if judge else ""
    if missing:
        raise NotDone(f"{step}: {missing}", "no traffic was moved; run the same playbook again")
    return told


def _intake(_stage: Stage, told: Told) -> str:
    if told.get("in_recovery") and not told.get("snapshot"):
        return "the host did not tell what the replica has applied"
    return ""


def _proof(stage: Stage, told: Told) -> str:
    if told.get("in_recovery") is not False:
        return "the database says that it is a replica still"
    if told.get("proof") != stage.journal.id:
        return "the row that was written was not read back"
    return ""


def _logins(_stage: Stage, told: Told) -> str:
    return "" if told else "no login was given a new password"


def _smoke(_stage: Stage, told: Told) -> str:
    status = told.get("status")
    return "" if status == 200 else f"the site answered {status}: {str(told.get('said', ''))[:200]}"


def _names(_stage: Stage, told: Told) -> str:
    strangers = sorted(set(told.get("answers", ())) - set(told.get("wanted", ())))
    if not told.get("answers"):
        return "name servers told no address"
    return f"name servers still tell {', '.join(strangers)}" if strangers else ""


JUDGES: Mapping[str, Callable[[Stage, Told], str]] = {
    "intake": _intake,
    "proof": _proof,
    "logins": _logins,
    "smoke": _smoke,
    "names": _names,
}
