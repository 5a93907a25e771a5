# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The facts of a status, as reports/status.py describes them, out of one look. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..converge.active import Active
from .journal import Journal
from .procedures import OPERATIONS, playbook
from .proof import Report, newest
from .staging import restored
from .validate.standing import DRILLS, UNENDED, under_way
from .validate.verdict import ACTIVE, BUILD, Row, Seen

# Of what is not built yet nothing of this is there.
FIRST = ("manifest", "replica", "active:primary", "kms_key/main", "vpc/main")
# Rows that the page tells in words of its own.
TOLD = ("Active site", "Proof", "Restore test")
OPERATION = "Operations"


def never_built(seen: Seen) -> bool:
    """Whether nothing of the environment is there. What could not be read may be."""
    return not any(seen.facts.get(name) for name in FIRST)


def unbuilt(environment: str) -> list[str]:
    """What is told of an environment of which nothing is there."""
    return [
        f"{environment} was never built: nothing of it is in either region",
        f"next: {BUILD.removeprefix('$ ')}",
    ]


def facts(
    seen: Seen,
    rows: Iterable[Row],
    replication: Mapping[str, float | None],
    serving: Mapping[str, str],
) -> dict[str, Any]:
    """All facts. rows, replication: as dr_validate has them. serving: site, region, since, by."""
    found = list(rows)
    held = _unfinished(seen)
    hidden = {*TOLD, *([OPERATION] if held else [])}
    objectives = ("recovery_point_seconds", "drill_days")
    return {
        "environment": seen.scope.environment,
        "looked": seen.now.isoformat(timespec="seconds"),
        "commit": seen.objectives["commit"],
        "active": dict(serving),
        "protection": _protection(seen, found),
        "replication": dict(replication) or None,
        "objectives": {name: seen.objectives[name] for name in objectives},
        "copies": [row for row in found if row["what"] not in hidden],
        "drill": newest(_proofs(seen)),
        "proof": _judged(found, "Proof"),
        "unfinished": held,
        "staging": _staging(seen),
        "restore": _judged(found, "Restore test"),
        "next": [],
    }


def _protection(seen: Seen, rows: Iterable[Row]) -> dict[str, str]:
    record: Active = seen.facts["active"]
    protected = seen.site.protected and not record.moving
    return {
        "state": "protected" if protected else "unprotected",
        "since": "" if protected else record.since,
        "said": f"{record.operation} has not ended" if record.moving else "",
        "next": _judged(rows, "Active site")["next"],
    }


def _judged(rows: Iterable[Row], what: str) -> dict[str, str]:
    """state and next of a row, which the page tells in words of its own."""
    found = next((row for row in rows if row["what"] == what), None)
    return {name: str(found[name]) if found else "" for name in ("state", "next")}


def _proofs(seen: Seen) -> list[Report]:
    return _reports(seen, "proofs")


def _reports(seen: Seen, name: str) -> list[Report]:
    """Those of both sites, as far as they are known."""
    found = [seen.facts.get(one) for one in (name, f"{ACTIVE}{name}")]
    return [report for reports in found if isinstance(reports, list) for report in reports]


def _staging(seen: Seen) -> dict[str, Any] | None:
    reports, journal = _reports(seen, "refreshes"), seen.facts.get(f"{ACTIVE}refresh")
    held = _held(journal) if isinstance(journal, Journal) else None
    if not reports and not held:
        return None
    return {
        "restored": restored.newest(reports),
        "serves": restored.serving(reports),
        "unfinished": held,
    }


def _unfinished(seen: Seen) -> dict[str, str] | None:
    held = under_way(seen, (*UNENDED, *DRILLS))
    return _held(held) if held else None


def _held(held: Journal) -> dict[str, str]:
    kind, last = str(held.opened.get("operation", "")), str(held.entries[-1]["step"])
    titles = {step.name: step.title for step in OPERATIONS.get(kind, ())}
    return {
        "id": held.id,
        "operation": kind,
        "began": str(held.opened.get("began") or held.entries[0]["at"]),
        "operator": str(held.opened.get("operator", "")),
        "step": titles.get(last, last),
        "command": f"ansible-playbook operatingdev.phoenix.{playbook(held)}",
    }
