# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The account that an operation gives of itself: from its journal, and from nothing else.

Sealed when the operation ends, as `operations/<site>/<id>/report.json` and a page beside it. Each
seal has that of the report before, so one that was changed later is seen.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import SECRETS, Aws
from ..kinds import db_instance_reading as reading
from ..reports import history
from ..reports.evidence import Facts, sealed
from ..reports.evidence_page import page
from ..reports.evidence_text import text
from . import journal as journals
from . import measures, objectives, refresh, signature
from .acts import decide, instance
from .acts.stage import Stage
from .drill import scope_of
from .journal import BEGUN, CLOSED, DONE, FAILED, OPENED, Journal
from .planned import ABANDON
from .procedures import OPERATIONS
from .step import CLOSE, StepOf
from .version import VERSION

REPORT, PAGE = "report.json", "report.html"


def facts(
    journal: Journal,
    regions: Mapping[str, str],
    targets: Mapping[str, float],
    version: str,
    predicted: Mapping[str, float],
) -> dict[str, Any]:
    """All that is known of an operation, as reports/evidence.py describes it, not sealed yet.

    regions: by site. targets: recovery_time_seconds, recovery_point_seconds. predicted: seconds by
    step, of earlier operations.
    """
    opened, last = journal.opened, journal.entries[-1]
    failed = last["facts"].get("failed") or last["facts"].get("given_up")
    outcomes = {CLOSED: "failed" if failed else "succeeded", FAILED: "failed"}
    steps = [_step(journal, one, predicted) for one in OPERATIONS[opened["operation"]]]
    return {
        "schema": 1,
        "id": journal.id,
        **{name: opened[name] for name in ("operation", "environment", "from", "to", "operator")},
        **{name: opened[name] for name in ("caller", "reason", "commit")},
        "regions": dict(regions),
        "version": version,
        "began": journal.entries[0]["at"],
        "ended": last["at"] if last["state"] in outcomes else "",
        "outcome": outcomes.get(last["state"], "running"),
        "attempts": _attempts(journal),
        "targets": measures.targets(journal, targets),
        "measured": measures.measured(journal),
        "steps": steps,
        "findings": measures.findings(journal),
    }


def closing(stage: Stage) -> dict[str, Any]:
    """What the last entry of an operation that succeeded says: all that its report needs besides.

    figures: of the beats that were written before the promotion, as far as they are heard of now.
    pending_reboot: parameter groups that the database is to obey, and does not before a reboot.
    """
    figures: dict[str, float] = {}
    waiting: list[str] = []
    # An operation that is done is closed all the same.
    with contextlib.suppress(Exception):
        figures = decide.heartbeat(stage.here, _promoted(stage.journal))
    with contextlib.suppress(Exception):
        item = instance.found(stage)
        waiting = reading.facts(item)["pending_reboot"] if item else []
    return {**ending(stage), "figures": figures, "pending_reboot": waiting}


def so_far(stage: Stage) -> dict[str, Any]:
    """The report of an operation that has not ended, not sealed and kept nowhere."""
    told = ending(stage)
    found: Facts = SECRETS.clean(
        facts(stage.journal, told["regions"], told["targets"], told["version"], {})
    )
    return {"report": dict(found), "page": page(found, None), "lines": text(found)}


def ending(stage: Stage) -> dict[str, Any]:
    """What a report needs besides the journal, as it is known without asking anybody."""
    return {
        "ended": journals.now().isoformat(timespec="seconds"),
        "regions": {
            stage.journal.opened["from"]: stage.scope.region,
            **{scope.site: scope.region for scope in (stage.scope, stage.old)},
        },
        "targets": {name: float(stage.options[name]) for name in objectives.TARGETS},
        "version": VERSION,
    }


def close(aws: Aws, journal: Journal) -> dict[str, Any]:
    """Seals the report of an operation that has ended, keeps it at the site, and answers it.

    One that is there already stays as it is.
    """
    there = report(aws, journal.id)
    if there is not None:
        return there
    earlier = reports(aws)
    drills = [] if aws.scope.copy_of else reports(aws.at(scope_of(aws.scope)))
    predicted = history.predictions((*earlier, *drills), (journal.opened["operation"], "drill"))
    told = measures.closing(journal)
    found: Facts = SECRETS.clean(
        facts(journal, told["regions"], told["targets"], told["version"], predicted)
    )
    made = signature.signed(aws, sealed(found, earlier[-1]["sha256"] if earlier else ""))
    shown = page(made, _before(earlier, made))
    _put(aws, journal.id, PAGE, shown, "text/html; charset=utf-8")
    _put(aws, journal.id, REPORT, json.dumps(made, sort_keys=True), "application/json")
    return made


def seal(aws: Aws) -> None:
    """Seals what runs that were killed while they closed have left unsealed: of the operations
    since the newest one that has a report. One that another has taken over has none.
    """
    owed = []
    for id in reversed(journals.ids(aws)):
        if report(aws, id) is not None:
            break
        # A journal of which no account can be given stops no operation.
        with contextlib.suppress(Exception):
            last = journals.last(aws, id)
            if last and last["state"] == CLOSED and last["step"] in (CLOSE, ABANDON.name):
                owed.append(id)
    for id in reversed(owed):
        with contextlib.suppress(Exception):
            close(aws, journals.load(aws, id))


def reports(aws: Aws, where: str = "") -> list[dict[str, Any]]:
    """Those of all operations that have ended at this site, oldest first: one chain. where: another
    folder than the site's own.
    """
    with ThreadPoolExecutor(journals.THREADS) as pool:
        found = pool.map(partial(report, aws, where=where), journals.ids(aws, where))
        return [one for one in found if one is not None]


def kept(aws: Aws, other: str) -> dict[str, Any]:
    """All that is kept at this site. reports: a list of chains, of its own operations, of its
    drills and of its staging copies. proofs: the reports of the first two. refreshes: those of
    staging, also of copies of the `other` site, as far as S3 has brought them here. forged,
    unsigned: of each chain, as signature.judged has them.
    """
    places = [aws, aws.at(scope_of(aws.scope)), copies(aws)]
    own, drills, mirrored = chains = [reports(place) for place in places]
    return {
        "reports": chains,
        "proofs": [*own, *drills],
        "refreshes": [*mirrored, *_brought(aws, other)],
        **signature.judged(aws, chains),
    }


def refreshes(aws: Aws, other: str) -> list[dict[str, Any]]:
    """Reports of staging copies, as `kept` has them. other: "" where there is no other site."""
    return [*reports(copies(aws)), *(_brought(aws, other) if other else ())]


def _brought(aws: Aws, other: str) -> list[dict[str, Any]]:
    return reports(aws, journals.folder_of(other, refresh.SITE))


def copies(aws: Aws) -> Aws:
    """Clients of the staging copies of a site: all have their journals in the same folder."""
    return aws.at(refresh.scopes_of(aws.scope, refresh.SITE)[0])


def shown(aws: Aws, found: Facts) -> dict[str, Any]:
    """The report for who has run the operation: as data, as a page, and in some lines."""
    before = _before(reports(aws), found)
    return {"report": dict(found), "page": page(found, before), "lines": text(found)}


def _before(earlier: Iterable[Facts], found: Facts) -> Facts | None:
    """The last one of the same kind, to compare with."""
    same = [one for one in earlier if one["operation"] == found["operation"]]
    return max((o for o in same if o["id"] < found["id"]), key=lambda o: str(o["id"]), default=None)


def _step(journal: Journal, one: StepOf, predicted: Mapping[str, float]) -> dict[str, Any]:
    done, failed = (measures.last(journal, one.name, state) for state in (DONE, FAILED))
    # What opens and closes an operation is a moment, and no work.
    moment = measures.last(journal, one.name, OPENED) or measures.last(journal, one.name, CLOSED)
    begun, finished = measures.last(journal, one.name, BEGUN), moment or done
    evidence = dict(done["facts"]) if done else {}
    if one.name == CLOSE and "figures" in measures.closing(journal):
        evidence = {"figures": measures.closing(journal)["figures"]}
    found = bool(evidence.pop("found", False))
    outcome = "done" if finished else "failed" if failed else "waiting"
    if done and (found or begun is None):
        outcome = "already"
    begun, last = moment or begun, finished or failed
    return {
        "name": one.name,
        "title": one.title,
        "reversible": one.reversible,
        "planned_seconds": one.planned,
        "predicted_seconds": predicted.get(one.name),
        "began": (begun or finished or {"at": ""})["at"],
        "ended": last["at"] if last else "",
        "seconds": measures.between(begun or finished, last),
        "outcome": outcome,
        "said": str((failed or {"facts": {}})["facts"].get("said", "")) if not finished else "",
        "did": [str(line) for line in evidence.pop("did", [])],
        "evidence": evidence,
    }


def _attempts(journal: Journal) -> list[dict[str, str]]:
    """The runs of the playbook: each begins where the operation was opened, or gone on with. Of the
    plays of one run each opens it.
    """
    starts, run = [], ""
    for number, entry in enumerate(journal.entries):
        facts = entry["facts"]
        opens = entry["state"] == OPENED or facts.get("again")
        if opens and not (run and facts.get("run") == run):
            starts.append(number)
            run = str(facts.get("run", ""))
    ends = [*starts[1:], len(journal.entries)]
    return [
        {
            "began": journal.entries[start]["at"],
            "ended": journal.entries[end - 1]["at"],
            "operator": journal.entries[start]["who"],
        }
        for start, end in zip(starts, ends, strict=True)
    ]


def _promoted(journal: Journal) -> datetime | None:
    """When the promotion was begun: from then on another database may be told to be written."""
    begun = [entry for entry in journal.entries if entry["step"] == "promote"]
    return datetime.fromisoformat(begun[0]["at"]) if begun else None


def _put(aws: Aws, id: str, name: str, body: str, kind: str) -> None:
    aws.client("s3").put_object(
        Bucket=journals.bucket(aws),
        Key=f"{journals.folder(aws)}{id}/{name}",
        Body=body.encode(),
        ContentType=kind,
    )


def report(aws: Aws, id: str, where: str = "") -> dict[str, Any] | None:
    """That of one operation; None where it has none yet."""
    key = f"{where or journals.folder(aws)}{id}/{REPORT}"
    try:
        body = aws.client("s3").get_object(Bucket=journals.bucket(aws), Key=key)["Body"].read()
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return None
        raise
    found: dict[str, Any] = json.loads(body)
    return found
