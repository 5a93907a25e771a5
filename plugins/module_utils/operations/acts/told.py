# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host in the region did or found, or a task of a tier: it is looked at, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import NotDone
from ..procedures import IN_A_COPY
from . import inside, orphans, probes, scale
from .stage import Evidence, Stage

Told = Mapping[str, Any]


def act(stage: Stage, step: str) -> Evidence:
    """Raises NotDone where what is told is not what the step is for, or is not all of it."""
    told = dict(stage.options["told"])
    judge = JUDGES.get(step)
    missing = judge(stage, told) if judge else ""
    if missing:
        raise NotDone(f"{step}: {missing}", "it goes no further; run the same playbook again")
    finish = FINISHED.get(step)
    return finish(stage, told) if finish else told


def asked(stage: Stage, step: str) -> Evidence:
    """What a host has to be told of what was found out before."""
    if step == "caught":
        frozen = dict(stage.journal.done("freeze") or {})
        return {"frozen": frozen, "lsn": frozen.get("lsn", "")}
    if step == "contents":
        return _had(stage)
    ask = ASKED.get(step)
    return ask(stage) if ask else {}


def _had(stage: Stage) -> Evidence:
    """That it is asked what the database had when it became a primary, where that may be less than
    the one of before. What a replica told before that is not all: it went on receiving.
    """
    if (stage.journal.done("promote") or {}).get("copy"):
        return {"snapshot": True}
    known = (stage.journal.done("intake") or {}).get("snapshot", "")
    return {"snapshot": True, "known": known} if known else {}


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


def _contents(stage: Stage, told: Told) -> str:
    """Whether it ought to have a migration is not asked: tools differ in what they keep of it. A
    replica has what its primary had, so an empty one is of an application without tables.
    """
    if told.get("in_recovery") is not False:
        return "the database says that it is a replica still"
    opened = stage.journal.opened
    restored = (stage.journal.done("promote") or {}).get("copy") or opened["operation"] in IN_A_COPY
    if restored and not told.get("tables") and not told.get("not_read"):
        return "the database has no table of an application"
    return ""


def _mark(stage: Stage, told: Told) -> str:
    return "" if stage.journal.id in told.get("marked", "") else "the database does not say so"


def _prove(_stage: Stage, told: Told) -> str:
    found = told.get("findings")
    if found is None:
        return "nobody told what was found"
    return f"{len(found)} findings" if found else ""


def _migrate(_stage: Stage, told: Told) -> str:
    """Of no release nothing was rehearsed."""
    if told.get("release") and not told.get("watched"):
        return "nobody looked on"
    return str(told.get("trouble") or "")


def _freeze(_stage: Stage, told: Told) -> str:
    return "" if told.get("lsn") else "the host did not tell where the log ends"


def _caught(_stage: Stage, told: Told) -> str:
    if not told.get("caught"):
        return "the replica does not have the last row"
    differ = ", ".join(told.get("differ", ()))
    return f"the replica differs from what it copies: {differ}" if differ else ""


def _orphans(_stage: Stage, told: Told) -> str:
    return "" if "total" in told else "the host did not tell what is missing"


def _logins(_stage: Stage, told: Told) -> str:
    return "" if told else "no login was given a new password"


def _smoke(_stage: Stage, told: Told) -> str:
    status, write = told.get("status"), told.get("write")
    if status != 200:
        return f"the site answered {status}: {str(told.get('said', ''))[:200]}"
    if write and not 200 <= int(write.get("status", 0)) < 300:
        said = str(write.get("said", ""))[:200]
        return (
            f"the site answered {write.get('status')} to what was to be written: {said}; "
            "-e dr_site_smoke_write= leaves it out"
        )
    return ""


def _clean(_stage: Stage, told: Told) -> str:
    """Keys and secrets wait for their end, as AWS has it; nothing that holds data stays."""
    kept = [item for item in told.get("kept", ()) if not item.startswith(("kms_key/", "secret/"))]
    left = ", ".join([*told.get("left", ("what nobody has looked for",)), *kept])
    return f"still there: {left}" if left else ""


def _names(_stage: Stage, told: Told) -> str:
    strangers = sorted(set(told.get("answers", ())) - set(told.get("wanted", ())))
    if not told.get("answers"):
        return "name servers told no address"
    return f"name servers still tell {', '.join(strangers)}" if strangers else ""


def _led(stage: Stage, told: Told) -> str:
    if wrong := _names(stage, told):
        return f"{wrong}, so visitors may write elsewhere than at {stage.scope.site}"
    return ""


ASKED: Mapping[str, Callable[[Stage], Evidence]] = {
    "orphans": orphans.asked,
    "probes": probes.asked,
    "smoke": inside.asked,
}
JUDGES: Mapping[str, Callable[[Stage, Told], str]] = {
    "intake": _intake,
    "contents": _contents,
    "proof": _proof,
    "mark": _mark,
    "migrate": _migrate,
    "prove": _prove,
    "freeze": _freeze,
    "caught": _caught,
    "orphans": _orphans,
    "logins": _logins,
    "smoke": _smoke,
    "probes": probes.judged,
    "names": _names,
    "led": _led,
    "clean": _clean,
}
# What is still to be done once it is told.
FINISHED: Mapping[str, Callable[[Stage, Told], Evidence]] = {
    "scale": scale.sized,
    "probes": probes.shown,
}
