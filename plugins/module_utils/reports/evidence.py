# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reports of operations as a chain: each is sealed, and names the seal of the one before it.

The facts of an operation are a JSON object of schema 1:

schema, operation ("failover"), id, environment, outcome ("succeeded", "failed" or "running")
from, to: names of sites; regions: site -> region
operator, caller (ARN), reason, version, commit (of the playbooks, "" where not known)
began, ended: ISO 8601, ended "" while it runs; attempts: list of began, ended, operator
targets: recovery_time_seconds, recovery_point_seconds; what is left out or null is not asked for
measured: recovery_time_seconds and write_outage_seconds, null where not measured; loss: seconds
    (null), rows (table -> count), how ("expected" before it, "counted" after it, "none", "unknown")
    Of a refresh also copy: as_of (ISO 8601, "" where not known), rows and tables (null before they
    were counted), until when it stays (ISO 8601 or ""), seconds: restore (since its site was begun,
    until its rows were counted), mask, prove, swap (since all was begun), each null where not
    measured; usd_per_day: least, most, unknown (how many things of no known price), prices_from;
    null as a whole where not known
steps: list of name, title, reversible, planned_seconds, predicted_seconds (null), began ("" before
    it), ended (""), seconds (null), outcome ("done", "already", "skipped", "failed" or "waiting"),
    said (a sentence), evidence (any object), did (list of calls and acts)
findings: sentences, what a person has to look at
before: SHA-256 of the report before, "" for the first; sha256: of this one, once it is sealed
signature: of that seal, once it is signed: key (ARN), value (base64), said (why there is none)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]
SEAL, SIGNATURE = "sha256", "signature"


def canonical(facts: Facts) -> bytes:
    """The facts without seal and signature in one spelling: JSON with sorted keys, no spaces, in
    UTF-8.

    It is the same before they are written as JSON and after they are read. Raises ValueError for
    a number that JSON cannot write, and TypeError for an object that it cannot.
    """
    # Once through JSON, so that keys which are numbers are sorted as what they will be read as.
    told = {key: facts[key] for key in facts if key not in (SEAL, SIGNATURE)}
    read = json.loads(json.dumps(told))
    text = json.dumps(
        read, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    # Half of a pair of surrogates is no character; escaped, as JSON does it, it can be written.
    return text.encode("utf-8", "backslashreplace")


def digest(facts: Facts) -> str:
    """SHA-256 over the canonical facts, 64 hex digits. Raises as `canonical` does."""
    return hashlib.sha256(canonical(facts)).hexdigest()


def sealed(facts: Facts, before: str) -> dict[str, Any]:
    """The facts with the seal of the report before ("" for the first) and their own."""
    whole = {**facts, "before": before}
    return {**whole, SEAL: digest(whole)}


def signer(facts: Facts) -> str:
    """The ARN of the key by which a report is signed, or why it is by none."""
    told = facts.get(SIGNATURE) or {}
    return str(told.get("key") or f"not signed {told.get('said', '')}".strip())


def broken(reports: Sequence[Facts]) -> list[str]:
    """Sentences about where a chain of reports, oldest first, does not hold; none where it does.

    That its last ones were taken away cannot be seen: keep the newest seal somewhere else.
    """
    known = {"": "", **{str(report.get(SEAL, "")): str(report.get("id")) for report in reports}}
    found: list[str] = []
    for at, report in enumerate(reports):
        found += _changed(report)
        found += _unlinked(report, reports[at - 1] if at else {}, known)
    return found + list(_forked(reports))


def _changed(report: Facts) -> Iterator[str]:
    seal = report.get(SEAL, "")
    if not seal:
        yield f"{report.get('id')} is not sealed"
    elif seal != digest(report):
        yield f"{report.get('id')} was changed after it was sealed: its facts do not give {seal}"


def _unlinked(report: Facts, previous: Facts, known: Mapping[str, str]) -> Iterator[str]:
    own, before = report.get("id"), str(report.get("before", ""))
    if before == previous.get(SEAL, ""):
        return
    if before not in known:
        yield f"{own} follows a report that is missing or was changed: {before}"
    elif not before:
        yield f"{own} says that it is the first, and {previous.get('id')} stands before it"
    else:
        yield f"{own} follows {known[before]}, and {previous.get('id')} stands before it"


def _forked(reports: Sequence[Facts]) -> Iterator[str]:
    followers: dict[str, list[str]] = {}
    for report in reports:
        followers.setdefault(str(report.get("before", "")), []).append(str(report.get("id")))
    for before, ids in followers.items():
        if len(ids) > 1:
            yield f"{' and '.join(ids)} follow the same report: {before or 'none'}"
