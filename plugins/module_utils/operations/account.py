# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The account that an operation gives of itself: from its journal, and from nothing else.

Sealed when the operation ends, as `operations/<site>/<id>/report.json` and a page beside it. Each
seal has that of the report before, so one that was changed later is seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import SECRETS, Aws
from ..reports import history
from ..reports.evidence import Facts, sealed
from ..reports.evidence_page import page
from ..reports.evidence_text import text
from . import journal as journals
from .journal import BEGUN, CLOSED, DONE, FAILED, OPENED, Entry, Journal
from .steps import OPERATIONS, StepOf

# The step with which visitors are served again.
SERVED = "names"
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
    outcomes = {CLOSED: "succeeded", FAILED: "failed"}
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
        "targets": dict(targets),
        "measured": {
            "recovery_time_seconds": _between(journal.entries[0], _last(journal, SERVED, DONE)),
            "write_outage_seconds": None,
            "loss": loss(journal),
        },
        "steps": steps,
        "findings": findings(journal),
    }


def loss(journal: Journal) -> dict[str, Any]:
    """What is known of it before the lost region is back: it is expected, and not counted.

    seconds: from the newest beat that the new primary has to the newest that was heard of.
    """
    expected = (journal.done("decide") or {}).get("expected", {})
    written = expected.get("figures", {}).get("WrittenAt")
    beat = (journal.done("intake") or {}).get("beat") or {}
    if written is None or "at" not in beat:
        return {"seconds": None, "rows": {}, "how": "unknown"}
    return {"seconds": round(max(0.0, written - beat["at"]), 1), "rows": {}, "how": "expected"}


def findings(journal: Journal) -> list[str]:
    """What a person has to look at."""
    found = []
    fence = journal.done("fence") or {}
    if fence and not fence.get("fenced"):
        found.append(
            f"The database of {journal.opened['from']} could not be fenced. What it took after "
            "the promotion is missing in the new one, and is there still."
        )
    intake = journal.done("intake") or {}
    if intake and not intake.get("beat"):
        found.append("No heartbeat was found in the database, so what was lost is not known.")
    if journal.ended:
        found.append(
            f"Nothing stands by: {journal.opened['from']} is to be made a replica of "
            f"{journal.opened['to']}."
        )
    return found


def close(
    aws: Aws,
    journal: Journal,
    regions: Mapping[str, str],
    targets: Mapping[str, float],
    version: str,
) -> dict[str, Any]:
    """Seals the report of an operation that has ended, keeps it at the site, and answers it.

    One that is there already stays as it is.
    """
    there = _report(aws, journal.id)
    if there is not None:
        return there
    earlier = reports(aws)
    same = [one for one in earlier if one["operation"] == journal.opened["operation"]]
    predicted = history.predictions(earlier, (journal.opened["operation"], "drill"))
    found: Facts = SECRETS.clean(facts(journal, regions, targets, version, predicted))
    report = sealed(found, earlier[-1]["sha256"] if earlier else "")
    shown = page(report, same[-1] if same else None)
    _put(aws, journal.id, PAGE, shown, "text/html; charset=utf-8")
    _put(aws, journal.id, REPORT, json.dumps(report, sort_keys=True), "application/json")
    return report


def reports(aws: Aws) -> list[dict[str, Any]]:
    """Those of all operations that have ended at this site, oldest first."""
    found = (_report(aws, id) for id in journals.ids(aws))
    return [one for one in found if one is not None]


def shown(report: Facts) -> dict[str, Any]:
    """The report for who has run the operation: as data, as a page, and in some lines."""
    return {"report": dict(report), "page": page(report), "lines": text(report)}


def _step(journal: Journal, one: StepOf, predicted: Mapping[str, float]) -> dict[str, Any]:
    done, failed = (_last(journal, one.name, state) for state in (DONE, FAILED))
    # What opens and closes an operation is a moment, and no work.
    moment = _last(journal, one.name, OPENED) or _last(journal, one.name, CLOSED)
    begun, finished = _last(journal, one.name, BEGUN), moment or done
    evidence = dict(done["facts"]) if done else {}
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
        "seconds": _between(begun or finished, last),
        "outcome": outcome,
        "said": str((failed or {"facts": {}})["facts"].get("said", "")) if not finished else "",
        "did": [str(line) for line in evidence.pop("did", [])],
        "evidence": evidence,
    }


def _attempts(journal: Journal) -> list[dict[str, str]]:
    """The runs of the playbook: each begins where the operation was opened, or gone on with."""
    starts = [
        number
        for number, entry in enumerate(journal.entries)
        if entry["state"] == OPENED or entry["facts"].get("again")
    ]
    ends = [*starts[1:], len(journal.entries)]
    return [
        {
            "began": journal.entries[start]["at"],
            "ended": journal.entries[end - 1]["at"],
            "operator": journal.entries[start]["who"],
        }
        for start, end in zip(starts, ends, strict=True)
    ]


def _last(journal: Journal, step: str, state: str) -> Entry | None:
    found = [e for e in journal.entries if e["step"] == step and e["state"] == state]
    return found[-1] if found else None


def _between(first: Entry | None, last: Entry | None) -> float | None:
    if first is None or last is None:
        return None
    began, ended = (datetime.fromisoformat(entry["at"]) for entry in (first, last))
    return round((ended - began).total_seconds(), 3)


def _put(aws: Aws, id: str, name: str, body: str, kind: str) -> None:
    aws.client("s3").put_object(
        Bucket=journals.bucket(aws),
        Key=f"{journals.folder(aws)}{id}/{name}",
        Body=body.encode(),
        ContentType=kind,
    )


def _report(aws: Aws, id: str) -> dict[str, Any] | None:
    key = f"{journals.folder(aws)}{id}/{REPORT}"
    try:
        body = aws.client("s3").get_object(Bucket=journals.bucket(aws), Key=key)["Body"].read()
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return None
        raise
    found: dict[str, Any] = json.loads(body)
    return found
